import { useTranslation } from "react-i18next";
import { useCheckpoints } from "~/api/training";
import type { Recipes, Step } from "~/api/types";
import { listed, number, quantity } from "~/components/format";
import { useMethodName } from "~/components/method-name";
import { saySentence } from "~/i18n/say";
import type { Bound } from "./recipe-model";

/** How people read the names in a recipe: words of the recipe, checkpoints by name, steps as named. */
export function useSourceName(projectId: string): (name: string) => string {
  const { t } = useTranslation();
  const { data: checkpoints = [] } = useCheckpoints(projectId);
  return (name) => {
    switch (name) {
      case "newest":
      case "previous":
      case "base":
      case "parent":
      case "imported":
        return t(`recipe.word.${name}`);
      default:
        return checkpoints.find(({ id }) => id === name)?.name ?? name;
    }
  };
}

/** What a kind of step does, for a heading; training is called by its method. */
export function useStepTitle(known: Recipes | undefined) {
  const methodName = useMethodName();
  return (step: Step): string => {
    if (step.kind === "train") return methodName(step.method);
    const title = known?.kinds.find(({ kind }) => kind === step.kind)?.title;
    return title ? saySentence(title) : step.kind;
  };
}

export function useBoundWords(known: Recipes | undefined) {
  const { t } = useTranslation();
  return ({ gate, least, most }: Bound): string => {
    const row = known?.gates.find((one) => one.gate === gate);
    const sides = [
      least !== null && t("rounds.atLeast", { value: quantity(least) }),
      most !== null && t("rounds.atMost", { value: quantity(most) }),
    ].filter(Boolean);
    return [row ? saySentence(row.title) : gate, sides.join(", ")].filter(Boolean).join(" ");
  };
}

/** A step in one line: what it reads and the few settings that matter most. */
export function useStepLine(projectId: string, known: Recipes | undefined) {
  const { t } = useTranslation();
  const sourceName = useSourceName(projectId);
  const boundWords = useBoundWords(known);
  return (step: Step): string => {
    switch (step.kind) {
      case "generate":
        return t("recipe.line.generate", {
          count: step.prompts.count,
          prompts: number(step.prompts.count),
          k: step.responses_per_prompt,
          writers: listed(step.reads.writers.map(sourceName)),
        });
      case "label":
        return t("recipe.line.label", {
          kind: t(`dashboard.kind.${step.task_kind}`),
          count: step.labels_wanted,
        });
      case "aggregate":
        return t(`recipe.learnFromName.${step.learn_from}`);
      case "train": {
        const changed = Object.keys(step.settings).length;
        const settings = changed
          ? t("recipe.settingsChanged", { count: changed })
          : t("recipe.defaults");
        const { model, reward } = step.reads;
        const from = model && t("recipe.line.from", { model: sourceName(model) });
        const judge = reward && t("recipe.line.judgedBy", { reward: sourceName(reward) });
        return [from, judge, settings].filter(Boolean).join(" · ");
      }
      case "evaluate":
        return [
          sourceName(step.reads.checkpoint),
          step.reads.against && t("recipe.line.beside", { name: sourceName(step.reads.against) }),
          t("recipe.line.prompts", {
            count: step.prompts.count,
            prompts: number(step.prompts.count),
          }),
        ]
          .filter(Boolean)
          .join(" · ");
      case "gate":
        return step.bounds.map(boundWords).join(" · ");
      case "accept":
        return t("recipe.line.accept", {
          names: listed(step.reads.checkpoints.map(sourceName)),
        });
    }
  };
}
