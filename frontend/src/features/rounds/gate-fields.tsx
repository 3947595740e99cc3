import { Button, NumberInput, Select } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Gate } from "~/api/types";
import classes from "./recipe-form.module.css";

/** Bounds that a new checkpoint must keep, or the round stops and asks. */
export function GateFields({
  gates,
  metrics,
  onChange,
}: {
  gates: Gate[];
  metrics: string[];
  onChange: (gates: Gate[]) => void;
}) {
  const { t, i18n } = useTranslation();
  const name = (metric: string) =>
    i18n.exists(`quantity.${metric}`) ? t(`quantity.${metric}` as "quantity.kl") : metric;
  const free = metrics.filter((metric) => !gates.some((gate) => gate.metric === metric));
  const replace = (at: number, change: Partial<Gate>) =>
    onChange(gates.map((gate, i) => (i === at ? { ...gate, ...change } : gate)));
  const bound = (entered: string | number) => (typeof entered === "number" ? entered : null);
  return (
    <>
      <p className="quiet" style={{ marginTop: 0 }}>
        {t("recipe.gatesLead")}
      </p>
      {gates.map((gate, i) => (
        <div key={gate.metric} className={classes.gate}>
          <Select
            label={t("rounds.gate")}
            allowDeselect={false}
            value={gate.metric}
            data={[gate.metric, ...free].map((value) => ({ value, label: name(value) }))}
            onChange={(metric) => metric && replace(i, { metric })}
          />
          <NumberInput
            label={t("recipe.least")}
            value={gate.least ?? ""}
            onChange={(entered) => replace(i, { least: bound(entered) })}
          />
          <NumberInput
            label={t("recipe.most")}
            value={gate.most ?? ""}
            onChange={(entered) => replace(i, { most: bound(entered) })}
          />
          <Button
            variant="subtle"
            color="red"
            aria-label={`${t("action.remove")}: ${name(gate.metric)}`}
            onClick={() => onChange(gates.filter((_, at) => at !== i))}
          >
            {t("action.remove")}
          </Button>
        </div>
      ))}
      {free[0] && (
        <Button
          size="compact-sm"
          variant="default"
          onClick={() =>
            onChange([...gates, { metric: free[0] as string, least: null, most: null }])
          }
        >
          {t("recipe.addGate")}
        </Button>
      )}
    </>
  );
}
