"""What leaves: a project's prompts with their responses, and its preferences in several shapes.

Everything streams: the tables are walked by primary key in chunks, each a short query of its own,
so that a slow download holds neither memory nor a transaction open.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import connection

from annotation.database import fetch
from annotation.models import Dataset, Label, Project, Round, Task
from annotation.models.task import TaskQuerySet
from annotation.services import datasets
from annotation.services.consensus import of_task
from training.contract import records

CHUNK = 1000
Row = dict[str, Any]


def prompt_lines(project: Project, *, split: str | None = None) -> Iterator[list[bytes]]:
    """All prompts with their responses as JSON lines, in chunks, as `import_prompts` reads them.

    What is JSON in the database stays the text it is.
    """
    is_sqlite = connection.vendor == "sqlite"
    # SQLite keeps rows in the order in which they came; walking them in any other order reads
    # most pages many times.
    place = "rowid" if is_sqlite else "id"
    last: Any = -1 if is_sqlite else UUID(int=0)
    names = {
        id_.hex if is_sqlite else id_: name
        for id_, name in project.checkpoints.values_list("id", "name")
    }
    prompts = _PROMPTS.format(place=place)
    responses = _RESPONSES.format(place=place)
    while chunk := fetch(prompts, project.pk, last, split or "", split or "", CHUNK):
        first, last = chunk[0][0], chunk[-1][0]
        written: dict[Any, list[tuple[int, str, Any]]] = {row[1]: [] for row in chunk}
        for prompt, index, text, writer in fetch(responses, project.pk, first, last):
            if prompt in written:
                written[prompt].append((index, text, names.get(writer)))
        yield [_line(row[1:], sorted(written[row[1]], key=_place)) for row in chunk]


_PROMPTS = """
SELECT {place}, id, messages, source, tags, language, split FROM annotation_prompt
WHERE project_id = %s AND {place} > %s AND (%s = '' OR split = %s) ORDER BY {place} LIMIT %s"""
_RESPONSES = """
SELECT r.prompt_id, r."index", r.text, r.checkpoint_id
FROM annotation_prompt p JOIN annotation_response r ON r.prompt_id = p.id
WHERE p.project_id = %s AND p.{place} >= %s AND p.{place} <= %s"""
_text = json.JSONEncoder(ensure_ascii=False).encode


def _line(row: Sequence[Any], responses: Iterable[tuple[int, str, str | None]]) -> bytes:
    id_, messages, source, tags, language, split = row
    written = ", ".join(
        f'{{"text": {_text(text)}, "model": {_text(model)}}}'
        if model
        else f'{{"text": {_text(text)}}}'
        for _, text, model in responses
    )
    return (
        f'{{"messages": {messages}, "responses": [{written}], "source": {_text(source)}, '
        f'"tags": {tags}, "language": {_text(language)}, "split": "{split}", '
        f'"ids": {{"prompt": "{UUID(str(id_))}"}}}}\n'
    ).encode()


def _place(response: tuple[int, str, Any]) -> tuple[int, str]:
    index, text, _ = response
    return index, text


def write_lines(path: Path, lines: Iterable[bytes]) -> str:
    """Write lines to a file that appears when it is whole; returns its digest."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(path.name + ".tmp")
    with draft.open("wb") as file:
        file.writelines(lines)
    draft.replace(path)
    return records.file_digest(path)


def preference_rows(project: Project, round: Round | None = None) -> Iterator[Row]:
    """Dataset rows of the project or of one round.

    A round that has frozen its own preferences gives that file; otherwise the rows are made of
    the labels as they are now. Tasks whose votes decide nothing give no row.
    """
    if round is not None:
        frozen = (
            Dataset.objects.filter(round=round, kind=Dataset.Kind.PREFERENCE)
            .order_by("-created_at")
            .first()
        )
        if frozen and frozen.provenance.get("learn_from") == "round":
            for row in records.read_rows(frozen.path, "preference"):
                yield dict(row)
            return
    tasks = Task.objects.filter(project=project).order_by("pk")
    yield from _live_rows(tasks if round is None else tasks.filter(round=round))


