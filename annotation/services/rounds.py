"""Rounds: what people do with them, and `advance`, which does the next thing if it can be done.

Nothing else moves a round. The worker calls `advance` for every open round, again and again;
`services.stages` says what each state waits for and does.
"""

import logging
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from annotation import events
from annotation.errors import Conflict, InvalidInput
from annotation.models import Checkpoint, Job, Project, Round, User
from annotation.services import checkpoints, generation, jobs, stages, tasks
from annotation.services.recipes import Recipe, parse_recipe
from annotation.services.stages import Blocked

logger = logging.getLogger(__name__)

State = Round.State
NEXT: dict[str, State] = {
    State.GENERATING: State.LABELING,
    State.LABELING: State.AGGREGATING,
    State.AGGREGATING: State.TRAINING,
    State.TRAINING: State.EVALUATING,
    State.EVALUATING: State.DONE,
}


def create_round(project: Project, *, recipe: dict[str, Any], by: User | None) -> Round:
    """A draft with the next number. Raises InvalidRecipe."""
    checked = parse_recipe(recipe).to_json()
    with transaction.atomic():
        # The project's row serialises two people pressing "New round" at once.
        Project.objects.select_for_update(no_key=True).get(pk=project.pk)
        last = Round.objects.filter(project=project).aggregate(last=Max("number"))["last"] or 0
        round_ = Round.objects.create(project=project, number=last + 1, recipe=checked)
        _record(round_, "round.created", by)
    return round_


def change_recipe(round: Round, *, recipe: dict[str, Any], by: User | None) -> Round:
    """Replace the recipe of a draft. Raises InvalidRecipe, Conflict once it has started."""
    checked = parse_recipe(recipe).to_json()
    with transaction.atomic():
        changed = Round.objects.filter(pk=round.pk, state=State.DRAFT).update(recipe=checked)
        if not changed:
            raise Conflict(f"Only a draft's recipe can change; this round is {round.state}.")
        _record(round, "round.recipe_changed", by)
    round.refresh_from_db()
    return round


def start_round(round: Round, *, by: User | None) -> Round:
    """Start a draft: check that there are prompts and writers, then let the worker go on.

    Raises InvalidInput with what is missing, Conflict when it has started already.
    """
    recipe = parse_recipe(round.recipe)
    if recipe.generation is not None:
        checkpoints.writers_for(round, recipe.generation.checkpoints)
        if not generation.choose_prompts(round, recipe.prompts):
            raise InvalidInput(
                "The project has no prompts that fit this recipe. Import prompts, or choose "
                "another split or other tags."
            )
    with transaction.atomic():
        locked = Round.objects.select_for_update().get(pk=round.pk)
        if locked.state != State.DRAFT:
            raise Conflict(f"Only a draft can start; this round is {locked.state}.")
        _enter(locked, State.GENERATING if recipe.generation else State.LABELING)
        Round.objects.filter(pk=round.pk).update(started_at=timezone.now())
        _record(locked, "round.started", by)
    round.refresh_from_db()
    return round


def cancel_round(round: Round, *, by: User | None) -> Round:
    """Stop a round for good. Its jobs are asked to stop; labels and responses stay."""
    with transaction.atomic():
        locked = Round.objects.select_for_update().get(pk=round.pk)
        if locked.state in (State.DONE, State.CANCELLED):
            raise Conflict(f"This round is already {locked.state}.")
        for job in Job.objects.filter(round=round).exclude(state__in=Job.ENDED):
            jobs.cancel_job(job, by=by)
        _enter(locked, State.CANCELLED)
        tasks.close(locked)
        _record(locked, "round.cancelled", by)
    round.refresh_from_db()
    return round


