from django.db import models

from annotation.models.base import Noun
from annotation.models.project import Project
from annotation.models.team import Team, User


class Event(Noun):
    """Who did what to which row. Append-only."""

    team = models.ForeignKey(Team, models.CASCADE, related_name="events")
    project = models.ForeignKey(Project, models.CASCADE, null=True, related_name="events")
    actor = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    # noun.verb, for example "round.started"; the row is `object_id`.
    action = models.CharField(max_length=50)
    object_id = models.UUIDField(null=True)
    detail = models.JSONField(default=dict, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["team", "-created_at"]),
            models.Index(fields=["project", "-created_at"]),
        ]

    def __str__(self) -> str:
        return self.action
