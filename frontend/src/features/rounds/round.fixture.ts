import type { Question, Round, RoundStep, Verdict } from "~/api/types";
import { KNOWN } from "./known.fixture";

const said = (code: string, text: string) => ({ code, params: {}, text });

export const choiceOf = (name: Round["choices"][number]["choice"]) => {
  const found = KNOWN.choices.find(({ choice }) => choice === name);
  if (found === undefined) throw new Error(`no choice ${name}`);
  return found;
};

/** The steps of the default plan, those before `name` done and it in `state`. */
export function stepsAt(name: string, state: RoundStep["state"]): RoundStep[] {
  const all = KNOWN.default.steps;
  const at = all.findIndex((step) => step.name === name);
  return all.map((step, i) => {
    const kind = KNOWN.kinds.find((one) => one.kind === step.kind);
    if (kind === undefined) throw new Error(`no kind ${step.kind}`);
    return {
      name: step.name,
      kind: step.kind,
      title: kind.title,
      stage: kind.stage,
      state: i < at ? "done" : i === at ? state : "waiting",
      attempts: i <= at ? 1 : 0,
      take: 1,
      reads: [],
      checkpoints: step.name === "policy" && i < at ? [{ id: "c1", name: "round 2 policy" }] : [],
      datasets: [],
      evaluation: null,
      verdicts: [],
      questions: [],
      jobs: [],
      started_at: i <= at ? "2026-01-01T10:00:00Z" : null,
      finished_at: i < at ? "2026-01-01T10:05:00Z" : null,
    };
  });
}

export const verdict = (gate: string, text: string): Verdict => ({
  subject: `${gate}.least`,
  gate,
  title: said(`gate_${gate}`, `Title of ${gate}`),
  unit: said("unit_share", "share"),
  least: 0.5,
  most: null,
  value: 0.4,
  passed: false,
  said: said("gate_least_broken", text),
  evidence: {},
});

export const questionOf = (one: Verdict): Question => ({
  step: "gates",
  subject: one.subject,
  title: one.title,
  said: one.said,
  evidence: { low: 0.4, high: 0.6, prompts: 80, checkpoint: null },
  choices: [choiceOf("accept"), choiceOf("discard"), choiceOf("change")],
});

export function roundOf(change: Partial<Round>): Round {
  return {
    id: "r1",
    project: { id: "p1", name: "Everyday questions" },
    number: 2,
    state: "open",
    stage: "labeling",
    is_paused: false,
    recipe: KNOWN.default,
    effective_recipe: KNOWN.default,
    after: null,
    successor: null,
    created_at: "2026-01-01T09:00:00Z",
    archived_at: null,
    started_at: "2026-01-01T10:00:00Z",
    finished_at: null,
    progress: {
      prompts: 10,
      responses: { done: 40, total: 40 },
      labels: { done: 4, total: 10, per_hour: 4, eta_seconds: null },
      people_now: 1,
      jobs: { done: 0, total: 0 },
    },
    steps: stepsAt("labels", "running"),
    decisions: [],
    choices: [choiceOf("pause"), choiceOf("more_labels"), choiceOf("cancel")],
    ...change,
  };
}

/** Two bounds of one gate step are broken, and nobody has decided anything. */
export function blockedRound(): Round {
  const verdicts = [verdict("win_rate", "0.4 is too low"), verdict("ended_share", "0.3 is low")];
  const steps = stepsAt("gates", "blocked").map((step) =>
    step.name === "gates" ? { ...step, verdicts, questions: verdicts.map(questionOf) } : step,
  );
  return roundOf({ stage: "blocked", steps });
}
