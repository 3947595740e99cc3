import { useTranslation } from "react-i18next";
import type { Round } from "~/api/types";
import { dateTime, duration, number } from "~/components/format";
import { stageOf } from "~/components/stage-strip";

/** How far the round is in its present stage, on one line: "312 of 400 labels · about 40 min left". */
export function usePulse(round: Round): string {
  const { t } = useTranslation();
  const { progress, finished_at } = round;
  const of = (key: "responses" | "labels" | "jobs") =>
    t(`projects.progress.${key}`, {
      done: number(progress[key].done),
      total: number(progress[key].total),
    });
  switch (stageOf(round)) {
    case "draft":
      return round.after ? t("rounds.waitsFor", { number: round.after.number }) : "";
    case "generating":
      return of("responses");
    case "labeling": {
      const { eta_seconds: eta } = progress.labels;
      const left = eta !== null && !round.is_paused && t("rounds.left", { time: duration(eta) });
      const people = t("rounds.people", { count: progress.people_now });
      return [of("labels"), left, people].filter(Boolean).join(" · ");
    }
    case "aggregating":
      return of("labels");
    case "training":
    case "evaluating":
      return progress.jobs.total > 0 ? of("jobs") : "";
    case "done": {
      const end = finished_at && t("rounds.finished", { time: dateTime(finished_at) });
      return [of("labels"), end].filter(Boolean).join(" · ");
    }
  }
}
