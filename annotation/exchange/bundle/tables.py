"""What a whole project is: its tables, and what of their rows does not travel.

Ids travel as they are and are made anew on arrival; paths of the machine it left and accounts of
people do not travel at all. A person goes out under a number.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Exists, Model, OuterRef, Q, QuerySet

from annotation.models import (
    ApiToken,
    Assignment,
    Checkpoint,
    Dataset,
    Event,
    Guideline,
    Invitation,
    Job,
    Label,
    Labeler,
    Membership,
    Project,
    Prompt,
    Rating,
    Response,
    Round,
    Seat,
    Task,
    TaskResponse,
    Team,
    User,
)

Row = dict[str, Any]


@dataclass(frozen=True)
class Table:
    """`path` leads from the model to its project. `settle` makes a row one that has come to rest.

    `left` are columns that do not travel; they arrive with their default.
    """

    model: type[Model]
    path: str
    left: frozenset[str] = frozenset()
    settle: Callable[[Row], Row] = field(default=lambda row: row)
    # Where it says when a row was made; "" for what was there before anything names it.
    made: str = "created_at"

    def rows(self, project: Project) -> QuerySet[Model]:
        return self.model._default_manager.filter(**{self.path: project})

    @property
    def columns(self) -> list[str]:
        """Of an automatic key nothing depends, so it is given anew."""
        return [
            one.attname
            for one in self.model._meta.concrete_fields
            if one.attname not in self.left
            and one.get_internal_type() not in ("AutoField", "BigAutoField")
        ]


class Labelers(Table):
    """Labelers belong to the team; those go along who said something in the project."""

    def rows(self, project: Project) -> QuerySet[Model]:
        said = Label.objects.filter(project=project, labeler=OuterRef("pk"))
        held = Assignment.objects.filter(project=project, labeler=OuterRef("pk"))
        return Labeler._default_manager.filter(Q(Exists(said)) | Q(Exists(held)))


def _settled_round(row: Row) -> Row:
    """What was under way is over: nothing goes on by itself where it arrives."""
    if row["state"] in (Round.State.DRAFT, Round.State.DONE, Round.State.CANCELLED):
        return row
    return {**row, "state": Round.State.CANCELLED, "blocked": None}


def _settled_job(row: Row) -> Row:
    spec = row["spec"] or {}
    kept = {name: spec[name] for name in ("method", "settings", "seed") if name in spec}
    state = row["state"] if row["state"] in Job.ENDED else Job.State.CANCELLED
    return {**row, "spec": kept, "state": state}


def _settled_assignment(row: Row) -> Row:
    is_held = row["state"] == Assignment.State.LEASED
    return {**row, "state": Assignment.State.EXPIRED} if is_held else row


def _closed_task(row: Row) -> Row:
    return {**row, "is_open": False}


def _numbered_labeler(row: Row) -> Row:
    if row["kind"] != Labeler.Kind.PERSON:
        return row
    return {**row, "kind": Labeler.Kind.IMPORT, "name": f"person {str(row['id'])[:8]}"}


TABLES: dict[str, Table] = {
    "guidelines": Table(Guideline, "project", frozenset({"created_by_id"})),
    "labelers": Labelers(
        Labeler, "", frozenset({"user_id", "team_id"}), _numbered_labeler, made=""
    ),
    "prompts": Table(Prompt, "project"),
    "rounds": Table(Round, "project", settle=_settled_round),
    "jobs": Table(
        Job, "project", frozenset({"run_dir", "handle", "error", "heartbeat_at"}), _settled_job
    ),
    "datasets": Table(Dataset, "project", frozenset({"path"})),
    "checkpoints": Table(Checkpoint, "project", frozenset({"path"})),
    "parents": Table(
        Checkpoint.parents.through, "from_checkpoint__project", made="from_checkpoint__created_at"
    ),
    "responses": Table(Response, "prompt__project", frozenset({"author_id"})),
    "tasks": Table(Task, "project", settle=_closed_task),
    "entries": Table(TaskResponse, "task__project", made="task__created_at"),
    "assignments": Table(Assignment, "project", frozenset({"draft"}), _settled_assignment),
    "labels": Table(Label, "project"),
    "ratings": Table(Rating, "round__project"),
}
# What belongs to people, the team or this installation.
STAYS: tuple[type[Model], ...] = (
    ApiToken,
    Event,
    Invitation,
    Membership,
    Seat,
    Team,
    User,
    Team.members.through,
)
# Content is passed on as it is; ids inside other JSON are made anew with the rows they name.
CONTENT = frozenset({"messages", "text", "answer", "comment", "flags"})
# Besides its key, the column of a row by which others may not know it.
OWN_IDS: Mapping[str, str] = {"labels": "submission_id"}
# Small files of a run that pages read.
RUN_FILES = ("metrics.jsonl", "pairs.jsonl")
