"""Labels as flat rows, one per label as it stands, for a table or a spreadsheet."""

from collections.abc import Iterator

from annotation.kinds import KINDS, LETTERS, Scalar
from annotation.models import Label, Project, Round

LabelRow = dict[str, Scalar]


def label_rows(project: Project, round: Round | None = None) -> Iterator[LabelRow]:
    """Labels of the project or of one round, oldest first, amended ones left out.

    Beside the columns that every label has stand those of its kind; the answer is in the task's
    canonical order, in which `said` calls the first response A.
    """
    labels = Label.objects.current().filter(project=project)
    if round is not None:
        labels = labels.filter(round=round)
    labels = labels.select_related("task__prompt", "labeler__user", "round")
    for label in labels.order_by("created_at", "id").iterator(chunk_size=1000):
        kind = KINDS[label.task.kind]
        yield {
            "label": str(label.pk),
            "task": str(label.task_id),
            "prompt": str(label.task.prompt_id),
            "round": label.round.number,
            "split": label.task.prompt.split,
            "kind": kind.name,
            "labeler": label.labeler.shown_name,
            "labeler_kind": label.labeler.kind,
            "said": str(kind.words(label.answer, LETTERS)),
            **kind.columns(label.answer),
            "flags": ", ".join(label.flags),
            "comment": label.comment,
            "active_seconds": label.active_seconds,
            "guideline_version": label.guideline_version,
            "created_at": label.created_at.isoformat(),
        }
