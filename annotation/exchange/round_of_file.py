"""The round that an imported file becomes: the one place where imports meet rounds."""

from dataclasses import dataclass

from annotation.exchange.format import Holds
from annotation.models import Project, Round, User
from annotation.rounds import advance, drafts
from annotation.rounds.recipe import DEFAULT_IMPORT, LABEL_ONLY, parse_recipe
from annotation.rounds.steps.label import Label


@dataclass(frozen=True)
class Plan:
    """What is done with the tasks of a file. `labels_wanted`: of a task that brings no label."""

    recipe: object = None
    labels_wanted: int = 1

    def recipe_for(self, holds: Holds) -> object:
        """The recipe that was given; else labels train, and responses wait for labels."""
        if self.recipe is not None:
            return self.recipe
        chosen = LABEL_ONLY if holds is Holds.RESPONSES else DEFAULT_IMPORT
        return chosen.to_json()


def create(project: Project, recipe: object, *, by: User | None) -> Round:
    return drafts.create_round(project, recipe=recipe, by=by)


def start(round: Round, *, by: User | None) -> Round:
    return drafts.start_round(round, by=by)


def hand_out(round: Round) -> None:
    """Let labelers begin at once where labels are what the round waits for first.

    What it takes elsewhere (counting a million labels, say) is the worker's.
    """
    if isinstance(parse_recipe(round.recipe).steps[0], Label):
        advance.advance(round)
