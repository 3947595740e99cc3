"""The one door for what happens: audit row and live news by one call, from one table.

`happened("round.started", round, by=alice)` writes the audit row in the caller's transaction and,
once that is committed, tells the browsers that look at the round and its project. What is told is
ids only: the browser asks the API for what changed and so passes the permission check. A channel
layer that is down costs freshness, never a transaction.
"""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Model

from annotation import events
from annotation.models import Event, Job, Project, Round, Team, User

Detail = str | int | float | bool | None | list[str]


@dataclass(frozen=True)
class Happening:
    """What follows when it happens.

    `tells` names the groups that hear of it: the team, project, round or job the row belongs to,
    or the queue of its project. `is_soon`: hundreds may happen in a second, one of them is told.
    """

    tells: tuple[str, ...]
    is_audited: bool = True
    is_soon: bool = False


HAPPENINGS: dict[str, Happening] = {
    "team.created": Happening(tells=()),
    "team.renamed": Happening(tells=("team",)),
    "member.joined": Happening(tells=("team",)),
    "member.changed": Happening(tells=("team",)),
    "member.removed": Happening(tells=("team",)),
    "invitation.created": Happening(tells=("team",)),
    "invitation.revoked": Happening(tells=("team",)),
    "invitation.accepted": Happening(tells=("team",)),
    "project.created": Happening(tells=("team",)),
    "project.changed": Happening(tells=("team", "project", "queue")),
    "guidelines.written": Happening(tells=("project", "queue")),
    "prompt.created": Happening(tells=("project",)),
    "prompts.imported": Happening(tells=("project",)),
    "prompts.exported": Happening(tells=()),
    "comparisons.imported": Happening(tells=("project",)),
    "checkpoint.registered": Happening(tells=("project",)),
    "checkpoint.made": Happening(tells=("project", "round")),
    "checkpoint.accepted": Happening(tells=("project", "round")),
    "dataset.frozen": Happening(tells=("round",)),
    "round.created": Happening(tells=("project",)),
    "round.recipe_changed": Happening(tells=("project", "round")),
    "round.started": Happening(tells=("project", "round", "queue")),
    "round.moved": Happening(tells=("project", "round", "queue"), is_audited=False),
    "round.blocked": Happening(tells=("project", "round")),
    "round.decided": Happening(tells=("project", "round", "queue")),
    "round.cancelled": Happening(tells=("project", "round", "queue")),
    "round.finished": Happening(tells=("project", "round")),
    "labeling.finished": Happening(tells=("project", "round")),
    "ladder.fitted": Happening(tells=("round",), is_audited=False),
    "queue.changed": Happening(tells=("queue",), is_audited=False),
    # A label's row is its audit.
    "label.submitted": Happening(tells=("round",), is_audited=False, is_soon=True),
    "job.moved": Happening(tells=("job", "round"), is_audited=False),
    "job.failed": Happening(tells=("job", "round")),
    "job.cancel_requested": Happening(tells=("job", "round")),
    "job.retried": Happening(tells=("job", "round")),
}


def happened(name: str, about: Model, *, by: User | None = None, **detail: Detail) -> None:
    """Say that `name` happened to the row `about`; `by` None is the system itself."""
    happening = HAPPENINGS[name]
    if happening.is_audited:
        project = PLACES["project"](about)
        Event.objects.create(
            team_id=_team_id(about),
            project_id=project,
            actor=by,
            action=name,
            object_id=about.pk,
            detail=detail,
        )
    tell = events.tell_soon if happening.is_soon else events.tell
    for place in happening.tells:
        if (id_ := PLACES[place](about)) is not None:
            tell(f"{place}:{id_}", name, about.pk)


def _of(noun: type[Model], field: str) -> Callable[[Model], UUID | None]:
    def find(about: Model) -> UUID | None:
        found: UUID | None = about.pk if isinstance(about, noun) else getattr(about, field, None)
        return found

    return find


def _team_id(about: Model) -> UUID:
    found = PLACES["team"](about)
    if found is None:
        project: Project = about.project  # type: ignore[attr-defined]  # no team: in a project
        found = project.team_id
    return found


PLACES: dict[str, Callable[[Model], UUID | None]] = {
    "team": _of(Team, "team_id"),
    "project": _of(Project, "project_id"),
    "queue": _of(Project, "project_id"),
    "round": _of(Round, "round_id"),
    "job": _of(Job, "job_id"),
}
