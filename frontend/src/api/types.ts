/**
 * The nouns as the API speaks them, generated from its schema. What the schema leaves open (recipes,
 * evidence, metrics: plain JSON on the server) is given its shape here. Times are ISO-8601 UTC.
 */
import type { components } from "./schema";

type Schemas = components["schemas"];

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

export type Round = Schemas["RoundOf"];
export type RoundState = Schemas["RoundState"];
/** Where a round is, derived from its steps; `blocked` and `cancelled` are no place of their own. */
export type RoundStage = Schemas["RoundStage"];
export type RoundStep = Schemas["StepOf"];
export type StepState = Schemas["StepState"];
export type Verdict = Schemas["VerdictOf"];
export type Question = Schemas["QuestionOf"];
export type Decision = Schemas["DecisionOf"];
export type DecisionInput = Schemas["DecisionInputRequest"];
export type Amendment = Schemas["AmendmentOf"];
export type Choice = Schemas["ChoiceOf"];

/** What a round is to do: steps in order, told apart by their kind. */
export type Recipe = Schemas["Recipe"];
export type Step = Schemas["Step"];
export type StepKind = Step["kind"];
/** What a recipe may say: kinds of steps, methods, gates, and the default one. */
export type Recipes = Schemas["RecipesOf"];
export type ReadRole = Schemas["RoleOf"];
export type Field = Schemas["FieldOf"];
export type Gate = Schemas["GateOf"];
export type Method = Schemas["MethodOf"];
/** A setting of a training method, with what it allows. */
export type Setting = Schemas["SettingOf"];

export type LadderEntry = Schemas["EntryOf"];
export type Ladder = Schemas["LadderOf"];
export type RoundSample = Schemas["SampleOf"];
export type Overview = Schemas["OverviewOf"];

// Training

export type JobState = Schemas["JobState"];
export type Job = Schemas["JobOf"];
export type MetricRow = Schemas["MetricsOf"]["rows"][number];
export type Checkpoint = Schemas["CheckpointOf"];
export type Dataset = Schemas["DatasetOf"];
/** A frozen row of any kind of dataset. */
export type DatasetRow = Schemas["PreviewOf"]["rows"][number];
