"""Freezing: rows leave the database once, into a file that never changes."""

import uuid
from collections.abc import Iterable, Iterator
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Prefetch

from annotation import events
from annotation.models import Dataset, Project, Prompt, Round, Split, Task, TaskResponse
from training.contract import records


def freeze_prompts(round: Round, *, key: str, prompts: Iterable[Prompt]) -> Dataset:
    """The prompts as rows of kind `prompts`; asking for the same key again gives the same file."""
    rows = (
        {"prompt": prompt.messages, "split": prompt.split, "ids": {"prompt": str(prompt.pk)}}
        for prompt in prompts
    )
    return _freeze(round.project, round=round, key=key, kind=Dataset.Kind.PROMPTS, rows=rows)


def freeze_preferences(round: Round, *, key: str, learn_from: str) -> Dataset:
    """One row per aggregated task of this round, or of it and the project's rounds that are done.

    `ranks` is the task's consensus. `weights` says how clearly each pair was decided: the share of
    its votes for the winner minus the share against, by the labelers' competence, so an even vote
    weighs nothing.
    """
    rounds = Round.objects.filter(pk=round.pk)
    if learn_from == "project":
        rounds = Round.objects.behind(round)
    tasks = Task.objects.filter(round__in=rounds, consensus__isnull=False)
    return _freeze(
        round.project,
        round=round,
        key=key,
        kind=Dataset.Kind.PREFERENCE,
        rows=_preference_rows(tasks),
        provenance={"learn_from": learn_from},
    )


def freeze_demonstrations(round: Round, preferences: Dataset, *, key: str) -> Dataset:
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
        key=key,
        kind=Dataset.Kind.MESSAGES,
        rows=rows(),
        provenance={"best_of": preferences.digest},
    )


def freeze_text(round: Round, preferences: Dataset, *, key: str) -> Dataset:
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
        key=key,
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
    # Each labeler with the weight of their votes.
    labelers: dict[str, float] = {}

    def counted() -> Iterator[dict[str, Any]]:
        for row in rows:
            counts["rows"] += 1
            counts[row.setdefault("split", Split.TRAIN.value)] += 1
            counts["votes"] += row.get("votes", 0)
            ids = row.get("ids", {})
            labels.update(ids.get("labels", ()))
            labelers.update(ids.pop("labelers", {}))
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
                    "labelers": labelers,
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
