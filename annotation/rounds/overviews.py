"""What the round and project pages show: counts from rows, never from a flag that can drift."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TypedDict
from uuid import UUID

from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from annotation.aggregation.estimate import Estimate
from annotation.errors import DomainError
from annotation.models import (
    Assignment,
    Checkpoint,
    Dataset,
    Decision,
    Job,
    Label,
    Project,
    Prompt,
    Response,
    Round,
    RoundStep,
    Task,
)
from annotation.rounds import decisions, plan
from annotation.rounds.recipe import Amendment, Recipe, RecipeJson
from annotation.rounds.step import Evidence, VerdictJson, is_key_of, made_by
from annotation.rounds.steps import STEPS
from annotation.sentences import SentenceJson
from annotation.services import agreement, outlook, ratings, tasks
from annotation.services.outlook import Forecast
from annotation.services.ratings import CurrentLadder
from training.contract.parse import to_json

LATELY = timedelta(minutes=10)


class Named(TypedDict):
    id: UUID
    name: str


class RoundName(TypedDict):
    id: UUID
    number: int


class ChoiceOffer(TypedDict):
    choice: str
    title: SentenceJson


class QuestionShown(TypedDict):
    step: str
    subject: str
    title: SentenceJson | None
    said: SentenceJson
    evidence: Evidence
    choices: list[ChoiceOffer]


class ReadShown(TypedDict):
    role: str
    names: list[str]
    checkpoints: list[Named]
    datasets: list[str]


class StepShown(TypedDict):
    name: str
    kind: str
    title: SentenceJson
    stage: str
    state: str
    attempts: int
    take: int
    reads: list[ReadShown]
    checkpoints: list[Named]
    datasets: list[str]
    evaluation: object
    verdicts: list[VerdictJson]
    questions: list[QuestionShown]
    jobs: list[UUID]
    started_at: datetime | None
    finished_at: datetime | None


class DecisionShown(TypedDict):
    id: UUID
    step: str
    subject: str
    choice: str
    title: SentenceJson
    why: str
    evidence: dict[str, object]
    amendments: list[Amendment]
    by: Named | None
    at: datetime


class Counted(TypedDict):
    done: int
    total: int


class LabelsCounted(Counted):
    per_hour: int
    eta_seconds: float | None


class Progress(TypedDict):
    prompts: int
    responses: Counted
    labels: LabelsCounted
    people_now: int
    jobs: Counted


class RoundShown(TypedDict):
    id: UUID
    project: Named
    number: int
    state: str
    stage: str
    is_paused: bool
    recipe: RecipeJson
    effective_recipe: RecipeJson
    after: RoundName | None
    successor: RoundName | None
    created_at: datetime
    archived_at: datetime | None
    started_at: datetime | None
    finished_at: datetime | None
    progress: Progress
    steps: list[StepShown]
    decisions: list[DecisionShown]
    choices: list[ChoiceOffer]


class SampleResponse(TypedDict):
    checkpoint: Named | None
    text: str
    finish_reason: str
    rank: int | None


class SamplePrompt(TypedDict):
    id: UUID
    messages: object
    split: str


class SampleShown(TypedDict):
    prompt: SamplePrompt
    votes: int
    responses: list[SampleResponse]


class OpenQuestion(QuestionShown):
    round: UUID
    number: int


class ProjectShown(TypedDict):
    rounds: list[RoundShown]
    people_now: int
    questions: list[OpenQuestion]
    latest_ladder: CurrentLadder | None
    agreement: Estimate | None
    forecast: Forecast


def describe_round(round: Round) -> RoundShown:
    rows = list(round.steps.all())
    successor = Round.objects.filter(after=round).first()
    effective = _effective(round)
    return {
        "id": round.pk,
        "project": {"id": round.project_id, "name": round.project.name},
        "number": round.number,
        "state": round.state,
        "stage": plan.stage_of(round, rows),
        "is_paused": round.is_paused,
        "recipe": round.recipe,
        "effective_recipe": round.recipe if effective is None else effective.to_json(),
        "after": _round_name(round.after),
        "successor": _round_name(successor),
        "created_at": round.created_at,
        "archived_at": round.archived_at,
        "started_at": round.started_at,
        "finished_at": round.finished_at,
        "progress": _progress(round, effective),
        "steps": _steps(round, rows, effective),
        "decisions": _decisions(round),
        "choices": [_offer(choice) for choice in decisions.offered(round)],
    }


def _round_name(round: Round | None) -> RoundName | None:
    return None if round is None else {"id": round.pk, "number": round.number}


def _effective(round: Round) -> Recipe | None:
    """None for a recipe of an older version that knew other names."""
    try:
        return plan.effective_recipe(round)
    except DomainError:
        return None


def _offer(choice: str) -> ChoiceOffer:
    return {"choice": choice, "title": decisions.CHOICES[choice].title.to_json()}


def _progress(round: Round, recipe: Recipe | None) -> Progress:
    asked = recipe and plan.generate_step(recipe)
    if asked:
        batches = Dataset.objects.filter(round=round, key__startswith=f"{asked.name}")
        rows = round.steps.filter(name=asked.name).first()
        prompts = sum(one.rows for one in batches if rows and is_key_of(one.key, rows))
    else:
        prompts = round.tasks.aggregate(n=Count("prompt", distinct=True))["n"]
    stored = Response.objects.filter(round=round).count()
    job_counts = round.jobs.aggregate(
        done=Count("pk", filter=Q(state=Job.State.SUCCEEDED)), total=Count("pk")
    )
    labels = tasks.progress(round)
    hour = Label.objects.filter(
        round=round, created_at__gte=timezone.now() - timedelta(hours=1)
    ).count()
    people = people_now(Q(round=round))
    missing = labels.total - labels.done
    return {
        "prompts": prompts,
        "responses": {
            "done": stored,
            "total": max(stored, prompts * (asked.responses_per_prompt if asked else 0)),
        },
        "labels": {
            "done": labels.done,
            "total": labels.total,
            "per_hour": hour,
            "eta_seconds": missing / hour * 3600 if hour and missing and people else None,
        },
        "people_now": people,
        "jobs": {"done": job_counts["done"], "total": job_counts["total"]},
    }


def people_now(where: Q) -> int:
    """Labelers who hold a lease or ended one in the last minutes."""
    recent = timezone.now() - LATELY
    found = (
        Assignment.objects.filter(where)
        .filter(Q(state=Assignment.State.LEASED, leased_at__gte=recent) | Q(ended_at__gte=recent))
        .aggregate(n=Count("labeler", distinct=True))
    )
    return int(found["n"])


def _steps(round: Round, rows: Sequence[RoundStep], recipe: Recipe | None) -> list[StepShown]:
    made = {row.pk: made_by(row) for row in rows}
    ids = {id_ for row in rows for role in (row.reads or {}).values() for id_ in role}
    ids |= {id_ for one in made.values() for id_ in one.checkpoints}
    names = {
        str(id_): name
        for id_, name in Checkpoint.objects.filter(pk__in=ids).values_list("pk", "name")
    }
    jobs = list(round.jobs.order_by("created_at").values_list("pk", "key"))

    def named(some: Sequence[str]) -> list[Named]:
        return [{"id": UUID(id_), "name": names[id_]} for id_ in some if id_ in names]

    return [
        {
            "name": row.name,
            "kind": row.kind,
            "title": STEPS[row.kind].title.to_json(),
            "stage": STEPS[row.kind].stage,
            "state": row.state,
            "attempts": row.attempts,
            "take": row.take,
            "reads": [
                {
                    "role": role,
                    "names": list(given),
                    "checkpoints": named((row.reads or {}).get(role, [])),
                    "datasets": [
                        id_ for id_ in (row.reads or {}).get(role, []) if id_ not in names
                    ],
                }
                for role, _, given in (recipe.step(row.name).reads.roles() if recipe else ())
            ],
            "checkpoints": named(made[row.pk].checkpoints),
            "datasets": list(made[row.pk].datasets),
            "evaluation": to_json(made[row.pk].evaluation),
            "verdicts": row.evidence,
            "questions": _questions(row),
            "jobs": [id_ for id_, key in jobs if is_key_of(key, row)],
            "started_at": row.started_at,
            "finished_at": row.finished_at,
        }
        for row in rows
    ]


def _questions(row: RoundStep) -> list[QuestionShown]:
    if row.state != RoundStep.State.BLOCKED:
        return []
    return [
        {
            "step": row.name,
            "subject": one["subject"],
            "title": one["title"],
            "said": one["said"],
            "evidence": one["evidence"],
            "choices": [_offer(choice) for choice in one["choices"]],
        }
        for one in decisions.open_questions(row)
    ]


def _decisions(round: Round) -> list[DecisionShown]:
    found = Decision.objects.filter(round=round).select_related("step", "by")
    return [
        {
            "id": one.pk,
            "step": one.step.name if one.step else "",
            "subject": one.subject,
            "choice": one.choice,
            "title": decisions.CHOICES[one.choice].title.to_json(),
            "why": one.why,
            "evidence": one.evidence,
            "amendments": one.amendments,
            "by": {"id": one.by.pk, "name": one.by.name} if one.by else None,
            "at": one.created_at,
        }
        for one in found.order_by("created_at", "pk")
    ]


def describe_project(project: Project) -> ProjectShown:
    rounds = list(
        project.rounds.shown().select_related("project", "after").order_by("-number")[:50]
    )
    rated = next((one for one in rounds if one.state != Round.State.DRAFT), None)
    shown = [describe_round(one) for one in rounds]
    return {
        "rounds": shown,
        "people_now": people_now(Q(project=project)),
        "questions": [
            {**question, "round": one["id"], "number": one["number"]}
            for one in shown
            for step in one["steps"]
            for question in step["questions"]
        ],
        "latest_ladder": ratings.current(rated) if rated else None,
        "agreement": agreement.agreement_of_project(project),
        "forecast": outlook.forecast(project),
    }


def sample_prompts(round: Round) -> QuerySet[Prompt]:
    """The round's prompts, held-out ones first: those show what was not learned by heart."""
    return (
        Prompt.objects.filter(responses__round=round).distinct().order_by("split", "content_hash")
    )


