import { Group, Radio, Select, TagsInput } from "@mantine/core";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Recipes, Step } from "~/api/types";
import { saySentence } from "~/i18n/say";
import { GateFields } from "./gate-fields";
import { NumberField } from "./number-field";
import { ReadingFields } from "./reading-fields";
import classes from "./recipe-form.module.css";
import { type StepOf, withMethod } from "./recipe-model";
import { SettingFields } from "./setting-fields";

interface Fields<S extends Step> {
  step: S;
  /** The steps before it, which it may read. */
  before: Step[];
  known: Recipes;
  projectId: string;
  /** What is wrong, by field: "reads.model", "prompts.count", "bounds.0". */
  errors: Record<string, string>;
  onChange: (step: Step) => void;
}

/** Everything a step of a plan says, except its name. */
export function StepFields(props: Fields<Step>) {
  const { step } = props;
  const hidden = Object.entries(props.errors).filter(([field]) => !hasField(step, field));
  const readErrors = Object.entries(props.errors).flatMap(([field, text]) => {
    const role = /^reads\.(\w+)/.exec(field)?.[1];
    return role ? [[role, text]] : [];
  });
  const reading = <ReadingFields {...props} errors={Object.fromEntries(readErrors)} />;
  return (
    <div className={classes.fields}>
      {hidden.map(([field, text]) => (
        <p key={field} className={`${classes.error} ${classes.whole}`} role="alert">
          {field && `${field}: `}
          {text}
        </p>
      ))}
      {fieldsOf(props, reading)}
    </div>
  );
}

/** Whether a refused field has a place of its own in the form of its step. */
function hasField(step: Step, field: string): boolean {
  const [first = "", second = ""] = field.split(".");
  if (first === "reads") return second in step.reads;
  if (first === "settings") return false;
  if (first === "prompts") return second !== "";
  return first !== "kind" && first in step;
}

function fieldsOf(props: Fields<Step>, reading: ReactNode): ReactNode {
  const { step } = props;
  switch (step.kind) {
    case "generate":
      return <GenerateFields {...props} step={step} reading={reading} />;
    case "label":
      return <LabelFields {...props} step={step} reading={reading} />;
    case "aggregate":
      return <AggregateFields {...props} step={step} reading={reading} />;
    case "train":
      return <TrainFields {...props} step={step} reading={reading} />;
    case "evaluate":
      return <EvaluateFields {...props} step={step} reading={reading} />;
    case "gate":
      return (
        <>
          <GateFields
            {...props}
            bounds={step.bounds}
            onChange={(bounds) => props.onChange({ ...step, bounds })}
          />
          {reading}
        </>
      );
    case "accept":
      return reading;
  }
}

type Drawn<S extends Step> = Fields<S> & { reading: ReactNode };

/** The range of a setting, as the server knows it. */
function useRange({ known, step }: Fields<Step>) {
  const settings = known.kinds.find(({ kind }) => kind === step.kind)?.settings ?? [];
  return (name: string) => {
    const field = settings.find((one) => one.name === name);
    return { min: field?.least, max: field?.most, allowDecimal: field?.type !== "integer" };
  };
}

function PromptFields(props: Fields<StepOf<"generate"> | StepOf<"evaluate">>) {
  const { t } = useTranslation();
  const range = useRange(props);
  const { step, errors, onChange } = props;
  const { prompts } = step;
  return (
    <>
      <NumberField
        label={t("recipe.promptCount")}
        description={t("recipe.promptCountHint")}
        {...range("prompts.count")}
        value={prompts.count}
        onChange={(count) => onChange({ ...step, prompts: { ...prompts, count } })}
        error={errors["prompts.count"]}
      />
      <Select
        label={t("recipe.split")}
        description={t("recipe.splitHint")}
        allowDeselect={false}
        data={(["both", "train", "eval"] as const).map((value) => ({
          value,
          label: t(`recipe.splitName.${value}`),
        }))}
        value={prompts.split}
        onChange={(split) => split && onChange({ ...step, prompts: { ...prompts, split } })}
        error={errors["prompts.split"]}
      />
      <TagsInput
        className={classes.whole}
        label={t("recipe.tags")}
        description={t("recipe.tagsHint")}
        value={prompts.tags}
        onChange={(tags) => onChange({ ...step, prompts: { ...prompts, tags } })}
        error={errors["prompts.tags"]}
      />
    </>
  );
}

