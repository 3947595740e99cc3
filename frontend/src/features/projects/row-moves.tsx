import { Group } from "@mantine/core";
import { useTranslation } from "react-i18next";
import {
  useArchivePrompt,
  useArchiveRound,
  useDeletePrompt,
  useDeleteRound,
  useRestorePrompt,
  useRestoreRound,
} from "~/api/archives";
import { ConfirmButton } from "~/components/confirm-button";
import { notifyFailure } from "~/components/notify";
import { TypedDelete } from "./typed-delete";

export interface Rights {
  edit: boolean;
  remove: boolean;
}

/** Archive, bring back or delete a prompt from its row. */
export function PromptMoves({
  projectId,
  prompt,
  line,
  rights,
}: {
  projectId: string;
  prompt: { id: string; archived_at: string | null };
  line: string;
  rights: Rights;
}) {
  const { t } = useTranslation();
  const archive = useArchivePrompt(projectId, prompt.id);
  const restore = useRestorePrompt(projectId, prompt.id);
  const remove = useDeletePrompt(projectId, prompt.id);
  const move = prompt.archived_at ? restore : archive;
  return (
    <Group gap="xs" wrap="nowrap">
      {rights.edit && (
        <ConfirmButton
          variant="default"
          size="compact-xs"
          label={t(
            prompt.archived_at ? "projects.archives.restoreOf" : "projects.archives.archiveOf",
            {
              name: line,
            },
          )}
          question={t(
            prompt.archived_at ? "projects.archives.askRestore" : "projects.archives.askPrompt",
          )}
          loading={move.isPending}
          onConfirm={() => move.mutate(undefined, { onError: notifyFailure })}
        >
          {t(prompt.archived_at ? "projects.archives.restore" : "projects.archives.archive")}
        </ConfirmButton>
      )}
      {rights.remove && (
        <ConfirmButton
          variant="default"
          size="compact-xs"
          label={t("projects.archives.deleteOf", { name: line })}
          question={t("projects.archives.promptGoes")}
          loading={remove.isPending}
          onConfirm={() => remove.mutate(undefined, { onError: notifyFailure })}
        >
          {t("projects.archives.delete")}
        </ConfirmButton>
      )}
    </Group>
  );
}

/** Archive, bring back or delete a round from its row. */
export function RoundMoves({
  projectId,
  round,
  rights,
}: {
  projectId: string;
  round: { id: string; number: number; archived_at: string | null };
  rights: Rights;
}) {
  const { t } = useTranslation();
  const archive = useArchiveRound(projectId, round.id);
  const restore = useRestoreRound(projectId, round.id);
  const remove = useDeleteRound(projectId, round.id);
  const name = t("round", { number: round.number });
  const move = round.archived_at ? restore : archive;
  return (
    <Group gap="xs">
      {rights.edit && (
        <ConfirmButton
          variant="default"
          size="compact-xs"
          label={t(
            round.archived_at ? "projects.archives.restoreOf" : "projects.archives.archiveOf",
            {
              name,
            },
          )}
          question={t(
            round.archived_at ? "projects.archives.askRestore" : "projects.archives.askRound",
          )}
          loading={move.isPending}
          onConfirm={() => move.mutate(undefined, { onError: notifyFailure })}
        >
          {t(round.archived_at ? "projects.archives.restore" : "projects.archives.archive")}
        </ConfirmButton>
      )}
      {rights.remove && (
        <TypedDelete
          label={t("projects.archives.delete")}
          title={t("projects.archives.deleteOf", { name })}
          consequences={t("projects.archives.roundGoes")}
          wanted={String(round.number)}
          size="compact-xs"
          busy={remove.isPending}
          onDelete={() => remove.mutate(round.number, { onError: notifyFailure })}
        />
      )}
    </Group>
  );
}
