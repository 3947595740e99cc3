"""A round's labels become one consensus per task, each labeler's vote weighed by competence."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, groupby
from operator import attrgetter
from typing import NamedTuple, TypedDict
from uuid import UUID, uuid5

import numpy as np

from annotation.aggregation.consensus import consensus
from annotation.aggregation.reliability import mace
from annotation.kinds import KINDS, Ranks
from annotation.models import Label, Response, Round, Task, TaskResponse
from annotation.models.label import LabelQuerySet

# Shared comparisons from which on a labeler's competence is worth estimating.
LEAST_SHARED = 60
# Nobody's word counts nothing: that would be an exclusion, which is for a person to decide.
LEAST_WEIGHT = 0.05
FIRST, TIE, SECOND = 0, 1, 2


class Opinion(NamedTuple):
    """What one label says of its task's responses, in canonical order; see `Kind.ranks`."""

    id: UUID
    task_id: UUID
    labeler_id: UUID
    ranks: Ranks | None
    all_bad: bool


class Consensus(TypedDict):
    """`Task.consensus`. `weights` are `[i, j, w]`: response i beats j by a share w of the votes.

    `all_bad` counts the labels that say so; `labelers` has the weight of each one's vote by id.
    """

    ranks: Ranks
    weights: list[list[float]]
    votes: int
    all_bad: int
    labels: list[str]
    labelers: dict[str, float]


def write_consensus(round: Round) -> int:
    """Compute and store the consensus of every labeled task of the round; returns how many.

    What labelers wrote becomes responses of the round. A second call changes nothing.
    """
    write_texts(round)
    sizes = Counter(
        TaskResponse.objects.filter(task__round=round).values_list("task_id", flat=True)
    )
    rows = list(opinions(Label.objects.filter(round=round), sizes))
    competence = competence_of(rows)
    changed = []
    for task_id, group in groupby(rows, key=attrgetter("task_id")):
        task = Task(pk=task_id)
        task.consensus = of_task(list(group), sizes[task_id], competence)
        changed.append(task)
    Task.objects.bulk_update(changed, ["consensus"], batch_size=500)
    return len(changed)


def write_texts(round: Round) -> int:
    """Make what labels of the round say was written into responses; how many there are of those.

    A response's id follows from its label, so that one label is never two responses.
    """
    written_kinds = [name for name, kind in KINDS.items() if kind.writes]
    labels = Label.objects.current().filter(round=round, task__kind__in=written_kinds)
    written = [
        Response(
            id=uuid5(label.pk, f"response/{i}"),
            prompt_id=label.task.prompt_id,
            round=round,
            text=text,
            source=Response.Source.PERSON,
            author=label.labeler,
            index=i,
        )
        for label in labels.select_related("task", "labeler")
        for i, text in enumerate(KINDS[label.task.kind].texts(label.answer))
    ]
    Response.objects.bulk_create(written, batch_size=1000, ignore_conflicts=True)
    return len(written)


def opinions(labels: LabelQuerySet, sizes: Mapping[UUID, int]) -> Iterator[Opinion]:
    """What the labels, as they stand, say of the responses, task by task.

    `sizes` says how many responses a task has; one that is not in it has none.
    """
    rows = (
        labels.current()
        .order_by("task_id", "created_at")
        .values_list("id", "task_id", "labeler_id", "task__kind", "answer")
    )
    for id_, task_id, labeler_id, kind, answer in rows.iterator(chunk_size=2000):
        ranks = KINDS[kind].ranks(answer, sizes.get(task_id, 0))
        all_bad = KINDS[kind].is_all_bad(answer)
        yield Opinion(id_, task_id, labeler_id, ranks, all_bad)


def of_task(labels: Sequence[Opinion], k: int, competence: Mapping[UUID, float]) -> Consensus:
    """What is stored on a task and, at freezing, in the dataset. `k` responses."""
    ranked = [(one.ranks, one.labeler_id) for one in labels if one.ranks is not None]
    rankings = [ranks for ranks, _ in ranked]
    weights = [competence.get(labeler, 1.0) for _, labeler in ranked]
    ranks = consensus(rankings, weights=weights).ranks if rankings else [None] * k
    return {
        "ranks": [None if rank is None else int(rank) for rank in ranks],
        "weights": pair_weights(rankings, weights, k),
        "votes": len(labels),
        "all_bad": sum(one.all_bad for one in labels),
        "labels": [str(one.id) for one in labels],
        "labelers": {str(one.labeler_id): competence.get(one.labeler_id, 1.0) for one in labels},
    }


def competence_of(labels: Sequence[Opinion]) -> dict[UUID, float]:
    """How far each labeler's votes follow what the others make likely, 0 to 1 (MACE).

    Estimated from pairs of responses that several labelers compared: an item per pair, the
    classes first, tie, second. Labelers with fewer than LEAST_SHARED such comparisons are not in
    the answer; their votes count in full. `labels` come sorted by task.
    """
    item: list[int] = []
    worker: list[UUID] = []
    label: list[int] = []
    n_items = 0
    for _, group in groupby(labels, key=attrgetter("task_id")):
        said = [(one.ranks, one.labeler_id) for one in group if one.ranks is not None]
        if len(said) < 2:
            continue
        for i, j in combinations(range(len(said[0][0])), 2):
            for ranks, labeler in said:
                a, b = ranks[i], ranks[j]
                if a is not None and b is not None:
                    item.append(n_items)
                    worker.append(labeler)
                    label.append(FIRST if a < b else SECOND if a > b else TIE)
            n_items += 1
    names = sorted(set(worker))
    if len(names) < 2:
        return {}
    number = {name: i for i, name in enumerate(names)}
    workers = np.array([number[name] for name in worker])
    fitted = mace(np.array(item), workers, np.array(label), n_classes=3)
    shared = np.bincount(workers, minlength=len(names))
    return {
        name: round_to(max(LEAST_WEIGHT, float(fitted.competence[i])))
        for i, name in enumerate(names)
        if shared[i] >= LEAST_SHARED
    }


def round_to(value: float) -> float:
    """Three digits: more would claim more than a competence knows."""
    return float(f"{value:.3f}")


def pair_weights(rankings: Sequence[Ranks], weights: Sequence[float], k: int) -> list[list[float]]:
    """`[i, j, w]` for every pair with a majority: i beats j, w = (for - against) / votes.

    Votes count by their labeler's weight. Ties are votes for neither side; a ranking that leaves
    either out does not vote.
    """
    found: list[list[float]] = []
    for i, j in combinations(range(k), 2):
        margin = total = 0.0
        for ranking, weight in zip(rankings, weights, strict=True):
            a, b = ranking[i], ranking[j]
            if a is not None and b is not None:
                margin += weight * ((a < b) - (a > b))
                total += weight
        if total and margin > 0:
            found.append([i, j, round_to(margin / total)])
        elif total and margin < 0:
            found.append([j, i, round_to(-margin / total)])
    return found