function GenerateFields(props: Drawn<StepOf<"generate">>) {
  const { t } = useTranslation();
  const range = useRange(props);
  const { step, errors, onChange, reading } = props;
  return (
    <>
      {reading}
      <PromptFields {...props} />
      <NumberField
        label={t("recipe.k")}
        description={t("recipe.kHint")}
        {...range("responses_per_prompt")}
        value={step.responses_per_prompt}
        onChange={(count) => onChange({ ...step, responses_per_prompt: count })}
        error={errors.responses_per_prompt}
      />
      <NumberField
        label={t("recipe.maxTokens")}
        description={t("recipe.maxTokensHint")}
        {...range("max_new_tokens")}
        value={step.max_new_tokens}
        onChange={(tokens) => onChange({ ...step, max_new_tokens: tokens })}
        error={errors.max_new_tokens}
      />
      <NumberField
        label={t("recipe.temperature")}
        description={t("recipe.temperatureHint")}
        {...range("temperature")}
        step={0.1}
        value={step.temperature}
        onChange={(temperature) => onChange({ ...step, temperature })}
        error={errors.temperature}
      />
      <NumberField
        label={t("recipe.topP")}
        description={t("recipe.topPHint")}
        {...range("top_p")}
        step={0.05}
        value={step.top_p}
        onChange={(share) => onChange({ ...step, top_p: share })}
        error={errors.top_p}
      />
    </>
  );
}

function LabelFields(props: Drawn<StepOf<"label">>) {
  const { t } = useTranslation();
  const range = useRange(props);
  const { step, errors, onChange, reading } = props;
  const kinds = (["rank", "compare", "mixed"] as const).map((kind) => (
    <Radio key={kind} value={kind} label={t(`dashboard.kind.${kind}`)} />
  ));
  return (
    <>
      <Radio.Group
        className={classes.whole}
        label={t("recipe.kind")}
        value={step.task_kind}
        onChange={(chosen) => {
          const kind = (["rank", "compare", "mixed"] as const).find((one) => one === chosen);
          if (kind) onChange({ ...step, task_kind: kind });
        }}
        error={errors.task_kind}
      >
        <Group mt="xs">{kinds}</Group>
      </Radio.Group>
      <NumberField
        label={t("recipe.labelsWanted")}
        description={t("recipe.labelsWantedHint")}
        {...range("labels_wanted")}
        value={step.labels_wanted}
        onChange={(count) => onChange({ ...step, labels_wanted: count })}
        error={errors.labels_wanted}
      />
      {step.task_kind === "mixed" && (
        <NumberField
          label={t("recipe.compareEvery")}
          description={t("recipe.compareEveryHint")}
          {...range("compare_every")}
          value={step.compare_every}
          onChange={(every) => onChange({ ...step, compare_every: every })}
          error={errors.compare_every}
        />
      )}
      {step.task_kind !== "rank" && (
        <NumberField
          label={t("recipe.randomFloor")}
          description={t("recipe.randomFloorHint")}
          {...range("random_floor")}
          step={0.05}
          value={step.random_floor}
          onChange={(floor) => onChange({ ...step, random_floor: floor })}
          error={errors.random_floor}
        />
      )}
      {reading}
    </>
  );
}

function AggregateFields({ step, errors, onChange, reading }: Drawn<StepOf<"aggregate">>) {
  const { t } = useTranslation();
  return (
    <>
      <Select
        label={t("recipe.learnFrom")}
        allowDeselect={false}
        data={(["project", "round"] as const).map((value) => ({
          value,
          label: t(`recipe.learnFromName.${value}`),
        }))}
        value={step.learn_from}
        onChange={(source) => source && onChange({ ...step, learn_from: source })}
        error={errors.learn_from}
      />
      {reading}
    </>
  );
}

function TrainFields({ step, before, known, errors, onChange, reading }: Drawn<StepOf<"train">>) {
  const { t } = useTranslation();
  const about = known.methods.find(({ method }) => method === step.method)?.description;
  return (
    <>
      <Select
        label={t("recipe.method")}
        description={about && saySentence(about)}
        allowDeselect={false}
        data={known.methods.map(({ method, title }) => ({
          value: method,
          label: saySentence(title),
        }))}
        value={step.method}
        onChange={(method) => method && onChange(withMethod(step, method, before, known))}
        error={errors.method}
      />
      {reading}
      <details className={classes.whole} open={Object.keys(step.settings).length > 0 || undefined}>
        <summary className={classes.summary}>
          {Object.keys(step.settings).length > 0
            ? t("recipe.settingsChanged", { count: Object.keys(step.settings).length })
            : t("recipe.settings")}
        </summary>
        <SettingFields
          step={step}
          known={known}
          onChange={(settings) => onChange({ ...step, settings })}
        />
      </details>
    </>
  );
}

function EvaluateFields(props: Drawn<StepOf<"evaluate">>) {
  const { t } = useTranslation();
  const range = useRange(props);
  const { step, errors, onChange, reading } = props;
  return (
    <>
      {reading}
      <PromptFields {...props} />
      <NumberField
        label={t("recipe.k")}
        {...range("responses_per_prompt")}
        value={step.responses_per_prompt}
        onChange={(count) => onChange({ ...step, responses_per_prompt: count })}
        error={errors.responses_per_prompt}
      />
      <NumberField
        label={t("recipe.maxTokens")}
        description={t("recipe.maxTokensHint")}
        {...range("max_new_tokens")}
        value={step.max_new_tokens}
        onChange={(tokens) => onChange({ ...step, max_new_tokens: tokens })}
        error={errors.max_new_tokens}
      />
    </>
  );
}
