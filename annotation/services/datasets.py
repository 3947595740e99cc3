"""Freezing: rows leave the database once, into a file that never changes."""

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Prefetch

from annotation import events
from annotation.aggregation.consensus import consensus
from annotation.models import Dataset, Label, Project, Prompt, Round, Split, Task, TaskResponse
from training import records


def freeze_prompts(round: Round, *, key: str, prompts: Iterable[Prompt]) -> Dataset:
    """The prompts as rows of kind `prompts`; asking for the same key again gives the same file."""
    rows = (
        {"prompt": prompt.messages, "split": prompt.split, "ids": {"prompt": str(prompt.pk)}}
        for prompt in prompts
    )
    return _freeze(round.project, round=round, key=key, kind=Dataset.Kind.PROMPTS, rows=rows)


def freeze_preferences(round: Round, *, learn_from: str) -> Dataset:
    """One row per aggregated task of this round, or of the project's rounds up to this one.

    `ranks` is the task's consensus. `weights` says how clearly each pair was decided: the share of
    its votes for the winner minus the share against, so an even vote weighs nothing.
    """
    tasks = Task.objects.filter(
        project=round.project, round__number__lte=round.number, consensus__isnull=False
    )
    if learn_from == "round":
        tasks = tasks.filter(round=round)
    return _freeze(
        round.project,
        round=round,
        key="preferences",
        kind=Dataset.Kind.PREFERENCE,
        rows=_preference_rows(tasks),
        provenance={"learn_from": learn_from},
    )


def freeze_demonstrations(round: Round, preferences: Dataset) -> Dataset:
    """The best answer of every preference row, as conversations to imitate (kind `messages`)."""

    def rows() -> Iterator[dict[str, Any]]:
        for row in records.read_rows(preferences.path, "preference"):
            if 1 in row["ranks"]:
                best = row["responses"][row["ranks"].index(1)]
                answer = {"role": "assistant", "content": best}
                yield {
                    "messages": [*row["prompt"], answer],
                    "split": row.get("split", Split.TRAIN.value),
                    "ids": {"prompt": row["ids"]["prompt"]} if "ids" in row else {},
                }

    return _freeze(
        round.project,
        round=round,
        key="demonstrations",
        kind=Dataset.Kind.MESSAGES,
        rows=rows(),
        provenance={"best_of": preferences.digest},
    )


def freeze_text(round: Round, preferences: Dataset) -> Dataset:
    """Every response of the training split with its prompt, for a base model to learn to write."""

    def rows() -> Iterator[dict[str, Any]]:
        for row in records.read_rows(preferences.path, "preference"):
            if row.get("split") != Split.TRAIN.value:
                continue
            for text in row["responses"]:
                answer = {"role": "assistant", "content": text}
                yield {
                    "messages": [*row["prompt"], answer],
                    "split": Split.TRAIN.value,
                    "ids": {"prompt": row["ids"]["prompt"]} if "ids" in row else {},
                }

    return _freeze(
        round.project,
        round=round,
        key="text",
        kind=Dataset.Kind.TEXT,
        rows=rows(),
        provenance={"text_of": preferences.digest},
    )


def freeze_rows(project: Project, *, kind: str, rows: Iterable[dict[str, Any]]) -> Dataset:
    """Rows from outside the cycle, for example the texts a first base model learns from."""
    return _freeze(project, round=None, key="rows", kind=kind, rows=rows)


def _preference_rows(tasks: Any) -> Iterator[dict[str, Any]]:
    tasks = tasks.order_by("round__number", "position")
    for task in with_responses(tasks).iterator(chunk_size=1000):
        if row := preference_row(task, task.consensus):
            yield row


def with_responses(tasks: Any) -> Any:
    """The tasks with their prompt and, in canonical order, their responses."""
    entries = TaskResponse.objects.select_related("response").order_by("index")
    return tasks.select_related("prompt").prefetch_related(Prefetch("entries", entries))


def preference_row(task: Task, found: dict[str, Any]) -> dict[str, Any] | None:
    """A task's dataset row by its consensus; None where the votes decide nothing."""
    responses = [entry.response for entry in task.entries.all()]
    if not found["weights"] and not found["all_bad"]:
        return None
    return {
        "prompt": task.prompt.messages,
        "responses": [response.text for response in responses],
        "ranks": found["ranks"],
        "weights": found["weights"],
        "votes": found["votes"],
        "all_bad": found["all_bad"],
        "split": task.prompt.split,
        "ids": {
            "prompt": str(task.prompt_id),
            "responses": [str(response.pk) for response in responses],
            "labels": found["labels"],
            "labelers": found["labelers"],
        },
    }


