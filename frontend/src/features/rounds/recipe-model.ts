/**
 * The plan of a round while somebody edits it: steps in order, each naming what it reads of the
 * steps before it. What a kind may read comes from the server (`known`), which also checks
 * whatever is sent; nothing here draws.
 */
import type { Gate, ReadRole, Recipe, Recipes, Step, StepKind } from "~/api/types";

export type StepOf<K extends StepKind> = Extract<Step, { kind: K }>;
export type TrainingMethod = StepOf<"train">["method"];
export type Bound = StepOf<"gate">["bounds"][number];

// What a step reads

/** A role of a step: what it may name, and what it names now. */
export interface Reading extends ReadRole {
  names: string[];
}

const kindOf = (known: Recipes, kind: StepKind) => known.kinds.find((one) => one.kind === kind);

export function readingsOf(step: Step, known: Recipes): Reading[] {
  const given = new Map(Object.entries(step.reads));
  return (kindOf(known, step.kind)?.reads ?? []).map((role) => ({
    ...role,
    names: [given.get(role.role) ?? []].flat(),
  }));
}

/** Every name a step reads. */
export function readsOf(step: Step): string[] {
  return Object.values(step.reads).flatMap((names) => names ?? []);
}

const makesReward = ({ method }: StepOf<"train">, known: Recipes) =>
  known.methods.some((row) => row.method === method && row.makes === "reward");

function fits(step: Step, { kinds, is_reward }: ReadRole, known: Recipes): boolean {
  if (!kinds.includes(step.kind)) return false;
  return step.kind !== "train" || is_reward === null || makesReward(step, known) === is_reward;
}

/** The names of the steps that a role may name, the nearest first. */
export function fitting(before: Step[], role: ReadRole, known: Recipes): string[] {
  return before
    .filter((step) => fits(step, role, known))
    .map(({ name }) => name)
    .reverse();
}

/**
 * The step with the names of each role put through `swap`. A role of one name takes the first that
 * is left; with none left it reads nothing where it may, and else keeps the name it had.
 */
function reread(
  step: Step,
  known: Recipes,
  swap: (names: string[], role: ReadRole) => string[],
): Step {
  const roles = kindOf(known, step.kind)?.reads ?? [];
  const swapped = (names: string[], name: string) => {
    const role = roles.find((one) => one.role === name);
    return { role, names: role ? [...new Set(swap(names, role))] : names };
  };
  const many = (names: string[], name: string) => swapped(names, name).names;
  const one = (given: string, name: string) => swapped([given], name).names[0] ?? given;
  const maybe = (given: string | null, name: string) => {
    const { role, names } = swapped(given === null ? [] : [given], name);
    return names[0] ?? (role?.is_needed ? given : null);
  };
  switch (step.kind) {
    case "generate":
      return { ...step, reads: { writers: many(step.reads.writers, "writers") } };
    case "label":
      return { ...step, reads: { responses: one(step.reads.responses, "responses") } };
    case "aggregate":
      return { ...step, reads: { labels: one(step.reads.labels, "labels") } };
    case "train": {
      const { data, model, reward } = step.reads;
      return {
        ...step,
        reads: {
          data: one(data, "data"),
          model: maybe(model, "model"),
          reward: maybe(reward, "reward"),
        },
      };
    }
    case "evaluate": {
      const { checkpoint, against, reward } = step.reads;
      return {
        ...step,
        reads: {
          checkpoint: one(checkpoint, "checkpoint"),
          against: maybe(against, "against"),
          reward: maybe(reward, "reward"),
        },
      };
    }
    case "gate": {
      const { checkpoint, evaluation, reward } = step.reads;
      return {
        ...step,
        reads: {
          checkpoint: one(checkpoint, "checkpoint"),
          evaluation: maybe(evaluation, "evaluation"),
          reward: maybe(reward, "reward"),
        },
      };
    }
    case "accept": {
      const { checkpoints, after } = step.reads;
      return {
        ...step,
        reads: { checkpoints: many(checkpoints, "checkpoints"), after: many(after, "after") },
      };
    }
  }
}

