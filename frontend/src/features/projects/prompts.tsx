import { Alert, Button, FileButton, Table, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useImportPrompts, usePrompts } from "~/api/projects";
import type { Project } from "~/api/types";
import { number } from "~/components/format";
import { promptLine } from "~/components/messages";
import { notifyFailure } from "~/components/notify";
import { Loaded, Sentence } from "~/components/sentence";
import classes from "./projects.module.css";

const PAGE = 25;

export function Prompts({ project, editable }: { project: Project; editable: boolean }) {
  const { t } = useTranslation();
  const [search, setSearch] = useState("");
  const [wanted] = useDebouncedValue(search, 300);
  const [limit, setLimit] = useState(PAGE);
  const prompts = usePrompts(project.id, wanted, limit);
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
        {editable && <ImportPrompts projectId={project.id} />}
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

function ImportPrompts({ projectId }: { projectId: string }) {
  const { t } = useTranslation();
  const importing = useImportPrompts(projectId);
  const outcome = importing.data;
  return (
    <>
      <FileButton
        accept=".jsonl,.ndjson,.json,.txt"
        onChange={(file) => file && importing.mutate(file, { onError: notifyFailure })}
      >
        {(properties) => (
          <Button {...properties} variant="default" loading={importing.isPending}>
            {t("projects.import")}
          </Button>
        )}
      </FileButton>
      {outcome ? (
        <Alert
          role="status"
          variant="light"
          color={outcome.errors.length > 0 ? "yellow" : undefined}
          className={classes.wholeRow}
        >
          {t("projects.imported", {
            count: outcome.created,
            created: number(outcome.created),
            duplicates: number(outcome.duplicates),
            errors: number(outcome.errors.length),
          })}
          {outcome.errors.length > 0 && (
            <ul>
              {outcome.errors.slice(0, 20).map(({ line, message }) => (
                <li key={line}>{t("projects.importLine", { line: number(line), message })}</li>
              ))}
            </ul>
          )}
        </Alert>
      ) : (
        <span className="quiet">{t("projects.importHint")}</span>
      )}
    </>
  );
}
