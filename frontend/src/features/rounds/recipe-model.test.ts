import { expect, it } from "vitest";
import type { Recipes, Step } from "~/api/types";
import { KNOWN } from "./known.fixture";
import {
  addable,
  canMove,
  changeOf,
  danglingRoles,
  errorsOf,
  fitted,
  newStep,
  originsOf,
  type Plan,
  type PlanAction,
  planOf,
  planReducer,
  stepsOf,
  withMethod,
  withNewBound,
  withReads,
} from "./recipe-model";

const reduce = planReducer(KNOWN);
const begin = () => planOf(KNOWN.default);
const after = (...actions: PlanAction[]) => actions.reduce(reduce, begin());
const idOf = (plan: Plan, name: string) =>
  plan.entries.find(({ step }) => step.name === name)?.id ?? Number.NaN;
const names = (plan: Plan) => stepsOf(plan).map(({ name }) => name);

function stepOf<K extends Step["kind"]>(plan: Plan, name: string, kind: K) {
  const step = stepsOf(plan).find((one) => one.name === name);
  if (step?.kind !== kind) throw new Error(`no ${kind} step ${name}`);
  return step as Extract<Step, { kind: K }>;
}

it("keeps the default plan whole: every step reads what is before it", () => {
  const steps = stepsOf(begin());

  expect(steps.flatMap((_, at) => danglingRoles(steps, at, KNOWN))).toEqual([]);
});

it("renames a step in everything that reads it", () => {
  const plan = after({ type: "renamed", id: idOf(begin(), "policy"), name: "writer" });

  expect(stepOf(plan, "evaluation", "evaluate").reads.checkpoint).toBe("writer");
  expect(stepOf(plan, "gates", "gate").reads.checkpoint).toBe("writer");
  expect(stepOf(plan, "accept", "accept").reads.checkpoints).toEqual(["writer", "reward"]);
});

it("lets readers of a removed step read the nearest that fits, a word, or nothing", () => {
  const plan = after({ type: "removed", id: idOf(begin(), "reward") });

  expect(stepOf(plan, "evaluation", "evaluate").reads.reward).toBe("newest");
  expect(stepOf(plan, "gates", "gate").reads.reward).toBeNull();
  expect(stepOf(plan, "accept", "accept").reads.checkpoints).toEqual(["policy"]);
  const steps = stepsOf(plan);
  expect(steps.flatMap((_, at) => danglingRoles(steps, at, KNOWN))).toEqual([]);
});

it("names the roles that lost what they cannot do without", () => {
  const plan = after({ type: "removed", id: idOf(begin(), "preferences") });
  const reward = names(plan).indexOf("reward");

  expect(danglingRoles(stepsOf(plan), reward, KNOWN)).toEqual(["data"]);
});

it("moves a step only where it passes nothing that it reads or that reads it", () => {
  const plan = begin();
  const policy = idOf(plan, "policy");

  expect(canMove(plan, policy, -1)).toBe(true);
  expect(canMove(plan, policy, 1)).toBe(false);
  expect(canMove(plan, idOf(plan, "responses"), -1)).toBe(false);
  expect(names(reduce(plan, { type: "moved", id: policy, by: -1 })).slice(3, 5)).toEqual([
    "policy",
    "reward",
  ]);
  expect(reduce(plan, { type: "moved", id: policy, by: 1 })).toBe(plan);
});

it("adds a method with a name of its own, reading the nearest reward model", () => {
  const plan = begin();
  const ppo = newStep(plan, KNOWN, { method: "ppo" });

  expect(ppo).toMatchObject({
    name: "ppo",
    kind: "train",
    method: "ppo",
    settings: {},
    reads: { data: "preferences", model: "newest", reward: "reward" },
  });
  const added = reduce(plan, { type: "added", step: ppo as Step });
  expect(names(added).slice(4, 7)).toEqual(["policy", "ppo", "evaluation"]);
  expect(newStep(added, KNOWN, { method: "dpo" })?.name).toBe("policy-2");
});