/** The step reading `names` in `role`. */
export function withReads(step: Step, role: string, names: string[], known: Recipes): Step {
  return reread(step, known, (had, one) => (one.role === role ? names : had));
}

/** The roles of the step at `at` whose names mean nothing there. */
export function danglingRoles(steps: Step[], at: number, known: Recipes): string[] {
  const step = steps[at];
  if (step === undefined) return [];
  const before = steps.slice(0, at);
  return readingsOf(step, known)
    .filter((role) => {
      const steps = fitting(before, role, known);
      const means = (name: string) =>
        role.words.includes(name) ||
        steps.includes(name) ||
        (role.takes_checkpoint && CHECKPOINT_ID.test(name));
      return role.names.some((name) => !means(name)) || (role.is_needed && role.names.length === 0);
    })
    .map(({ role }) => role);
}

const CHECKPOINT_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

// The plan

/** A step in the form. The id is the form's own: names and places change. */
export interface Entry {
  id: number;
  step: Step;
}

/** What the server refused of a field of a step ("" is the step itself); null: of the whole. */
export interface FieldError {
  id: number | null;
  field: string;
  text: string;
}

export interface Plan {
  entries: Entry[];
  errors: FieldError[];
  nextId: number;
}

export type PlanAction =
  | { type: "changed"; id: number; step: Step }
  | { type: "renamed"; id: number; name: string }
  | { type: "added"; step: Step }
  | { type: "removed"; id: number }
  | { type: "moved"; id: number; by: -1 | 1 }
  | { type: "refused"; fields: Record<string, string> };

export function planOf(recipe: Recipe): Plan {
  return {
    entries: recipe.steps.map((step, id) => ({ id, step })),
    errors: [],
    nextId: recipe.steps.length,
  };
}

export function stepsOf(plan: Plan): Step[] {
  return plan.entries.map(({ step }) => step);
}

export const planReducer =
  (known: Recipes) =>
  (plan: Plan, action: PlanAction): Plan => {
    switch (action.type) {
      case "changed": {
        const { id, step } = action;
        const entries = plan.entries.map((entry) => (entry.id === id ? { id, step } : entry));
        return { ...plan, entries: throughGates(entries), errors: errorsBut(plan, id) };
      }
      case "renamed":
        return renamed(plan, action.id, action.name, known);
      case "added": {
        const { entries, nextId } = plan;
        const added = entries.toSpliced(placeOf(entries, action.step, known), 0, {
          id: nextId,
          step: action.step,
        });
        return { ...plan, entries: throughGates(added), nextId: nextId + 1 };
      }
      case "removed":
        return removed(plan, action.id, known);
      case "moved": {
        const at = plan.entries.findIndex(({ id }) => id === action.id);
        const entry = plan.entries[at];
        if (!entry || !canMove(plan, action.id, action.by)) return plan;
        const entries = plan.entries.toSpliced(at, 1).toSpliced(at + action.by, 0, entry);
        return { ...plan, entries: throughGates(entries) };
      }
      case "refused":
        return { ...plan, errors: placed(plan, action.fields) };
    }
  };

const errorsBut = (plan: Plan, id: number) => plan.errors.filter((error) => error.id !== id);

function renamed(plan: Plan, id: number, name: string, known: Recipes): Plan {
  const before = plan.entries.find((entry) => entry.id === id)?.step.name;
  const swap = (names: string[]) => names.map((one) => (one === before ? name : one));
  return {
    ...plan,
    entries: plan.entries.map((entry) =>
      entry.id === id
        ? { id, step: { ...entry.step, name } }
        : { ...entry, step: reread(entry.step, known, swap) },
    ),
    errors: errorsBut(plan, id),
  };
}

