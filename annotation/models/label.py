from django.db import models

from annotation.models.base import Noun
from annotation.models.labeler import Labeler
from annotation.models.project import Project
from annotation.models.round import Round
from annotation.models.task import Task
from annotation.models.team import User


class LabelQuerySet(models.QuerySet["Label"]):
    def for_user(self, user: User) -> "LabelQuerySet":
        return self.filter(project__in=Project.objects.for_user(user))

    def current(self) -> "LabelQuerySet":
        """Labels that no amendment has superseded."""
        return self.filter(superseded_by__isnull=True)


class Label(Noun):
    """What a labeler said about a task. Append-only: an amendment is a new row that supersedes.

    `answer` is what the task's kind calls one, in the task's canonical order of responses; only
    the kind reads it.
    """

    task = models.ForeignKey(Task, models.PROTECT, related_name="labels")
    labeler = models.ForeignKey(Labeler, models.PROTECT, related_name="labels", db_index=False)
    # Copies of the task's: see Assignment.
    round = models.ForeignKey(
        Round, models.CASCADE, related_name="labels", db_constraint=False, db_index=False
    )
    project = models.ForeignKey(Project, models.CASCADE, related_name="+", db_constraint=False)
    submission_id = models.UUIDField()
    answer = models.JSONField()
    flags = models.JSONField(default=list, blank=True)
    comment = models.TextField(blank=True)
    active_seconds = models.FloatField(default=0)
    guideline_version = models.PositiveIntegerField(default=0)
    supersedes = models.OneToOneField(
        "self", models.PROTECT, null=True, blank=True, related_name="superseded_by"
    )

    objects = LabelQuerySet.as_manager()

    class Meta:
        constraints = [
            # Sending a submission again finds the first one.
            models.UniqueConstraint(fields=["labeler", "submission_id"], name="label_sent_once"),
            # A labeler has one first word on a task; every other one supersedes.
            models.UniqueConstraint(
                fields=["task", "labeler"],
                condition=models.Q(supersedes__isnull=True),
                name="label_once_per_labeler",
            ),
            models.CheckConstraint(
                condition=models.Q(active_seconds__gte=0), name="label_active_seconds_positive"
            ),
        ]
        indexes = [
            models.Index(fields=["labeler", "project", "-created_at"]),
            models.Index(fields=["round", "created_at"]),
        ]

    def __str__(self) -> str:
        return f"{self.labeler}: {self.answer}"
