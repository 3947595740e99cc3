import { Button } from "@mantine/core";
import { useLocalStorage } from "@mantine/hooks";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import type { Assignment } from "~/api/types";
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
