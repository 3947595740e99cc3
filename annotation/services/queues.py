"""The queue of a project, as a labeler sees it before they start."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Max
from django.db.models.functions import Coalesce
from django.utils import timezone

from annotation.models import Assignment, Label, Project, Round, Seat, Task, Team, User
from annotation.permissions import ALLOWED

# A queue says how many tasks wait, up to so many.
MOST_COUNTED = 1000


def end_of(project: Project) -> int:
    """The last position of the queue, -1 when it is empty."""
    last = Task.objects.filter(project=project).aggregate(last=Max("position"))["last"]
    return -1 if last is None else last


@dataclass(frozen=True, slots=True)
class Queue:
    """What one labeler sees of a project's queue. Days are UTC's; the week is the last 7 days."""

    project: Project
    team: Team
    round: Round | None
    kind: str
    waiting: int
    mine_today: int
    mine_week: int
    guidelines_version: int
    guidelines_changed: bool


def queues_for(labeler: User) -> list[Queue]:
    """The queue of every project in which the labeler may label, busy ones first."""
    roles = [role for role, allowed in ALLOWED.items() if "label.create" in allowed]
    projects = (
        Project.objects.filter(
            team__memberships__user=labeler,
            team__memberships__status="active",
            team__memberships__role__in=roles,
        )
        .select_related("team")
        .annotate(version=Coalesce(Max("guidelines__version"), 0))
        .order_by("name", "pk")
    )
    found = [_queue(project, labeler) for project in projects]
    return sorted(found, key=lambda queue: (queue.round is None, -queue.waiting))


def _queue(project: Any, labeler: User) -> Queue:
    now = timezone.now()
    seat = Seat.objects.filter(project=project, labeler=labeler).first()
    labeling = Round.objects.filter(project=project, is_labeling=True)
    mine = Assignment.objects.filter(labeler=labeler, project=project)
    ahead = (
        Task.objects.filter(
            project=project,
            is_open=True,
            position__gt=seat.cursor if seat else -1,
            round__in=labeling,
        )
        .exclude(pk__in=mine.exclude(state=Assignment.State.EXPIRED).values("task"))
        .order_by("position")
    )
    waiting = ahead[:MOST_COUNTED].count()
    if waiting < MOST_COUNTED:
        held = mine.filter(state=Assignment.State.LEASED, expires_at__gt=now)
        waiting += held.filter(round__in=labeling).count()
    said = Label.objects.filter(labeler=labeler, project=project, supersedes=None)
    return Queue(
        project=project,
        team=project.team,
        round=labeling.order_by("number").first(),
        kind=project.task_kind,
        waiting=waiting,
        mine_today=seat.labels_today if seat and seat.day == now.date() else 0,
        mine_week=said.filter(created_at__gt=now - timedelta(days=7)).count(),
        guidelines_version=project.version,
        guidelines_changed=seat is not None and 0 < seat.guideline_version_seen < project.version,
    )
