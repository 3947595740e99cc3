"""What generation jobs wrote becomes responses; responses become tasks."""

import json
import random
import uuid
from collections import defaultdict
from pathlib import Path

import numpy as np
from django.db import transaction

from annotation.aggregation import choice
from annotation.kinds import COMPARE, RANK
from annotation.models import Checkpoint, Job, Prompt, Response, Round
from annotation.services import ratings, tasks
from annotation.services.recipes import PromptChoice, Recipe


def choose_prompts(round: Round, choice: PromptChoice) -> list[Prompt]:
    """The round's prompts: those no earlier round asked about first, then by a hash of the round.

    Deterministic in the round, so that a second call after a crash chooses the same ones.
    """
    prompts = Prompt.objects.filter(project=round.project)
    if choice.split != "both":
        prompts = prompts.filter(split=choice.split)
    rows = list(prompts.values_list("id", "tags"))
    if choice.tags:
        wanted = set(choice.tags)
        rows = [row for row in rows if wanted & set(row[1])]
    used = set(
        Response.objects.filter(prompt__project=round.project, round__isnull=False)
        .exclude(round=round)
        .values_list("prompt_id", flat=True)
        .distinct()
    )
    rng = random.Random(f"prompts/{round.pk}")
    ids = sorted(row[0] for row in rows)
    rng.shuffle(ids)
    ids.sort(key=lambda id_: id_ in used)
    chosen = Prompt.objects.in_bulk(ids[: choice.count])
    return [chosen[id_] for id_ in ids[: choice.count]]


def shares(k: int, writers: int) -> list[int]:
    """How many of K responses each writer gives, dealt in turn, the first writer first.

    >>> shares(4, 3)
    [2, 1, 1]
    """
    return [k // writers + (i < k % writers) for i in range(writers)]


def store_responses(job: Job, checkpoint: Checkpoint) -> int:
    """Read a generation job's file into responses; a second call adds nothing. Returns the count.

    Prompts that got an empty answer keep it: an empty answer is an answer, and a bad one.
    """
    settings = job.spec["settings"]
    rows = []
    with (Path(job.run_dir) / "responses.jsonl").open(encoding="utf-8") as file:
        for line in file:
            value = json.loads(line)
            for index, one in enumerate(value["responses"]):
                rows.append(
                    Response(
                        prompt_id=uuid.UUID(value["ids"]["prompt"]),
                        round=job.round,
                        # A model may write any byte; no text column of PostgreSQL holds a zero.
                        text=one["text"].replace("\0", "\N{REPLACEMENT CHARACTER}"),
                        source=Response.Source.CHECKPOINT,
                        checkpoint=checkpoint,
                        index=index,
                        settings=settings,
                        seed=one["seed"],
                        token_count=one["tokens"],
                        finish_reason=one["finish_reason"],
                    )
                )
    Response.objects.bulk_create(rows, batch_size=1000, ignore_conflicts=True)
    return len(rows)


@transaction.atomic
def make_tasks(round: Round, recipe: Recipe) -> int:
    """Tasks over the round's responses, in one transaction; returns how many.

    A text that one checkpoint wrote twice enters a task once. The same text by two checkpoints
    stays twice: a labeler ties them, and that tie is evidence about the two. Prompts left with
    fewer than two different texts make no task.
    """
    groups: dict[uuid.UUID, list[Response]] = defaultdict(list)
    responses = Response.objects.filter(round=round).select_related("prompt")
    for response in responses.order_by("prompt__content_hash", "id"):
        groups[response.prompt_id].append(response)
    ranked: list[Group] = []
    compared: list[Group] = []
    for number, group in enumerate(groups.values()):
        by_text = {(one.text.strip(), one.checkpoint_id): one for one in group}
        distinct = list(by_text.values())
        random.Random(f"task/{round.pk}/{group[0].prompt_id}").shuffle(distinct)
        if len({one.text.strip() for one in distinct}) >= 2:
            kind = _kind(recipe, number, len(distinct))
            (ranked if kind == RANK.name else compared).append((group[0].prompt, distinct))
    made = _create(round, recipe, RANK.name, ranked, None)
    for probability, pairs in _choose_pairs(round, recipe, compared).items():
        made += _create(round, recipe, COMPARE.name, pairs, probability)
    return made


Group = tuple[Prompt, list[Response]]


def _create(
    round: Round, recipe: Recipe, kind: str, groups: list[Group], probability: float | None
) -> int:
    if not groups:
        return 0
    made = tasks.create_tasks(
        round,
        groups=groups,
        kind=kind,
        labels_wanted=recipe.tasks.labels_wanted,
        sampling_probability=probability,
    )
    return len(made)


def _kind(recipe: Recipe, number: int, distinct: int) -> str:
    if distinct < 3 or recipe.tasks.kind == "compare":
        return COMPARE.name
    if recipe.tasks.kind == "mixed" and number % recipe.tasks.compare_every == 0:
        return COMPARE.name
    return RANK.name


def _choose_pairs(
    round: Round, recipe: Recipe, groups: list[Group]
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
    rng = np.random.default_rng(list(round.pk.bytes))
    floor = recipe.tasks.random_floor
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
