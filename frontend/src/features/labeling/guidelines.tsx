import { Button, Drawer } from "@mantine/core";
import { useLocalStorage } from "@mantine/hooks";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { useProject } from "~/api/projects";
import type { Assignment } from "~/api/types";
import { Markdown } from "~/components/markdown";
import { Loaded } from "~/components/sentence";
import classes from "./guidelines.module.css";

/** The version of a project's guidelines last opened in this browser; 0 when none was. */
function useReadVersion(projectId: string) {
  return useLocalStorage<number>({
    key: `whetstone.guidelines.${projectId}`,
    defaultValue: 0,
    getInitialValueInEffect: false,
  });
}

/** Remembers that `version` was on screen; undefined while none is. */
export function useRememberRead(projectId: string, version: number | undefined) {
  const [, setRead] = useReadVersion(projectId);
  useEffect(() => {
    if (version !== undefined) setRead(version);
  }, [version, setRead]);
}

export function GuidelinesNotice({
  assignment,
  onRead,
}: {
  assignment: Assignment;
  onRead: () => void;
}) {
  const { t } = useTranslation();
  const [read] = useReadVersion(assignment.project.id);
  const version = assignment.guidelines_version;
  if (version <= read) return null;
  return (
    <p className={classes.notice}>
      {read > 0 ? t("labeling.guidelinesChanged") : t("labeling.guidelinesFirst")}
      <Button variant="subtle" size="compact-sm" onClick={onRead}>
        {t("labeling.guidelinesReadNow", { version })}
      </Button>
    </p>
  );
}

export function GuidelinesDrawer({
  opened,
  onClose,
  projectId,
}: {
  opened: boolean;
  onClose: () => void;
  projectId: string;
}) {
  const { t } = useTranslation();
  const project = useProject(opened ? projectId : undefined);
  const version = project.data?.guidelines.version;
  useRememberRead(projectId, opened ? version : undefined);

  return (
    <Drawer
      opened={opened}
      onClose={onClose}
      position="right"
      size="lg"
      title={version ? t("labeling.guidelinesTitle", { version }) : t("labeling.guidelines")}
    >
      <Loaded query={project}>
        {({ guidelines }) =>
          guidelines.text ? (
            <Markdown text={guidelines.text} />
          ) : (
            <p className="quiet">{t("labeling.guidelinesEmpty")}</p>
          )
        }
      </Loaded>
    </Drawer>
  );
}
