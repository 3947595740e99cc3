"""A project: what is labeled, by which rules."""

from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from annotation.kinds import KINDS, MOST_RESPONSES, RANK
from annotation.models.base import Noun
from annotation.models.team import Team, User

# What a project asks for: one kind of task, or rankings with comparisons among them.
POLICY_KINDS = (*KINDS, "mixed")


class ProjectQuerySet(models.QuerySet["Project"]):
    def for_user(self, user: Any) -> "ProjectQuerySet":
        """Projects of the teams in which the user is an active member."""
        return self.filter(
            team__memberships__user=user, team__memberships__status="active"
        ).distinct()


class Project(Noun):
    """Labeling policy is on the row: the assignment hot path reads it with the project."""

    team = models.ForeignKey(Team, models.CASCADE, related_name="projects")
    name = models.CharField(max_length=100)
    description = models.TextField(blank=True)
    criteria = models.JSONField(default=list, blank=True)
    languages = models.JSONField(default=list, blank=True)

    # One of POLICY_KINDS.
    task_kind = models.CharField(max_length=10, default=RANK.name)
    responses_per_prompt = models.PositiveSmallIntegerField(
        default=4, validators=[MinValueValidator(0), MaxValueValidator(MOST_RESPONSES)]
    )
    allow_ties = models.BooleanField(default=True)
    labels_wanted = models.PositiveSmallIntegerField(default=1, validators=[MinValueValidator(1)])
    lease_seconds = models.PositiveIntegerField(default=1800, validators=[MinValueValidator(5)])

    objects = ProjectQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["team", "name"], name="project_name_unique"),
            models.CheckConstraint(
                condition=models.Q(responses_per_prompt__range=(0, MOST_RESPONSES)),
                name="project_k_in_reach",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Guideline(Noun):
    """One version of the guidelines; labels remember which one they were made under."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="guidelines")
    version = models.PositiveIntegerField()
    text = models.TextField()
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "version"], name="guideline_version_unique")
        ]

    def __str__(self) -> str:
        return f"{self.project} v{self.version}"
