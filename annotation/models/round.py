from typing import Any

from django.db import models

from annotation.models.base import Noun
from annotation.models.project import Project


class RoundQuerySet(models.QuerySet["Round"]):
    def for_user(self, user: Any) -> "RoundQuerySet":
        return self.filter(project__in=Project.objects.for_user(user))

    def open(self) -> "RoundQuerySet":
        """Rounds the worker advances: started, not ended and not paused."""
        return self.filter(state=Round.State.OPEN, is_paused=False)

    def behind(self, round: "Round") -> "RoundQuerySet":
        """Rounds whose labels this one may learn from: itself, and those before it that are done.

        What another open round has is half-made: its labels may grow, its consensus may be done
        again.
        """
        return self.filter(project=round.project_id, number__lte=round.number).filter(
            models.Q(pk=round.pk) | models.Q(state=Round.State.DONE)
        )


class Round(Noun):
    """One turn of the cycle: a plan of steps. Only `annotation.rounds` writes `state`.

    draft -> open -> done | cancelled. What happens inside an open round is in its steps; the stage
    people see is derived from them (`annotation.rounds.plan.stage_of`).
    """

    class State(models.TextChoices):
        DRAFT = "draft"
        OPEN = "open"
        DONE = "done"
        CANCELLED = "cancelled"

    project = models.ForeignKey(Project, models.CASCADE, related_name="rounds")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    # The one fact that the labeler's path asks of a round: a label step runs, and nobody has
    # paused the round. Written under the row's lock together with what it follows from.
    is_labeling = models.BooleanField(default=False)
    is_paused = models.BooleanField(default=False)
    # As annotation.rounds.recipe writes it. Never changes once the round has started: what people
    # decide differently stands in their decisions.
    recipe = models.JSONField(default=dict)
    # This draft starts by itself when that round is done.
    after = models.OneToOneField("self", models.SET_NULL, null=True, related_name="successor")
    # The ladder as fitted when the round aggregated; null before. Shape: services.ratings.Ladder.
    ladder = models.JSONField(null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = RoundQuerySet.as_manager()

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["project", "number"], name="round_number_unique"),
            models.CheckConstraint(
                condition=models.Q(is_labeling=False) | models.Q(state="open", is_paused=False),
                name="round_labels_while_open",
            ),
        ]
        indexes = [models.Index(fields=["state"])]

    def __str__(self) -> str:
        return f"{self.project} · round {self.number}"
