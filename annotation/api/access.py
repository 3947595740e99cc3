"""Fetching is the permission check.

`get_project(user, id, "round.edit")` returns the row, or raises 404 when the user is not in its
team, or 403 when they are but the role does not allow the action. No view reaches a row another
way.
"""

from typing import TypeVar
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.db.models import Model

from annotation.database import Columns, fetch
from annotation.errors import Conflict, Forbidden, NotFound
from annotation.models import (
    Assignment,
    Checkpoint,
    Dataset,
    Invitation,
    Job,
    Labeler,
    Membership,
    Project,
    Prompt,
    Round,
    Task,
    Team,
    User,
)
from annotation.permissions import WHILE_ARCHIVED, allows
from annotation.sentences import say
from annotation.services import labelers

Row = TypeVar("Row", bound=Model)
# Whoever a request is from, as DRF knows them.
Caller = User | AnonymousUser


def role_in(user: Caller, team_id: UUID) -> str | None:
    """The user's role in the team, or None when they are not an active member."""
    if not isinstance(user, User):
        return None
    return (
        Membership.objects.filter(user=user, team_id=team_id, status=Membership.Status.ACTIVE)
        .values_list("role", flat=True)
        .first()
    )


def require(user: Caller, team_id: UUID, action: str) -> str:
    """The user's role, or NotFound for strangers and Forbidden for the wrong role."""
    return check_role(role_in(user, team_id), action)


def check_role(role: str | None, action: str) -> str:
    if role is None:
        raise _nothing()
    if not allows(role, action):
        raise Forbidden(
            say(
                "role_forbids",
                "Your role ({role}) does not allow {action}. Ask a manager of the team.",
                role=role,
                action=action,
            )
        )
    return role


def _nothing() -> NotFound:
    return NotFound(
        say("nothing_here", "There is nothing here, or it belongs to a team you are not in.")
    )


def _get(model: type[Row], id_: UUID, team_path: str, user: Caller, action: str) -> Row:
    related = team_path.rsplit("__", 1)[0] if "__" in team_path else None
    rows = model._default_manager.all()
    if related:
        rows = rows.select_related(related)
    row = rows.filter(pk=id_).first()
    if row is None:
        raise _nothing()
    target: object = row
    for part in team_path.split("__"):
        target = getattr(target, part)
    assert isinstance(target, UUID)
    require(user, target, action)
    _check_still_here(row, action)
    return row


def _check_still_here(row: Model, action: str) -> None:
    """What is deleted is not found; of an archived project only some things can be done."""
    if getattr(row, "deleted_at", None) is not None:
        raise _nothing()
    project = row if isinstance(row, Project) else getattr(row, "project", None)
    if isinstance(project, Project):
        if project.deleted_at is not None:
            raise _nothing()
        if project.archived_at is not None and action not in WHILE_ARCHIVED:
            raise Conflict(
                say("project_is_archived", "This project is archived. Bring it back first.")
            )


def get_team(user: Caller, id_: UUID, action: str) -> Team:
    return _get(Team, id_, "id", user, action)


def get_membership(user: Caller, id_: UUID, action: str) -> Membership:
    return _get(Membership, id_, "team_id", user, action)


def get_invitation(user: Caller, id_: UUID, action: str) -> Invitation:
    return _get(Invitation, id_, "team_id", user, action)


def get_project(user: Caller, id_: UUID, action: str) -> Project:
    return _get(Project, id_, "team_id", user, action)


def get_prompt(user: Caller, id_: UUID, action: str) -> Prompt:
    return _get(Prompt, id_, "project__team_id", user, action)


def get_round(user: Caller, id_: UUID, action: str) -> Round:
    return _get(Round, id_, "project__team_id", user, action)


def get_job(user: Caller, id_: UUID, action: str) -> Job:
    return _get(Job, id_, "project__team_id", user, action)


def get_checkpoint(user: Caller, id_: UUID, action: str) -> Checkpoint:
    return _get(Checkpoint, id_, "project__team_id", user, action)


def get_dataset(user: Caller, id_: UUID, action: str) -> Dataset:
    return _get(Dataset, id_, "project__team_id", user, action)


_project = Columns(Project, "p", "id", "team_id", "name", "allow_ties", "lease_seconds")
_assignment = Columns(
    Assignment, "a", "id", "task_id", "round_id", "project_id", "order", "position"
)
_task = Columns(Task, "t", "id", "kind")
_labeler = Columns(Labeler, "l", "id", "team_id", "user_id")
_MY_PROJECT = f"""
SELECT m.role, {_project.sql}, {_labeler.sql}
FROM annotation_project p
    LEFT JOIN annotation_membership m
        ON m.team_id = p.team_id AND m.user_id = %s AND m.status = 'active'
    LEFT JOIN annotation_labeler l ON l.team_id = p.team_id AND l.user_id = m.user_id
WHERE p.id = %s AND p.deleted_at IS NULL"""  # noqa: S608  columns of our own
_MY_ASSIGNMENT = f"""
SELECT m.role, {_project.sql}, {_labeler.sql}, {_task.sql}, {_assignment.sql}
FROM annotation_assignment a
    JOIN annotation_labeler l ON l.id = a.labeler_id
    JOIN annotation_task t ON t.id = a.task_id
    JOIN annotation_project p ON p.id = a.project_id
    LEFT JOIN annotation_membership m
        ON m.team_id = p.team_id AND m.user_id = l.user_id AND m.status = 'active'
WHERE a.id = %s AND l.user_id = %s AND p.deleted_at IS NULL"""  # noqa: S608  columns of our own


def get_labeling_project(user: User, id_: UUID) -> tuple[Project, Labeler]:
    """The project and who the user is in it, for somebody who may label in it.

    In one statement, for the hot path; only the first time ever makes the labeler.
    """
    rows = fetch(_MY_PROJECT, user.pk, id_)
    check_role(rows[0][0] if rows else None, "label.create")
    project = _project.build(rows[0], 1)
    at = 1 + len(_project)
    is_new = rows[0][at] is None
    labeler = labelers.of(user, project.team_id) if is_new else _labeler.build(rows[0], at)
    return project, labeler


def get_my_assignment(user: User, id_: UUID) -> Assignment:
    """The user's own assignment, its task, project and labeler; anybody else's is not found."""
    rows = fetch(_MY_ASSIGNMENT, id_, user.pk)
    check_role(rows[0][0] if rows else None, "label.create")
    at = 1 + len(_project)
    assignment = _assignment.build(rows[0], at + len(_labeler) + len(_task))
    assignment.project = _project.build(rows[0], 1)
    assignment.labeler = _labeler.build(rows[0], at)
    assignment.task = _task.build(rows[0], at + len(_labeler))
    return assignment
