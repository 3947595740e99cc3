import { Alert, Button, Group, Modal, NumberInput, Select, Textarea } from "@mantine/core";
import { type ReactNode, useId, useState } from "react";
import { useTranslation } from "react-i18next";
import { ApiError } from "~/api/client";
import { type Deciding, useDecide, useRecipes } from "~/api/rounds";
import { useCheckpoints } from "~/api/training";
import type { Choice, Question, Recipes, Round, Step } from "~/api/types";
import { errorSentence, fieldSentences, Loaded } from "~/components/sentence";
import { saySentence } from "~/i18n/say";
import { countNow, isGrave, needOf } from "./questions";
import { changeOf, originsOf } from "./recipe-model";
import classes from "./rounds.module.css";
import { StepFields } from "./step-fields";
import { useStepTitle } from "./step-words";

/** What is said besides choice and reason; null while it is not complete. */
type Extra = Partial<Deciding> | null;

interface Asked {
  round: Round;
  choice: Choice;
  /** The question that this answers; without one it steers the round. */
  question?: Question;
}

/** A choice, what it needs, and why: sent as one decision. */
export function DecisionDialog({
  round,
  choice: { choice, title },
  question,
  onClose,
}: Asked & { onClose: () => void }) {
  const { t } = useTranslation();
  const decide = useDecide(round.id);
  // One id for as long as the dialog is open: a second press is the same decision.
  const [decision_id] = useState(() => crypto.randomUUID());
  const [why, setWhy] = useState("");
  const [extra, setExtra] = useState<Extra>(needOf(choice) ? null : {});
  const formId = useId();
  const { step = "", subject = "" } = question ?? {};
  return (
    <Modal
      opened
      onClose={onClose}
      title={saySentence(title)}
      closeButtonProps={{ "aria-label": t("action.close") }}
      size="lg"
      centered
    >
      <form
        id={formId}
        className={classes.dialog}
        onSubmit={(event) => {
          event.preventDefault();
          if (extra === null) return;
          decide.mutate(
            { choice, decision_id, step, subject, why, ...extra },
            { onSuccess: onClose },
          );
        }}
      >
        {question && (
          <p className={classes.asked}>
            {question.title && <strong>{saySentence(question.title)}: </strong>}
            {saySentence(question.said)}
          </p>
        )}
        <p className={classes.hintText}>{t(`choice.${choice}`)}</p>
        {decide.error && (
          <Alert color="red" variant="light" role="alert">
            {errorSentence(decide.error)}
          </Alert>
        )}
        <Need
          round={round}
          choice={{ choice, title }}
          question={question}
          error={decide.error}
          onChange={setExtra}
        />
        <Textarea
          label={t("rounds.why")}
          description={t("rounds.whyHint")}
          autosize
          minRows={2}
          maxLength={5000}
          data-autofocus={needOf(choice) ? undefined : true}
          value={why}
          onChange={(event) => setWhy(event.currentTarget.value)}
        />
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            {t("action.cancel")}
          </Button>
          <Button
            type="submit"
            color={isGrave(choice) ? "red" : undefined}
            loading={decide.isPending}
            disabled={extra === null}
          >
            {saySentence(title)}
          </Button>
        </Group>
      </form>
    </Modal>
  );
}

type Needing = Asked & { error: unknown; onChange: (extra: Extra) => void };

function Need(props: Needing): ReactNode {
  switch (needOf(props.choice.choice)) {
    case "change":
      return <NewSettings {...props} />;
    case "step":
      return <FromStep {...props} />;
    case "count":
      return <HowMany {...props} />;
    case "checkpoint":
      return <WhichCheckpoint {...props} />;
    case null:
      return null;
  }
}

/** The steps that may start over: those behind the question, or all of the round. */
function stepsBehind({ round, question }: Asked): Step[] {
  const { steps } = round.effective_recipe;
  return question ? originsOf(steps, question.step) : steps;
}

function StepSelect({
  steps,
  value,
  onChange,
}: {
  steps: Step[];
  value: string | null;
  onChange: (name: string) => void;
}) {
  const { t } = useTranslation();
  const { data: known } = useRecipes();
  const title = useStepTitle(known);
  return (
    <Select
      label={t("rounds.fromStep")}
      allowDeselect={false}
      data={steps.map((step) => ({ value: step.name, label: `${title(step)} (${step.name})` }))}
      value={value}
      onChange={(name) => name && onChange(name)}
    />
  );
}

