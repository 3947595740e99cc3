import {
  Alert,
  Button,
  Group,
  MultiSelect,
  NumberInput,
  Radio,
  Select,
  TagsInput,
} from "@mantine/core";
import { useForm } from "@mantine/form";
import { useTranslation } from "react-i18next";
import { useCheckpoints } from "~/api/training";
import type { Recipe, Recipes } from "~/api/types";
import { Section } from "~/components/page";
import { errorSentence } from "~/components/sentence";
import { GateFields } from "./gate-fields";
import classes from "./recipe-form.module.css";
import { TrainingFields } from "./training-fields";
import { useWriterName, WRITER_ROLES } from "./writer-name";

/** What a round is to do, from its prompts to the bounds its checkpoint must keep. */
export function RecipeForm({
  recipe,
  known,
  projectId,
  busy,
  error,
  onSubmit,
}: {
  recipe: Recipe;
  known: Recipes;
  projectId: string;
  busy: boolean;
  error: unknown;
  onSubmit: (recipe: Recipe, start: boolean) => void;
}) {
  const { t } = useTranslation();
  const { data: checkpoints = [] } = useCheckpoints(projectId);
  const writerName = useWriterName(projectId);
  const form = useForm<Recipe>({
    mode: "controlled",
    initialValues: recipe,
    validate: (values) => ({
      "prompts.count": values.prompts.count >= 1 ? null : t("recipe.needsPrompts"),
      "generation.checkpoints":
        !values.generation || values.generation.checkpoints.length > 0
          ? null
          : t("recipe.needsWriter"),
      "generation.responses_per_prompt":
        values.generation &&
        values.tasks.kind === "rank" &&
        values.generation.responses_per_prompt < 3
          ? t("recipe.needsThree")
          : null,
    }),
  });
  const { generation, tasks } = form.values;
  const writers = [
    ...WRITER_ROLES,
    ...checkpoints.filter(({ kind }) => kind !== "reward").map(({ id }) => id),
  ];
  const send = (start: boolean) => form.onSubmit((values) => onSubmit(values, start))();

  return (
    <form onSubmit={form.onSubmit((values) => onSubmit(values, false))} className={classes.form}>
      {error ? (
        <Alert color="red" variant="light" role="alert">
          {errorSentence(error)}
        </Alert>
      ) : null}

      <Section title={t("recipe.promptsTitle")}>
        <div className={`panel ${classes.fields}`}>
          <NumberInput
            label={t("recipe.promptCount")}
            description={t("recipe.promptCountHint")}
            min={1}
            allowDecimal={false}
            {...form.getInputProps("prompts.count")}
          />
          <Select
            label={t("recipe.split")}
            description={t("recipe.splitHint")}
            allowDeselect={false}
            data={(["both", "train", "eval"] as const).map((value) => ({
              value,
              label: t(`recipe.splitName.${value}`),
            }))}
            {...form.getInputProps("prompts.split")}
          />
          <TagsInput
            className={classes.whole}
            label={t("recipe.tags")}
            description={t("recipe.tagsHint")}
            {...form.getInputProps("prompts.tags")}
          />
        </div>
      </Section>

      {generation && (
        <Section title={t("recipe.responsesTitle")}>
          <div className={`panel ${classes.fields}`}>
            <MultiSelect
              className={classes.whole}
              label={t("recipe.writers")}
              description={t("recipe.writersHint")}
              data={writers.map((value) => ({ value, label: writerName(value) }))}
              {...form.getInputProps("generation.checkpoints")}
            />
            <NumberInput
              label={t("recipe.k")}
              description={t("recipe.kHint")}
              min={2}
              max={9}
              allowDecimal={false}
              {...form.getInputProps("generation.responses_per_prompt")}
            />
            <NumberInput
              label={t("recipe.maxTokens")}
              description={t("recipe.maxTokensHint")}
              min={1}
              allowDecimal={false}
              {...form.getInputProps("generation.max_new_tokens")}
            />
            <NumberInput
              label={t("recipe.temperature")}
              description={t("recipe.temperatureHint")}
              min={0}
              max={5}
              step={0.1}
              {...form.getInputProps("generation.temperature")}
            />
            <NumberInput
              label={t("recipe.topP")}
              description={t("recipe.topPHint")}
              min={0.01}
              max={1}
              step={0.05}
              {...form.getInputProps("generation.top_p")}
            />
          </div>
        </Section>
      )}

      <Section title={t("recipe.tasksTitle")}>
        <div className={`panel ${classes.fields}`}>
          <Radio.Group
            className={classes.whole}
            label={t("recipe.kind")}
            {...form.getInputProps("tasks.kind")}
          >
            <Group mt="xs">
              {(["rank", "compare", "mixed"] as const).map((kind) => (
                <Radio key={kind} value={kind} label={t(`dashboard.kind.${kind}`)} />
              ))}
            </Group>
          </Radio.Group>
          <NumberInput
            label={t("recipe.labelsWanted")}
            description={t("recipe.labelsWantedHint")}
            min={1}
            max={100}
            allowDecimal={false}
            {...form.getInputProps("tasks.labels_wanted")}
          />
          {tasks.kind === "mixed" && (
            <NumberInput
              label={t("recipe.compareEvery")}
              description={t("recipe.compareEveryHint")}
              min={2}
              allowDecimal={false}
              {...form.getInputProps("tasks.compare_every")}
            />
          )}
        </div>
      </Section>

      <Section title={t("recipe.training")}>
        <div className="panel">
          <Select
            label={t("recipe.learnFrom")}
            allowDeselect={false}
            mb="md"
            w="min(22rem, 100%)"
            data={(["project", "round"] as const).map((value) => ({
              value,
              label: t(`recipe.learnFromName.${value}`),
            }))}
            {...form.getInputProps("learn_from")}
          />
          <TrainingFields
            steps={form.values.training}
            methods={known.methods}
            onChange={(training) => form.setFieldValue("training", training)}
          />
        </div>
      </Section>

      <Section title={t("recipe.gates")}>
        <div className="panel">
          <GateFields
            gates={form.values.gates}
            metrics={known.gates}
            onChange={(gates) => form.setFieldValue("gates", gates)}
          />
        </div>
      </Section>

      <Group className={classes.actions}>
        <Button onClick={() => send(true)} loading={busy}>
          {t("recipe.start")}
        </Button>
        <Button type="submit" variant="default" loading={busy}>
          {t("recipe.saveDraft")}
        </Button>
      </Group>
    </form>
  );
}
