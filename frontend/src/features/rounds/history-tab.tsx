import { Table } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useRecipes } from "~/api/rounds";
import type { Decision, Round } from "~/api/types";
import { dateTime, duration } from "~/components/format";
import { Section } from "~/components/page";
import { Sentence } from "~/components/sentence";
import { StepBadge } from "~/components/state-badge";
import { type Said, saySentence } from "~/i18n/say";
import { Amendments } from "./amendments";
import classes from "./rounds.module.css";
import { useStepTitle } from "./step-words";

/** What people decided, newest first, and when each step began and ended. */
export function HistoryTab({ round }: { round: Round }) {
  const { t } = useTranslation();
  if (round.state === "draft") return <Sentence>{t("rounds.noHistory")}</Sentence>;
  return (
    <>
      <Section title={t("rounds.decisions")}>
        {round.decisions.length === 0 ? (
          <Sentence>{t("rounds.noDecisions")}</Sentence>
        ) : (
          <ol className={`panel ${classes.decisions}`}>
            {round.decisions.toReversed().map((decision) => (
              <li key={decision.id}>
                <Decided decision={decision} />
              </li>
            ))}
          </ol>
        )}
      </Section>
      <Section title={t("recipe.steps")}>
        <StepTimes round={round} />
      </Section>
    </>
  );
}

function Decided({ decision }: { decision: Decision }) {
  const { t } = useTranslation();
  const { title, by, at, why, step, evidence, amendments } = decision;
  const asked = [evidence.title, evidence.said].filter(isSaid).map(saySentence).join(": ");
  return (
    <article className={classes.decided}>
      <h3 className={classes.decidedTitle}>{saySentence(title)}</h3>
      <p className={classes.decidedWho}>
        {by?.name ?? t("rounds.somebody")} · <time dateTime={at}>{dateTime(at)}</time>
        {step && ` · ${step}`}
      </p>
      {asked && <p className={classes.asked}>{asked}</p>}
      {why ? <blockquote className={classes.why}>{why}</blockquote> : null}
      <Amendments amendments={amendments} />
    </article>
  );
}

/** Evidence is a copy of the question where one was answered, and else of what was measured. */
function isSaid(value: unknown): value is Said {
  return (
    typeof value === "object" && value !== null && "text" in value && typeof value.text === "string"
  );
}

function StepTimes({ round }: { round: Round }) {
  const { t } = useTranslation();
  const { data: known } = useRecipes();
  const title = useStepTitle(known);
  const titleOf = (name: string) => {
    const step = round.effective_recipe.steps.find((one) => one.name === name);
    return step ? title(step) : name;
  };
  return (
    <Table.ScrollContainer minWidth={480}>
      <Table>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t("rounds.step")}</Table.Th>
            <Table.Th>{t("training.state")}</Table.Th>
            <Table.Th>{t("rounds.entered")}</Table.Th>
            <Table.Th ta="right">{t("training.took")}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {round.steps.map(({ name, state, started_at, finished_at }) => (
            <Table.Tr key={name}>
              <Table.Td>
                {titleOf(name)} <code className="quiet">{name}</code>
              </Table.Td>
              <Table.Td>
                <StepBadge state={state} />
              </Table.Td>
              <Table.Td>{started_at && dateTime(started_at)}</Table.Td>
              <Table.Td ta="right">
                {started_at && finished_at
                  ? duration((Date.parse(finished_at) - Date.parse(started_at)) / 1000)
                  : ""}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}
