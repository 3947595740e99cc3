"""Labels: an answer is checked, stored exactly once, and may be said again."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError
from django.utils import timezone

from annotation.database import change, fetch, insert, writing
from annotation.errors import Conflict, InvalidInput, LeaseExpired, NothingToUndo
from annotation.happenings import happened
from annotation.kinds import KINDS, Answer, Asked
from annotation.models import Assignment, Label, Labeler, Project
from annotation.sentences import say
from annotation.services.assignments import Draft, State, check_hold, lock_task, refuse
from annotation.services.seats import recount, step, top_up, uncount

MOST_FLAGS, FLAG_LENGTH, TEXT_LENGTH = 20, 50, 50_000


@dataclass(frozen=True, slots=True)
class Said:
    """What a labeler says. `answer` is to be one of the task's kind, in the order shown."""

    answer: object
    flags: Sequence[str] = ()
    comment: str = ""
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
SELECT 1 FROM annotation_round WHERE id = %s AND state = 'labeling' FOR SHARE"""


def submit_label(
    assignment: Assignment, said: Said, *, submission_id: UUID, hold: int = 0
) -> Submitted:
    """Store what the labeler of an assignment says, exactly once, and top up their leases.

    The same `submission_id` again returns the label it made. `hold` leases (0 to 3) are held
    afterwards, in the same transaction, so that the next task costs no commit of its own.
    `assignment` comes with its task, project and labeler. Raises InvalidRanking, InvalidInput,
    AlreadyLabeled for another answer to the same task, LeaseExpired when the lease is lost and
    the place taken, Conflict for a submission_id that was used for another task.
    """
    if hold:
        check_hold(hold)
    label = _label(assignment, said, submission_id)
    now = timezone.now()
    try:
        with writing():
            # The seat's lock makes the labeler's own requests wait for one another, so of two
            # with the same submission_id the second sees what the first stored.
            seat = step(
                assignment.project,
                assignment.labeler,
                now=now,
                past=assignment.position,
                labels=1,
                guideline_version=said.guideline_version,
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
                happened("label.submitted", label)
    except IntegrityError as error:
        if "label_sent_once" in str(error) or "submission_id" in str(error):
            raise _used_elsewhere() from error
        raise
    return Submitted(label=stored or label, is_new=stored is None)


def _used_elsewhere() -> Conflict:
    return Conflict(
        say(
            "submission_used",
            "This submission_id was used for another task. Make a new one for each answer.",
        )
    )


def _without_lease(assignment: Assignment, label: Label, now: datetime) -> Label | None:
    """A submission whose lease is over: stored before, an amendment, late, or refused.

    Returns the label found, or None when `label` was inserted.
    """
    found = Label.objects.filter(
        labeler_id=label.labeler_id, submission_id=label.submission_id
    ).first()
    if found is not None:
        if found.task_id != label.task_id:
            raise _used_elsewhere()
        return found
    if not fetch(_LOCK_LABELING_ROUND, label.round_id):
        raise LeaseExpired(
            say("label_too_late", "The round has moved on, so this answer was not stored.")
        )
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


def _label(assignment: Assignment, said: Said, submission_id: UUID) -> Label:
    return Label(
        task_id=assignment.task_id,
        labeler=assignment.labeler,
        round_id=assignment.round_id,
        project_id=assignment.project_id,
        submission_id=submission_id,
        answer=checked(said, of=assignment),
        flags=list(said.flags),
        comment=said.comment,
        active_seconds=said.active_seconds,
        guideline_version=said.guideline_version,
    )


def checked(said: Said, *, of: Assignment) -> Answer:
    """The answer in canonical order.

    Raises InvalidRanking or InvalidInput with what was expected and what came.
    """
    kind = KINDS[of.task.kind]
    answer = kind.parse(said.answer)
    kind.check(answer, Asked(responses=len(of.order), allow_ties=of.project.allow_ties))
    if len(said.flags) > MOST_FLAGS or any(len(flag) > FLAG_LENGTH for flag in said.flags):
        raise InvalidInput(
            say(
                "label_flags",
                "Expected at most {most} flags of at most {length} characters.",
                most=MOST_FLAGS,
                length=FLAG_LENGTH,
            )
        )
    if len(said.comment) > TEXT_LENGTH:
        raise InvalidInput(
            say("label_comment", "A comment has at most {most} characters.", most=TEXT_LENGTH)
        )
    if not (math.isfinite(said.active_seconds) and said.active_seconds >= 0):
        raise InvalidInput(
            say(
                "label_seconds",
                "active_seconds expects 0 or more, got {got}.",
                got=str(said.active_seconds),
            )
        )
    canonical: Answer = kind.to_canonical(answer, of.order)
    return canonical


def amend_last(project: Project, *, by: Labeler) -> Assignment:
    """Open the labeler's newest label again; it stands until another answer supersedes it.

    The draft is what they said. Raises NothingToUndo when they have said nothing yet, or the
    round of what they said last has moved on.
    """
    with writing():
        step(project, by, now=timezone.now())
        label = (
            Label.objects.current()
            .filter(labeler=by, project=project)
            .select_related("task")
            .order_by("-created_at")
        ).first()
        if label is None:
            raise NothingToUndo(say("undo_nothing", "You have not labeled anything here yet."))
        if not fetch(_LOCK_LABELING_ROUND, label.round_id):
            raise NothingToUndo(
                say(
                    "undo_too_late",
                    "The round of your last label has moved on, so the label can no longer change.",
                )
            )
        assignment = Assignment.objects.get(task_id=label.task_id, labeler=by)
        assignment.amends = True
        assignment.draft = draft_of(label, assignment.order)
        assignment.draft_saved_at = 0
        assignment.save(update_fields=["amends", "draft", "draft_saved_at"])
    return assignment


def shown_answer(label: Label, order: list[int]) -> Answer:
    """What was said, responses in the order of an assignment."""
    answer: Answer = KINDS[label.task.kind].to_shown(label.answer, order)
    return answer


def draft_of(label: Label, order: list[int]) -> Draft:
    """A label as a draft of the one that may supersede it, in the order shown."""
    return {
        "saved_at": 0,
        "answer": shown_answer(label, order),
        "flags": label.flags,
        "comment": label.comment,
        "active_seconds": label.active_seconds,
    }