function FromStep(props: Needing) {
  const [name, setName] = useState<string | null>(null);
  return (
    <StepSelect
      steps={stepsBehind(props)}
      value={name}
      onChange={(chosen) => {
        setName(chosen);
        props.onChange({ redo_from: chosen });
      }}
    />
  );
}

function NewSettings(props: Needing) {
  const recipes = useRecipes();
  return <Loaded query={recipes}>{(known) => <ChangedStep {...props} known={known} />}</Loaded>;
}

/** The settings in force now, to be changed; what differs is sent. */
function ChangedStep({ known, ...props }: Needing & { known: Recipes }) {
  const { t } = useTranslation();
  const { round, error, onChange } = props;
  const all = round.effective_recipe.steps;
  const offered = stepsBehind(props).filter(({ kind }) => kind !== "accept");
  // What a gate judges is what one would make again.
  const usual = offered.findLast(({ kind }) => kind === "train") ?? offered.at(-1);
  const asking = offered.find(({ name }) => name === props.question?.step);
  const first = asking === undefined || asking.kind === "gate" ? usual : asking;
  const [edited, setEdited] = useState<Step | undefined>(first);
  if (edited === undefined) return null;
  const at = all.findIndex(({ name }) => name === edited.name);
  const before = all[at];
  const fields = error instanceof ApiError ? fieldSentences(error) : {};
  const prefix = `recipe.steps.${at}.`;
  const errors = Object.entries(fields).flatMap(([path, text]) =>
    path.startsWith(prefix) ? [[path.slice(prefix.length), text]] : [],
  );
  const edit = (step: Step) => {
    setEdited(step);
    const change = before ? changeOf(before, withDefaults(before, step, known)) : {};
    const isChanged = Object.keys(change).length > 0;
    onChange(isChanged ? { changes: [{ step: step.name, change }] } : null);
  };
  return (
    <>
      <StepSelect
        steps={offered}
        value={edited.name}
        onChange={(name) => {
          const step = offered.find((one) => one.name === name);
          if (step) edit(step);
        }}
      />
      <div className={classes.changed}>
        <StepFields
          key={edited.name}
          step={edited}
          before={all.slice(0, at)}
          known={known}
          projectId={round.project.id}
          errors={Object.fromEntries(errors)}
          onChange={edit}
        />
      </div>
      <p className={classes.hintText}>{t("rounds.changeNote")}</p>
    </>
  );
}

/**
 * A change is laid over the settings there are and takes none away, so one that goes back to the
 * method's own value has to say that value.
 */
function withDefaults(before: Step, after: Step, known: Recipes): Step {
  if (before.kind !== "train" || after.kind !== "train") return after;
  const rows = known.methods.find(({ method }) => method === after.method)?.settings ?? [];
  const own = rows.filter(({ name }) => name in before.settings && !(name in after.settings));
  return {
    ...after,
    settings: {
      ...Object.fromEntries(own.map((row) => [row.name, row.default])),
      ...after.settings,
    },
  };
}

function HowMany({ round, choice: { choice }, onChange }: Needing) {
  const { t } = useTranslation();
  const now = countNow(round, choice);
  const [count, setCount] = useState<number | string>("");
  return (
    <NumberInput
      label={t(choice === "more_labels" ? "rounds.labelsInAll" : "rounds.promptsInAll")}
      description={t("rounds.countNow", { count: now })}
      min={now + 1}
      allowDecimal={false}
      data-autofocus
      value={count}
      onChange={(entered) => {
        setCount(entered);
        onChange(typeof entered === "number" && entered > now ? { count: entered } : null);
      }}
    />
  );
}

function WhichCheckpoint({ round, onChange }: Needing) {
  const { t } = useTranslation();
  const { data: all = [] } = useCheckpoints(round.project.id);
  const made = all.filter((one) => one.round?.id === round.id && !one.is_accepted);
  const [id, setId] = useState<string | null>(null);
  return (
    <Select
      label={t("ladder.checkpoint")}
      allowDeselect={false}
      data={made.map((one) => ({ value: one.id, label: one.name }))}
      value={id}
      onChange={(chosen) => {
        setId(chosen);
        onChange(chosen ? { checkpoint: chosen } : null);
      }}
    />
  );
}
