"""How often a labeler orders two responses as the others do on the tasks they share."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from annotation.aggregation.estimate import Estimate, wilson
from annotation.models import Label, Project, Round, Team
from annotation.models.label import LabelQuerySet

# A share of fewer tasks says nothing yet.
LEAST_TASKS = 10
# The newest labels are enough for an interval of a percent and keep the page quick.
MOST_LABELS = 20_000

Said = tuple[UUID, UUID, Sequence[int | None] | None]


def agreement_of_members(team: Team) -> dict[UUID, Estimate]:
    """Each labeler's agreement with the others in the team, as `agreement_of_labelers`."""
    return agreement_of_labelers(_shared(Label.objects.filter(project__team=team)))


def agreement_of_project(project: Project) -> Estimate | None:
    """Agreement between any two labelers of the project, one value per task."""
    return _between_any_two(Label.objects.filter(project=project))


def agreement_of_round(round: Round) -> Estimate | None:
    """As `agreement_of_project`, of the labels of one round."""
    return _between_any_two(Label.objects.filter(round=round))


def _between_any_two(labels: LabelQuerySet) -> Estimate | None:
    values = [float(np.mean(list(by_labeler.values()))) for by_labeler in _tasks(_shared(labels))]
    return _estimate(values)


def agreement_of_labelers(labels: Iterable[Said]) -> dict[UUID, Estimate]:
    """{labeler: share of response pairs ordered alike, 0 to 1} from (task, labeler, ranking).

    Labels come sorted by task, at most one per labeler and task. A tie agrees with a tie only; a
    pair that one of the two could not rank is not counted. Every task weighs the same and is one
    unit of the 95 % Wilson interval, which is on the safe side for tasks with many pairs.
    Labelers who share fewer than `LEAST_TASKS` tasks are left out.
    """
    values: dict[UUID, list[float]] = {}
    for by_labeler in _tasks(labels):
        for labeler, value in by_labeler.items():
            values.setdefault(labeler, []).append(value)
    found = {labeler: _estimate(shares) for labeler, shares in values.items()}
    return {labeler: estimate for labeler, estimate in found.items() if estimate}


def _shared(labels: LabelQuerySet) -> list[Said]:
    rows = (
        labels.filter(superseded_by=None, task__labels_wanted__gt=1)
        .order_by("-created_at")
        .values_list("task_id", "labeler_id", "ranking")[:MOST_LABELS]
    )
    return sorted(rows, key=lambda row: row[0])


def _tasks(labels: Iterable[Said]) -> Iterable[dict[UUID, float]]:
    """Per task, how far each of its labelers agrees with the others."""
    for _, group in groupby(labels, key=lambda row: row[0]):
        said = [(labeler, ranking) for _, labeler, ranking in group]
        if len(said) < 2:
            continue
        n_responses = max((len(r) for _, r in said if r is not None), default=0)
        signs = np.array([_signs(ranking, n_responses) for _, ranking in said])
        found: dict[UUID, float] = {}
        for i, (labeler, _) in enumerate(said):
            others = np.delete(signs, i, axis=0)
            known = ~(np.isnan(others) | np.isnan(signs[i]))
            if known.any():
                found[labeler] = float((others == signs[i])[known].mean())
        if found:
            yield found


def _signs(ranking: Sequence[int | None] | None, n_responses: int) -> NDArray[np.float64]:
    """-1, 0 or 1 for each pair of responses; NaN where one of them has no rank.

    A label without a ranking says that all are equally bad: all pairs tie.
    """
    ranks = np.array(ranking if ranking is not None else [1] * n_responses, dtype=np.float64)
    i, j = np.triu_indices(n_responses, k=1)
    signs: NDArray[np.float64] = np.sign(ranks[i] - ranks[j])
    return signs


def _estimate(values: Sequence[float]) -> Estimate | None:
    if len(values) < LEAST_TASKS:
        return None
    low, high = wilson(np.array([sum(values)]), np.array([float(len(values))]))
    return Estimate(
        float(np.mean(values)), float(low[0]), float(high[0]), "Wilson over tasks", len(values)
    )
