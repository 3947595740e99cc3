"""Responses of a round become tasks."""

import random
import uuid
from collections import defaultdict
from typing import Protocol

import numpy as np
from django.db import transaction

from annotation.aggregation import choice
from annotation.models import Prompt, Response, Round, TaskKind
from annotation.services import ratings, tasks

TASK_KINDS = ("compare", "rank", "mixed")
Group = tuple[Prompt, list[Response]]


class Asking(Protocol):
    """How a label step wants its tasks."""

    @property
    def task_kind(self) -> str: ...
    @property
    def labels_wanted(self) -> int: ...
    @property
    def compare_every(self) -> int: ...
    @property
    def random_floor(self) -> float: ...


@transaction.atomic
def make_tasks(round: Round, asking: Asking, *, batch: int = 1) -> int:
    """Tasks for the round's prompts that have none yet, in one transaction; returns how many.

    A text that one checkpoint wrote twice enters a task once. The same text by two checkpoints
    stays twice: a labeler ties them, and that tie is evidence about the two. Prompts left with
    fewer than two different texts make no task.
    """
    groups: dict[uuid.UUID, list[Response]] = defaultdict(list)
    asked = round.tasks.values("prompt")
    responses = (
        Response.objects.filter(round=round).exclude(prompt__in=asked).select_related("prompt")
    )
    for response in responses.order_by("prompt__content_hash", "id"):
        groups[response.prompt_id].append(response)
    ranked: list[Group] = []
    compared: list[Group] = []
    for number, group in enumerate(groups.values()):
        by_text = {(one.text.strip(), one.checkpoint_id): one for one in group}
        distinct = list(by_text.values())
        random.Random(f"task/{round.pk}/{group[0].prompt_id}").shuffle(distinct)
        if len({one.text.strip() for one in distinct}) >= 2:
            kind = _kind(asking, number, len(distinct))
            (ranked if kind == TaskKind.RANK else compared).append((group[0].prompt, distinct))
    made = _create(round, asking, TaskKind.RANK, ranked, None)
    for probability, pairs in _choose_pairs(round, asking, compared, batch).items():
        made += _create(round, asking, TaskKind.COMPARE, pairs, probability)
    return made


def _create(
    round: Round, asking: Asking, kind: str, groups: list[Group], probability: float | None
) -> int:
    if not groups:
        return 0
    made = tasks.create_tasks(
        round,
        groups=groups,
        kind=kind,
        labels_wanted=asking.labels_wanted,
        sampling_probability=probability,
    )
    return len(made)


def _kind(asking: Asking, number: int, distinct: int) -> str:
    if distinct < 3 or asking.task_kind == "compare":
        return TaskKind.COMPARE
    if asking.task_kind == "mixed" and number % asking.compare_every == 0:
        return TaskKind.COMPARE
    return TaskKind.RANK


def _choose_pairs(
    round: Round, asking: Asking, groups: list[Group], batch: int
) -> dict[float | None, list[Group]]:
    """Two responses per prompt, by the two writers whose comparison should teach most.

    Grouped by the probability with which the pair of writers was drawn; None where there was
    nothing to draw, because the prompt's responses are by one or two writers.
    """
    chosen: dict[float | None, list[Group]] = defaultdict(list)
    open_: list[Group] = []
    for prompt, responses in groups:
        if len({one.checkpoint_id for one in responses}) > 2:
            open_.append((prompt, responses))
        else:
            chosen[None].append((prompt, _different_writers(responses)))
    if not open_:
        return chosen
    writers, strength, covariance = ratings.beliefs(round)
    number = {writer: i for i, writer in enumerate(writers)}
    rng = np.random.default_rng([*round.pk.bytes, batch])
    floor = asking.random_floor
    pairs = choice.next_pairs(strength, covariance, n=len(open_), random=rng, floor=floor)
    for (prompt, responses), i, j, probability in zip(
        open_, pairs.first, pairs.second, pairs.probability, strict=True
    ):
        by_writer = {number[one.checkpoint_id]: one for one in responses if one.checkpoint_id}
        if i in by_writer and j in by_writer:
            chosen[float(probability)].append((prompt, [by_writer[i], by_writer[j]]))
        else:
            # This prompt has no response by one of the two.
            chosen[None].append((prompt, _different_writers(responses)))
    return chosen


def _different_writers(responses: list[Response]) -> list[Response]:
    """Two responses, by two writers where there are two: the vote then rates both."""
    first = responses[0]
    other = [one for one in responses[1:] if one.checkpoint_id != first.checkpoint_id]
    return [first, *(other or responses[1:])[:1]]