/** Whoever read the removed step reads the nearest other one that fits, else a word of the role. */
function removed(plan: Plan, id: number, known: Recipes): Plan {
  const gone = plan.entries.find((entry) => entry.id === id)?.step.name;
  const kept = plan.entries.filter((entry) => entry.id !== id);
  const steps = kept.map(({ step }) => step);
  return {
    ...plan,
    entries: kept.map((entry, at) => ({
      ...entry,
      step: reread(entry.step, known, (names, role) => {
        const left = names.filter((name) => name !== gone);
        if (left.length === names.length || role.is_list) return left;
        const instead = fitting(steps.slice(0, at), role, known)[0] ?? role.words[0];
        return instead === undefined ? [] : [instead];
      }),
    })),
    errors: errorsBut(plan, id),
  };
}

/** A step may not pass one that it reads, or that reads it. */
export function canMove(plan: Plan, id: number, by: -1 | 1): boolean {
  const at = plan.entries.findIndex((entry) => entry.id === id);
  const first = plan.entries[Math.min(at, at + by)]?.step;
  const second = plan.entries[Math.max(at, at + by)]?.step;
  return first !== undefined && second !== undefined && !readsOf(second).includes(first.name);
}

/** Every gate that judges what a step accepts is read there: nothing is accepted past it. */
function throughGates(entries: Entry[]): Entry[] {
  return entries.map(({ id, step }, at) => {
    if (step.kind !== "accept") return { id, step };
    const { checkpoints, after } = step.reads;
    const gates = entries
      .slice(0, at)
      .flatMap(({ step: one }) =>
        one.kind === "gate" && checkpoints.includes(one.reads.checkpoint) ? [one.name] : [],
      );
    return { id, step: { ...step, reads: { checkpoints, after: union(after, gates) } } };
  });
}

const union = (a: string[], b: string[]) => [...new Set([...a, ...b])];

/** Behind the last step of a kind that comes no later in a round. */
function placeOf(entries: Entry[], step: Step, known: Recipes): number {
  const rank = (kind: StepKind) => known.kinds.findIndex((one) => one.kind === kind);
  return entries.findLastIndex((entry) => rank(entry.step.kind) <= rank(step.kind)) + 1;
}

/** The paths that the server names ("recipe.steps.3.reads.model"), at the steps as they were sent. */
function placed(plan: Plan, fields: Record<string, string>): FieldError[] {
  return Object.entries(fields).map(([path, text]) => {
    const [, index, field = ""] = /^recipe\.steps\.(\d+)(?:\.(.+))?$/.exec(path) ?? [];
    const entry = index === undefined ? undefined : plan.entries[Number(index)];
    return entry ? { id: entry.id, field, text } : { id: null, field: path, text };
  });
}

/** What was refused of one step, by field. */
export function errorsOf(plan: Plan, id: number): Record<string, string> {
  return Object.fromEntries(
    plan.errors.filter((error) => error.id === id).map(({ field, text }) => [field, text]),
  );
}

// New steps and bounds

/** What a plan can still take: training by each method, or a kind as the default recipe has it. */
export type Addable = { kind: Exclude<StepKind, "train"> } | { method: TrainingMethod };

export function addable(steps: Step[], known: Recipes): Addable[] {
  return known.kinds.flatMap(({ kind, is_single }): Addable[] => {
    if (kind === "train") return known.methods.map(({ method }) => ({ method }));
    const isThere = steps.some((step) => step.kind === kind);
    const hasTemplate = templates(known).some((step) => step.kind === kind);
    return (is_single && isThere) || !hasTemplate ? [] : [{ kind }];
  });
}

const templates = (known: Recipes) => [...known.default.steps, ...known.default_import.steps];

/** A new step as the default recipe has it, under a name of its own, reading what is there. */
export function newStep(plan: Plan, known: Recipes, what: Addable): Step | undefined {
  const kind = "kind" in what ? what.kind : "train";
  const ofKind = templates(known).filter((step) => step.kind === kind);
  const same = ofKind.find(
    (step) => "kind" in what || (step.kind === "train" && step.method === what.method),
  );
  const template = same ?? ofKind[0];
  if (template === undefined) return undefined;
  const steps = stepsOf(plan);
  const before = steps.slice(0, placeOf(plan.entries, template, known));
  const taken = steps.map(({ name }) => name);
  const name = freeName(same?.name ?? ("kind" in what ? what.kind : what.method), taken);
  const step =
    template.kind === "train" && "method" in what
      ? withMethod({ ...template, name }, what.method, before, known)
      : { ...template, name };
  return reread(step, known, (names, role) => {
    const fit = fitting(before, role, known);
    const meant = names.filter((one) => role.words.includes(one) || fit.includes(one));
    const instead = fit[0] ?? role.words[0];
    return meant.length > 0 || names.length === 0 || instead === undefined ? meant : [instead];
  });
}

