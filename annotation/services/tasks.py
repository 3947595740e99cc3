"""Tasks: made for a round, counted, and closed with it."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

from django.db import connection, transaction
from django.db.models import Count, Exists, F, OuterRef, Q, Sum
from django.utils import timezone

from annotation.errors import InvalidInput
from annotation.happenings import happened
from annotation.kinds import KINDS
from annotation.models import (
    Assignment,
    Label,
    Membership,
    Project,
    Prompt,
    Response,
    Round,
    Task,
    TaskResponse,
)
from annotation.permissions import ALLOWED
from annotation.sentences import say
from annotation.services.bulk import insert_rows
from annotation.services.queues import end_of

# From this many new rows on, PostgreSQL's statistics are worth renewing at once: a plan made for
# an empty table would read 100,000 tasks to find one.
MANY = 1000
SAME_FOR_ALL = ("round_id", "project_id", "kind", "labels_wanted", "sampling_probability")
ACTIVE = (Assignment.State.LEASED, Assignment.State.SUBMITTED)


@dataclass(frozen=True, slots=True)
class Progress:
    """A round's labels: those made (amendments do not count again) of those wanted."""

    tasks: int
    done: int
    total: int
    leased: int


def create_tasks(
    round: Round,
    *,
    groups: Sequence[tuple[Prompt, Sequence[Response]]],
    kind: str,
    labels_wanted: int,
    sampling_probability: float | None = None,
) -> list[UUID]:
    """One task per prompt and its responses, at the end of the project's queue; their ids.

    All or none. How many responses a task takes, its kind says. Raises InvalidInput.
    """
    for prompt, responses in groups:
        _check_group(prompt, responses, kind)
    with transaction.atomic():
        # Two rounds that make tasks at once must not give out the same positions.
        Project.objects.select_for_update(no_key=True).get(pk=round.project_id)
        first = end_of(round.project) + 1
        ids = [uuid4() for _ in groups]
        same = (round.pk, round.project_id, kind, labels_wanted, sampling_probability)
        insert_rows(
            Task,
            [*SAME_FOR_ALL, "id", "prompt_id", "position"],
            (
                (*same, id_, prompt.pk, first + i)
                for i, (id_, (prompt, _)) in enumerate(zip(ids, groups, strict=True))
            ),
        )
        insert_rows(
            TaskResponse,
            ["task_id", "response_id", "index"],
            (
                (id_, response.pk, index)
                for id_, (_, responses) in zip(ids, groups, strict=True)
                for index, response in enumerate(responses)
            ),
        )
        if len(ids) >= MANY and connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("ANALYZE annotation_task, annotation_taskresponse")
        happened("queue.changed", round.project)
    return ids


def _check_group(prompt: Prompt, responses: Sequence[Response], kind: str) -> None:
    needs = KINDS[kind]
    if not needs.least <= len(responses) <= needs.most:
        raise InvalidInput(
            say(
                "task_responses",
                "A {kind} task takes {least} to {most} responses, got {got}.",
                kind=kind,
                least=needs.least,
                most=needs.most,
                got=len(responses),
            )
        )
    if any(response.prompt_id != prompt.pk for response in responses):
        raise InvalidInput(
            say(
                "task_of_other_prompt",
                "Every response of a task answers its prompt; {prompt} got others.",
                prompt=str(prompt.pk),
            )
        )


def progress(round: Round) -> Progress:
    """How far the round's labeling is, counted from its rows."""
    wanted = Task.objects.filter(round=round).aggregate(n=Count("pk"), total=Sum("labels_wanted"))
    return Progress(
        tasks=wanted["n"],
        done=Label.objects.filter(round=round, supersedes__isnull=True).count(),
        total=wanted["total"] or 0,
        leased=Assignment.objects.filter(round=round, state=Assignment.State.LEASED).count(),
    )


def is_labeled(round: Round) -> bool:
    """Whether every task has the labels it wanted."""
    counted = progress(round)
    return counted.done >= counted.total


def stranded(round: Round) -> int:
    """How many open tasks nobody in the team can take: all who may label have had them.

    Skipped by everybody, or more labels wanted than there are labelers: the round then waits for
    a person to invite somebody or to go on without. Reads every open task; for a round that has
    stood still, not for every look.
    """
    had = Assignment.objects.filter(task=OuterRef(OuterRef("pk")), labeler__user=OuterRef("user"))
    could = Membership.objects.filter(
        ~Exists(had.exclude(state=Assignment.State.EXPIRED)),
        team=round.project.team_id,
        status=Membership.Status.ACTIVE,
        role__in=[role for role, allowed in ALLOWED.items() if "label.create" in allowed],
    )
    return Task.objects.filter(~Exists(could), round=round, is_open=True).count()


def close(round: Round) -> None:
    """Take the round's tasks out of the queue and end its leases.

    Belongs into the transaction that moves the round on. Whoever is storing a label at this
    moment holds its assignment, so this waits for them; whoever comes later finds no lease.
    """
    with transaction.atomic():
        Task.objects.filter(round=round, is_open=True).update(is_open=False)
        Assignment.objects.filter(round=round, state=Assignment.State.LEASED).update(
            state=Assignment.State.EXPIRED, ended_at=timezone.now()
        )


def reopen(round: Round) -> int:
    """Put the tasks that still want labels back, at the end of the queue; how many.

    For a round that goes back to labeling after `close`.
    """
    with transaction.atomic():
        Project.objects.select_for_update(no_key=True).get(pk=round.project_id)
        active = Count("assignments", filter=Q(assignments__state__in=ACTIVE))
        wanting = (
            Task.objects.filter(round=round, is_open=False)
            .annotate(active=active)
            .filter(active__lt=F("labels_wanted"))
            .order_by("position")
        )
        locked = list(
            Task.objects.filter(pk__in=wanting.values("pk"))
            .select_for_update(no_key=True)
            .order_by("position")
        )
        first = end_of(round.project) + 1
        for i, task in enumerate(locked):
            task.is_open, task.position = True, first + i
        Task.objects.bulk_update(locked, ["is_open", "position"], batch_size=1000)
        happened("queue.changed", round.project)
    return len(locked)
