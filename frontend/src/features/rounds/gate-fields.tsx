import { Button, Select } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Recipes } from "~/api/types";
import { saySentence } from "~/i18n/say";
import { OptionalNumberField } from "./number-field";
import classes from "./recipe-form.module.css";
import { type Bound, boundOf, withNewBound } from "./recipe-model";

/** The bounds of one gate step, or the round stops there and asks. */
export function GateFields({
  bounds,
  known,
  errors,
  onChange,
}: {
  bounds: Bound[];
  known: Recipes;
  /** By field of the step: "bounds.0", "bounds.0.least". */
  errors: Record<string, string>;
  onChange: (bounds: Bound[]) => void;
}) {
  const { t } = useTranslation();
  const { gates } = known;
  const replace = (at: number, bound: Bound) => onChange(bounds.with(at, bound));
  const errorOf = (path: string) =>
    Object.entries(errors).find(([field]) => field === path || field.startsWith(`${path}.`))?.[1];
  return (
    <div className={classes.whole}>
      {bounds.map((bound, i) => {
        const row = gates.find(({ gate }) => gate === bound.gate);
        const title = row ? saySentence(row.title) : bound.gate;
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: a bound is its place in the step.
          <fieldset key={i} className={classes.gate} aria-label={title}>
            <Select
              label={t("rounds.gate")}
              description={row && saySentence(row.unit)}
              allowDeselect={false}
              value={bound.gate}
              data={gates.map((one) => ({ value: one.gate, label: saySentence(one.title) }))}
              onChange={(chosen) => {
                const gate = gates.find((one) => one.gate === chosen);
                if (gate) replace(i, boundOf(gate));
              }}
              error={errorOf(`bounds.${i}`)}
            />
            <OptionalNumberField
              label={t("recipe.least")}
              value={bound.least}
              onChange={(least) => replace(i, { ...bound, least })}
            />
            <OptionalNumberField
              label={t("recipe.most")}
              value={bound.most}
              onChange={(most) => replace(i, { ...bound, most })}
            />
            <Button
              variant="subtle"
              color="red"
              aria-label={`${t("action.remove")}: ${title}`}
              disabled={bounds.length === 1}
              onClick={() => onChange(bounds.toSpliced(i, 1))}
            >
              {t("action.remove")}
            </Button>
          </fieldset>
        );
      })}
      {errors.bounds && (
        <p className={classes.error} role="alert">
          {errors.bounds}
        </p>
      )}
      <Button
        size="compact-sm"
        variant="default"
        onClick={() => onChange(withNewBound(bounds, gates))}
      >
        {t("recipe.addGate")}
      </Button>
    </div>
  );
}
