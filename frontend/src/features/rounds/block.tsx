import { Button, Group } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Choice, Question, Round } from "~/api/types";
import { dateTime } from "~/components/format";
import { saySentence } from "~/i18n/say";
import { DecisionDialog } from "./decision-dialog";
import { Evidence } from "./evidence";
import { type Answer, blocksOf, openCount } from "./questions";
import classes from "./rounds.module.css";

/** What the round waits for: every question by itself, with its evidence and its own choices. */
export function Blocks({ round, editable }: { round: Round; editable: boolean }) {
  const { t } = useTranslation();
  const blocks = blocksOf(round);
  if (blocks.length === 0) return null;
  return (
    <section className={classes.blocks} aria-label={t("rounds.decide")}>
      <h2 className={classes.blocksTitle}>{t("rounds.waiting", { count: openCount(round) })}</h2>
      {blocks.map(({ step, open, answered }) => (
        <div key={step.name}>
          <p className={classes.blockStep}>
            {saySentence(step.title)} <code>{step.name}</code>
          </p>
          {open.map((question) => (
            <OpenQuestion
              key={question.subject}
              round={round}
              question={question}
              editable={editable}
            />
          ))}
          {answered.map((answer) => (
            <Answered key={answer.decision.id} {...answer} />
          ))}
        </div>
      ))}
      {!editable && <p className="quiet">{t("rounds.askManager")}</p>}
    </section>
  );
}

function OpenQuestion({
  round,
  question,
  editable,
}: {
  round: Round;
  question: Question;
  editable: boolean;
}) {
  const [chosen, setChosen] = useState<Choice | null>(null);
  const { title, said, evidence, choices } = question;
  const name = saySentence(title ?? said);
  return (
    <article className={classes.question} aria-label={name}>
      {title && <h3 className={classes.questionTitle}>{saySentence(title)}</h3>}
      <p className={classes.reason}>{saySentence(said)}</p>
      <Evidence evidence={measuredOnly(evidence)} />
      {editable && (
        <Group gap="xs">
          {choices.map((choice) => (
            <Button
              key={choice.choice}
              size="sm"
              variant="default"
              onClick={() => setChosen(choice)}
            >
              {saySentence(choice.title)}
            </Button>
          ))}
        </Group>
      )}
      {chosen && (
        <DecisionDialog
          round={round}
          choice={chosen}
          question={question}
          onClose={() => setChosen(null)}
        />
      )}
    </article>
  );
}

/** The number and its bound stand in the sentence above already. */
function measuredOnly({ value: _, least: __, most: ___, ...others }: Question["evidence"]) {
  return others;
}

function Answered({ verdict, decision }: Answer) {
  const { t } = useTranslation();
  return (
    <p className={classes.answered}>
      {t("rounds.answered", {
        question: saySentence(verdict.title),
        choice: saySentence(decision.title),
        who: decision.by?.name ?? t("rounds.somebody"),
        time: dateTime(decision.at),
      })}
    </p>
  );
}
