import { useTranslation } from "react-i18next";
import type { Round } from "~/api/types";
import { dateTime, duration, number } from "~/components/format";

/** How far the round is in its present stage, on one line: "312 of 400 labels · about 40 min left". */
export function usePulse(round: Round): string {
  const { t } = useTranslation();
  const { progress, state, finished_at } = round;
  const of = (key: "responses" | "labels" | "jobs") =>
    t(`projects.progress.${key}`, {
      done: number(progress[key].done),
      total: number(progress[key].total),
    });
  const parts: string[] = [];
  switch (state) {
    case "generating":
      parts.push(of("responses"));
      break;
    case "labeling": {
      const { eta_seconds: eta } = progress.labels;
      parts.push(of("labels"));
      if (eta !== null) parts.push(t("rounds.left", { time: duration(eta) }));
      parts.push(t("rounds.people", { count: progress.people_now }));
      break;
    }
    case "aggregating":
      parts.push(of("labels"));
      break;
    case "training":
    case "evaluating":
      parts.push(of("jobs"));
      break;
    case "done":
      parts.push(of("labels"));
      if (finished_at) parts.push(t("rounds.finished", { time: dateTime(finished_at) }));
      break;
    default:
  }
  return parts.join(" · ");
}
