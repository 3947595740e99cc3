"""`advance` does the next things for a round, if they can be done.

Nothing else moves a step on; people answer what it asks, in `decisions`. The worker calls it for
every open round, again and again. Killed at any line, the next call goes on from what is stored.
"""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from django.db import transaction
from django.db.utils import OperationalError
from django.utils import timezone

from annotation.errors import DomainError
from annotation.happenings import happened
from annotation.models import Round, RoundStep
from annotation.rounds import plan
from annotation.rounds.alone import alone
from annotation.rounds.recipe import Recipe
from annotation.rounds.step import (
    CANCEL,
    CHANGE,
    RETRY,
    Blocked,
    Made,
    Question,
    Step,
    Work,
    made_by,
    why,
)
from training.contract.parse import to_json

logger = logging.getLogger(__name__)

State = RoundStep.State


def advance_open_rounds() -> None:
    """Advance every open round; one that fails is blocked, the others go on."""
    for round_ in Round.objects.open().select_related("project__team"):
        advance(round_)


def advance(round: Round) -> Round:
    """Run the steps that are ready; a step that cannot go on is blocked, in words.

    Two workers would do the same work twice, so one of them passes by (`alone`). Were both inside
    all the same (a connection lost and found), each move is conditional on the state it leaves.
    """
    with alone(round.pk) as is_mine:
        if is_mine:
            _look(round)
    round.refresh_from_db()
    return round


def _look(round: Round) -> None:
    round.refresh_from_db()
    if round.state != Round.State.OPEN or round.is_paused or round.archived_at is not None:
        return
    rows = {row.name: row for row in round.steps.all()}
    try:
        recipe = plan.effective_recipe(round)
    except DomainError as error:
        # Written by an older version that knew other names.
        first = next(row for row in rows.values() if row.state not in RoundStep.ENDED)
        _block(first, (Question(why(error), (RETRY, CHANGE, CANCEL)),))
        return
    for step in recipe.steps:
        row = rows[step.name]
        if row.state in (State.WAITING, State.RUNNING):
            _advance_step(round, recipe, step, rows)


def _advance_step(round: Round, recipe: Recipe, step: Step, rows: Mapping[str, RoundStep]) -> None:
    row = rows[step.name]
    before = [rows[name] for name in step.reads.names() if name in rows]
    if any(one.state == State.SKIPPED or _was_refused(one) for one in before):
        _end(row, State.SKIPPED, None)
        return
    if any(one.state != State.DONE for one in before):
        return
    try:
        if row.state == State.WAITING and not _begin(row):
            return
        work = Work(round, recipe, row, rows)
        if row.reads is None:
            _pin(row, work, step)
        made = step.run(work)
        if made is not None:
            _end(row, State.DONE, made, work, step)
    except Blocked as blocked:
        _block(row, blocked.questions)
    except OperationalError:
        # The database is away or busy: that is no fact about this round.
        raise
    except Exception as error:
        if not isinstance(error, DomainError):
            logger.exception("round %s, step %s could not go on", round.pk, row.name)
        _block(row, (Question(why(error), (RETRY, CHANGE, CANCEL)),))


def _was_refused(row: RoundStep) -> bool:
    return row.state == State.DONE and made_by(row).passed is False


@contextmanager
def _still(row: RoundStep) -> Iterator[Round | None]:
    """The locked round, if the step is still as `row` saw it; None when somebody has moved it.

    A person may have decided, or a worker that came in between may have gone on: an error or a
    result of the state before then speaks about something that is no more.
    """
    with transaction.atomic():
        locked = plan.lock(row.round)
        now = RoundStep.objects.get(pk=row.pk)
        is_same = (now.state, now.attempts, now.take) == (row.state, row.attempts, row.take)
        yield locked if is_same and locked.state == Round.State.OPEN else None


def _begin(row: RoundStep) -> bool:
    with _still(row) as locked:
        if locked is None:
            return False
        row.state = State.RUNNING
        row.attempts += 1
        row.started_at = row.started_at or timezone.now()
        row.save(update_fields=["state", "attempts", "started_at"])
        plan.settle(locked)
    return True


def _pin(row: RoundStep, work: Work, step: Step) -> None:
    """What "newest" means is decided once, before anything is made of it."""
    reads = work.resolve(step.reads)
    pinned = RoundStep.objects.filter(
        pk=row.pk, take=row.take, attempts=row.attempts, reads__isnull=True
    ).update(reads=reads)
    if not pinned:
        row.refresh_from_db(fields=["reads"])
    else:
        row.reads = reads


def _end(
    row: RoundStep,
    state: str,
    made: Made | None,
    work: Work | None = None,
    step: Step | None = None,
) -> None:
    with _still(row) as locked:
        if locked is None:
            return
        if work is not None and step is not None and made is not None:
            work.round = locked
            step.finish(work, made)
            row.made = to_json(made)
        row.state = state
        row.finished_at = timezone.now()
        row.save(update_fields=["state", "made", "finished_at"])
        plan.settle(locked)


def _block(row: RoundStep, questions: tuple[Question, ...]) -> None:
    with _still(row) as locked:
        if locked is None:
            return
        row.state = State.BLOCKED
        row.block = [question.to_json() for question in questions]
        row.save(update_fields=["state", "block"])
        plan.settle(locked)
        happened(
            "round.blocked",
            locked,
            number=locked.number,
            step=row.name,
            reason=str(questions[0].said),
        )
