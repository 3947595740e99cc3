import { Button, Collapse, Group, NumberInput, Select, TextInput } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Recipe, Setting, SettingValue, TrainingMethod } from "~/api/types";
import { useMethodName } from "~/components/method-name";
import classes from "./recipe-form.module.css";

type Step = Recipe["training"][number];
const METHODS: TrainingMethod[] = ["sft", "reward", "dpo", "ppo", "rrhf"];

/** The training jobs in order, each with the settings that differ from the method's own. */
export function TrainingFields({
  steps,
  methods,
  onChange,
}: {
  steps: Step[];
  methods: Record<string, Setting[]>;
  onChange: (steps: Step[]) => void;
}) {
  const { t } = useTranslation();
  const methodName = useMethodName();
  const [open, setOpen] = useState<number | null>(null);
  const replace = (at: number, step: Step) =>
    onChange(steps.map((existing, i) => (i === at ? step : existing)));
  return (
    <>
      {steps.length === 0 && <p className="quiet">{t("recipe.noTraining")}</p>}
      {steps.map((step, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a step is its place in the recipe.
        <div key={i} className={classes.step}>
          <div className={classes.stepHeader}>
            <span className={classes.stepName}>
              {i + 1}. {methodName(step.method)}
            </span>
            <Button
              size="compact-sm"
              variant="subtle"
              aria-expanded={open === i}
              onClick={() => setOpen(open === i ? null : i)}
            >
              {Object.keys(step.settings).length > 0
                ? t("recipe.settingsChanged", { count: Object.keys(step.settings).length })
                : t("recipe.settings")}
            </Button>
            <Button
              size="compact-sm"
              variant="subtle"
              color="red"
              aria-label={`${t("action.remove")}: ${methodName(step.method)}`}
              onClick={() => onChange(steps.filter((_, at) => at !== i))}
            >
              {t("action.remove")}
            </Button>
          </div>
          <Collapse expanded={open === i}>
            <div className={classes.settings}>
              {(methods[step.method] ?? []).map((setting) => (
                <SettingField
                  key={setting.name}
                  setting={setting}
                  value={step.settings[setting.name]}
                  onChange={(value) =>
                    replace(i, { ...step, settings: withSetting(step.settings, setting, value) })
                  }
                />
              ))}
            </div>
          </Collapse>
        </div>
      ))}
      <Group gap="xs" mt="md">
        <span className="quiet">{t("recipe.addStep")}</span>
        {METHODS.filter((method) => method in methods).map((method) => (
          <Button
            key={method}
            size="compact-sm"
            variant="default"
            onClick={() => onChange([...steps, { method, settings: {} }])}
          >
            + {methodName(method)}
          </Button>
        ))}
      </Group>
    </>
  );
}

/** Settings as they are sent: what equals the default is left out. */
function withSetting(
  settings: Step["settings"],
  setting: Setting,
  value: SettingValue | undefined,
): Step["settings"] {
  const { [setting.name]: _, ...others } = settings;
  return value === undefined || value === setting.default
    ? others
    : { ...others, [setting.name]: value };
}

function SettingField({
  setting,
  value,
  onChange,
}: {
  setting: Setting;
  value: SettingValue | undefined;
  onChange: (value: SettingValue | undefined) => void;
}) {
  const { name, description, type, choices, least, above, most } = setting;
  const shared = { label: name, description, size: "xs" as const };
  const placeholder = setting.default === null ? "–" : String(setting.default);
  if (choices) {
    return (
      <Select
        {...shared}
        data={choices}
        placeholder={placeholder}
        value={typeof value === "string" ? value : null}
        onChange={(chosen) => onChange(chosen ?? undefined)}
        clearable
      />
    );
  }
  if (type.startsWith("bool")) {
    return (
      <Select
        {...shared}
        data={["true", "false"]}
        placeholder={placeholder}
        value={typeof value === "boolean" ? String(value) : null}
        onChange={(chosen) => onChange(chosen === null ? undefined : chosen === "true")}
        clearable
      />
    );
  }
  if (type.startsWith("int") || type.startsWith("float")) {
    return (
      <NumberInput
        {...shared}
        placeholder={placeholder}
        allowDecimal={!type.startsWith("int")}
        decimalScale={12}
        min={least ?? above}
        max={most}
        value={typeof value === "number" ? value : ""}
        onChange={(entered) => onChange(typeof entered === "number" ? entered : undefined)}
      />
    );
  }
  return (
    <TextInput
      {...shared}
      placeholder={placeholder}
      value={typeof value === "string" ? value : ""}
      onChange={(event) => onChange(event.currentTarget.value || undefined)}
    />
  );
}