def resolve_block(round: Round, *, action: str, by: User | None) -> Round:
    """Do what a blocked round offers. Raises Conflict when it offers something else."""
    with transaction.atomic():
        locked = Round.objects.select_for_update().get(pk=round.pk)
        blocked = locked.blocked
        offered = [choice["action"] for choice in blocked["actions"]] if blocked else []
        if blocked is None or action not in offered:
            raise Conflict(
                f"This round offers {', '.join(offered) or 'no choices'}, not {action!r}. "
                "Reload the page: somebody may have decided already."
            )
        if action != "cancel":
            _apply(locked, blocked, action, by)
            going_on = action == "enough"
            _enter(locked, NEXT[blocked["state"]] if going_on else blocked["state"])
        _record(locked, "round.resolved", by, choice=action)
    if action == "cancel":
        return cancel_round(round, by=by)
    round.refresh_from_db()
    return round


def _apply(round: Round, blocked: dict[str, Any], action: str, by: User | None) -> None:
    evidence = blocked["evidence"]
    if action == "retry":
        for job in Job.objects.filter(
            round=round, state__in=[Job.State.FAILED, Job.State.CANCELLED]
        ):
            jobs.retry_job(job, by=by)
    elif action == "accept":
        Checkpoint.objects.filter(pk=evidence["checkpoint"]).update(is_accepted=True)
        round.recipe["gates"] = []
        round.save(update_fields=["recipe"])
    elif action == "discard":
        Checkpoint.objects.filter(pk=evidence["checkpoint"]).update(is_accepted=False)
        round.recipe["gates"] = []
        round.save(update_fields=["recipe"])
    elif action == "enough":
        tasks.close(round)
    elif action == "skip_training":
        round.recipe["training"] = []
        round.save(update_fields=["recipe"])


def advance_open_rounds() -> None:
    """Advance every open round; a round that fails is blocked, the others go on."""
    for round_ in Round.objects.open().select_related("project__team"):
        advance(round_)


def advance(round: Round) -> Round:
    """Do the next thing for this round, if it can be done; a stall becomes a block, in words."""
    if round.state not in Round.OPEN:
        return round
    recipe = parse_recipe(round.recipe)
    try:
        together = stages.STAGES[round.state](round, recipe)
        if together is not None:
            _move(round, recipe, together)
    except Blocked as blocked:
        _block(round, blocked)
    except Exception as error:
        logger.exception("round %s could not advance from %s", round.pk, round.state)
        _block(
            round,
            Blocked(
                f"{type(error).__name__} while {round.state}: {error}",
                actions={"retry": "Try again", "cancel": "Cancel the round"},
            ),
        )
    round.refresh_from_db()
    return round


@transaction.atomic
def _move(round: Round, recipe: Recipe, together: stages.Together) -> None:
    """To the next state, with what belongs to the move, unless somebody has moved it already."""
    locked = Round.objects.select_for_update().get(pk=round.pk)
    if locked.state != round.state:
        return
    together()
    _enter(locked, NEXT[round.state])
    if locked.state == State.DONE:
        Round.objects.filter(pk=round.pk).update(finished_at=timezone.now())
        if recipe.next is not None:
            following = create_round(round.project, recipe=recipe.next.to_json(), by=None)
            start_round(following, by=None)


def _enter(locked: Round, state: str, blocked: dict[str, Any] | None = None) -> None:
    locked.state = state
    locked.blocked = blocked
    locked.history = [*locked.history, {"state": state, "at": timezone.now().isoformat()}]
    locked.save(update_fields=["state", "blocked", "history"])
    events.tell(f"round:{locked.pk}", "round.changed", locked.pk)
    events.tell(f"project:{locked.project_id}", "round.changed", locked.pk)
    events.tell(f"queue:{locked.project_id}", "queue.changed", locked.project_id)


def _block(round: Round, why: Blocked) -> None:
    with transaction.atomic():
        locked = Round.objects.select_for_update().get(pk=round.pk)
        if locked.state not in Round.OPEN:
            return
        blocked = {
            "state": locked.state,
            "reason": why.reason,
            "evidence": why.evidence,
            "actions": why.actions,
        }
        _enter(locked, State.BLOCKED, blocked)
        _record(locked, "round.blocked", None, reason=why.reason)


def _record(round: Round, action: str, by: User | None, **detail: Any) -> None:
    events.record(
        action,
        team=round.project.team,
        project=round.project,
        actor=by,
        object_id=round.pk,
        number=round.number,
        **detail,
    )
