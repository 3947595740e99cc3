"""A labeler's seat in the queue of a project: where they stand, and which task comes next.

Locks are taken in one order everywhere: seat, then round, then task, then assignment. A task that
somebody else has locked is passed over, never waited for, except by the one request that wants
exactly that task; so no two transactions can wait for one another. Locks are NO KEY UPDATE: the
KEY SHARE that a foreign key takes on a task or a user must not wait for them.
"""

import hashlib
import hmac
from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.conf import settings

from annotation.database import Columns, as_uuid, change, fetch
from annotation.models import Project, Seat, User

# How many open tasks behind the cursor one request looks at, when there is nothing before it.
SWEEP = 1000
MOST_HELD = 3
NO_END = 2**62

_seat = Columns(
    Seat, "annotation_seat", "id", "project_id", "labeler_id", "cursor", "behind", "labels_today"
)
# The update is the lock.
_STEP = f"""
UPDATE annotation_seat SET
    cursor = CASE WHEN cursor < %s THEN %s ELSE cursor END,
    labels_today = CASE WHEN day = %s THEN labels_today ELSE 0 END + %s,
    day = %s,
    guideline_version_seen =
        CASE WHEN guideline_version_seen < %s THEN %s ELSE guideline_version_seen END
WHERE project_id = %s AND labeler_id = %s
RETURNING {_seat.sql}"""
_MAKE_SEAT = """
INSERT INTO annotation_seat
    (project_id, labeler_id, cursor, behind, day, labels_today, guideline_version_seen)
VALUES (%s, %s, -1, -1, NULL, 0, 0) ON CONFLICT DO NOTHING"""
_MOVE_SEAT = "UPDATE annotation_seat SET cursor = %s, behind = %s WHERE id = %s"
_UNCOUNT = "UPDATE annotation_seat SET labels_today = labels_today - 1 WHERE id = %s"

_HELD = """
SELECT count(*) FROM annotation_assignment
WHERE labeler_id = %s AND project_id = %s AND state = 'leased' AND expires_at > %s"""
# `is_open` and the round are looked at again under the lock; the labels still wanted are counted
# when the lease is written.
_LOCK_NEXT = f"""
SELECT t.id, t.position, ({_HELD}),
    (SELECT count(*) FROM annotation_taskresponse e WHERE e.task_id = t.id)
FROM annotation_task t
WHERE t.project_id = %s AND t.is_open AND t.position > %s AND t.position <= %s
    AND EXISTS (
        SELECT 1 FROM annotation_round r WHERE r.id = t.round_id AND r.is_labeling)
    AND NOT EXISTS (
        SELECT 1 FROM annotation_assignment mine
        WHERE mine.task_id = t.id AND mine.labeler_id = %s AND mine.state <> 'expired')
ORDER BY t.position LIMIT 1
FOR NO KEY UPDATE OF t SKIP LOCKED"""
# Counted in a statement of its own, after the lock: PostgreSQL gives every statement a new view
# of what is committed, so a lease that went out while the lock was awaited is seen here.
_LEASE = """
INSERT INTO annotation_assignment
    (id, created_at, task_id, labeler_id, round_id, project_id, state, "order",
     position, leased_at, expires_at, skip_reason, draft_saved_at, amends)
SELECT %s, %s, t.id, %s, t.round_id, t.project_id, 'leased', %s, t.position, %s, %s, '', 0, %s
FROM annotation_task t
WHERE t.id = %s AND t.labels_wanted > (
    SELECT count(*) FROM annotation_assignment a
    WHERE a.task_id = t.id AND a.state IN ('leased', 'submitted'))
ON CONFLICT (task_id, labeler_id) DO UPDATE
SET state = 'leased', position = excluded.position, leased_at = excluded.leased_at,
    expires_at = excluded.expires_at, ended_at = NULL
WHERE annotation_assignment.state = 'expired'"""
_CLOSE_IF_FULL = """
UPDATE annotation_task SET is_open = %s
WHERE id = %s AND is_open AND labels_wanted <= (
    SELECT count(*) FROM annotation_assignment a
    WHERE a.task_id = annotation_task.id AND a.state IN ('leased', 'submitted'))"""
_OPEN_IF_WANTED = """
UPDATE annotation_task SET is_open = %s, position = 1 + (
    SELECT max(position) FROM annotation_task last
    WHERE last.project_id = annotation_task.project_id)
WHERE id = %s AND NOT is_open AND labels_wanted > (
    SELECT count(*) FROM annotation_assignment a
    WHERE a.task_id = annotation_task.id AND a.state IN ('leased', 'submitted'))
    AND EXISTS (SELECT 1 FROM annotation_round r
        WHERE r.id = annotation_task.round_id AND r.is_labeling)"""
_SWEEP_END = """
SELECT t.position FROM annotation_task t
WHERE t.project_id = %s AND t.is_open AND t.position > %s AND t.position <= %s
ORDER BY t.position LIMIT 1 OFFSET %s"""
_QUEUE_END = """
SELECT t.position FROM annotation_task t WHERE t.project_id = %s AND t.is_open
ORDER BY t.position DESC LIMIT 1"""


