"""What the round and project pages show: counts from rows, never from a flag that can drift."""

from datetime import timedelta
from itertools import zip_longest
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from annotation.models import (
    Assignment,
    Dataset,
    Job,
    Label,
    Project,
    Prompt,
    Response,
    Round,
    Task,
)
from annotation.services import agreement, outlook, ratings, tasks

LATELY = timedelta(minutes=10)


def describe_round(round: Round) -> dict[str, Any]:
    return {
        "id": round.pk,
        "project": {"id": round.project_id, "name": round.project.name},
        "number": round.number,
        "state": round.state,
        "blocked": round.blocked,
        "recipe": round.recipe,
        "created_at": round.created_at,
        "archived_at": round.archived_at,
        "started_at": round.started_at,
        "finished_at": round.finished_at,
        "progress": _progress(round),
        "steps": _steps(round),
    }


def _progress(round: Round) -> dict[str, Any]:
    prompts = (
        Dataset.objects.filter(round=round, key="prompts").values_list("rows", flat=True).first()
    )
    if prompts is None:
        prompts = round.tasks.aggregate(n=Count("prompt", distinct=True))["n"]
    generation = (round.recipe or {}).get("generation") or {}
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
            "total": max(stored, prompts * generation.get("responses_per_prompt", 0)),
        },
        "labels": {
            "done": labels.done,
            "total": labels.total,
            "per_hour": hour,
            "eta_seconds": missing / hour * 3600 if hour and missing and people else None,
        },
        "people_now": people,
        "jobs": job_counts,
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


def _steps(round: Round) -> list[dict[str, Any]]:
    entered = [(step["state"], parse_datetime(step["at"])) for step in round.history]
    left: list[Any] = [at for _, at in entered[1:]]
    return [
        {"state": state, "started_at": at, "finished_at": end}
        for (state, at), end in zip_longest(entered, left)
    ]


def describe_project(project: Project) -> dict[str, Any]:
    rounds = list(project.rounds.shown().select_related("project").order_by("-number")[:50])
    rated = next((one for one in rounds if one.state != Round.State.DRAFT), None)
    return {
        "rounds": [describe_round(one) for one in rounds],
        "people_now": people_now(Q(project=project)),
        "decisions": [
            {
                "round": one.pk,
                "number": one.number,
                "reason": one.blocked["reason"],
                "actions": one.blocked["actions"],
            }
            for one in rounds
            if one.blocked
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


def describe_samples(round: Round, prompts: list[Prompt]) -> list[dict[str, Any]]:
    ids = [prompt.pk for prompt in prompts]
    ranks: dict[Any, int | None] = {}
    votes: dict[Any, int] = {}
    for task in Task.objects.filter(round=round, prompt__in=ids).prefetch_related("entries"):
        if task.consensus:
            votes[task.prompt_id] = task.consensus["votes"]
            for entry in task.entries.all():
                ranks[entry.response_id] = task.consensus["ranks"][entry.index]
    written: dict[Any, list[Response]] = {}
    responses = Response.objects.filter(round=round, prompt__in=ids).select_related("checkpoint")
    for response in responses.order_by("checkpoint__created_at", "index"):
        written.setdefault(response.prompt_id, []).append(response)
    return [
        {
            "prompt": {"id": prompt.pk, "messages": prompt.messages, "split": prompt.split},
            "votes": votes.get(prompt.pk, 0),
            "responses": [
                {
                    "checkpoint": response.checkpoint
                    and {"id": response.checkpoint.pk, "name": response.checkpoint.name},
                    "text": response.text,
                    "finish_reason": response.finish_reason,
                    "rank": ranks.get(response.pk),
                }
                for response in written.get(prompt.pk, [])
            ],
        }
        for prompt in prompts
    ]
