"""The round that an imported file becomes: the one place where imports meet rounds."""

from dataclasses import dataclass
from typing import Any

from annotation.exchange.format import Holds
from annotation.models import Project, Round, User
from annotation.services import rounds
from annotation.services.recipes import DEFAULT_IMPORT

# People label what the file brought, then the votes are counted; nothing writes, nothing trains.
LABEL_ONLY: dict[str, Any] = {"generation": None, "learn_from": "round", "training": []}


@dataclass(frozen=True)
class Plan:
    """What is done with the tasks of a file. `labels_wanted`: of a task that brings no label."""

    recipe: dict[str, Any] | None = None
    labels_wanted: int = 1

    def recipe_for(self, holds: Holds) -> dict[str, Any]:
        """The recipe that was given; else labels train, and responses wait for labels."""
        if self.recipe is not None:
            return self.recipe
        return LABEL_ONLY if holds is Holds.RESPONSES else DEFAULT_IMPORT.to_json()


def create(project: Project, recipe: dict[str, Any], *, by: User | None) -> Round:
    return rounds.create_round(project, recipe=recipe, by=by)


def start(round: Round, *, by: User | None) -> Round:
    return rounds.start_round(round, by=by)
