"""`labels`: what each labeler said, one flat row per label as it stands, amended ones left out."""

from collections.abc import Iterator
from uuid import UUID

from annotation.exchange.format import CHUNK, Format, Holds, Scope, Shape
from annotation.exchange.record import Row
from annotation.kinds import KINDS, LETTERS
from annotation.models import Label, Project


def write(project: Project, scope: Scope) -> Iterator[list[Row]]:
    """Labels, walked by primary key.

    Beside the columns that every label has stand those of its kind; the answer is in the task's
    canonical order, in which `said` calls the first response A.
    """
    labels = Label.objects.current().filter(project=project).order_by("pk")
    if scope.round is not None:
        labels = labels.filter(round=scope.round)
    if scope.split:
        labels = labels.filter(task__prompt__split=scope.split)
    labels = labels.select_related("task__prompt", "labeler__user", "round")
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
    kind = KINDS[label.task.kind]
    return {
        "label": str(label.pk),
        "task": str(label.task_id),
        "prompt": str(label.task.prompt_id),
        "round": label.round.number,
        "split": label.task.prompt.split,
        "kind": kind.name,
        "labeler": label.labeler.shown_name,
        "labeler_kind": label.labeler.kind,
        "said": str(kind.words(label.answer, LETTERS)),
        "answer": label.answer,
        **kind.columns(label.answer),
        "flags": label.flags,
        "comment": label.comment,
        "active_seconds": label.active_seconds,
        "guideline_version": label.guideline_version,
        "created_at": label.created_at.isoformat(),
    }


FORMAT = Format(
    "labels",
    Holds.LABELS,
    {
        "label": Shape.TEXT,
        "task": Shape.TEXT,
        "prompt": Shape.TEXT,
        "round": Shape.WHOLE,
        "split": Shape.TEXT,
        "kind": Shape.TEXT,
        "labeler": Shape.TEXT,
        "labeler_kind": Shape.TEXT,
        "said": Shape.TEXT,
        "answer": Shape.JSON,
        "flags": Shape.TEXTS,
        "comment": Shape.TEXT,
        "active_seconds": Shape.NUMBER,
        "guideline_version": Shape.WHOLE,
        "created_at": Shape.TEXT,
    },
    more_fields=columns,
    write=write,
)
