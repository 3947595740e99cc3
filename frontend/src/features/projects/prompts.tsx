import { Button, Checkbox, Table, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { usePrompts } from "~/api/projects";
import type { Project } from "~/api/types";
import { number } from "~/components/format";
import { promptLine } from "~/components/messages";
import { Loaded, Sentence } from "~/components/sentence";
import classes from "./projects.module.css";
import { PromptMoves, type Rights } from "./row-moves";

const PAGE = 25;

export function Prompts({ project, rights }: { project: Project; rights: Rights }) {
  const { t } = useTranslation();
  const [search, setSearch] = useState("");
  const [wanted] = useDebouncedValue(search, 300);
  const [limit, setLimit] = useState(PAGE);
  const [archived, setArchived] = useState(false);
  const prompts = usePrompts(project.id, wanted, limit, archived);
  return (
    <>
      <div className={classes.toolbar}>
        <TextInput
          aria-label={t("projects.searchPrompts")}
          placeholder={t("projects.searchPrompts")}
          value={search}
          onChange={(event) => setSearch(event.currentTarget.value)}
          w="min(22rem, 100%)"
        />
        <Checkbox
          label={t("projects.archives.only")}
          checked={archived}
          onChange={(event) => setArchived(event.currentTarget.checked)}
        />
        {rights.edit && (
          <Button component={Link} to="?tab=files" variant="default">
            {t("projects.import")}
          </Button>
        )}
      </div>
      <Loaded query={prompts}>
        {({ results, count }) =>
          results.length === 0 ? (
            <Sentence>{t(wanted ? "projects.noMatch" : "projects.noPrompts")}</Sentence>
          ) : (
            <>
              <p className="quiet">{t("projects.prompts", { count, shown: number(count) })}</p>
              <Table.ScrollContainer minWidth={520}>
                <Table>
                  <Table.Thead>
                    <Table.Tr>
                      <Table.Th>{t("projects.prompt")}</Table.Th>
                      <Table.Th>{t("projects.tags")}</Table.Th>
                      <Table.Th>{t("language")}</Table.Th>
                      <Table.Th>{t("projects.split")}</Table.Th>
                      {(rights.edit || rights.remove) && <Table.Th>{t("action.column")}</Table.Th>}
                    </Table.Tr>
                  </Table.Thead>
                  <Table.Tbody>
                    {results.map((prompt) => (
                      <Table.Tr key={prompt.id}>
                        <Table.Td className={classes.promptCell} dir="auto">
                          {promptLine(prompt.messages)}
                        </Table.Td>
                        <Table.Td>{prompt.tags.join(", ")}</Table.Td>
                        <Table.Td>{prompt.language}</Table.Td>
                        <Table.Td>{t(`projects.splitName.${prompt.split}`)}</Table.Td>
                        {(rights.edit || rights.remove) && (
                          <Table.Td>
                            <PromptMoves
                              projectId={project.id}
                              prompt={prompt}
                              line={promptLine(prompt.messages)}
                              rights={rights}
                            />
                          </Table.Td>
                        )}
                      </Table.Tr>
                    ))}
                  </Table.Tbody>
                </Table>
              </Table.ScrollContainer>
              {count > results.length && (
                <Button variant="default" size="xs" onClick={() => setLimit(limit + PAGE)}>
                  {t("action.more")}
                </Button>
              )}
            </>
          )
        }
      </Loaded>
    </>
  );
}
