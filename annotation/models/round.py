from typing import Any

from django.db import models

from annotation.models.base import Noun
from annotation.models.project import Project


class RoundQuerySet(models.QuerySet["Round"]):
    def for_user(self, user: Any) -> "RoundQuerySet":
        return self.filter(project__in=Project.objects.for_user(user))

    def open(self) -> "RoundQuerySet":
        """Rounds the worker advances: started and not ended. Blocked ones wait for a person."""
        return self.filter(state__in=Round.OPEN, archived_at__isnull=True)

    def shown(self, *, archived: bool = False) -> "RoundQuerySet":
        return self.filter(deleted_at__isnull=True, archived_at__isnull=not archived)


class Round(Noun):
    """One turn of the cycle. Only `services.rounds` writes `state`.

    draft -> generating -> labeling -> aggregating -> training -> evaluating -> done, with
    `blocked` (reason, evidence and the actions that unblock it, in `blocked`) and `cancelled`
    from any of them.
    """

    class State(models.TextChoices):
        DRAFT = "draft"
        GENERATING = "generating"
        LABELING = "labeling"
        AGGREGATING = "aggregating"
        TRAINING = "training"
        EVALUATING = "evaluating"
        DONE = "done"
        BLOCKED = "blocked"
        CANCELLED = "cancelled"

    OPEN = (
        State.GENERATING,
        State.LABELING,
        State.AGGREGATING,
        State.TRAINING,
        State.EVALUATING,
    )

    project = models.ForeignKey(Project, models.CASCADE, related_name="rounds")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=12, choices=State.choices, default=State.DRAFT)
    # {"state": where it stopped, "reason": sentence, "evidence": {...},
    #  "actions": [{"action", "label"}]} while blocked, else null.
    blocked = models.JSONField(null=True, blank=True)
    recipe = models.JSONField(default=dict)
    # [{"state", "at"}]: when each state was entered.
    history = models.JSONField(default=list, blank=True)
    # The ladder as fitted when the round aggregated; null before. Shape: services.ratings.describe.
    ladder = models.JSONField(null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    # Out of sight and without new work, by itself or with its project, until it is brought back.
    archived_at = models.DateTimeField(null=True, blank=True)
    # Gone for everybody; the worker takes its rows away in batches.
    deleted_at = models.DateTimeField(null=True, blank=True)

    objects = RoundQuerySet.as_manager()

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["project", "number"], name="round_number_unique"),
            models.CheckConstraint(
                condition=models.Q(state="blocked", blocked__isnull=False)
                | (~models.Q(state="blocked") & models.Q(blocked__isnull=True)),
                name="round_blocked_has_reason",
            ),
        ]
        indexes = [models.Index(fields=["state"])]

    def __str__(self) -> str:
        return f"{self.project} · round {self.number}"
