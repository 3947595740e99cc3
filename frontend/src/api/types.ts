/** The nouns as the API speaks them. Times are ISO-8601 UTC, ids are UUIDs. */

export type Role = "owner" | "manager" | "reviewer" | "labeler" | "viewer";
export type Language = "en" | "zh-hans";

export interface Page<T> {
  count: number;
  next: string | null;
  previous: string | null;
  results: T[];
}

export interface Named {
  id: string;
  name: string;
}

export interface Interval {
  value: number;
  low: number;
  high: number;
  n: number;
}

export interface User {
  id: string;
  email: string;
  name: string;
  language: string;
  is_staff: boolean;
}

export interface Membership {
  id: string;
  team: Named;
  role: Role;
  permissions: string[];
}

export interface Session {
  user: User | null;
  memberships: Membership[];
  csrf_token: string;
}

export interface Token {
  id: string;
  name: string;
  prefix: string;
  created_at: string;
  last_used_at: string | null;
  expires_at: string | null;
  token?: string;
}

export interface Team {
  id: string;
  name: string;
  role: Role;
  members_count: number;
  created_at: string;
}

export type MemberStatus = "active" | "suspended";

export interface Member {
  id: string;
  user: { id: string; name: string; email?: string | null };
  role: Role;
  status: MemberStatus;
  joined_at: string;
  last_seen_at: string | null;
  labels_total: number;
  labels_week: number;
  agreement: Interval | null;
}

export interface Invitation {
  id: string;
  role: Role;
  email: string | null;
  created_at: string;
  expires_at: string;
  accepted_at: string | null;
  revoked_at: string | null;
  state: "open" | "accepted" | "expired" | "revoked" | string;
  url?: string;
}

export interface InvitationPreview {
  team: { name: string };
  role: Role;
  expires_at: string;
  state: string;
}

export interface Message {
  role: "system" | "user" | "assistant" | string;
  content: string;
}

export interface Policy {
  task_kind: "compare" | "rank" | "mixed";
  responses_per_prompt: number;
  allow_ties: boolean;
  labels_wanted: number;
  lease_seconds: number;
}

export interface Project {
  id: string;
  team: Named;
  name: string;
  description: string;
  guidelines: { version: number; text: string };
  criteria: string[];
  languages: string[];
  policy: Policy;
  prompts_count: number;
  created_at: string;
  my_role: Role;
  permissions: string[];
}

export interface Prompt {
  id: string;
  messages: Message[];
  source: string;
  tags: string[];
  language: string;
  split: "train" | "eval";
  created_at: string;
}

export interface PromptWithResponses extends Prompt {
  responses: { id: string; text: string; checkpoint: Named | null; round: string | null }[];
}

export interface ImportOutcome {
  created: number;
  duplicates: number;
  errors: { line: number; message: string }[];
}

// Labeling

export type TaskKind = "compare" | "rank";

export interface Assignment {
  id: string;
  kind: TaskKind;
  project: Named;
  round: { number: number };
  prompt: { messages: Message[]; language: string };
  responses: { letter: string; text: string }[];
  policy: { allow_ties: boolean; allow_unrankable: boolean; strengths: number };
  guidelines_version: number;
  leased_at: string;
  expires_at: string;
  draft: Draft | null;
  amends: boolean;
}

/** What is kept of an unfinished answer. `open` lists the responses nothing was said about. */
export interface Draft {
  saved_at?: number;
  ranking?: (number | null)[] | null;
  open?: number[];
  strength?: number | null;
  all_bad?: boolean;
  flags?: string[];
  comment?: string;
  active_seconds?: number;
}

export interface Held {
  assignments: Assignment[];
  done_today: number;
  waiting?: boolean;
}

export interface LabelSubmission {
  submission_id: string;
  ranking: (number | null)[] | null;
  strength: number | null;
  all_bad: boolean;
  flags: string[];
  comment: string;
  rewrite: string | null;
  active_seconds: number;
  guideline_version: number;
  hold: number;
}

export interface Queue {
  project: Named;
  team: Named;
  /** The round that is labeling; null when there is nothing to do. */
  round: RoundName | null;
  kind: TaskKind | "mixed";
  waiting: number;
  mine_today: number;
  mine_week: number;
  guidelines_version: number;
  guidelines_changed: boolean;
}

// Rounds

export const STAGES = [
  "draft",
  "generating",
  "labeling",
  "aggregating",
  "training",
  "evaluating",
  "done",
] as const;
export type Stage = (typeof STAGES)[number];
export type RoundState = Stage | "blocked" | "cancelled";

export interface Choice {
  action: string;
  label: string;
}

