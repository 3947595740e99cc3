"""Labels: an answer is checked, stored exactly once, and may be said again."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError
from django.utils import timezone

from annotation import events
from annotation.database import change, fetch, insert, writing
from annotation.errors import Conflict, InvalidInput, InvalidRanking, LeaseExpired, NothingToUndo
from annotation.models import Assignment, Label, Project, TaskKind, User
from annotation.services.assignments import State, check_hold, lock_task, refuse
from annotation.services.seats import recount, step, top_up, uncount

Ranking = Sequence[int | None]
MOST_FLAGS, FLAG_LENGTH, TEXT_LENGTH = 20, 50, 50_000


@dataclass(frozen=True, slots=True)
class Answer:
    """What a labeler says. `ranking` has one rank per response in the order shown, A first.

    1 is best, equal ranks are a tie, None cannot be ranked; ranks are dense (1, 2, 2, 3). It is
    None only when `all_bad`. `strength`, 1 to 3, says how much better the winner of a pair is.
    """

    ranking: Ranking | None
    strength: int | None = None
    all_bad: bool = False
    flags: Sequence[str] = ()
    comment: str = ""
    rewrite: str = ""
    active_seconds: float = 0.0
    guideline_version: int = 0


@dataclass(frozen=True, slots=True)
class Submitted:
    """The stored label; `is_new` is False when this submission had been stored before."""

    label: Label
    is_new: bool


_TAKE = """
UPDATE annotation_assignment SET state = 'submitted', ended_at = %s, draft = NULL
WHERE id = %s AND state = 'leased'"""
_TAKE_EXPIRED = """
UPDATE annotation_assignment SET state = 'submitted', ended_at = %s, draft = NULL
WHERE id = %s AND state = 'expired' AND (
    SELECT t.labels_wanted FROM annotation_task t WHERE t.id = annotation_assignment.task_id
) > (
    SELECT count(*) FROM annotation_assignment other
    WHERE other.task_id = annotation_assignment.task_id
        AND other.state IN ('leased', 'submitted'))"""
_AMENDED = """
UPDATE annotation_assignment SET amends = %s, draft = NULL WHERE id = %s AND amends"""
# Waits for a round that is being moved on at this moment, and then finds it gone.
_LOCK_LABELING_ROUND = """
SELECT 1 FROM annotation_round WHERE id = %s AND is_labeling FOR SHARE"""


def submit_label(
    assignment: Assignment, answer: Answer, *, by: User, submission_id: UUID, hold: int = 0
) -> Submitted:
    """Store what `by` says about their assignment, exactly once, and top up their leases.

    The same `submission_id` again returns the label it made. `hold` leases (0 to 3) are held
    afterwards, in the same transaction, so that the next task costs no commit of its own.
    `assignment` comes with its task and project. Raises InvalidRanking, InvalidInput,
    AlreadyLabeled for another answer to the same task, LeaseExpired when the lease is lost and
    the place taken, Conflict for a submission_id that was used for another task.
    """
    if hold:
        check_hold(hold)
    check_answer(answer, kind=assignment.task.kind, project=assignment.project, of=assignment)
    label = _label(assignment, answer, by, submission_id)
    now = timezone.now()
    try:
        with writing():
            # The seat's lock makes the labeler's own requests wait for one another, so of two
            # with the same submission_id the second sees what the first stored.
            seat = step(
                assignment.project,
                by,
                now=now,
                past=assignment.position,
                labels=1,
                guideline_version=answer.guideline_version,
            )
            # A lease that is over by the clock but was not ended yet still keeps its place:
            # nobody can have been given it. Ending it changes the same row, so one of the two
            # wins.
            if change(_TAKE, now, assignment.pk):
                insert(label)
                stored = None
            else:
                stored = _without_lease(assignment, label, now)
                if stored or label.supersedes_id:
                    uncount(seat)
            if hold:
                top_up(seat, project=assignment.project, hold=hold, now=now)
            if stored is None:
                events.tell_soon(f"round:{label.round_id}", "label.submitted", label.pk)
    except IntegrityError as error:
        if "label_sent_once" in str(error) or "submission_id" in str(error):
            raise Conflict(
                "This submission_id was used for another task. Make a new one for each answer."
            ) from error
        raise
    return Submitted(label=stored or label, is_new=stored is None)


def _without_lease(assignment: Assignment, label: Label, now: datetime) -> Label | None:
    """A submission whose lease is over: stored before, an amendment, late, or refused.

    Returns the label found, or None when `label` was inserted.
    """
    found = Label.objects.filter(
        labeler_id=label.labeler_id, submission_id=label.submission_id
    ).first()
    if found is not None:
        if found.task_id != label.task_id:
            raise Conflict(
                "This submission_id was used for another task. Make a new one for each answer."
            )
        return found
    if not fetch(_LOCK_LABELING_ROUND, label.round_id):
        raise LeaseExpired("The round has moved on, so this answer was not stored.")
    stored = Assignment.objects.get(pk=assignment.pk)
    if stored.state == State.SUBMITTED and stored.amends:
        label.supersedes = Label.objects.current().get(
            task_id=label.task_id, labeler_id=label.labeler_id
        )
        insert(label)
        change(_AMENDED, False, stored.pk)
    elif stored.state == State.EXPIRED:
        task_id = lock_task(stored)
        if not change(_TAKE_EXPIRED, now, stored.pk):
            refuse(stored)
        insert(label)
        recount([task_id])
    else:
        refuse(stored)
    return None


def _label(assignment: Assignment, answer: Answer, by: User, submission_id: UUID) -> Label:
    return Label(
        task_id=assignment.task_id,
        labeler=by,
        round_id=assignment.round_id,
        project_id=assignment.project_id,
        submission_id=submission_id,
        ranking=canonical(answer.ranking, assignment.order),
        strength=answer.strength,
        all_bad=answer.all_bad,
        flags=list(answer.flags),
        comment=answer.comment,
        rewrite=answer.rewrite,
        active_seconds=answer.active_seconds,
        guideline_version=answer.guideline_version,
    )


def canonical(ranking: Ranking | None, order: list[int]) -> list[int | None] | None:
    """Ranks as shown (A first) in the task's own order of responses.

    With order [2, 0, 1], shown ranks [1, 2, 3] are stored as [2, 3, 1]: response 2 was A and won.
    """
    if ranking is None:
        return None
    stored: list[int | None] = [None] * len(order)
    for rank, index in zip(ranking, order, strict=True):
        stored[index] = rank
    return stored


def shown(ranking: Ranking | None, order: list[int]) -> list[int | None] | None:
    """The inverse of `canonical`."""
    return None if ranking is None else [ranking[index] for index in order]


def check_answer(answer: Answer, *, kind: str, project: Project, of: Assignment) -> None:
    """Raise InvalidRanking or InvalidInput with what was expected and what came."""
    if answer.ranking is not None:
        _check_ranking(answer.ranking, len(of.order), kind, project.allow_ties, answer.all_bad)
    elif not answer.all_bad:
        raise InvalidRanking(f"Rank the {len(of.order)} responses, or say that all are bad.")
    _check_strength(answer, kind)
    if len(answer.flags) > MOST_FLAGS or any(len(flag) > FLAG_LENGTH for flag in answer.flags):
        raise InvalidInput(
            f"Expected at most {MOST_FLAGS} flags of at most {FLAG_LENGTH} characters."
        )
    if max(len(answer.comment), len(answer.rewrite)) > TEXT_LENGTH:
        raise InvalidInput(f"A comment or a rewrite has at most {TEXT_LENGTH} characters.")
    if not (math.isfinite(answer.active_seconds) and answer.active_seconds >= 0):
        raise InvalidInput(f"active_seconds expects 0 or more, got {answer.active_seconds}.")


def _check_ranking(
    ranking: Ranking, responses: int, kind: str, allow_ties: bool, all_bad: bool
) -> None:
    if len(ranking) != responses:
        raise InvalidRanking(f"Expected {responses} ranks, got {len(ranking)}.")
    ranks = [rank for rank in ranking if rank is not None]
    if kind == TaskKind.COMPARE and len(ranks) < responses:
        raise InvalidRanking("A comparison ranks both responses; skip it or say that both are bad.")
    if not ranks and not all_bad:
        raise InvalidRanking("At least one response needs a rank, unless all are bad.")
    if sorted(set(ranks)) != list(range(1, len(set(ranks)) + 1)):
        raise InvalidRanking(f"Expected ranks from 1 without a gap, got {list(ranking)}.")
    if len(set(ranks)) < len(ranks) and not allow_ties:
        raise InvalidRanking("This project does not allow ties: give every response its own rank.")


def _check_strength(answer: Answer, kind: str) -> None:
    if answer.strength is None:
        return
    ranking = answer.ranking
    if kind != TaskKind.COMPARE or ranking is None or len(set(ranking)) < 2:
        raise InvalidRanking("A strength belongs to a comparison that one response won.")
    if answer.strength not in (1, 2, 3):
        raise InvalidRanking(f"Expected a strength of 1, 2 or 3, got {answer.strength}.")


def amend_last(project: Project, *, by: User) -> Assignment:
    """Open the labeler's newest label again; it stands until another answer supersedes it.

    The draft is what they said. Raises NothingToUndo when they have said nothing yet, or the
    round of what they said last has moved on.
    """
    with writing():
        step(project, by, now=timezone.now())
        label = (
            Label.objects.current().filter(labeler=by, project=project).order_by("-created_at")
        ).first()
        if label is None:
            raise NothingToUndo("You have not labeled anything here yet.")
        if not fetch(_LOCK_LABELING_ROUND, label.round_id):
            raise NothingToUndo(
                "The round of your last label has moved on, so the label can no longer change."
            )
        assignment = Assignment.objects.get(task_id=label.task_id, labeler=by)
        assignment.amends = True
        assignment.draft = said(label, assignment.order)
        assignment.draft_saved_at = 0
        assignment.save(update_fields=["amends", "draft", "draft_saved_at"])
    return assignment


def said(label: Label, order: list[int]) -> dict[str, Any]:
    """A label in the words of a submission, ranks in the order shown."""
    return {
        "ranking": shown(label.ranking, order),
        "strength": label.strength,
        "all_bad": label.all_bad,
        "flags": label.flags,
        "comment": label.comment,
        "rewrite": label.rewrite or None,
        "active_seconds": label.active_seconds,
    }
