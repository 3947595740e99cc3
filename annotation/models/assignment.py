from django.db import models

from annotation.models.base import Noun
from annotation.models.labeler import Labeler
from annotation.models.project import Project
from annotation.models.round import Round
from annotation.models.task import Task


class AssignmentQuerySet(models.QuerySet["Assignment"]):
    def held_by(self, labeler: Labeler) -> "AssignmentQuerySet":
        return self.filter(labeler=labeler, state=Assignment.State.LEASED)


class Assignment(Noun):
    """A lease of a task to a labeler. One row per task and labeler for good.

    leased -> submitted | skipped | expired. An expired one may be leased again to the same
    labeler (the row is reused); a submitted or skipped one never.
    """

    class State(models.TextChoices):
        LEASED = "leased"
        SUBMITTED = "submitted"
        SKIPPED = "skipped"
        EXPIRED = "expired"

    # A change of state writes every index anew, so there is none that another one covers.
    task = models.ForeignKey(Task, models.CASCADE, related_name="assignments", db_index=False)
    labeler = models.ForeignKey(Labeler, models.PROTECT, related_name="assignments")
    # Copies of the task's, whose own constraints hold them: a constraint here would lock the one
    # row of the round and the project in the transaction of every labeler.
    round = models.ForeignKey(
        Round, models.CASCADE, related_name="assignments", db_constraint=False
    )
    project = models.ForeignKey(
        Project, models.CASCADE, related_name="+", db_constraint=False, db_index=False
    )
    state = models.CharField(max_length=10, choices=State.choices, default=State.LEASED)
    # Canonical response index at each shown place: [2, 0, 1] shows response 2 as A.
    order = models.JSONField()
    # Where in the queue the task was when it was leased; the labeler's cursor goes there.
    position = models.BigIntegerField(default=0)
    leased_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    skip_reason = models.CharField(max_length=200, blank=True)
    draft = models.JSONField(null=True, blank=True)
    # Milliseconds on the client's clock: an older draft arriving late does not win.
    draft_saved_at = models.BigIntegerField(default=0)
    # The labeler asked to say it again; the label stands until they have.
    amends = models.BooleanField(default=False)

    objects = AssignmentQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["task", "labeler"], name="assignment_unique"),
        ]
        indexes = [
            models.Index(
                fields=["labeler", "project", "leased_at"],
                condition=models.Q(state="leased"),
                name="assignment_held",
            ),
            models.Index(
                fields=["expires_at"],
                condition=models.Q(state="leased"),
                name="assignment_expiring",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.task_id} to {self.labeler} ({self.state})"


class Seat(models.Model):
    """A labeler's place in the queue of a project.

    Its row lock serialises the requests of one labeler (two tabs, a retry) without touching
    anybody else's; `cursor` is the last queue position they are done with, so that finding work
    costs the same after 20,000 labels as after none. `behind` walks the positions up to the cursor
    once there is nothing beyond it, for what was locked when the cursor went past.
    """

    project = models.ForeignKey(Project, models.CASCADE, related_name="seats")
    labeler = models.ForeignKey(Labeler, models.CASCADE, related_name="seats")
    cursor = models.BigIntegerField(default=-1)
    behind = models.BigIntegerField(default=-1)
    day = models.DateField(null=True, blank=True)
    labels_today = models.PositiveIntegerField(default=0)
    guideline_version_seen = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "labeler"], name="seat_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.labeler} in {self.project}"