export interface Blocked {
  /** Where the round stopped. */
  state: RoundState;
  reason: string;
  evidence: unknown;
  actions: Choice[];
}

export interface Count {
  done: number;
  total: number;
}

export interface RoundProgress {
  prompts: number;
  responses: Count;
  labels: Count & { per_hour: number; eta_seconds: number | null };
  people_now: number;
  jobs: Count;
}

export type TrainingMethod = "sft" | "reward" | "dpo" | "ppo" | "rrhf";
export type SettingValue = string | number | boolean | null;

export interface Gate {
  metric: string;
  least: number | null;
  most: number | null;
}

/** What a round is to do; see `services/recipes.py`, which refuses every unknown name. */
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
export interface Setting {
  name: string;
  type: string;
  default: SettingValue;
  description: string;
  least?: number;
  above?: number;
  most?: number;
  choices?: string[];
}

export interface Recipes {
  default: Recipe;
  methods: Record<string, Setting[]>;
  gates: string[];
}

export interface Round {
  id: string;
  project: Named;
  number: number;
  state: RoundState;
  blocked: Blocked | null;
  recipe: Recipe;
  created_at: string;
  started_at: string | null;
  finished_at: string | null;
  progress: RoundProgress;
  steps: { state: RoundState; started_at: string; finished_at: string | null }[];
}

export interface LadderEntry {
  checkpoint: { id: string; name: string; kind: string };
  elo: number | null;
  low: number | null;
  high: number | null;
  se: number | null;
  rank_low: number;
  rank_high: number;
  votes: number;
  wins: number;
  ties: number;
  losses: number;
  anchored: boolean;
  estimable: boolean;
}

export interface Ladder {
  computed_at: string | null;
  final: boolean;
  votes: number;
  labelers?: number;
  method: string;
  entries: LadderEntry[];
  /** Pairs that the votes do not tell apart, and how many more might; null when unknown. */
  indistinguishable: [string, string, number | null][];
}

export interface RoundSample {
  prompt: { id: string; messages: Message[]; split: string };
  votes: number;
  responses: {
    checkpoint: Named | null;
    text: string;
    finish_reason: string;
    rank: number | null;
  }[];
}

/** A label as a reviewer sees it: ranks by response id, in the task's own order. */
export interface Label {
  id: string;
  task: string;
  prompt: string;
  round: string;
  kind: TaskKind;
  labeler: Named;
  responses: string[];
  ranking: (number | null)[] | null;
  strength: number | null;
  all_bad: boolean;
  flags: string[];
  comment: string;
  active_seconds: number;
  guideline_version: number;
  created_at: string;
  is_superseded: boolean;
}

// Training

export type JobState =
  | "queued"
  | "starting"
  | "running"
  | "succeeded"
  | "failed"
  | "cancelled"
  | "lost";

export interface RoundName {
  id: string;
  number: number;
}

export interface Job {
  id: string;
  project: Named;
  round: RoundName | null;
  method: string;
  key: string;
  state: JobState;
  attempt: number;
  max_attempts: number;
  cancel_requested: boolean;
  step: number;
  total: number | null;
  created_at: string;
  started_at: string | null;
  finished_at: string | null;
  heartbeat_at: string | null;
  error: { class: string; text: string } | null;
  result: { metrics?: Record<string, number>; seconds?: number } | null;
  spec: Record<string, unknown>;
  checkpoint: Named | null;
}

export interface MetricRow {
  t: string;
  step: number;
  split: string;
  [name: string]: string | number | null;
}

export interface Checkpoint {
  id: string;
  project: Named;
  name: string;
  kind: string;
  method: string;
  path: string;
  digest: string;
  parents: Named[];
  children: Named[];
  dataset: { id: string } | null;
  job: { id: string } | null;
  round: RoundName | null;
  metrics: Record<string, number>;
  is_accepted: boolean;
  created_at: string;
  lineage: { labels: number; prompts: number; labelers: number };
}

export interface Dataset {
  id: string;
  project: Named;
  round: RoundName | null;
  key: string;
  kind: string;
  digest: string;
  rows: number;
  train_rows: number;
  eval_rows: number;
  votes: number;
  labels: number;
  created_at: string;
  provenance: Record<string, unknown>;
  checkpoints: Named[];
}

export interface DatasetRow {
  prompt?: Message[];
  messages?: Message[];
  responses?: string[];
  ranks?: (number | null)[];
  votes?: number;
  split?: string;
}

export interface Overview {
  rounds: Round[];
  people_now: number;
  decisions: { round: string; number: number; reason: string; actions: Choice[] }[];
  latest_ladder: Ladder | null;
  agreement: Interval | null;
}
