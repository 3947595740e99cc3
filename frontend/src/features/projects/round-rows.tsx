import { Button } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useArchivedRounds } from "~/api/projects";
import type { Round } from "~/api/types";
import { ago, number } from "~/components/format";
import { StageStrip, stageOf } from "~/components/stage-strip";
import { RoundBadge } from "~/components/state-badge";
import { saySentence } from "~/i18n/say";
import classes from "./projects.module.css";
import { type Rights, RoundMoves } from "./row-moves";

/** Rounds as rows on a time line, newest first: state, progress, who is needed. */
export function RoundRows({
  projectId,
  rounds,
  rights,
}: {
  projectId: string;
  rounds: Round[];
  rights: Rights;
}) {
  const { t } = useTranslation();
  const progressLine = useProgressLine();
  return (
    <ol className={classes.rounds}>
      {[...rounds]
        .sort((a, b) => b.number - a.number)
        .map((round) => (
          <li key={round.id}>
            <div className={classes.roundName}>
              <Link to={`/rounds/${round.id}`}>{t("round", { number: round.number })}</Link>
              <span className="quiet">{ago(round.started_at ?? round.created_at)}</span>
            </div>
            <div className={classes.roundState}>
              <RoundBadge round={round} />
              <StageStrip round={round} small />
            </div>
            <div className={classes.roundNeeds}>
              <span>{reasonOf(round) ?? progressLine(round)}</span>
              <span className="quiet">
                {t(`rounds.needs.${needs(round)}`, {
                  count: round.progress.people_now,
                  number: round.after?.number ?? "",
                })}
              </span>
            </div>
            {(rights.edit || rights.remove) && (
              <RoundMoves projectId={projectId} round={round} rights={rights} />
            )}
          </li>
        ))}
    </ol>
  );
}

/** Rounds that were put away, read when somebody asks for them. */
export function ArchivedRounds({ projectId, rights }: { projectId: string; rights: Rights }) {
  const { t } = useTranslation();
  const [shown, { toggle }] = useDisclosure(false);
  const rounds = useArchivedRounds(projectId, shown);
  return (
    <>
      <Button variant="subtle" size="xs" ml={14} onClick={toggle} aria-expanded={shown}>
        {t(shown ? "projects.archives.hide" : "projects.archives.show")}
      </Button>
      {shown && rounds.data && rounds.data.length === 0 && (
        <p className="quiet">{t("projects.archives.none")}</p>
      )}
      {shown && rounds.data && rounds.data.length > 0 && (
        <RoundRows projectId={projectId} rounds={rounds.data} rights={rights} />
      )}
    </>
  );
}

/** Who has to do something; a paused round waits for whoever paused it. */
function needs(
  round: Round,
): "start" | "follows" | "labelers" | "decision" | "paused" | "nobody" | "over" {
  if (round.stage === "draft") return round.after ? "follows" : "start";
  if (round.stage === "blocked") return "decision";
  if (round.state !== "open") return "over";
  if (round.is_paused) return "paused";
  return round.stage === "labeling" ? "labelers" : "nobody";
}

/** Why the round waits: the first thing it asks. */
function reasonOf(round: Round): string | null {
  const question = round.steps.flatMap(({ questions }) => questions)[0];
  if (question === undefined) return null;
  const { title, said } = question;
  return title ? `${saySentence(title)}: ${saySentence(said)}` : saySentence(said);
}

/** The one count that moves in this stage. */
function useProgressLine() {
  const { t } = useTranslation();
  return (round: Round) => {
    const { responses, labels, jobs } = round.progress;
    const of = (key: "responses" | "labels" | "jobs", { done, total }: typeof jobs) =>
      t(`projects.progress.${key}`, { done: number(done), total: number(total) });
    switch (stageOf(round)) {
      case "draft":
        return "";
      case "generating":
        return of("responses", responses);
      case "training":
      case "evaluating":
        return of("jobs", jobs);
      default:
        return of("labels", labels);
    }
  };
}
