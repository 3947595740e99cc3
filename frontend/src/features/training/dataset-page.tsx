import { Button } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useParams } from "react-router";
import { useProject } from "~/api/projects";
import { useDataset, useDatasetPreview } from "~/api/training";
import type { Dataset, DatasetRow } from "~/api/types";
import { Facts } from "~/components/facts";
import { dateTime, number } from "~/components/format";
import { Markdown } from "~/components/markdown";
import { Messages } from "~/components/messages";
import { LoadedPage, Page, Section } from "~/components/page";
import { Loaded, Sentence } from "~/components/sentence";
import classes from "./training.module.css";

const PAGE = 10;
const MOST = 200;

export function Component() {
  const { id = "" } = useParams();
  const dataset = useDataset(id);
  return <LoadedPage query={dataset}>{(data) => <DatasetScreen dataset={data} />}</LoadedPage>;
}

function DatasetScreen({ dataset }: { dataset: Dataset }) {
  const { t } = useTranslation();
  const project = useProject(dataset.project.id);
  const { round, checkpoints } = dataset;
  return (
    <Page
      title={dataset.key}
      badge={<span className="quiet">{dataset.kind}</span>}
      lead={t("training.frozen")}
      crumbs={[
        { label: dataset.project.name, to: `/projects/${dataset.project.id}` },
        ...(round
          ? [{ label: t("round", { number: round.number }), to: `/rounds/${round.id}` }]
          : []),
      ]}
      actions={
        project.data?.permissions.includes("dataset.export") && (
          <Button component="a" href={`/api/datasets/${dataset.id}/download/`} download>
            {t("training.downloadJsonl")}
          </Button>
        )
      }
    >
      <Section title={t("training.about")}>
        <div className="panel">
          <Facts
            rows={[
              [t("training.rows"), number(dataset.rows)],
              [t("training.trainRows"), number(dataset.train_rows)],
              [t("training.evalRows"), number(dataset.eval_rows)],
              [t("training.labels"), number(dataset.labels)],
              [t("ladder.votes"), number(dataset.votes)],
              [t("training.created"), dateTime(dataset.created_at)],
              [t("training.digest"), <code key="digest">{dataset.digest}</code>],
              [
                t("training.made"),
                checkpoints.length > 0 &&
                  checkpoints.map(({ id, name }, i) => (
                    <span key={id}>
                      {i > 0 && ", "}
                      <Link to={`/checkpoints/${id}`}>{name}</Link>
                    </span>
                  )),
              ],
            ]}
          />
        </div>
      </Section>
      <Section title={t("training.preview")}>
        <Preview id={dataset.id} />
      </Section>
    </Page>
  );
}

function Preview({ id }: { id: string }) {
  const { t } = useTranslation();
  const [limit, setLimit] = useState(PAGE);
  const preview = useDatasetPreview(id, limit);
  return (
    <Loaded query={preview}>
      {({ rows }) =>
        rows.length === 0 ? (
          <Sentence>{t("training.noRows")}</Sentence>
        ) : (
          <>
            {rows.map((row, i) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: a frozen row is its line number.
              <Row key={i} row={row} />
            ))}
            {rows.length === limit && limit < MOST && (
              <Button variant="default" onClick={() => setLimit(Math.min(MOST, limit * 2))}>
                {t("action.more")}
              </Button>
            )}
          </>
        )
      }
    </Loaded>
  );
}

function Row({ row }: { row: DatasetRow }) {
  const { t } = useTranslation();
  const messages = "prompt" in row ? row.prompt : row.messages;
  const ranks = "ranks" in row ? row.ranks : [];
  const votes = "ranks" in row ? row.votes : undefined;
  const order = (("prompt" in row && row.responses) || [])
    .map((text, i) => ({ text, rank: ranks[i] ?? null }))
    .sort((a, b) => (a.rank ?? Number.POSITIVE_INFINITY) - (b.rank ?? Number.POSITIVE_INFINITY));
  return (
    <article className={classes.row}>
      <Messages messages={messages ?? []} />
      {"text" in row && row.text && <Markdown text={row.text} />}
      {order.length > 0 && (
        <ol className={classes.ranked}>
          {order.map(({ text, rank }, i) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: texts of a row may repeat.
            <li key={i}>
              <strong>{rank === null ? "✕" : number(rank)}</strong>
              <Markdown text={text} />
            </li>
          ))}
        </ol>
      )}
      <p className={classes.rowNote}>
        {[
          row.split && t(`projects.splitName.${row.split === "eval" ? "eval" : "train"}`),
          votes !== undefined && t("training.voteCount", { count: votes, shown: number(votes) }),
        ]
          .filter(Boolean)
          .join(" · ")}
      </p>
    </article>
  );
}
