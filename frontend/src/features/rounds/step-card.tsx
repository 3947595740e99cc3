import { Button, Collapse, Group, TextInput } from "@mantine/core";
import { type Dispatch, useId, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Recipes } from "~/api/types";
import classes from "./recipe-form.module.css";
import {
  canMove,
  danglingRoles,
  type Entry,
  errorsOf,
  type Plan,
  type PlanAction,
  stepsOf,
} from "./recipe-model";
import { StepFields } from "./step-fields";
import { useStepLine, useStepTitle } from "./step-words";

/** One step of the plan: a line that says what it does, and its settings folded below it. */
export function StepCard({
  entry,
  plan,
  known,
  projectId,
  dispatch,
}: {
  entry: Entry;
  plan: Plan;
  known: Recipes;
  projectId: string;
  dispatch: Dispatch<PlanAction>;
}) {
  const { t } = useTranslation();
  const panelId = useId();
  const [isOpen, setOpen] = useState(false);
  const { id, step } = entry;
  const steps = stepsOf(plan);
  const at = steps.indexOf(step);
  const dangling = danglingRoles(steps, at, known).map((role) => [
    `reads.${role}`,
    t("recipe.dangling"),
  ]);
  const errors = { ...Object.fromEntries(dangling), ...errorsOf(plan, id) };
  const isWrong = Object.keys(errors).length > 0;
  const title = useStepTitle(known)(step);
  const line = useStepLine(projectId, known)(step);
  const shown = isOpen || isWrong;
  // What opened because it was wrong stays open while it is put right.
  const edit = (action: PlanAction) => {
    setOpen(true);
    dispatch(action);
  };
  return (
    <li className={classes.step} data-wrong={isWrong || undefined}>
      <div className={classes.stepHeader}>
        <span className={classes.place} aria-hidden>
          {at + 1}
        </span>
        <div className={classes.stepWords}>
          <h3 className={classes.stepTitle}>
            {title} <code>{step.name}</code>
          </h3>
          <p className={classes.stepLine}>{line}</p>
        </div>
        <Button
          size="compact-sm"
          variant="subtle"
          aria-expanded={shown}
          aria-controls={panelId}
          aria-label={`${t(shown ? "recipe.fold" : "recipe.change")}: ${step.name}`}
          onClick={() => setOpen(!isOpen)}
        >
          {t(shown ? "recipe.fold" : "recipe.change")}
        </Button>
      </div>
      <Collapse expanded={shown} id={panelId}>
        {shown && (
          <div className={classes.stepBody}>
            <StepFields
              step={step}
              before={steps.slice(0, at)}
              known={known}
              projectId={projectId}
              errors={errors}
              onChange={(changed) => edit({ type: "changed", id, step: changed })}
            />
            <Group gap="xs" align="end" className={classes.stepFoot}>
              <TextInput
                size="xs"
                label={t("recipe.stepName")}
                value={step.name}
                error={errors.name}
                onChange={(event) => edit({ type: "renamed", id, name: event.currentTarget.value })}
              />
              {([-1, 1] as const).map((by) => (
                <Button
                  key={by}
                  size="xs"
                  variant="default"
                  disabled={!canMove(plan, id, by)}
                  onClick={() => dispatch({ type: "moved", id, by })}
                >
                  {t(by < 0 ? "recipe.moveUp" : "recipe.moveDown")}
                </Button>
              ))}
              <Button
                size="xs"
                variant="default"
                disabled={steps.length === 1}
                onClick={() => dispatch({ type: "removed", id })}
              >
                {t("recipe.removeStep")}
              </Button>
            </Group>
          </div>
        )}
      </Collapse>
    </li>
  );
}
