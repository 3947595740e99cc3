import { Drawer } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useProject } from "~/api/projects";
import { Markdown } from "~/components/markdown";
import { Loaded } from "~/components/sentence";
import { useRememberRead } from "./guidelines-notice";

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
