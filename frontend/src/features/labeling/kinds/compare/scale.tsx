import { useTranslation } from "react-i18next";
import type { PanelsProps } from "../kind";
import classes from "./scale.module.css";
import type { Action, Choice, Comparison, Side, Strength } from "./state";

interface Step {
  choice: Choice;
  name: string;
  short: string;
  /** Shown before the word: its length is the strength. */
  bars: number;
}

/** From "A much better" over a tie to "B much better", and "both bad" apart from them. */
export function CompareScale({
  assignment,
  state,
  act,
}: Omit<PanelsProps<Comparison, Action>, "onDragging">) {
  const { t } = useTranslation();
  const { responses, policy } = assignment;
  const better = (side: Side, strength: Strength): Step => ({
    choice: { kind: "better", side, strength },
    name: t(`labeling.better${strength}`, { letter: responses[side]?.letter ?? "" }),
    short: t(`labeling.short${strength}`, { letter: responses[side]?.letter ?? "" }),
    bars: strength,
  });
  const steps: Step[] = [
    better(0, 3),
    better(0, 2),
    better(0, 1),
    ...(policy.allow_ties
      ? [
          {
            choice: { kind: "tie" } as const,
            name: t("labeling.tie"),
            short: t("labeling.tie"),
            bars: 0,
          },
        ]
      : []),
    better(1, 1),
    better(1, 2),
    better(1, 3),
    {
      choice: { kind: "allBad" },
      name: t("labeling.allBad"),
      short: t("labeling.allBad"),
      bars: 0,
    },
  ];
  return (
    <fieldset className={classes.scale}>
      <legend className="visually-hidden">{t("labeling.scale")}</legend>
      {steps.map((step) => (
        <label
          key={JSON.stringify(step.choice)}
          className={classes.step}
          data-kind={step.choice.kind}
          data-strength={step.bars || undefined}
        >
          <input
            type="radio"
            name="choice"
            className="visually-hidden"
            aria-label={step.name}
            checked={same(step.choice, state.choice)}
            onChange={() => act({ type: "say", choice: step.choice })}
          />
          <span aria-hidden>{step.short}</span>
        </label>
      ))}
    </fieldset>
  );
}

function same(a: Choice, b: Choice): boolean {
  if (a.kind === "better" && b.kind === "better") {
    return a.side === b.side && a.strength === b.strength;
  }
  return a.kind === b.kind;
}
