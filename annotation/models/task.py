from django.db import models

from annotation.models.base import Noun
from annotation.models.project import Project
from annotation.models.prompt import Prompt
from annotation.models.response import Response
from annotation.models.round import Round
from annotation.models.team import User


class TaskQuerySet(models.QuerySet["Task"]):
    def for_user(self, user: User) -> "TaskQuerySet":
        return self.filter(round__project__in=Project.objects.for_user(user))


class Task(Noun):
    """One unit of work: responses to one prompt, put before `labels_wanted` labelers.

    `is_open` is a hint that keeps the search for work on a partial index; it is recomputed from
    assignments and labels under the row's lock at every change, and never decides anything.
    `position` is the place in the queue of its project. A task that opens again (skipped, lease
    expired) goes to the end, past the cursor of every labeler, so that nobody ever scans what
    they have already seen.
    """

    round = models.ForeignKey(Round, models.CASCADE, related_name="tasks")
    project = models.ForeignKey(Project, models.CASCADE, related_name="+", db_index=False)
    prompt = models.ForeignKey(Prompt, models.PROTECT, related_name="tasks")
    # A name in annotation.kinds.KINDS; no choices here, so that a new kind is no migration.
    kind = models.CharField(max_length=10)
    labels_wanted = models.PositiveSmallIntegerField(default=1)
    position = models.BigIntegerField()
    is_open = models.BooleanField(default=True)
    # Probability with which this task was drawn among the possible ones; null = all were asked.
    sampling_probability = models.FloatField(null=True, blank=True)
    # [{"rank"...}] consensus, written when the round aggregates; null before.
    consensus = models.JSONField(null=True, blank=True)
    responses = models.ManyToManyField(Response, through="TaskResponse", related_name="tasks")

    objects = TaskQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(labels_wanted__gte=1), name="task_wants_a_label"
            ),
        ]
        indexes = [
            models.Index(
                fields=["project", "position"],
                condition=models.Q(is_open=True),
                name="task_open_queue",
            ),
            models.Index(fields=["project", "-position"], name="task_queue_end"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.prompt}"


class TaskResponse(models.Model):
    """A response at its canonical index (0, 1, ...) in a task; rankings are in this order."""

    task = models.ForeignKey(Task, models.CASCADE, related_name="entries", db_index=False)
    response = models.ForeignKey(Response, models.PROTECT, related_name="+")
    index = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["index"]
        constraints = [
            models.UniqueConstraint(fields=["task", "index"], name="task_index_unique"),
            models.UniqueConstraint(fields=["task", "response"], name="task_response_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.index} of {self.task_id}"
