import { useTranslation } from "react-i18next";
import { Link, useParams } from "react-router";
import { useCheckpoint } from "~/api/training";
import type { Checkpoint, Named } from "~/api/types";
import { Facts } from "~/components/facts";
import { dateTime, number } from "~/components/format";
import { useCheckpointKind, useMethodName } from "~/components/method-name";
import { LoadedPage, Page, Section } from "~/components/page";
import { Sentence } from "~/components/sentence";
import { MetricTable } from "./metric-table";
import classes from "./training.module.css";

export function Component() {
  const { id = "" } = useParams();
  const checkpoint = useCheckpoint(id);
  return (
    <LoadedPage query={checkpoint}>{(data) => <CheckpointScreen checkpoint={data} />}</LoadedPage>
  );
}

function CheckpointScreen({ checkpoint }: { checkpoint: Checkpoint }) {
  const { t } = useTranslation();
  const methodName = useMethodName();
  const kindName = useCheckpointKind();
  const { project, round, dataset, job, lineage } = checkpoint;
  return (
    <Page
      title={checkpoint.name}
      badge={<span className="quiet">{kindName(checkpoint.kind)}</span>}
      crumbs={[
        { label: project.name, to: `/projects/${project.id}` },
        ...(round
          ? [{ label: t("round", { number: round.number }), to: `/rounds/${round.id}` }]
          : []),
      ]}
    >
      <Section title={t("training.madeFrom")}>
        <div className="panel">
          <p className={classes.madeFrom}>
            {t("training.madeFromLine", {
              labels: t("training.labelCount", {
                count: lineage.labels,
                shown: number(lineage.labels),
              }),
              prompts: t("training.promptCount", {
                count: lineage.prompts,
                shown: number(lineage.prompts),
              }),
              labelers: t("training.labelerCount", {
                count: lineage.labelers,
                shown: number(lineage.labelers),
              }),
            })}
          </p>
          <Facts
            rows={[
              [t("training.method"), checkpoint.method && methodName(checkpoint.method)],
              [t("training.parents"), links(checkpoint.parents)],
              [t("training.children"), links(checkpoint.children)],
              [
                t("training.dataset"),
                dataset && <Link to={`/datasets/${dataset.id}`}>{t("training.openDataset")}</Link>,
              ],
              [
                t("training.job"),
                job && <Link to={`/jobs/${job.id}`}>{t("training.openJob")}</Link>,
              ],
              [t("training.created"), dateTime(checkpoint.created_at)],
              [t("training.path"), checkpoint.path && <code>{checkpoint.path}</code>],
              [t("training.digest"), checkpoint.digest && <code>{checkpoint.digest}</code>],
              [t("training.accepted"), checkpoint.is_accepted ? null : t("training.notAccepted")],
            ]}
          />
        </div>
      </Section>
      <Section title={t("training.results")}>
        {Object.keys(checkpoint.metrics).length > 0 ? (
          <MetricTable metrics={checkpoint.metrics} />
        ) : (
          <Sentence>{t("training.noMetrics")}</Sentence>
        )}
      </Section>
    </Page>
  );
}

function links(checkpoints: Named[]) {
  if (checkpoints.length === 0) return null;
  return checkpoints.map(({ id, name }, i) => (
    <span key={id}>
      {i > 0 && ", "}
      <Link to={`/checkpoints/${id}`}>{name}</Link>
    </span>
  ));
}
