"""What people decide: the answers to what a step asks, and the steering of a round that runs.

Each is a row: who, what, why, on which evidence. What it changes is laid over the recipe, which
itself stays as it was when the round started.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from annotation.errors import Conflict, InvalidInput
from annotation.happenings import happened
from annotation.models import Checkpoint, Decision, Job, Label, Round, RoundStep, User
from annotation.rounds import plan, step
from annotation.rounds.recipe import Amendment, Recipe
from annotation.rounds.step import Evidence, Made, QuestionJson
from annotation.sentences import Sentence, say
from annotation.services import checkpoints, jobs
from training.contract.parse import Json, to_json

State = RoundStep.State

PAUSE, RESUME, MORE_LABELS, MORE_PROMPTS = "pause", "resume", "more_labels", "more_prompts"
ACCEPT_CHECKPOINT = "accept_checkpoint"


@dataclass(frozen=True)
class Wanted:
    """A decision as it is asked for. `decision_id` is the client's: sent twice, decided once.

    `step` and `subject` name the question that is answered; without a step the round is steered.
    `redo_from` and `changes` go with `redo` and `change`, `count` with `more_labels` (per task)
    and `more_prompts` (in all), `checkpoint` with `accept_checkpoint`.
    """

    choice: str
    decision_id: UUID
    step: str = ""
    subject: str = ""
    why: str = ""
    count: int | None = None
    redo_from: str = ""
    changes: tuple[Amendment, ...] = ()
    checkpoint: UUID | None = None


@dataclass
class Deciding:
    """A decision being carried out: the locked round, the row it answers, what it amends."""

    round: Round
    wanted: Wanted
    by: User | None
    row: RoundStep | None
    amendments: list[Amendment]
    evidence: Evidence | QuestionJson

    @property
    def recipe(self) -> Recipe:
        """As it will be with this decision. Raises InvalidRecipe."""
        return plan.effective_recipe(self.round, more=self.amendments)


@dataclass(frozen=True)
class Choice:
    """`title` is what stands on the button; `carry_out` does it, inside the transaction."""

    title: Sentence
    carry_out: Callable[[Deciding], None]


def decide(round: Round, wanted: Wanted, *, by: User | None) -> Decision:
    """Store what `by` chose and do it, exactly once.

    Raises Conflict when the round or the step does not offer it (any more), InvalidInput or
    InvalidRecipe when what it changes cannot be.
    """
    if wanted.choice not in CHOICES:
        raise InvalidInput(
            say(
                "choice_unknown",
                "Expected one of {choices}, got {got}.",
                choices=", ".join(CHOICES),
                got=repr(wanted.choice),
            )
        )
    with transaction.atomic():
        # A second click waits here, and then finds the decision of the first.
        locked = plan.lock(round)
        if found := Decision.objects.filter(round=locked, decision_id=wanted.decision_id).first():
            return found
        row = _row(locked, wanted)
        question = None
        if row is not None:
            if (earlier := _answer(row, wanted.subject)) is not None:
                return _same(earlier, wanted)
            question = _question(row, wanted)
        elif wanted.choice not in offered(locked):
            raise _not_offered(wanted.choice, offered(locked))
        changes = wanted.changes if wanted.choice in (step.REDO, step.CHANGE) else ()
        deciding = Deciding(locked, wanted, by, row, list(changes), question or {})
        decision = Decision.objects.create(
            round=locked,
            step=deciding.row,
            attempt=deciding.row.attempts if deciding.row else 0,
            subject=wanted.subject if question else "",
            choice=wanted.choice,
            why=wanted.why,
            by=by,
            decision_id=wanted.decision_id,
        )
        CHOICES[wanted.choice].carry_out(deciding)
        decision.amendments = deciding.amendments
        decision.evidence = deciding.evidence
        decision.save(update_fields=["amendments", "evidence"])
        happened(
            "round.decided",
            locked,
            by=by,
            number=locked.number,
            choice=wanted.choice,
            step=wanted.step,
            subject=wanted.subject,
        )
    round.refresh_from_db()
    return decision


def offered(round: Round) -> list[str]:
    """How a round can be steered now, besides answering what its steps ask."""
    if round.state == Round.State.DRAFT:
        return [step.CANCEL]
    found = []
    if round.state == Round.State.OPEN:
        found.append(RESUME if round.is_paused else PAUSE)
        states = {row.kind: row.state for row in round.steps.all()}
        if states.get("label", State.DONE) in (State.WAITING, State.RUNNING, State.BLOCKED):
            found += [MORE_LABELS, MORE_PROMPTS]
        if states.get("label") in (State.RUNNING, State.BLOCKED):
            found.append(step.ENOUGH)
        found += [step.REDO, step.CHANGE, step.CANCEL]
    if Checkpoint.objects.filter(round=round, is_accepted=False).exists():
        found.append(ACCEPT_CHECKPOINT)
    return found


def open_questions(row: RoundStep) -> list[QuestionJson]:
    """What the step still asks: its block without what has been answered."""
    answered = set(
        Decision.objects.filter(step=row, attempt=row.attempts).values_list("subject", flat=True)
    )
    block: list[QuestionJson] = row.block or []
    return [one for one in block if one["subject"] not in answered]


def _row(locked: Round, wanted: Wanted) -> RoundStep | None:
    if not wanted.step:
        return None
    row = locked.steps.filter(name=wanted.step).first()
    if row is None:
        raise InvalidInput(
            say("step_unknown", "This round has no step {step}.", step=repr(wanted.step[:60]))
        )
    return row


def _question(row: RoundStep, wanted: Wanted) -> QuestionJson:
    """The question that is answered, as it was asked."""
    asked: list[QuestionJson] = row.block or []
    question = next((one for one in asked if one["subject"] == wanted.subject), None)
    if question is None or wanted.choice not in question["choices"]:
        raise _not_offered(wanted.choice, question["choices"] if question else [])
    return question


def _answer(row: RoundStep, subject: str) -> Decision | None:
    return Decision.objects.filter(step=row, attempt=row.attempts, subject=subject).first()


def _same(earlier: Decision, wanted: Wanted) -> Decision:
    if earlier.choice != wanted.choice:
        raise Conflict(
            say(
                "decided_already",
                "{who} has decided this already: {choice}. Reload the page.",
                who=earlier.by.name if earlier.by else "Somebody",
                choice=earlier.choice,
            )
        )
    return earlier


def _not_offered(choice: str, choices: Sequence[str]) -> Conflict:
    return Conflict(
        say(
            "choice_not_offered",
            "What is offered here is {offered}, not {choice}. Reload the page: somebody may have "
            "decided already.",
            offered=", ".join(choices) or "nothing",
            choice=choice,
        )
    )


def _retry(d: Deciding) -> None:
    """The same step again: failed jobs go on from their last checkpoint."""
    assert d.row is not None
    found = plan.jobs_of(d.row)
    for job in found:
        if job.state in (Job.State.FAILED, Job.State.CANCELLED):
            jobs.retry_job(job, by=d.by)
    if not found:
        # Nothing was made of what it read, so it may read what is there now.
        d.row.reads = None
    _to_waiting(d.row)
    plan.settle(d.round)


def _to_waiting(row: RoundStep) -> None:
    row.state, row.block = State.WAITING, None
    row.save(update_fields=["state", "block", "reads"])


def _redo(d: Deciding) -> None:
    if not d.wanted.redo_from and d.row is None:
        raise InvalidInput(say("redo_from_where", "Say from which step to start over."))
    name = d.wanted.redo_from or (d.row.name if d.row else "")
    _start_over(d, [name, *(one["step"] for one in d.amendments)])


def _change(d: Deciding) -> None:
    if not d.amendments:
        raise InvalidInput(say("change_what", "Say which settings of which step change."))
    _start_over(d, [one["step"] for one in d.amendments])


def _start_over(d: Deciding, names: list[str]) -> None:
    known = {one.name for one in d.recipe.steps}
    if unknown := [name for name in names if name not in known]:
        raise InvalidInput(
            say("step_unknown", "This round has no step {step}.", step=repr(unknown[0][:60]))
        )
    _check_tasks_can_be_asked(d)
    plan.redo(d.round, d.recipe, names, by=d.by)
    if (labels := plan.label_step(d.recipe)) is not None:
        plan.want_labels(d.round, labels)
    if d.row is not None:
        d.row.refresh_from_db()
        if d.row.state == State.BLOCKED:
            # What it asked about is made again elsewhere; it looks at that anew.
            d.row.reads = None
            _to_waiting(d.row)
    plan.settle(d.round)


def _check_tasks_can_be_asked(d: Deciding) -> None:
    """Labeled tasks stay as they are, so what they ask cannot change under them."""
    before = plan.label_step(plan.effective_recipe(d.round))
    after = plan.label_step(d.recipe)
    if before is None or after is None:
        return
    is_same = before == replace(after, labels_wanted=before.labels_wanted)
    if not is_same and Label.objects.filter(round=d.round).exists():
        raise Conflict(
            say(
                "round_tasks_kept",
                "People have labeled these tasks, so what they ask stays. Ask otherwise in a round "
                "after this one.",
            )
        )


def _answer_gate(d: Deciding) -> None:
    """A gate goes on when each of its questions has its own answer."""
    assert d.row is not None
    row = d.row
    given = dict(
        Decision.objects.filter(step=row, attempt=row.attempts).values_list("subject", "choice")
    )
    block: list[QuestionJson] = row.block or []
    if all(one["subject"] in given for one in block):
        row.made = to_json(Made(passed=all(choice == step.ACCEPT for choice in given.values())))
        row.state, row.block, row.finished_at = State.DONE, None, timezone.now()
        row.save(update_fields=["made", "state", "block", "finished_at"])
        plan.settle(d.round)


def _skip(d: Deciding) -> None:
    assert d.row is not None
    d.row.state, d.row.block, d.row.finished_at = State.SKIPPED, None, timezone.now()
    d.row.save(update_fields=["state", "block", "finished_at"])
    plan.settle(d.round)


def _enough(d: Deciding) -> None:
    plan.end_labeling(d.round, by=d.by)


def _cancel(d: Deciding) -> None:
    plan.cancel(d.round, by=d.by)


def _pause(d: Deciding) -> None:
    d.round.is_paused = True
    plan.settle(d.round)


def _resume(d: Deciding) -> None:
    d.round.is_paused = False
    plan.settle(d.round)


def _more_labels(d: Deciding) -> None:
    labels = plan.label_step(d.recipe)
    assert labels is not None, "offered only to a round that labels"
    _amend(d, labels.name, {"labels_wanted": _count(d, labels.labels_wanted)})
    changed = plan.label_step(d.recipe)
    assert changed is not None
    plan.want_labels(d.round, changed)


def _more_prompts(d: Deciding) -> None:
    written = plan.generate_step(d.recipe)
    assert written is not None, "a label step reads it"
    _amend(d, written.name, {"prompts": {"count": _count(d, written.prompts.count)}})
    plan.want_prompts(d.round)


def _count(d: Deciding, now: int) -> int:
    if d.wanted.count is None or d.wanted.count <= now:
        raise InvalidInput(
            say(
                "more_than_now",
                "Expected a number above the {now} there are now, got {got}.",
                now=now,
                got=d.wanted.count,
            )
        )
    return d.wanted.count


def _amend(d: Deciding, name: str, change: dict[str, Json]) -> None:
    d.amendments.append(Amendment(step=name, change=change))


def _accept_checkpoint(d: Deciding) -> None:
    found = None
    if d.wanted.checkpoint is not None:
        found = Checkpoint.objects.filter(round=d.round, pk=d.wanted.checkpoint).first()
    if found is None:
        raise InvalidInput(
            say("checkpoint_not_of_round", "Choose a checkpoint that this round has made.")
        )
    d.evidence = {"checkpoint": str(found.pk), "name": found.name, **found.metrics}
    checkpoints.accept_checkpoint(found, by=d.by)


CHOICES: dict[str, Choice] = {
    step.RETRY: Choice(say("choice_retry", "Try again"), _retry),
    step.REDO: Choice(say("choice_redo", "Start over from a step"), _redo),
    step.CHANGE: Choice(say("choice_change", "Start over with other settings"), _change),
    step.SKIP: Choice(say("choice_skip", "Go on without this step"), _skip),
    step.ENOUGH: Choice(say("choice_enough", "Go on with the labels there are"), _enough),
    step.ACCEPT: Choice(say("choice_accept", "Accept it anyway"), _answer_gate),
    step.DISCARD: Choice(say("choice_discard", "Discard the checkpoint"), _answer_gate),
    step.CANCEL: Choice(say("choice_cancel", "Cancel the round"), _cancel),
    PAUSE: Choice(say("choice_pause", "Pause the round"), _pause),
    RESUME: Choice(say("choice_resume", "Go on"), _resume),
    MORE_LABELS: Choice(say("choice_more_labels", "Ask for more labels"), _more_labels),
    MORE_PROMPTS: Choice(say("choice_more_prompts", "Ask about more prompts"), _more_prompts),
    ACCEPT_CHECKPOINT: Choice(
        say("choice_accept_checkpoint", "Accept this checkpoint"), _accept_checkpoint
    ),
}
