"""Rounds before they start: made, edited, put one after the other, started."""

from django.db import transaction
from django.db.models import Max

from annotation.errors import Conflict, InvalidInput
from annotation.happenings import happened
from annotation.models import Checkpoint, Project, Round, User
from annotation.rounds import plan, sources
from annotation.rounds.recipe import parse_recipe
from annotation.rounds.steps.generate import choose_prompts, no_prompts, no_writer
from annotation.sentences import say


def create_round(
    project: Project, *, recipe: object, by: User | None, after: Round | None = None
) -> Round:
    """A draft with the next number, which starts by itself once `after` is done.

    Raises InvalidRecipe, InvalidInput, Conflict.
    """
    checked = parse_recipe(recipe).to_json()
    with transaction.atomic():
        before = _lock_before(after)
        # The project's row serialises two people pressing "New round" at once.
        Project.objects.select_for_update(no_key=True).get(pk=project.pk)
        last = Round.objects.filter(project=project).aggregate(last=Max("number"))["last"] or 0
        round_ = Round(project=project, number=last + 1, recipe=checked)
        _put_after(round_, before)
        round_.save(force_insert=True)
        happened("round.created", round_, by=by, number=round_.number)
    return round_


def change_recipe(round: Round, *, recipe: object, by: User | None) -> Round:
    """Replace the recipe of a draft. Raises InvalidRecipe, Conflict once it has started."""
    checked = parse_recipe(recipe).to_json()
    with transaction.atomic():
        locked = _lock_draft(round)
        locked.recipe = checked
        locked.save(update_fields=["recipe"])
        happened("round.recipe_changed", locked, by=by, number=locked.number)
    round.refresh_from_db()
    return round


def follow_round(round: Round, *, after: Round | None, by: User | None) -> Round:
    """Let a draft start when `after` is done; None: only when somebody starts it.

    Raises Conflict once it has started, or when `after` has ended or has a successor.
    """
    with transaction.atomic():
        before = _lock_before(after)
        locked = _lock_draft(round)
        _put_after(locked, before)
        locked.save(update_fields=["after"])
        happened("round.recipe_changed", locked, by=by, number=locked.number)
    round.refresh_from_db()
    return round


def start_round(round: Round, *, by: User | None) -> Round:
    """Start a draft: check that there are prompts and writers, then let the worker go on.

    Raises InvalidInput with what is missing, Conflict when it has started already.
    """
    with transaction.atomic():
        locked = _lock_draft(round)
        recipe = parse_recipe(locked.recipe)
        if (step := plan.generate_step(recipe)) is not None:
            kind = Checkpoint.Kind.POLICY
            writers = {name: sources.find(locked, name, kind=kind) for name in step.reads.writers}
            for name, writer in writers.items():
                if writer is None and sources.is_checkpoint_id(name):
                    raise InvalidInput(sources.not_usable(name))
            if not any(writers.values()):
                raise InvalidInput(no_writer())
            if not choose_prompts(locked, step.prompts):
                raise InvalidInput(no_prompts())
        plan.begin(locked, by=by)
    round.refresh_from_db()
    return round


def _lock_draft(round: Round) -> Round:
    locked = plan.lock(round)
    if locked.state != Round.State.DRAFT:
        raise Conflict(
            say(
                "round_not_draft",
                "Only a draft can change or start; this round is {state}.",
                state=locked.state,
            )
        )
    return locked


def _lock_before(after: Round | None) -> Round | None:
    """Locked, so that it does not end without seeing its successor."""
    return None if after is None else plan.lock(after)


def _put_after(round: Round, before: Round | None) -> None:
    if before is not None:
        if before.project_id != round.project_id:
            raise InvalidInput(
                say("round_of_other_project", "A round follows one of the same project.")
            )
        if before.state in (Round.State.DONE, Round.State.CANCELLED):
            raise Conflict(
                say(
                    "round_has_ended",
                    "Round {number} has ended ({state}), so nothing can wait for it. Start this "
                    "round yourself.",
                    number=before.number,
                    state=before.state,
                )
            )
        taken = Round.objects.filter(after=before).exclude(pk=round.pk).first()
        if taken is not None:
            raise Conflict(
                say(
                    "round_has_successor",
                    "Round {successor} already follows round {number}.",
                    successor=taken.number,
                    number=before.number,
                )
            )
        one: Round | None = before
        while one is not None:
            if one.pk == round.pk:
                raise Conflict(say("round_follows_itself", "A round cannot wait for itself."))
            one = one.after
    round.after = before