it("takes a method from nothing and back again with what each reads", () => {
  const step = stepOf(begin(), "policy", "train");

  const from = withMethod({ ...step, settings: { beta: 0.2 } }, "pretrain", [], KNOWN);

  expect(from.reads.model).toBeNull();
  expect(from.settings).toEqual({});
  expect(withMethod(from, "dpo", [], KNOWN).reads.model).toBe("newest");
});

it("accepts nothing past a gate that judges it", () => {
  const plan = begin();
  const gate = newStep(plan, KNOWN, { kind: "gate" });

  const added = reduce(plan, { type: "added", step: gate as Step });

  expect(stepOf(added, "accept", "accept").reads.after).toEqual(["gates", "gates-2"]);
});

it("offers each kind once where a round has only one of it", () => {
  const kinds = addable(stepsOf(begin()), KNOWN).flatMap((one) => ("kind" in one ? one.kind : []));

  expect(kinds).toEqual(["evaluate", "gate", "accept"]);
  expect(addable([], KNOWN)).toContainEqual({ kind: "generate" });
});

it("asks a new bound of a gate that has none yet, at its usual value", () => {
  const { bounds } = stepOf(begin(), "gates", "gate");

  expect(withNewBound(bounds, KNOWN.gates).at(-1)).toEqual({
    gate: "reward_gain",
    least: 0,
    most: null,
  });
});

it("lands what the server refused at the step it was sent for, wherever that is now", () => {
  const plan = begin();
  const refused = reduce(plan, {
    type: "refused",
    fields: { "recipe.steps.1.labels_wanted": "expected 1 to 100, got 0", recipe: "no" },
  });
  const labels = idOf(plan, "labels");

  expect(errorsOf(refused, labels)).toEqual({ labels_wanted: "expected 1 to 100, got 0" });
  expect(refused.errors).toContainEqual({ id: null, field: "recipe", text: "no" });
  const step = { ...stepOf(refused, "labels", "label"), labels_wanted: 1 };
  expect(errorsOf(reduce(refused, { type: "changed", id: labels, step }), labels)).toEqual({});
});

it("reads nothing, one or several by role, as the kind has them", () => {
  const gate = withReads(stepOf(begin(), "gates", "gate"), "evaluation", [], KNOWN);
  const evaluate = stepOf(begin(), "evaluation", "evaluate");

  expect(gate.reads).toMatchObject({ evaluation: null, checkpoint: "policy" });
  expect(withReads(gate, "evaluation", ["evaluation"], KNOWN).reads).toMatchObject({
    evaluation: "evaluation",
  });
  expect(withReads(evaluate, "checkpoint", [], KNOWN).reads).toEqual(evaluate.reads);
});

it("fits the default to the project: its policy, and no more prompts than there are", () => {
  const policy = { task_kind: "compare", responses_per_prompt: 2, labels_wanted: 3 } as const;

  const [generate, label] = fitted(KNOWN.default, 7, policy).steps;

  expect(generate).toMatchObject({ prompts: { count: 7 }, responses_per_prompt: 2 });
  expect(label).toMatchObject({ task_kind: "compare", labels_wanted: 3 });
});

it("says a change as the server lays it over: objects merge, all else is replaced", () => {
  const before = { prompts: { count: 100, split: "both", tags: [] }, k: 4, tags: ["a"] };

  const change = changeOf(before, { prompts: { ...before.prompts, count: 7 }, k: 4, tags: [] });

  expect(change).toEqual({ prompts: { count: 7 }, tags: [] });
  expect(changeOf(before, before)).toEqual({});
});

it("finds all that a step rests on, in order", () => {
  expect(originsOf(KNOWN.default.steps, "policy").map(({ name }) => name)).toEqual([
    "responses",
    "labels",
    "preferences",
    "policy",
  ]);
});

it("changes nothing that it was given", () => {
  const known: Recipes = structuredClone(KNOWN);

  after({ type: "removed", id: 3 }, { type: "renamed", id: 4, name: "x" });

  expect(KNOWN).toEqual(known);
});
