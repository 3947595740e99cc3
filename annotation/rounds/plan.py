"""A round's plan: its steps as rows, the recipe as it stands now, and the stage people see.

Every function that writes here wants the round's row locked: a step's move, what follows for the
round, and a person's decision then never see each other half done.
"""

from collections.abc import Iterable, Sequence

from django.utils import timezone

from annotation.errors import Conflict
from annotation.happenings import happened
from annotation.models import Decision, Job, Label, Round, RoundStep, Task, User
from annotation.rounds.recipe import Amendment, Recipe, amended, parse_recipe
from annotation.rounds.step import is_key_of
from annotation.rounds.steps import STEPS
from annotation.rounds.steps.generate import Generate
from annotation.rounds.steps.label import Label as LabelStep
from annotation.sentences import say
from annotation.services import jobs, tasks

State = RoundStep.State


def lock(round: Round) -> Round:
    """The round's row, locked. Labels that name the round do not wait for it.

    Of two rounds the one before is locked first, and a round before its project.
    """
    return (
        Round.objects.select_for_update(no_key=True, of=("self",))
        .select_related("project__team")
        .get(pk=round.pk)
    )


def amendments_of(round: Round) -> list[Amendment]:
    """What people changed, oldest first."""
    found = Decision.objects.filter(round=round).order_by("created_at", "pk")
    return [one for amendments in found.values_list("amendments", flat=True) for one in amendments]


def effective_recipe(round: Round, *, more: Iterable[Amendment] = ()) -> Recipe:
    """The recipe with the amendments of all decisions (and `more`) laid over it."""
    return amended(round.recipe, [*amendments_of(round), *more])


def begin(locked: Round, *, by: User | None) -> None:
    """A draft opens: its steps become rows."""
    RoundStep.objects.bulk_create(
        RoundStep(round=locked, name=step.name, kind=step.kind, index=i)
        for i, step in enumerate(parse_recipe(locked.recipe).steps)
    )
    locked.state = Round.State.OPEN
    locked.started_at = timezone.now()
    locked.save(update_fields=["state", "started_at"])
    happened("round.started", locked, by=by, number=locked.number)


def settle(locked: Round) -> None:
    """What a move of its steps means for the round: whether it labels, whether it is done."""
    rows = list(locked.steps.all())
    was_labeling = locked.is_labeling
    locked.is_labeling = (
        not locked.is_paused
        and locked.archived_at is None
        and any(row.kind == "label" and row.state == State.RUNNING for row in rows)
    )
    if locked.state == Round.State.OPEN and all(row.state in RoundStep.ENDED for row in rows):
        locked.state = Round.State.DONE
        locked.finished_at = timezone.now()
    locked.save(update_fields=["is_labeling", "is_paused", "state", "finished_at"])
    if locked.is_labeling and not was_labeling:
        # Leases that ended meanwhile opened no task again.
        tasks.reopen(locked)
    happened("round.moved", locked)
    if locked.state == Round.State.DONE:
        happened("round.finished", locked, number=locked.number)
        _begin_successor(locked)


def _begin_successor(locked: Round) -> None:
    following = (
        Round.objects.select_for_update(no_key=True)
        .filter(after=locked, state=Round.State.DRAFT)
        .first()
    )
    if following is not None:
        # What it lacks (prompts, a writer) its first step says, as a block.
        begin(following, by=None)


def redo(locked: Round, recipe: Recipe, names: Sequence[str], *, by: User | None) -> None:
    """These steps and all that read them start over, as a new take; their jobs are stopped.

    Labels are never thrown away, and so neither is what they speak of. Raises Conflict.
    """
    affected = {name for one in names for name in (one, *recipe.readers_of(one))}
    rows = [row for row in locked.steps.filter(name__in=affected) if row.attempts]
    for row in rows:
        _cancel_jobs(row, by)
        row.take += 1
        row.state = State.WAITING
        row.reads = row.made = row.block = row.started_at = row.finished_at = None
        row.evidence = []
        row.save()
    kinds = {row.kind for row in rows}
    if kinds & {"generate", "label"}:
        _take_tasks_back(locked, kinds)


