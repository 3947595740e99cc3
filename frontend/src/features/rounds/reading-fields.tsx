import { MultiSelect, Select } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useCheckpoints } from "~/api/training";
import type { Recipes, Step } from "~/api/types";
import classes from "./recipe-form.module.css";
import { fitting, type Reading, readingsOf, withReads } from "./recipe-model";
import { useSourceName } from "./step-words";

/** What a step reads: earlier steps, words of the recipe or checkpoints, by role. */
export function ReadingFields({
  step,
  before,
  known,
  projectId,
  errors,
  onChange,
}: {
  step: Step;
  before: Step[];
  known: Recipes;
  projectId: string;
  /** By role. */
  errors: Record<string, string>;
  onChange: (step: Step) => void;
}) {
  const { t } = useTranslation();
  const { data: checkpoints = [] } = useCheckpoints(projectId);
  const sourceName = useSourceName(projectId);
  const method = step.kind === "train" && known.methods.find((one) => one.method === step.method);
  const isUsed = ({ role }: Reading) =>
    !method ||
    (role === "model" && method.reads_model) ||
    (role === "reward" && method.reads_reward) ||
    role === "data";
  return readingsOf(step, known)
    .filter(isUsed)
    .map((reading) => {
      const { role, words, names, is_list, is_needed, is_reward, takes_checkpoint } = reading;
      const ids = checkpoints
        .filter(({ kind }) => takes_checkpoint && (kind === "reward") === Boolean(is_reward))
        .map(({ id }) => id);
      const choices = [...new Set([...fitting(before, reading, known), ...words, ...ids])];
      const shared = {
        label: t(`recipe.reads.${step.kind}.${role}`, { defaultValue: role }),
        data: choices.map((value) => ({ value, label: sourceName(value) })),
        error: errors[role],
        className: is_list ? classes.whole : undefined,
      };
      return is_list ? (
        <MultiSelect
          key={role}
          {...shared}
          value={names.filter((name) => choices.includes(name))}
          onChange={(chosen) => onChange(withReads(step, role, chosen, known))}
        />
      ) : (
        <Select
          key={role}
          {...shared}
          clearable={!is_needed && !method}
          allowDeselect={false}
          placeholder={t(is_needed ? "recipe.chooseSource" : "recipe.noSource")}
          value={names.find((name) => choices.includes(name)) ?? null}
          onChange={(chosen) => onChange(withReads(step, role, chosen ? [chosen] : [], known))}
        />
      );
    });
}