def describe_samples(round: Round, prompts: list[Prompt]) -> list[SampleShown]:
    ids = [prompt.pk for prompt in prompts]
    ranks: dict[UUID, int | None] = {}
    votes: dict[UUID, int] = {}
    for task in Task.objects.filter(round=round, prompt__in=ids).prefetch_related("entries"):
        if task.consensus:
            votes[task.prompt_id] = task.consensus["votes"]
            for entry in task.entries.all():
                ranks[entry.response_id] = task.consensus["ranks"][entry.index]
    written: dict[UUID, list[Response]] = {}
    responses = Response.objects.filter(round=round, prompt__in=ids).select_related("checkpoint")
    for response in responses.order_by("checkpoint__created_at", "index"):
        written.setdefault(response.prompt_id, []).append(response)
    return [
        {
            "prompt": {"id": prompt.pk, "messages": prompt.messages, "split": prompt.split},
            "votes": votes.get(prompt.pk, 0),
            "responses": [
                {
                    "checkpoint": {"id": response.checkpoint.pk, "name": response.checkpoint.name}
                    if response.checkpoint
                    else None,
                    "text": response.text,
                    "finish_reason": response.finish_reason,
                    "rank": ranks.get(response.pk),
                }
                for response in written.get(prompt.pk, [])
            ],
        }
        for prompt in prompts
    ]
