import { Button, Group } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useMoveRound } from "~/api/rounds";
import type { Choice } from "~/api/types";
import i18n from "~/i18n";
import { ConfirmButton } from "./confirm-button";
import { notifyFailure } from "./notify";

/** What a blocked round offers, as buttons. What ends or throws away asks once more. */
export function RoundChoices({ roundId, actions }: { roundId: string; actions: Choice[] }) {
  const { t } = useTranslation();
  const move = useMoveRound();
  const name = ({ action, label }: Choice) =>
    i18n.exists(`choice.${action}`) ? t(`choice.${action}` as "choice.retry") : label;
  const resolve = (action: string) =>
    move.mutate({ id: roundId, move: "resolve", action }, { onError: notifyFailure });
  return (
    <Group gap="xs">
      {actions.map((choice, i) =>
        choice.action === "cancel" || choice.action === "discard" ? (
          <ConfirmButton
            key={choice.action}
            size="sm"
            variant="default"
            question={t(
              choice.action === "cancel" ? "rounds.cancelQuestion" : "rounds.discardQuestion",
            )}
            onConfirm={() => resolve(choice.action)}
            loading={move.isPending}
          >
            {name(choice)}
          </ConfirmButton>
        ) : (
          <Button
            key={choice.action}
            size="sm"
            variant={i === 0 ? "filled" : "default"}
            onClick={() => resolve(choice.action)}
            loading={move.isPending}
          >
            {name(choice)}
          </Button>
        ),
      )}
    </Group>
  );
}