def _freeze(
    project: Project,
    *,
    round: Round | None,
    key: str,
    kind: str,
    rows: Iterable[dict[str, Any]],
    provenance: dict[str, Any] | None = None,
) -> Dataset:
    if round is not None and (existing := Dataset.objects.filter(round=round, key=key).first()):
        return existing
    id_ = uuid.uuid4()
    path = settings.STORAGE_DIR / "datasets" / f"{id_}.jsonl"
    counts = {"rows": 0, Split.TRAIN.value: 0, Split.EVAL.value: 0, "votes": 0}
    labels: set[str] = set()
    labelers: set[str] = set()

    def counted() -> Iterator[dict[str, Any]]:
        for row in rows:
            counts["rows"] += 1
            counts[row.setdefault("split", Split.TRAIN.value)] += 1
            counts["votes"] += row.get("votes", 0)
            ids = row.get("ids", {})
            labels.update(ids.get("labels", ()))
            labelers.update(ids.pop("labelers", ()))
            yield row

    digest = records.write_rows(path, counted())
    with transaction.atomic():
        # Two workers may both have written a file; the row decides which one counts.
        dataset, made = Dataset.objects.get_or_create(
            round=round,
            key=key if round else f"{key}:{id_}",
            defaults={
                "id": id_,
                "project": project,
                "kind": kind,
                "path": str(path),
                "digest": digest,
                "rows": counts["rows"],
                "train_rows": counts[Split.TRAIN.value],
                "eval_rows": counts[Split.EVAL.value],
                "votes": counts["votes"],
                "provenance": {
                    **(provenance or {}),
                    "round": round.number if round else None,
                    "labels": len(labels),
                    "labelers": sorted(labelers),
                },
            },
        )
        if made:
            events.record(
                "dataset.frozen",
                team=project.team,
                project=project,
                object_id=dataset.pk,
                digest=digest,
                rows=counts["rows"],
            )
    if not made:
        path.unlink()
    return dataset


def write_consensus(round: Round) -> int:
    """Compute and store the consensus of every labeled task of the round; returns how many."""
    labels = (
        Label.objects.current()
        .filter(round=round)
        .order_by("task_id", "created_at")
        .values("id", "task_id", "labeler_id", "ranking", "all_bad")
    )
    sizes = {
        task.pk: len(task.entries.all())
        for task in Task.objects.filter(round=round).prefetch_related("entries")
    }
    changed = []
    for task_id, group in groupby(labels.iterator(chunk_size=2000), key=lambda row: row["task_id"]):
        task = Task(pk=task_id)
        task.consensus = consensus_of(list(group), sizes[task_id])
        changed.append(task)
    Task.objects.bulk_update(changed, ["consensus"], batch_size=500)
    return len(changed)


def consensus_of(labels: Sequence[Mapping[str, Any]], k: int) -> dict[str, Any]:
    rankings = [row["ranking"] for row in labels if row["ranking"] is not None]
    ranks = consensus(rankings).ranks if rankings else [None] * k
    return {
        "ranks": [None if rank is None else int(rank) for rank in ranks],
        "weights": pair_weights(rankings, k),
        "votes": len(labels),
        "all_bad": sum(row["all_bad"] for row in labels),
        "labels": [str(row["id"]) for row in labels],
        "labelers": sorted({str(row["labeler_id"]) for row in labels}),
    }


def pair_weights(rankings: list[list[int | None]], k: int) -> list[list[float]]:
    """`[i, j, w]` for every pair with a majority: i beats j, w = (for - against) / votes.

    Ties count as a vote for neither side; a ranking that leaves either out does not vote.
    """
    weights = []
    for i in range(k):
        for j in range(i + 1, k):
            # +1 where i has the better (smaller) rank
            votes = [
                (a < b) - (a > b)
                for a, b in ((ranking[i], ranking[j]) for ranking in rankings)
                if a is not None and b is not None
            ]
            margin = sum(votes) / len(votes) if votes else 0.0
            if margin > 0:
                weights.append([i, j, margin])
            elif margin < 0:
                weights.append([j, i, -margin])
    return weights
