"""Freezing: rows leave the database once, into a file that never changes."""

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from django.conf import settings
from django.db import transaction
from django.db.models import Prefetch, QuerySet

from annotation.happenings import happened
from annotation.models import (
    Dataset,
    Project,
    Prompt,
    Response,
    Round,
    Split,
    Task,
    TaskResponse,
)
from annotation.models.task import TaskQuerySet
from annotation.services.consensus import Consensus
from training.contract import records
from training.contract.rows import Message, MessagesRow, PreferenceRow, PromptRow, TextRow

Row = TextRow | MessagesRow | PreferenceRow | PromptRow


@dataclass(frozen=True, slots=True)
class Counted:
    """A row and what it was made of: so many votes, these labels, each labeler's weight by id."""

    row: Row
    votes: int = 0
    labels: Sequence[str] = ()
    labelers: Mapping[str, float] = field(default_factory=dict)


def freeze_prompts(round: Round, *, key: str, prompts: Iterable[Prompt]) -> Dataset:
    """The prompts as rows of kind `prompts`; asking for the same key again gives the same file."""
    rows = (
        Counted({"prompt": prompt.messages, "split": prompt.split, "ids": _of(prompt)})
        for prompt in prompts
    )
    return _freeze(round.project, round=round, key=key, kind=Dataset.Kind.PROMPTS, rows=rows)


def freeze_preferences(round: Round, *, key: str, learn_from: str) -> Dataset:
    """One row per aggregated task of this round, or of it and the project's rounds that are done.

    `ranks` is the task's consensus. `weights` says how clearly each pair was decided: the share of
    its votes for the winner minus the share against, by the labelers' competence, so an even vote
    weighs nothing.
    """
    tasks = Task.objects.filter(round__in=_rounds(round, learn_from), consensus__isnull=False)
    return _freeze(
        round.project,
        round=round,
        key=key,
        kind=Dataset.Kind.PREFERENCE,
        rows=_preference_rows(tasks),
        provenance={"learn_from": learn_from},
    )


def freeze_demonstrations(round: Round, preferences: Dataset, *, key: str) -> Dataset:
    """What people wrote and the best answer of every preference row, to imitate.

    Rows are of kind `messages`; what people wrote comes from the rounds that the preferences do.
    """

    def rows() -> Iterator[Counted]:
        written = Response.objects.filter(
            round__in=_rounds(round, preferences.provenance.get("learn_from", "project")),
            source=Response.Source.PERSON,
        ).select_related("prompt")
        for response in written.order_by("prompt__content_hash", "id").iterator(chunk_size=1000):
            prompt = response.prompt
            yield _demonstration(prompt.messages, response.text, prompt.split, _of(prompt))
        for row in records.read_rows(preferences.path, "preference"):
            if 1 in row["ranks"]:
                best = row["responses"][row["ranks"].index(1)]
                split = row.get("split", Split.TRAIN.value)
                yield _demonstration(row["prompt"], best, split, _ids(row))

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

    def rows() -> Iterator[Counted]:
        for row in records.read_rows(preferences.path, "preference"):
            if row.get("split") == Split.TRAIN.value:
                for text in row["responses"]:
                    yield _demonstration(row["prompt"], text, Split.TRAIN.value, _ids(row))

    return _freeze(
        round.project,
        round=round,
        key=key,
        kind=Dataset.Kind.TEXT,
        rows=rows(),
        provenance={"text_of": preferences.digest},
    )


def freeze_rows(project: Project, *, kind: str, rows: Iterable[Row]) -> Dataset:
    """Rows from outside the cycle, for example the texts a first base model learns from."""
    return _freeze(project, round=None, key="rows", kind=kind, rows=map(Counted, rows))


def _rounds(round: Round, learn_from: str) -> QuerySet[Round]:
    """The rounds to learn from: this one, or the project's up to this one."""
    if learn_from == "project":
        return Round.objects.behind(round)
    return Round.objects.filter(pk=round.pk)


def _of(prompt: Prompt) -> dict[str, str]:
    return {"prompt": str(prompt.pk)}


def _ids(row: PreferenceRow) -> dict[str, str]:
    return {"prompt": row["ids"]["prompt"]} if "ids" in row else {}


def _demonstration(prompt: list[Message], text: str, split: str, ids: dict[str, str]) -> Counted:
    answer: Message = {"role": "assistant", "content": text}
    return Counted({"messages": [*prompt, answer], "split": split, "ids": ids})


def _preference_rows(tasks: TaskQuerySet) -> Iterator[Counted]:
    tasks = tasks.order_by("round__number", "position")
    for task in with_responses(tasks).iterator(chunk_size=1000):
        found: Consensus | None = task.consensus
        if found and (row := preference_row(task, found)):
            yield Counted(row, found["votes"], found["labels"], found["labelers"])


def with_responses(tasks: TaskQuerySet) -> TaskQuerySet:
    """The tasks with their prompt and, in canonical order, their responses."""
    entries = TaskResponse.objects.select_related("response").order_by("index")
    return tasks.select_related("prompt").prefetch_related(Prefetch("entries", entries))


def preference_row(task: Task, found: Consensus) -> PreferenceRow | None:
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
        },
    }


def _freeze(
    project: Project,
    *,
    round: Round | None,
    key: str,
    kind: str,
    rows: Iterable[Counted],
    provenance: dict[str, str] | None = None,
) -> Dataset:
    if round is not None and (existing := Dataset.objects.filter(round=round, key=key).first()):
        return existing
    id_ = uuid.uuid4()
    path = settings.STORAGE_DIR / "datasets" / f"{id_}.jsonl"
    counts = {"rows": 0, Split.TRAIN.value: 0, Split.EVAL.value: 0, "votes": 0}
    labels: set[str] = set()
    # Each labeler with the weight of their votes.
    labelers: dict[str, float] = {}

    def counted() -> Iterator[Row]:
        for one in rows:
            counts["rows"] += 1
            counts[one.row.setdefault("split", Split.TRAIN.value)] += 1
            counts["votes"] += one.votes
            labels.update(one.labels)
            labelers.update(one.labelers)
            yield one.row

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
            happened("dataset.frozen", dataset, digest=digest, rows=counts["rows"])
    if not made:
        path.unlink()
    return dataset
