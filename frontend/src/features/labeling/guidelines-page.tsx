import { Button } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Link, useParams } from "react-router";
import { useProject } from "~/api/projects";
import { Markdown } from "~/components/markdown";
import { LoadedPage, Page } from "~/components/page";
import { useRememberRead } from "./guidelines-notice";

/** The guidelines on a page of their own, where the notice on the home page leads. */
export function Component() {
  const { t } = useTranslation();
  const { projectId = "" } = useParams();
  const project = useProject(projectId);
  useRememberRead(projectId, project.data?.guidelines.version);
  return (
    <LoadedPage query={project}>
      {({ name, guidelines }) => (
        <Page
          narrow
          title={t("labeling.guidelinesTitle", { version: guidelines.version })}
          lead={name}
          actions={
            <Button component={Link} to={`/label/${projectId}`}>
              {t("dashboard.start")}
            </Button>
          }
        >
          {guidelines.text ? (
            <Markdown text={guidelines.text} />
          ) : (
            <p className="quiet">{t("labeling.guidelinesEmpty")}</p>
          )}
        </Page>
      )}
    </LoadedPage>
  );
}
