import { Select, TextInput } from "@mantine/core";
import type { Recipes, Setting } from "~/api/types";
import { saySentence } from "~/i18n/say";
import { OptionalNumberField } from "./number-field";
import classes from "./recipe-form.module.css";
import type { StepOf } from "./recipe-model";

type Values = StepOf<"train">["settings"];
type Value = Values[string];

/** The settings of a training method; one that is left empty is at the method's own value. */
export function SettingFields({
  step,
  known,
  onChange,
}: {
  step: StepOf<"train">;
  known: Recipes;
  onChange: (settings: Values) => void;
}) {
  const settings = known.methods.find(({ method }) => method === step.method)?.settings ?? [];
  return (
    <div className={classes.settings}>
      {settings.map((setting) => (
        <SettingField
          key={setting.name}
          setting={setting}
          value={step.settings[setting.name]}
          onChange={(value) => {
            const { [setting.name]: _, ...others } = step.settings;
            onChange(value === undefined ? others : { ...others, [setting.name]: value });
          }}
        />
      ))}
    </div>
  );
}

function SettingField({
  setting,
  value,
  onChange,
}: {
  setting: Setting;
  value: Value | undefined;
  onChange: (value: Value | undefined) => void;
}) {
  const { name, code, type, choices, least, above, most } = setting;
  const description = saySentence({ code, text: setting.description });
  const placeholder = setting.default === null ? "–" : String(setting.default);
  const shared = { label: name, description, size: "sm" as const, placeholder };
  if (choices) {
    return (
      <Select
        {...shared}
        clearable
        data={choices}
        value={typeof value === "string" ? value : null}
        onChange={(chosen) => onChange(chosen ?? undefined)}
      />
    );
  }
  if (type.startsWith("bool")) {
    return (
      <Select
        {...shared}
        clearable
        data={["true", "false"]}
        value={typeof value === "boolean" ? String(value) : null}
        onChange={(chosen) => onChange(chosen === null ? undefined : chosen === "true")}
      />
    );
  }
  if (type.startsWith("int") || type.startsWith("float")) {
    return (
      <OptionalNumberField
        {...shared}
        allowDecimal={!type.startsWith("int")}
        decimalScale={12}
        min={least ?? above}
        max={most}
        value={typeof value === "number" ? value : null}
        onChange={(entered) => onChange(entered ?? undefined)}
      />
    );
  }
  return (
    <TextInput
      {...shared}
      value={typeof value === "string" ? value : ""}
      onChange={(event) => onChange(event.currentTarget.value || undefined)}
    />
  );
}
