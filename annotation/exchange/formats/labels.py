"""`labels`: everything that was said, one label per row. Labelers go out by id, not by name."""

from collections.abc import Iterator
from uuid import UUID

from annotation.exchange.format import CHUNK, Format, Holds, Scope, Shape
from annotation.exchange.record import Row
from annotation.kinds import KINDS
from annotation.models import Label, Project


def write(project: Project, scope: Scope) -> Iterator[list[Row]]:
    """Current labels, walked by primary key; each names its task and the responses it ranks."""
    labels = Label.objects.current().filter(project=project).order_by("pk")
    if scope.round is not None:
        labels = labels.filter(round=scope.round)
    if scope.split:
        labels = labels.filter(task__prompt__split=scope.split)
    labels = labels.select_related("task__prompt", "round").prefetch_related("task__entries")
    last: UUID | None = None
    while chunk := list((labels if last is None else labels.filter(pk__gt=last))[:CHUNK]):
        last = chunk[-1].pk
        yield [_row(label) for label in chunk]


def columns(project: Project, scope: Scope) -> dict[str, Shape]:
    """The columns in which the kinds that the project has labels of tell their answers."""
    found: dict[str, Shape] = {}
    for name, kind in KINDS.items():
        if label := Label.objects.filter(project=project, task__kind=name).first():
            found |= dict.fromkeys(kind.columns(label.answer), Shape.TEXT)
    return found


def _row(label: Label) -> Row:
    return {
        "id": str(label.pk),
        "round": label.round.number,
        "prompt": label.task.prompt.messages,
        "kind": label.task.kind,
        "labeler": str(label.labeler_id),
        "answer": label.answer,
        **KINDS[label.task.kind].columns(label.answer),
        "flags": label.flags,
        "comment": label.comment,
        "active_seconds": label.active_seconds,
        "guideline_version": label.guideline_version,
        "created_at": label.created_at.isoformat(),
        "split": label.task.prompt.split,
        "ids": {
            "prompt": str(label.task.prompt_id),
            "task": str(label.task_id),
            "responses": [str(entry.response_id) for entry in label.task.entries.all()],
        },
    }


FORMAT = Format(
    "labels",
    Holds.LABELS,
    {
        "id": Shape.TEXT,
        "round": Shape.WHOLE,
        "prompt": Shape.MESSAGES,
        "kind": Shape.TEXT,
        "labeler": Shape.TEXT,
        "answer": Shape.JSON,
        "flags": Shape.TEXTS,
        "comment": Shape.TEXT,
        "active_seconds": Shape.NUMBER,
        "guideline_version": Shape.WHOLE,
        "created_at": Shape.TEXT,
        "split": Shape.TEXT,
        "ids": Shape.JSON,
    },
    more_fields=columns,
    write=write,
)