def _live_rows(tasks: TaskQuerySet) -> Iterator[Row]:
    last: UUID | None = None
    while True:
        rest = tasks if last is None else tasks.filter(pk__gt=last)
        chunk: list[Task] = list(datasets.with_responses(rest[:CHUNK]))
        if not chunk:
            return
        last = chunk[-1].pk
        said = (
            Label.objects.current()
            .filter(task__in=[task.pk for task in chunk])
            .order_by("task_id", "created_at")
            .values("id", "task_id", "labeler_id", "ranking", "all_bad")
        )
        labels = {task: list(group) for task, group in groupby(said, lambda row: row["task_id"])}
        for task in chunk:
            if task.pk not in labels:
                continue
            # Before the round aggregates, every labeler counts in full.
            found = task.consensus or of_task(labels[task.pk], len(task.entries.all()), {})
            if row := datasets.preference_row(task, found):
                del row["ids"]["labelers"]
                yield row


def _pairs(row: Any) -> Iterator[Row]:
    for pair in records.pairs(row):
        yield {
            "prompt": pair.prompt,
            "chosen": [{"role": "assistant", "content": pair.chosen}],
            "rejected": [{"role": "assistant", "content": pair.rejected}],
            "margin": pair.margin,
            "weight": pair.weight,
            "split": row["split"],
        }


def _kto(row: Any) -> Iterator[Row]:
    for kto in records.kto_rows(row):
        yield {
            "prompt": kto.prompt,
            "completion": [{"role": "assistant", "content": kto.completion}],
            "label": kto.label,
            "split": row["split"],
        }


def _hh(row: Any) -> Iterator[Row]:
    names = {"user": "Human", "assistant": "Assistant"}
    # HH-RLHF knows two speakers; what the system says goes before the first words of the human.
    system = "".join(m["content"] + "\n\n" for m in row["prompt"] if m["role"] == "system")
    turns = [(names[m["role"]], m["content"]) for m in row["prompt"] if m["role"] in names]
    if not turns:
        return
    turns[0] = (turns[0][0], system + turns[0][1])
    start = "".join(f"\n\n{who}: {said}" for who, said in turns) + "\n\nAssistant: "
    for pair in records.pairs(row):
        yield {"chosen": start + pair.chosen, "rejected": start + pair.rejected}


def _rows(row: Row) -> Iterator[Row]:
    yield row


# name -> one dataset row as rows of that shape
SHAPES: dict[str, Callable[[Any], Iterator[Row]]] = {
    "rows": _rows,
    "pairs": _pairs,
    "kto": _kto,
    "hh": _hh,
}


def shaped(rows: Iterable[Row], shape: str) -> Iterator[Row]:
    for row in rows:
        yield from SHAPES[shape](row)


def write_parquet(path: Path, rows: Iterable[Row]) -> str:
    """Dataset rows as a Parquet file, one column per field; returns its digest."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    message = pa.struct([("role", pa.string()), ("content", pa.string())])
    schema = pa.schema(
        [
            ("prompt", pa.list_(message)),
            ("responses", pa.list_(pa.string())),
            ("ranks", pa.list_(pa.int32())),
            ("weights", pa.list_(pa.list_(pa.float64()))),
            ("votes", pa.int32()),
            ("split", pa.string()),
            (
                "ids",
                pa.struct(
                    [
                        ("prompt", pa.string()),
                        ("responses", pa.list_(pa.string())),
                        ("labels", pa.list_(pa.string())),
                    ]
                ),
            ),
        ]
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(path.name + ".tmp")
    with pq.ParquetWriter(draft, schema) as writer:
        for chunk in _chunks(rows):
            writer.write_batch(pa.RecordBatch.from_pylist(chunk, schema=schema))
    draft.replace(path)
    return records.file_digest(path)


def _chunks(rows: Iterable[Row]) -> Iterator[list[Row]]:
    chunk: list[Row] = []
    for row in rows:
        chunk.append(row)
        if len(chunk) == CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
