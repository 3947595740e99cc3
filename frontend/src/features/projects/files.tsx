import { Button } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { useArchiveProject, useDeleteProject, useRestoreProject } from "~/api/archives";
import type { Project, Round } from "~/api/types";
import { ConfirmButton } from "~/components/confirm-button";
import { notifyFailure } from "~/components/notify";
import { Section } from "~/components/page";
import { ExportFile } from "./export-file";
import { ImportFile } from "./import-file";
import classes from "./projects.module.css";
import { TypedDelete } from "./typed-delete";

/** What comes in, what goes out, and the end of a project. */
export function Files({ project, rounds }: { project: Project; rounds: Round[] }) {
  const { t } = useTranslation();
  const can = (action: string) => project.permissions.includes(action);
  return (
    <>
      {can("prompt.edit") && !project.archived_at && (
        <Section title={t("projects.files.importTitle")}>
          <ImportFile projectId={project.id} />
        </Section>
      )}
      {can("dataset.export") && (
        <Section title={t("projects.files.exportTitle")}>
          <ExportFile projectId={project.id} rounds={rounds} />
        </Section>
      )}
      {can("project.archive") && (
        <Section title={t("projects.archives.title")}>
          <Archive project={project} mayDelete={can("project.delete")} />
        </Section>
      )}
    </>
  );
}

function Archive({ project, mayDelete }: { project: Project; mayDelete: boolean }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const archive = useArchiveProject(project.id);
  const restore = useRestoreProject(project.id);
  const remove = useDeleteProject(project.id);
  return (
    <div className={classes.toolbar}>
      {project.archived_at ? (
        <Button
          variant="default"
          size="xs"
          loading={restore.isPending}
          onClick={() => restore.mutate(undefined, { onError: notifyFailure })}
        >
          {t("projects.archives.restore")}
        </Button>
      ) : (
        <ConfirmButton
          variant="default"
          size="xs"
          loading={archive.isPending}
          question={t("projects.archives.askProject")}
          onConfirm={() => archive.mutate(undefined, { onError: notifyFailure })}
        >
          {t("projects.archives.archive")}
        </ConfirmButton>
      )}
      {mayDelete && (
        <TypedDelete
          label={t("projects.archives.delete")}
          title={t("projects.archives.deleteProject", { name: project.name })}
          consequences={t("projects.archives.projectGoes")}
          wanted={project.name}
          busy={remove.isPending}
          onDelete={() =>
            remove.mutate(project.name, {
              onSuccess: () => void navigate("/projects"),
              onError: notifyFailure,
            })
          }
        />
      )}
    </div>
  );
}