def _take_tasks_back(locked: Round, kinds: set[str]) -> None:
    """Tasks that nobody has labeled are made anew; labeled ones stay, and so what they ask of."""
    # Ends every lease and waits for whoever is storing a label at this moment. The steps' rows
    # are written by now, so no worker makes tasks of the take before.
    tasks.close(locked)
    if not Label.objects.filter(round=locked).exists():
        Task.objects.filter(round=locked).delete()
    elif "generate" in kinds:
        raise Conflict(
            say(
                "round_labels_kept",
                "People have labeled these responses, so they stay. Ask for more prompts, or "
                "write others in a round after this one.",
            )
        )


def cancel(locked: Round, *, by: User | None) -> None:
    """The round ends here. Labels, responses and checkpoints stay."""
    for row in locked.steps.exclude(state__in=RoundStep.ENDED):
        _cancel_jobs(row, by)
        row.state, row.block, row.finished_at = State.CANCELLED, None, timezone.now()
        row.save(update_fields=["state", "block", "finished_at"])
    locked.state = Round.State.CANCELLED
    locked.is_paused = False
    locked.finished_at = timezone.now()
    # The round before has room for another successor.
    locked.after = None
    locked.save(update_fields=["after"])
    settle(locked)
    tasks.close(locked)
    happened("round.cancelled", locked, by=by, number=locked.number)


def end_labeling(locked: Round, *, by: User | None) -> None:
    """The labels there are will do. More prompts that are still being answered are given up."""
    for row in locked.steps.filter(kind__in=["generate", "label"]).exclude(
        state__in=RoundStep.ENDED
    ):
        _cancel_jobs(row, by)
        row.state, row.block, row.finished_at = State.DONE, None, timezone.now()
        row.save(update_fields=["state", "block", "finished_at"])
    tasks.close(locked)
    happened("labeling.finished", locked, by=by)
    settle(locked)


def want_labels(locked: Round, step: LabelStep) -> None:
    """Every task wants as many labels as the step does now, and is open if it lacks some."""
    Task.objects.filter(round=locked, labels_wanted__lt=step.labels_wanted).update(
        labels_wanted=step.labels_wanted
    )
    # Whoever has counted the labels before this does not end the step.
    for row in locked.steps.filter(kind="label", state=State.RUNNING):
        row.attempts += 1
        row.save(update_fields=["attempts"])
    if locked.is_labeling:
        tasks.reopen(locked)


def want_prompts(locked: Round) -> None:
    """The generate step looks again for prompts; the labels of the others go on."""
    for row in locked.steps.filter(kind="generate", state=State.DONE):
        row.state, row.finished_at = State.RUNNING, None
        row.attempts += 1
        row.save(update_fields=["state", "finished_at", "attempts"])
    for row in locked.steps.filter(kind="label", state=State.RUNNING):
        row.attempts += 1
        row.save(update_fields=["attempts"])


def jobs_of(row: RoundStep) -> list[Job]:
    """The jobs of the step's present take, oldest first."""
    found = Job.objects.filter(round_id=row.round_id, key__startswith=row.name)
    return [job for job in found.order_by("created_at") if is_key_of(job.key, row)]


def _cancel_jobs(row: RoundStep, by: User | None) -> None:
    for job in jobs_of(row):
        if job.state not in Job.ENDED:
            jobs.cancel_job(job, by=by)


def stage_of(round: Round, rows: Sequence[RoundStep]) -> str:
    """One word for where the round is: draft, generating ... done, blocked or cancelled.

    The stage of the first step that has not ended; `blocked` as soon as any step waits for people.
    """
    if round.state != Round.State.OPEN:
        return round.state
    if any(row.state == State.BLOCKED for row in rows):
        return "blocked"
    row = next((row for row in rows if row.state not in RoundStep.ENDED), None)
    return Round.State.DONE if row is None else STEPS[row.kind].stage


def generate_step(recipe: Recipe) -> Generate | None:
    return next((step for step in recipe.steps if isinstance(step, Generate)), None)


def label_step(recipe: Recipe) -> LabelStep | None:
    return next((step for step in recipe.steps if isinstance(step, LabelStep)), None)
