"""A project: what is labeled, by which rules."""

from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from annotation.models.base import Noun
from annotation.models.team import Team, User


class TaskKind(models.TextChoices):
    """Kinds of work. `rate`, `write`, `attack` and `review` have their names reserved."""

    COMPARE = "compare"
    RANK = "rank"


class ProjectQuerySet(models.QuerySet["Project"]):
    def for_user(self, user: Any) -> "ProjectQuerySet":
        """Projects of the teams in which the user is an active member."""
        return self.filter(
            team__memberships__user=user, team__memberships__status="active"
        ).distinct()


class Project(Noun):
    """Labeling policy is on the row: the assignment hot path reads it with the project."""

    class PolicyKind(models.TextChoices):
        COMPARE = "compare"
        RANK = "rank"
        MIXED = "mixed"

    team = models.ForeignKey(Team, models.CASCADE, related_name="projects")
    name = models.CharField(max_length=100)
    description = models.TextField(blank=True)

    task_kind = models.CharField(max_length=10, choices=PolicyKind.choices, default=PolicyKind.RANK)
    responses_per_prompt = models.PositiveSmallIntegerField(
        default=4, validators=[MinValueValidator(2), MaxValueValidator(9)]
    )
    allow_ties = models.BooleanField(default=True)
    labels_wanted = models.PositiveSmallIntegerField(default=1, validators=[MinValueValidator(1)])
    lease_seconds = models.PositiveIntegerField(default=1800, validators=[MinValueValidator(5)])

    objects = ProjectQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["team", "name"], name="project_name_unique"),
            models.CheckConstraint(
                condition=models.Q(responses_per_prompt__range=(2, 9)), name="project_k_2_to_9"
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
