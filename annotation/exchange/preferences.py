"""What people prefer, as dataset rows: of frozen rounds as they were frozen, else of the labels.

Everything streams: the tables are walked by primary key in chunks, each a short query of its own,
so that a slow download holds neither memory nor a transaction open.
"""

from collections.abc import Callable, Iterator
from itertools import groupby, islice
from uuid import UUID

from annotation.exchange.format import CHUNK, Scope
from annotation.exchange.record import Row
from annotation.models import Dataset, Label, Project, Round, Task
from annotation.models.task import TaskQuerySet
from annotation.services import datasets
from annotation.services.consensus import of_task, opinions
from training.contract import records
from training.contract.rows import PreferenceRow


def each(
    project: Project, scope: Scope, shape: Callable[[PreferenceRow], Iterator[Row]]
) -> Iterator[list[Row]]:
    """The preferences of the scope, each as rows of a shape, in chunks."""
    rows = preference_rows(project, scope.round)
    if scope.split:
        rows = (row for row in rows if row.get("split") == scope.split)
    shaped = (one for row in rows for one in shape(row))
    while chunk := list(islice(shaped, CHUNK)):
        yield chunk


def preference_rows(project: Project, round: Round | None = None) -> Iterator[PreferenceRow]:
    """Dataset rows of the project or of one round.

    A round that has frozen its own preferences gives that file; otherwise the rows are made of
    the labels as they are now. Tasks whose votes decide nothing give no row.
    """
    if round is not None:
        # By what it is, not by its key: a step has the name its recipe gives it, and takes.
        own = Dataset.objects.filter(round=round, kind=Dataset.Kind.PREFERENCE)
        frozen = own.filter(provenance__learn_from="round").order_by("-created_at").first()
        if frozen is not None:
            yield from records.read_rows(frozen.path, "preference")
            return
    tasks = Task.objects.filter(project=project).order_by("pk")
    yield from _live_rows(tasks if round is None else tasks.filter(round=round))


def _live_rows(tasks: TaskQuerySet) -> Iterator[PreferenceRow]:
    last: UUID | None = None
    while True:
        rest = tasks if last is None else tasks.filter(pk__gt=last)
        chunk: list[Task] = list(datasets.with_responses(rest[:CHUNK]))
        if not chunk:
            return
        last = chunk[-1].pk
        sizes = {task.pk: len(task.entries.all()) for task in chunk}
        said = opinions(Label.objects.filter(task__in=sizes), sizes)
        labels = {task: list(group) for task, group in groupby(said, lambda one: one.task_id)}
        for task in chunk:
            if task.pk not in labels:
                continue
            # Before the round aggregates, every labeler counts in full.
            found = task.consensus or of_task(labels[task.pk], sizes[task.pk], {})
            if row := datasets.preference_row(task, found):
                yield row
