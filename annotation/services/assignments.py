"""Leases: what a labeler holds, saves a draft of, skips, and loses when its time is over."""

import json
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any, NoReturn
from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from annotation import events
from annotation.database import Columns, as_uuid, change, fetch, writing
from annotation.errors import AlreadyLabeled, InvalidInput, LeaseExpired
from annotation.models import Assignment, Project, Prompt, Task, User
from annotation.services.seats import MOST_HELD, recount, step, top_up

DRAFT_BYTES = 16 * 1024
EXPIRED_AT_ONCE = 50
State = Assignment.State


@dataclass(frozen=True, slots=True)
class Lease:
    """What a labeler sees of a task. `texts` are in the order shown: the first one is A."""

    id: UUID
    kind: str
    round_number: int
    messages: list[dict[str, str]]
    language: str
    texts: list[str]
    leased_at: datetime
    expires_at: datetime
    draft: Any
    amends: bool


@dataclass(frozen=True, slots=True)
class Held:
    """What a labeler holds in a project, oldest first, and how many labels they made today (UTC).

    `is_waiting`: nothing is left for them now, but the round is still labeling.
    """

    leases: list[Lease]
    done_today: int
    guideline_version: int
    is_waiting: bool


_assignment = Columns(Assignment, "a", "id", "order", "leased_at", "expires_at", "draft", "amends")
_task = Columns(Task, "t", "kind")
_prompt = Columns(Prompt, "p", "messages", "language")
_ABOUT_AT = len(_assignment) + len(_task) + len(_prompt)
# Today's count is the seat's, if the seat's day is today.
_ABOUT = """
    COALESCE((SELECT max(g.version) FROM annotation_guideline g
        WHERE g.project_id = a.project_id), 0),
    COALESCE((SELECT s.labels_today FROM annotation_seat s
        WHERE s.project_id = a.project_id AND s.labeler_id = a.labeler_id AND s.day = %s), 0)"""
# One row per response; a prompt's text comes along with each, which costs less than a question
# of its own.
_LEASES = f"""
SELECT {_assignment.sql}, {_task.sql}, {_prompt.sql}, {_ABOUT}, r.number, x.text
FROM annotation_assignment a
    JOIN annotation_task t ON t.id = a.task_id
    JOIN annotation_prompt p ON p.id = t.prompt_id
    JOIN annotation_round r ON r.id = a.round_id
    JOIN annotation_taskresponse e ON e.task_id = t.id
    JOIN annotation_response x ON x.id = e.response_id
WHERE {{which}}
ORDER BY a.leased_at, a.id, e."index" """
# What is to be said of the project besides, whether there is a lease or not.
_NO_LEASES = f"""
SELECT {_ABOUT}, EXISTS (
    SELECT 1 FROM annotation_round r WHERE r.project_id = a.project_id AND r.is_labeling)
FROM (SELECT %s AS labeler_id, %s AS project_id) a"""
_HELD = _LEASES.format(
    which="""a.labeler_id = %s AND a.project_id = %s AND a.state = 'leased'
    AND a.expires_at > %s AND r.is_labeling"""
)
_ONE = _LEASES.format(which="a.id = %s")
_LOCK_TASK = """
SELECT a.task_id FROM annotation_assignment a JOIN annotation_task t ON t.id = a.task_id
WHERE a.id = %s
FOR NO KEY UPDATE OF t"""
_SKIP = """
UPDATE annotation_assignment
SET state = 'skipped', skip_reason = %s, ended_at = %s, draft = NULL
WHERE id = %s AND state IN ('leased', 'expired')"""


def hold_assignments(project: Project, *, labeler: User, hold: int) -> Held:
    """Top up the labeler's leases to `hold` (1 to 3) and return all of them.

    Called again, it returns the same ones in the same order. Only rounds that are labeling hand
    anything out.
    """
    check_hold(hold)
    held = read_held(project, labeler=labeler)
    if len(held.leases) >= hold:
        return held
    with writing():
        now = timezone.now()
        top_up(step(project, labeler, now=now), project=project, hold=hold, now=now)
    return read_held(project, labeler=labeler)


def check_hold(hold: int) -> None:
    if not 1 <= hold <= MOST_HELD:
        raise InvalidInput(f"hold expects 1 to {MOST_HELD}, got {hold}.")


def read_held(project: Project, *, labeler: User) -> Held:
    """The labeler's live leases as they are, oldest first."""
    now = timezone.now()
    rows = fetch(_HELD, now.date(), labeler.pk, project.pk, now)
    if rows:
        version, done_today = rows[0][_ABOUT_AT : _ABOUT_AT + 2]
        return Held(_leases(rows), done_today, version, is_waiting=False)
    version, done_today, is_labeling = fetch(_NO_LEASES, now.date(), labeler.pk, project.pk)[0]
    return Held([], done_today, version, is_waiting=bool(is_labeling))


def read_lease(assignment: Assignment) -> Lease:
    """One assignment as its labeler sees it, in whatever state."""
    return _leases(fetch(_ONE, timezone.now().date(), assignment.pk))[0]