def step(
    project: Project,
    labeler: User,
    *,
    now: datetime,
    past: int = -1,
    labels: int = 0,
    guideline_version: int = 0,
) -> Seat:
    """The labeler's place, locked to the end of the transaction: their requests go one by one.

    On the way, the cursor moves to `past`, the position of the task they are done with, and
    `labels` (0 or 1) are counted for the day, which is UTC's.
    """
    today = now.date()
    values = [past, past, today, labels, today, guideline_version, guideline_version]
    found = fetch(_STEP, *values, project.pk, labeler.pk)
    if not found:
        change(_MAKE_SEAT, project.pk, labeler.pk)
        found = fetch(_STEP, *values, project.pk, labeler.pk)
    return _seat.build(found[0])


def uncount(seat: Seat) -> None:
    """Take back a label that `step` counted: it was no new one."""
    change(_UNCOUNT, seat.pk)


def top_up(seat: Seat, *, project: Project, hold: int, now: datetime) -> None:
    """Lease tasks until the labeler holds `hold`, as far as there are any.

    The caller has locked the seat. What is leased here stays before the cursor until the labeler
    is done with it; their own few assignments there are passed by.
    """
    if not _lease_between(seat, project, seat.cursor, NO_END, hold, now):
        _sweep(seat, project, hold, now)


def _lease_between(
    seat: Seat, project: Project, after: int, upto: int, hold: int, now: datetime
) -> bool:
    """Lease tasks with `after` < position <= `upto`; whether the labeler then holds `hold`."""
    mine = (seat.labeler_id, seat.project_id, now)
    while found := fetch(_LOCK_NEXT, *mine, seat.project_id, after, upto, seat.labeler_id):
        task_id, after, held, responses = found[0]
        if held < hold:
            # A microsecond apart, so that "oldest first" is the order of the queue.
            leased_at = now + timedelta(microseconds=held)
            held += _lease(seat, project, as_uuid(task_id), responses, leased_at)
        if held >= hold:
            return True
    return bool(fetch(_HELD, *mine)[0][0] >= hold)


def _lease(seat: Seat, project: Project, task_id: UUID, responses: int, leased_at: datetime) -> int:
    """Lease this locked task if it still wants a label; the number of leases made, 0 or 1."""
    order = shown_order(task_id, seat.labeler_id, responses)
    leased = change(
        _LEASE,
        uuid4(),
        leased_at,
        seat.labeler_id,
        str(order),
        leased_at,
        leased_at + timedelta(seconds=project.lease_seconds),
        False,
        task_id,
    )
    change(_CLOSE_IF_FULL, False, task_id)
    return leased


def _sweep(seat: Seat, project: Project, hold: int, now: datetime) -> None:
    """Look behind the cursor, a bounded stretch at each request, for what was passed over.

    A task is passed over when somebody had it locked, or when it got its position before and its
    commit after the cursor went by. What is left behind is mostly tasks the labeler has done and
    others have not: 20,000 of them must not be looked at whenever somebody asks for work at the
    end of a queue, so each request looks at the next `SWEEP` and starts over at the cursor.
    """
    # What is open beyond the cursor this labeler has skipped or labeled. Go past it, or every
    # request would look at all of it again; but look once more first, at no more than is gone
    # past, for what came in since.
    end = fetch(_QUEUE_END, seat.project_id)
    if end and end[0][0] > seat.cursor:
        if _lease_between(seat, project, seat.cursor, end[0][0], hold, now):
            return
        seat.cursor = end[0][0]
    stretch = fetch(_SWEEP_END, seat.project_id, seat.behind, seat.cursor, SWEEP - 1)
    upto = stretch[0][0] if stretch else seat.cursor
    if not _lease_between(seat, project, seat.behind, upto, hold, now):
        seat.behind = upto if stretch else -1
    change(_MOVE_SEAT, seat.cursor, seat.behind, seat.pk)


def shown_order(task_id: UUID, labeler_id: UUID, responses: int) -> list[int]:
    """The canonical response index at each shown place: [2, 0, 1] shows response 2 as A.

    Fixed by task and labeler, so that a lease lost and taken again looks the same; keyed with the
    site's secret, so that nobody can work out the canonical order from the ids.
    """
    seed = hmac.digest(
        settings.SECRET_KEY.encode(), b"order" + task_id.bytes + labeler_id.bytes, hashlib.sha256
    )
    number = int.from_bytes(seed)
    order = list(range(responses))
    # Fisher and Yates; 9! of 2**256 possible seeds leave no bias worth naming.
    for i in range(responses - 1, 0, -1):
        number, j = divmod(number, i + 1)
        order[i], order[j] = order[j], order[i]
    return order


def recount(task_ids: Iterable[UUID]) -> list[UUID]:
    """Open or close locked tasks by their assignments; the ids of those that opened again.

    One that opens goes to the end of the queue, past every cursor. The caller has locked the rows.
    """
    opened = []
    for task_id in task_ids:
        change(_CLOSE_IF_FULL, False, task_id)
        opened += [task_id] * change(_OPEN_IF_WANTED, True, task_id)
    return opened
