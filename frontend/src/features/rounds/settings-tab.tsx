import { Button } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useRecipes } from "~/api/rounds";
import type { Round, Step } from "~/api/types";
import { dateTime } from "~/components/format";
import { Section } from "~/components/page";
import { saySentence } from "~/i18n/say";
import { Amendments, flat } from "./amendments";
import classes from "./rounds.module.css";
import { useStepLine, useStepTitle } from "./step-words";

/** The recipe as it started, which nobody changes, and beside it what people decided since. */
export function SettingsTab({ round, editable }: { round: Round; editable: boolean }) {
  const { t } = useTranslation();
  const changes = round.decisions.filter(({ amendments }) => amendments.length > 0);
  const isDraft = round.state === "draft";
  return (
    <div className={classes.settings} data-both={changes.length > 0 || undefined}>
      <Section title={t(isDraft ? "rounds.recipe" : "rounds.recipeStarted")}>
        <RecipeSteps round={round} />
        {editable && (
          <Button
            mt="md"
            variant="default"
            component={Link}
            to={
              isDraft
                ? `/rounds/${round.id}/recipe`
                : `/projects/${round.project.id}/new-round?copy=${round.id}`
            }
          >
            {t(isDraft ? "rounds.editRecipe" : "rounds.copy")}
          </Button>
        )}
      </Section>
      {changes.length > 0 && (
        <Section title={t("rounds.changes")}>
          <ol className={`panel ${classes.decisions}`}>
            {changes.map(({ id, title, by, at, why, amendments }) => (
              <li key={id}>
                <Amendments amendments={amendments} />
                <p className={classes.decidedWho}>
                  {saySentence(title)} · {by?.name ?? t("rounds.somebody")} · {dateTime(at)}
                </p>
                {why && <blockquote className={classes.why}>{why}</blockquote>}
              </li>
            ))}
          </ol>
        </Section>
      )}
    </div>
  );
}

function RecipeSteps({ round }: { round: Round }) {
  const { t } = useTranslation();
  const { data: known } = useRecipes();
  const title = useStepTitle(known);
  const line = useStepLine(round.project.id, known);
  return (
    <ol className={`panel ${classes.plan}`}>
      {round.recipe.steps.map((step, i) => (
        <li key={step.name} className={classes.planStep}>
          <span className={classes.place} aria-hidden>
            {i + 1}
          </span>
          <div className={classes.planWords}>
            <h3 className={classes.planTitle}>
              {title(step)} <code>{step.name}</code>
            </h3>
            <p className={classes.planLine}>{line(step)}</p>
            <details>
              <summary className={classes.summary}>{t("rounds.allSettings")}</summary>
              <ul className={classes.amendments}>
                {settingsOf(step).map(([path, value]) => (
                  <li key={path}>
                    <code>{path}</code> = <code>{value}</code>
                  </li>
                ))}
              </ul>
            </details>
          </div>
        </li>
      ))}
    </ol>
  );
}

function settingsOf({ name: _, kind: __, ...settings }: Step): [string, string][] {
  return flat(settings);
}