def save_draft(assignment: Assignment, *, draft: Any, saved_at: int) -> Assignment:
    """Keep what is not submitted yet. The newest by the client's clock (ms) wins.

    Raises AlreadyLabeled or LeaseExpired when there is nothing to draft any more.
    """
    size = len(json.dumps(draft, ensure_ascii=False).encode())
    if size > DRAFT_BYTES:
        raise InvalidInput(f"A draft holds at most {DRAFT_BYTES} bytes, this one has {size}.")
    mine = Assignment.objects.filter(pk=assignment.pk)
    # An older draft that arrives late changes nothing, which is what its sender wants.
    open_ = mine.filter(Q(state=State.LEASED) | Q(state=State.SUBMITTED, amends=True))
    changed = open_.filter(draft_saved_at__lte=saved_at).update(
        draft=draft, draft_saved_at=saved_at
    )
    if not changed and not open_.exists():
        refuse(mine.get())
    return assignment


def refuse(assignment: Assignment) -> NoReturn:
    """Raise why this assignment takes no answer."""
    if assignment.state == State.SUBMITTED:
        raise AlreadyLabeled("You have labeled this task already. Undo brings it back.")
    if assignment.state == State.SKIPPED:
        raise LeaseExpired("You skipped this task; it has gone to somebody else.")
    raise LeaseExpired(
        "The time for this task is over and somebody else has it. Your answer was not stored."
    )


def skip_assignment(assignment: Assignment, *, by: User, reason: str, hold: int) -> Assignment:
    """Give a task back for good; it goes to the end of the queue, for others.

    Skipping twice is skipping once. Skipping while amending leaves the label as it was.
    """
    check_hold(hold)
    project = assignment.project
    now = timezone.now()
    with writing():
        seat = step(project, by, now=now, past=assignment.position)
        task_id = lock_task(assignment)
        if change(_SKIP, reason[:200], now, assignment.pk):
            if recount([task_id]):
                events.tell(f"queue:{project.pk}", "queue.changed", project.pk)
        else:
            _leave(assignment)
        top_up(seat, project=project, hold=hold, now=now)
    assignment.refresh_from_db(fields=["state", "amends"])
    return assignment


def lock_task(assignment: Assignment) -> UUID:
    """Lock the assignment's task to the end of the transaction; the task's id."""
    return as_uuid(fetch(_LOCK_TASK, assignment.pk)[0][0])


def _leave(assignment: Assignment) -> None:
    """What skipping means for an assignment that is not a lease."""
    stored = Assignment.objects.get(pk=assignment.pk)
    if stored.amends:
        Assignment.objects.filter(pk=stored.pk).update(amends=False, draft=None)
    elif stored.state != State.SKIPPED:
        refuse(stored)


def expire_leases(*, now: datetime | None = None, limit: int = 500) -> int:
    """End leases whose time is over and reopen their tasks; how many leases it was.

    Killed half-way, it has ended some and the next call ends the rest.
    """
    now = now or timezone.now()
    over = Assignment.objects.filter(state=State.LEASED, expires_at__lte=now)
    waiting = list(over.order_by("expires_at").values_list("pk", "task_id", "project_id")[:limit])
    return sum(
        _expire(waiting[i : i + EXPIRED_AT_ONCE], now)
        for i in range(0, len(waiting), EXPIRED_AT_ONCE)
    )


def _expire(batch: list[tuple[UUID, UUID, UUID]], now: datetime) -> int:
    """End these (assignment, task, project) leases, unless they were submitted meanwhile."""
    with writing():
        # A task that a labeler has locked at this moment waits for the next look.
        tasks = Task.objects.filter(pk__in=[task for _, task, _ in batch]).order_by("pk")
        locked = set(
            tasks.select_for_update(skip_locked=True, no_key=True).values_list("pk", flat=True)
        )
        ended = Assignment.objects.filter(
            pk__in=[pk for pk, task, _ in batch if task in locked],
            state=State.LEASED,
            expires_at__lte=now,
        ).update(state=State.EXPIRED, ended_at=now)
        recount(locked)
        for project in {project for _, task, project in batch if task in locked}:
            events.tell(f"queue:{project}", "queue.changed", project)
    return ended


def _leases(rows: list[tuple[Any, ...]]) -> list[Lease]:
    leases = []
    for _, group in groupby(rows, key=itemgetter(0)):
        per_response = list(group)
        first = per_response[0]
        id_, order, leased_at, expires_at, draft, amends = _assignment.values(first)
        (kind,) = _task.values(first, len(_assignment))
        messages, language = _prompt.values(first, len(_assignment) + len(_task))
        leases.append(
            Lease(
                id=id_,
                kind=kind,
                round_number=first[-2],
                messages=messages,
                language=language,
                texts=[per_response[i][-1] for i in order],
                leased_at=leased_at,
                expires_at=expires_at,
                draft=draft,
                amends=amends,
            )
        )
    return leases
