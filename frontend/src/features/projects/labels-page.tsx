import { Select } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useSearchParams } from "react-router";
import { useProjects } from "~/api/projects";
import { LabelTable } from "~/components/label-table";
import { Page } from "~/components/page";
import { Loaded, Sentence } from "~/components/sentence";

/** The labels of one person, project by project; where the numbers of the team page lead. */
export function Component() {
  const { t } = useTranslation();
  const [parameters, setParameters] = useSearchParams();
  const projects = useProjects();
  const team = parameters.get("team");
  const labeler = parameters.get("labeler") ?? undefined;
  const who = parameters.get("name");
  return (
    <Page
      title={who ? t("labels.of", { name: who }) : t("projects.tab.labels")}
      crumbs={team ? [{ label: t("nav.team"), to: `/teams/${team}` }] : []}
    >
      <Loaded query={projects}>
        {(all) => {
          const list = all.filter((project) => !team || project.team.id === team);
          const chosen = parameters.get("project") ?? list[0]?.id;
          if (!chosen) return <Sentence>{t("projects.empty")}</Sentence>;
          return (
            <>
              <Select
                label={t("labels.project")}
                w="min(22rem, 100%)"
                mb="md"
                allowDeselect={false}
                value={chosen}
                data={list.map((project) => ({ value: project.id, label: project.name }))}
                onChange={(project) =>
                  project &&
                  setParameters((now) => {
                    now.set("project", project);
                    return now;
                  })
                }
              />
              <LabelTable key={chosen} projectId={chosen} labeler={labeler} />
            </>
          );
        }}
      </Loaded>
    </Page>
  );
}
