import { Progress } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useRoundJobs } from "~/api/rounds";
import { useMetrics } from "~/api/training";
import type { Job, Round } from "~/api/types";
import { Curves } from "~/components/curves";
import { Facts } from "~/components/facts";
import { number } from "~/components/format";
import { useMethodName } from "~/components/method-name";
import { Loaded, Sentence } from "~/components/sentence";
import { stageOf, stagesOf } from "~/components/stage-strip";
import { useLive } from "~/live/use-live";
import classes from "./rounds.module.css";

/** What runs now, how far it is and what comes next. */
export function Now({
  round,
  pollMs,
  editable,
}: {
  round: Round;
  pollMs: number;
  editable: boolean;
}) {
  const { t } = useTranslation();
  const jobs = useRoundJobs(round.id, pollMs);
  if (round.stage === "draft") {
    if (round.after) {
      return <Sentence>{t("rounds.nowFollows", { number: round.after.number })}</Sentence>;
    }
    return <Sentence>{t(editable ? "rounds.nowDraft" : "rounds.nowDraftView")}</Sentence>;
  }
  if (round.stage === "cancelled") return <Sentence>{t("rounds.nowCancelled")}</Sentence>;
  if (round.is_paused) return <Sentence>{t("rounds.nowPaused")}</Sentence>;
  switch (stageOf(round)) {
    case "labeling":
      return <Labeling round={round} />;
    default:
      return <Loaded query={jobs}>{(list) => <JobNow jobs={list} round={round} />}</Loaded>;
  }
}

/** The running job, else the last one that trained something: its curves tell most. */
export function jobToShow(jobs: Job[]): Job | undefined {
  return (
    jobs.findLast((job) => job.state === "running" || job.state === "starting") ??
    jobs.findLast((job) => job.state === "failed") ??
    jobs.findLast((job) => job.state === "succeeded" && job.checkpoint) ??
    jobs.at(-1)
  );
}

function JobNow({ jobs, round }: { jobs: Job[]; round: Round }) {
  const { t } = useTranslation();
  const methodName = useMethodName();
  const job = jobToShow(jobs);
  const running = job?.state === "running" || job?.state === "starting";
  const live = useLive(job && running ? `job:${job.id}` : undefined);
  const metrics = useMetrics(job?.id, running ? (live ? 5_000 : 3_000) : false);
  if (!job) {
    const isBlocked = round.stage === "blocked";
    return <Sentence>{t(isBlocked ? "rounds.nowBlocked" : "rounds.nowWaiting")}</Sentence>;
  }
  return (
    <>
      <p className={classes.nowLine}>
        <Link to={`/jobs/${job.id}`}>{methodName(job.method)}</Link>{" "}
        {running ? t("rounds.runs") : t(`jobState.${job.state}`).toLowerCase()}
        {job.total !== null &&
          ` · ${t("training.stepOf", { step: number(job.step), total: number(job.total) })}`}
      </p>
      {running && job.total !== null && job.total > 0 && (
        <Progress
          value={(100 * job.step) / job.total}
          aria-label={t("training.progress")}
          mb="md"
        />
      )}
      {metrics.data && <Curves rows={metrics.data.rows} most={2} />}
      <Next round={round} />
    </>
  );
}

function Labeling({ round }: { round: Round }) {
  const { t } = useTranslation();
  const { done, total, per_hour } = round.progress.labels;
  return (
    <>
      <p className={classes.nowLine}>
        {t("projects.progress.labels", { done: number(done), total: number(total) })}
      </p>
      <Progress
        value={total > 0 ? (100 * done) / total : 0}
        aria-label={t("rounds.labelProgress")}
        mb="md"
      />
      <Facts
        rows={[
          [t("rounds.peopleNow"), number(round.progress.people_now)],
          [t("rounds.perHour"), number(per_hour)],
          [t("rounds.promptsAsked"), number(round.progress.prompts)],
        ]}
      />
      {round.progress.people_now === 0 && done < total && (
        <p className={classes.hint}>{t("rounds.nobody")}</p>
      )}
      <Next round={round} />
    </>
  );
}

/** The stage that follows in the plan of this round. */
function nextOf(round: Round) {
  const stages = stagesOf(round);
  return stages[stages.indexOf(stageOf(round)) + 1] ?? "done";
}

function Next({ round }: { round: Round }) {
  const { t } = useTranslation();
  const stage = stageOf(round);
  if (stage === "done" || stage === "draft" || round.stage === "blocked") return null;
  return <p className={classes.next}>{t(`rounds.next.${nextOf(round)}`)}</p>;
}
