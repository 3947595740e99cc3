/**
 * The nouns as the API speaks them, generated from its schema. What the schema leaves open (recipes,
 * evidence, metrics: plain JSON on the server) is given its shape here. Times are ISO-8601 UTC.
 */
import type { components } from "./schema";

type Schemas = components["schemas"];
/** `Base` with some of its fields described more closely. */
type Refined<Base, Fields> = Omit<Base, keyof Fields> & Fields;

export type Page<T> = { count: number; results: T[] };
export type Named = Schemas["NameOf"];
export type Interval = Schemas["EstimateOf"];

// People

export type Role = Schemas["Role"];
export type Session = Schemas["Session"];
export type Membership = Schemas["MyMembership"];
export type Token = Schemas["TokenOf"];
export type Team = Schemas["TeamOf"];
export type Member = Schemas["MemberOf"];
export type MemberStatus = Schemas["MembershipStatus"];
export type InvitationPreview = Schemas["InvitationByLink"];

// Projects

export type Project = Schemas["ProjectOf"];
export type Prompt = Schemas["PromptOf"];
export type PromptWithResponses = Schemas["PromptWithResponses"];
export type ImportOutcome = Schemas["ImportOutcome"];
/** A turn of a conversation. */
export type Message = Schemas["MessageOf"];

// Labeling

export type TaskKind = Schemas["TaskKind"];
export type Queue = Schemas["QueueOf"];
/** What a labeler says, in the shape of one of the kinds of task. */
export type Said = LabelSubmission["answer"];
export type LabelSubmission = Schemas["SubmissionRequest"];
/** A label as a reviewer sees it: its answer is in the order of its responses. */
export type Label = Schemas["LabelOf"];
/** What is kept of an unfinished answer. `open` lists the responses nothing was said about. */
export type Draft = Schemas["DraftOf"];
export type Assignment = Schemas["AssignmentOf"];
export type Held = Schemas["HeldOf"];

// Rounds

export const STAGES = [
  "draft",
  "generating",
  "labeling",
  "aggregating",
  "training",
  "evaluating",
  "done",
] as const satisfies RoundState[];
export type RoundState = Schemas["RoundState"];
export type Stage = (typeof STAGES)[number];
export type Choice = Schemas["ChoiceOf"];

export type TrainingMethod = "sft" | "reward" | "dpo" | "ppo" | "rrhf";
export type SettingValue = string | number | boolean | null;

export interface Gate {
  metric: string;
  least: number | null;
  most: number | null;
}

/** What a round is to do; the server refuses every name that is not here. */
export interface Recipe {
  prompts: { count: number; split: "train" | "eval" | "both"; tags: string[] };
  generation: {
    checkpoints: string[];
    responses_per_prompt: number;
    temperature: number;
    top_p: number;
    max_new_tokens: number;
  } | null;
  tasks: { kind: "compare" | "rank" | "mixed"; labels_wanted: number; compare_every: number };
  learn_from: "project" | "round";
  training: { method: TrainingMethod; settings: Record<string, SettingValue> }[];
  gates: Gate[];
  next: Recipe | null;
}

/** A setting of a training method, with what it allows. */
export type Setting = Refined<Schemas["SettingOf"], { default: SettingValue }>;
export type Recipes = Refined<
  Schemas["RecipesOf"],
  { default: Recipe; methods: Record<string, Setting[]> }
>;

export type Round = Refined<Schemas["RoundOf"], { recipe: Recipe }>;
export type LadderEntry = Schemas["EntryOf"];
export type Ladder = Refined<
  Schemas["LadderOf"],
  {
    /** Pairs that the votes do not tell apart, and how many more might; null when unknown. */
    indistinguishable: [string, string, number | null][];
  }
>;
export type RoundSample = Refined<
  Schemas["SampleOf"],
  { prompt: { id: string; messages: Message[]; split: string } }
>;
export type Overview = Refined<
  Schemas["OverviewOf"],
  { rounds: Round[]; latest_ladder: Ladder | null }
>;

// Training

export type JobState = Schemas["JobState"];
export type Job = Schemas["JobOf"];
export type MetricRow = Schemas["MetricsOf"]["rows"][number];
export type Checkpoint = Schemas["CheckpointOf"];
export type Dataset = Schemas["DatasetOf"];
/** A frozen row of any kind of dataset. */
export type DatasetRow = Schemas["PreviewOf"]["rows"][number];
