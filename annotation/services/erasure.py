"""Deleting for good: refused where something else depends on it, then taken away in batches.

A deleted project or round is gone for everybody at once; the worker takes its rows and files away,
a bounded number at each look. Killed in between, it goes on with what is left.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.db import models, transaction
from django.db.models import Min, Q
from django.utils import timezone

from annotation.database import change
from annotation.errors import Conflict, InvalidInput
from annotation.happenings import happened
from annotation.models import (
    Assignment,
    Checkpoint,
    Dataset,
    Job,
    Label,
    Project,
    Prompt,
    Response,
    Round,
    Task,
    TaskResponse,
    User,
)
from annotation.sentences import say

AT_ONCE = 1000
# So many batches at one look of the worker, which has other things to look after.
BATCHES = 20


def delete_project(project: Project, *, name: str, by: User) -> None:
    """Delete a project and everything of it; `name` is typed by who means it.

    Refused (Conflict) while a round or a job of it is under way, and where a checkpoint or dataset
    of another project was made of its own. The audit row of the deletion stays with the team.
    """
    if name != project.name:
        raise InvalidInput(
            say(
                "name_not_confirmed",
                "Type the project's name, {name}, to delete it.",
                name=project.name,
            ),
            fields={"name": [say("name_differs", "This is not the project's name.")]},
        )
    with transaction.atomic():
        Project.objects.select_for_update(no_key=True).get(pk=project.pk)
        _check_still(Round.objects.filter(project=project))
        _check_independent(project)
        now = timezone.now()
        Project.objects.filter(pk=project.pk).update(deleted_at=now, archived_at=now)
        Round.objects.filter(project=project).update(archived_at=now)
        happened(
            "project.deleted", project.team, by=by, title=project.name, project=str(project.pk)
        )


def _check_still(rounds: models.QuerySet[Round]) -> None:
    ended = (Round.State.DRAFT, Round.State.DONE, Round.State.CANCELLED)
    if going := rounds.exclude(state__in=ended).filter(deleted_at__isnull=True).first():
        raise Conflict(
            say(
                "round_under_way",
                "Round {number} is under way. Cancel it first.",
                number=going.number,
            )
        )
    if Job.objects.filter(round__in=rounds).exclude(state__in=Job.ENDED).exists():
        raise Conflict(say("jobs_under_way", "Jobs of it are under way. Cancel them first."))


def _check_independent(project: Project) -> None:
    paths = list(project.checkpoints.exclude(path="").values_list("path", flat=True))
    files = list(project.datasets.values_list("path", flat=True))
    made = Q(parents__project=project) | Q(dataset__project=project) | Q(path__in=paths)
    if other := Checkpoint.objects.exclude(project=project).filter(made).first():
        raise Conflict(
            say(
                "checkpoint_elsewhere_depends",
                "A checkpoint of another project, {name}, was made of this one's. "
                "Archive the project instead.",
                name=other.name,
            )
        )
    if Dataset.objects.exclude(project=project).filter(path__in=files).exists():
        raise Conflict(
            say(
                "dataset_elsewhere_depends",
                "A dataset of another project is a file of this one. Archive the project instead.",
            )
        )


def delete_round(round: Round, *, number: int, by: User) -> None:
    """Delete a round, with its tasks, labels, datasets, jobs and checkpoints.

    Refused (Conflict) while it is under way, and where another round or project learned from it
    or shows its responses: a checkpoint must be able to name what it was made of.
    """
    if number != round.number:
        raise InvalidInput(
            say(
                "number_not_confirmed",
                "Type the round's number, {number}, to delete it.",
                number=round.number,
            ),
            fields={"number": [say("number_differs", "This is not the round's number.")]},
        )
    with transaction.atomic():
        Round.objects.select_for_update().get(pk=round.pk)
        _check_still(Round.objects.filter(pk=round.pk))
        _check_unused(round)
        now = timezone.now()
        Round.objects.filter(pk=round.pk).update(deleted_at=now, archived_at=now)
        happened("round.deleted", round, by=by, number=round.number)


def _check_unused(round: Round) -> None:
    used: dict[str, models.QuerySet[models.Model]] = {
        "checkpoint": Checkpoint.objects.filter(
            Q(parents__round=round) | Q(dataset__round=round)
        ).exclude(round=round),
        "response": Response.objects.filter(checkpoint__round=round).exclude(round=round),
        "task": TaskResponse.objects.filter(response__round=round).exclude(task__round=round),
        "dataset": Dataset.objects.filter(
            project=round.project_id,
            round__number__gt=round.number,
            provenance__learn_from="project",
        ),
    }
    for noun, rows in used.items():
        if rows.exists():
            raise Conflict(
                say(
                    "round_in_use",
                    "A {noun} of another round was made of what this round made. "
                    "Archive the round instead.",
                    noun=noun,
                )
            )


def delete_prompt(prompt: Prompt, *, by: User) -> None:
    """Delete a prompt with its responses and what was said of them.

    Refused (Conflict) once a round that asked about it has ended in a frozen dataset: archive it.
    """
    with transaction.atomic():
        Project.objects.select_for_update(no_key=True).get(pk=prompt.project_id)
        rounds = Round.objects.filter(Q(tasks__prompt=prompt) | Q(responses__prompt=prompt))
        first = rounds.aggregate(number=Min("number"))["number"]
        frozen = Dataset.objects.filter(project=prompt.project_id, round__number__gte=first or 0)
        if first is not None and frozen.exists():
            raise Conflict(
                say(
                    "prompt_in_dataset",
                    "This prompt may be in a frozen dataset, which never changes. "
                    "Archive the prompt instead.",
                )
            )
        tasks = Task.objects.filter(prompt=prompt)
        happened("prompt.deleted", prompt, by=by)
        for rows in (
            Label.objects.filter(task__in=tasks).order_by("-created_at"),
            Assignment.objects.filter(task__in=tasks),
            TaskResponse.objects.filter(task__in=tasks),
            tasks,
            Response.objects.filter(prompt=prompt),
        ):
            for _ in _batches(rows):
                pass
        prompt.delete()


def erase_deleted() -> None:
    """Take away a bounded number of rows of what is deleted; called at every look of the worker."""
    project = Project.objects.filter(deleted_at__isnull=False).order_by("deleted_at").first()
    if project is not None:
        _erase(_rows_of_project(project), project, _files_of(Q(project=project)))
    gone = Round.objects.filter(deleted_at__isnull=False).select_related("project")
    round_ = gone.order_by("deleted_at").first()
    if round_ is not None:
        _erase(_rows_of_round(round_), round_, _files_of(Q(round=round_)))


Rows = models.QuerySet[models.Model]


def _erase(tables: list[Rows], last: models.Model, files: Iterator[Path]) -> None:
    """The next batches of the tables; with the last of them the few rows that name files."""
    done = 0
    for rows in tables:
        for _ in _batches(rows):
            done += 1
            if done == BATCHES:
                return
    # Files first: what names them is what a killed worker finds them by again.
    for path in files:
        _remove(path)
    where = {"project": last} if isinstance(last, Project) else {"round": last}
    with transaction.atomic():
        for noun in (Checkpoint, Job, Dataset):
            noun._default_manager.filter(**where).delete()
        last.delete()


def _rows_of_project(project: Project) -> list[Rows]:
    """Every large table in an order in which nothing that is left names what is gone."""
    return [
        # An amendment before what it supersedes.
        Label.objects.filter(project=project).order_by("-created_at"),
        Assignment.objects.filter(project=project),
        TaskResponse.objects.filter(task__project=project),
        Task.objects.filter(project=project),
        Response.objects.filter(prompt__project=project),
        Prompt.objects.filter(project=project),
    ]


def _rows_of_round(round: Round) -> list[Rows]:
    return [
        Label.objects.filter(round=round).order_by("-created_at"),
        Assignment.objects.filter(round=round),
        TaskResponse.objects.filter(task__round=round),
        Task.objects.filter(round=round),
        Response.objects.filter(round=round),
    ]


def _batches(rows: Rows) -> Iterator[int]:
    """Delete rows `AT_ONCE` at a time, each batch in a transaction of its own; how many each."""
    table, key = rows.model._meta.db_table, rows.model._meta.pk
    assert key is not None
    while ids := list(rows.values_list("pk", flat=True)[:AT_ONCE]):
        marks = ", ".join(["%s"] * len(ids))
        with transaction.atomic():
            gone = change(f'DELETE FROM "{table}" WHERE "{key.column}" IN ({marks})', *ids)
        yield gone


def _files_of(where: Q) -> Iterator[Path]:
    paths = [
        *Dataset.objects.filter(where).values_list("path", flat=True),
        *Checkpoint.objects.filter(where).exclude(path="").values_list("path", flat=True),
        *Job.objects.filter(where).exclude(run_dir="").values_list("run_dir", flat=True),
    ]
    return map(Path, paths)


def _remove(path: Path) -> None:
    """Remove a file or folder of ours; a model that was registered where it lies stays there."""
    if not path.is_relative_to(settings.STORAGE_DIR) or path == settings.STORAGE_DIR:
        return
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
