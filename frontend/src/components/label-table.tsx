import { Button, Table } from "@mantine/core";
import { Fragment, useState } from "react";
import { useTranslation } from "react-i18next";
import { useLabels, usePrompt } from "~/api/projects";
import type { Label } from "~/api/types";
import { saySentence } from "~/i18n/say";
import { ago, duration, number } from "./format";
import classes from "./label-table.module.css";
import { Markdown } from "./markdown";
import { Messages } from "./messages";
import { Loaded, Sentence } from "./sentence";

const PAGE = 25;

/** The labels behind a number, newest first; each opens to what was ranked. */
export function LabelTable({
  projectId,
  labeler,
  round,
}: {
  projectId: string;
  labeler?: string;
  round?: string;
}) {
  const { t } = useTranslation();
  const [limit, setLimit] = useState(PAGE);
  const [open, setOpen] = useState<string | null>(null);
  const labels = useLabels(projectId, { labeler, round }, limit);
  return (
    <Loaded query={labels}>
      {({ results, count }) =>
        results.length === 0 ? (
          <Sentence>{t("labels.empty")}</Sentence>
        ) : (
          <>
            <p className="quiet">{t("labels.count", { count, shown: number(count) })}</p>
            <Table.ScrollContainer minWidth={640}>
              <Table>
                <Table.Thead>
                  <Table.Tr>
                    <Table.Th>{t("labels.labeler")}</Table.Th>
                    <Table.Th>{t("labels.said")}</Table.Th>
                    <Table.Th>{t("labels.notes")}</Table.Th>
                    <Table.Th ta="right">{t("labels.time")}</Table.Th>
                    <Table.Th ta="right">{t("labels.when")}</Table.Th>
                    <Table.Th>
                      <span className="visually-hidden">{t("action.column")}</span>
                    </Table.Th>
                  </Table.Tr>
                </Table.Thead>
                <Table.Tbody>
                  {results.map((label) => (
                    <Fragment key={label.id}>
                      <Table.Tr data-superseded={label.is_superseded || undefined}>
                        <Table.Td>{label.labeler.name}</Table.Td>
                        <Table.Td>
                          <Said label={label} />
                        </Table.Td>
                        <Table.Td className={classes.notes}>
                          {[...label.flags, label.comment].filter(Boolean).join(" · ")}
                        </Table.Td>
                        <Table.Td ta="right">{duration(label.active_seconds)}</Table.Td>
                        <Table.Td ta="right">{ago(label.created_at)}</Table.Td>
                        <Table.Td ta="right">
                          <Button
                            size="compact-xs"
                            variant="subtle"
                            aria-expanded={open === label.id}
                            onClick={() => setOpen(open === label.id ? null : label.id)}
                          >
                            {t(open === label.id ? "action.less" : "labels.open")}
                          </Button>
                        </Table.Td>
                      </Table.Tr>
                      {open === label.id && (
                        <Table.Tr>
                          <Table.Td colSpan={6}>
                            <Behind label={label} />
                          </Table.Td>
                        </Table.Tr>
                      )}
                    </Fragment>
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
  );
}

function Said({ label }: { label: Label }) {
  const { t } = useTranslation();
  const amended = label.is_superseded ? ` (${t("labels.amended")})` : "";
  return <>{saySentence(label.said) + amended}</>;
}

/** The prompt and the ranked responses, best first. */
function Behind({ label }: { label: Label }) {
  const { t } = useTranslation();
  const prompt = usePrompt(label.prompt);
  const ranks = ("ranking" in label.answer && label.answer.ranking) || [];
  const ranked = label.responses
    .map((id, i) => ({ id, letter: String.fromCharCode(65 + i), rank: ranks[i] ?? null }))
    .sort((a, b) => (a.rank ?? Number.POSITIVE_INFINITY) - (b.rank ?? Number.POSITIVE_INFINITY));
  return (
    <Loaded query={prompt}>
      {({ messages, responses }) => (
        <div className={classes.behind}>
          <Messages messages={messages} />
          <ol className={classes.ranked}>
            {ranked.map(({ id, letter, rank }) => {
              const response = responses.find((candidate) => candidate.id === id);
              return (
                <li key={id}>
                  <strong>{rank === null ? "✕" : number(rank)}</strong>
                  <div>
                    <span className="quiet">
                      {letter} · {response?.checkpoint?.name ?? t("labels.imported")}
                    </span>
                    <Markdown text={response?.text ?? ""} />
                  </div>
                </li>
              );
            })}
          </ol>
        </div>
      )}
    </Loaded>
  );
}
