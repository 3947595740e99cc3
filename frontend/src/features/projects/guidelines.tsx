import { Button, Group, Textarea } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useWriteGuidelines } from "~/api/projects";
import type { Project } from "~/api/types";
import { Markdown } from "~/components/markdown";
import { notify, notifyFailure } from "~/components/notify";
import { Sentence } from "~/components/sentence";

/** What labelers go by. Writing makes a new version; labels remember the one they were made under. */
export function Guidelines({ project, editable }: { project: Project; editable: boolean }) {
  const { t } = useTranslation();
  const { version, text } = project.guidelines;
  const write = useWriteGuidelines(project.id);
  const [draft, setDraft] = useState<string | null>(null);

  if (draft !== null) {
    return (
      <form
        onSubmit={(event) => {
          event.preventDefault();
          write.mutate(draft, {
            onSuccess: () => {
              setDraft(null);
              notify(t("projects.guidelinesSaved"));
            },
            onError: notifyFailure,
          });
        }}
      >
        <Textarea
          label={t("projects.guidelinesText")}
          description={t("projects.guidelinesHint")}
          autosize
          minRows={12}
          data-autofocus
          value={draft}
          onChange={(event) => setDraft(event.currentTarget.value)}
        />
        <Group mt="md">
          <Button type="submit" loading={write.isPending} disabled={draft.trim() === text.trim()}>
            {t("projects.guidelinesPublish", { version: version + 1 })}
          </Button>
          <Button variant="default" onClick={() => setDraft(null)}>
            {t("action.cancel")}
          </Button>
        </Group>
      </form>
    );
  }

  const edit = editable && (
    <Button variant="default" onClick={() => setDraft(text)}>
      {t("projects.guidelinesEdit")}
    </Button>
  );
  if (!text) return <Sentence action={edit}>{t("projects.guidelinesEmpty")}</Sentence>;
  return (
    <div className="panel">
      <Group justify="space-between" mb="md">
        <span className="quiet">{t("projects.guidelinesVersion", { version })}</span>
        {edit}
      </Group>
      <Markdown text={text} />
    </div>
  );
}