/** `wanted`, or the same with the first number from 2 that makes it free. */
function freeName(wanted: string, taken: string[]): string {
  if (!taken.includes(wanted)) return wanted;
  let n = 2;
  while (taken.includes(`${wanted}-${n}`)) n += 1;
  return `${wanted}-${n}`;
}

/** The step training by another method: it reads what that one takes, and keeps what it knows. */
export function withMethod(
  step: StepOf<"train">,
  method: TrainingMethod,
  before: Step[],
  known: Recipes,
): StepOf<"train"> {
  const row = known.methods.find((one) => one.method === method);
  if (row === undefined) return step;
  const names = new Set(row.settings.map(({ name }) => name));
  const nearest = (role: string) => {
    const found = kindOf(known, "train")?.reads.find((one) => one.role === role);
    return (found && fitting(before, found, known)[0]) ?? found?.words[0] ?? null;
  };
  const { data, model, reward } = step.reads;
  return {
    ...step,
    method,
    settings: Object.fromEntries(Object.entries(step.settings).filter(([name]) => names.has(name))),
    reads: {
      data,
      model: row.reads_model ? (model ?? nearest("model")) : null,
      reward: row.reads_reward ? (reward ?? nearest("reward")) : null,
    },
  };
}

/** The bounds with one of the first gate that has none yet, at its usual value. */
export function withNewBound(bounds: Bound[], gates: Gate[]): Bound[] {
  const free = gates.find(({ gate }) => !bounds.some((bound) => bound.gate === gate)) ?? gates[0];
  return free ? [...bounds, boundOf(free)] : bounds;
}

export function boundOf({ gate, direction, usual }: Gate): Bound {
  return {
    gate,
    least: direction === "least" ? usual : null,
    most: direction === "most" ? usual : null,
  };
}

// Recipes

/** The default recipe with the project's own policy, asking for no more prompts than there are. */
export function fitted(
  recipe: Recipe,
  prompts: number,
  policy: {
    task_kind: StepOf<"label">["task_kind"];
    responses_per_prompt: number;
    labels_wanted: number;
  },
): Recipe {
  const { task_kind, responses_per_prompt, labels_wanted } = policy;
  return {
    steps: recipe.steps.map((step) => {
      if (step.kind === "label") return { ...step, task_kind, labels_wanted };
      if (step.kind !== "generate") return step;
      const count = Math.max(1, Math.min(step.prompts.count, prompts));
      return { ...step, responses_per_prompt, prompts: { ...step.prompts, count } };
    }),
  };
}

/** The step of that name and all it reads, directly or through others, in the plan's order. */
export function originsOf(steps: Step[], name: string): Step[] {
  const found = new Set([name]);
  for (const step of steps.toReversed()) {
    if (found.has(step.name)) for (const read of readsOf(step)) found.add(read);
  }
  return steps.filter((step) => found.has(step.name));
}

type Json = string | number | boolean | null | Json[] | JsonObject;
type JsonObject = { [name: string]: Json };

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** What makes `before` into `after` when the server lays it over: objects merge, all else replaces. */
export function changeOf(before: JsonObject, after: JsonObject): JsonObject {
  const changes = Object.entries(after).flatMap(([name, value]): [string, Json][] => {
    const old = before[name];
    if (JSON.stringify(old) === JSON.stringify(value)) return [];
    return [[name, isObject(old) && isObject(value) ? changeOf(old, value) : value]];
  });
  return Object.fromEntries(changes);
}
