import { Alert, Button, Group, Menu } from "@mantine/core";
import { useEffect, useReducer, useRef } from "react";
import { useTranslation } from "react-i18next";
import { ApiError } from "~/api/client";
import type { Recipe, Recipes } from "~/api/types";
import { useMethodName } from "~/components/method-name";
import { errorSentence, fieldSentences } from "~/components/sentence";
import { saySentence } from "~/i18n/say";
import classes from "./recipe-form.module.css";
import {
  type Addable,
  addable,
  danglingRoles,
  newStep,
  planOf,
  planReducer,
  stepsOf,
} from "./recipe-model";
import { StepCard } from "./step-card";

/** What a round is to do: its steps in order, as they are unless somebody opens one. */
export function RecipeForm({
  recipe,
  known,
  projectId,
  busy,
  error,
  onSubmit,
  save,
}: {
  recipe: Recipe;
  known: Recipes;
  projectId: string;
  busy: boolean;
  error: unknown;
  /** Called with what to do after it is stored. */
  onSubmit: (recipe: Recipe, start: boolean) => void;
  /** What the second button says; the first one starts the round unless there is none. */
  save: { label: string; only?: boolean };
}) {
  const { t } = useTranslation();
  const [plan, dispatch] = useReducer(planReducer(known), recipe, planOf);
  const list = useRef<HTMLOListElement>(null);
  const steps = stepsOf(plan);
  const isDangling = steps.some((_, at) => danglingRoles(steps, at, known).length > 0);
  const whole = plan.errors.filter(({ id }) => id === null);

  useEffect(() => {
    if (error instanceof ApiError) dispatch({ type: "refused", fields: fieldSentences(error) });
  }, [error]);
  useEffect(() => {
    if (plan.errors.length === 0) return;
    const field = list.current?.querySelector<HTMLElement>('[aria-invalid="true"], [role="alert"]');
    field?.scrollIntoView({ block: "center" });
    field?.focus();
  }, [plan.errors]);

  const send = (start: boolean) => onSubmit({ steps }, start);
  const isPlaced = error instanceof ApiError && plan.errors.some(({ id }) => id !== null);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        send(false);
      }}
    >
      {error ? (
        <Alert color="red" variant="light" role="alert" mb="md">
          {isPlaced ? t("recipe.refused") : errorSentence(error)}
          {whole.length > 0 && isPlaced && ` ${whole.map(({ text }) => text).join(" ")}`}
        </Alert>
      ) : null}
      <ol className={`panel ${classes.plan}`} ref={list} aria-label={t("recipe.steps")}>
        {plan.entries.map((entry) => (
          <StepCard
            key={entry.id}
            entry={entry}
            plan={plan}
            known={known}
            projectId={projectId}
            dispatch={dispatch}
          />
        ))}
      </ol>
      <AddStep
        choices={addable(steps, known)}
        known={known}
        onAdd={(what) => {
          const step = newStep(plan, known, what);
          if (step) dispatch({ type: "added", step });
        }}
      />
      {isDangling && <p className={classes.error}>{t("recipe.danglingWhole")}</p>}
      <Group className={classes.actions}>
        {!save.only && (
          <Button onClick={() => send(true)} loading={busy} disabled={isDangling}>
            {t("recipe.start")}
          </Button>
        )}
        <Button
          type="submit"
          variant={save.only ? "filled" : "default"}
          loading={busy}
          disabled={isDangling}
        >
          {save.label}
        </Button>
      </Group>
    </form>
  );
}

function AddStep({
  choices,
  known,
  onAdd,
}: {
  choices: Addable[];
  known: Recipes;
  onAdd: (what: Addable) => void;
}) {
  const { t } = useTranslation();
  const methodName = useMethodName();
  const titleOf = (what: Addable) => {
    if ("method" in what) return t("recipe.addTraining", { method: methodName(what.method) });
    const title = known.kinds.find(({ kind }) => kind === what.kind)?.title;
    return title ? saySentence(title) : what.kind;
  };
  return (
    <Menu position="bottom-start">
      <Menu.Target>
        <Button variant="default" size="sm" mt="sm">
          {t("recipe.addStep")}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {choices.map((what) => (
          <Menu.Item key={titleOf(what)} onClick={() => onAdd(what)}>
            {titleOf(what)}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
