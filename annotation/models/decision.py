from django.db import models

from annotation.models.base import Noun
from annotation.models.round import Round
from annotation.models.step import RoundStep
from annotation.models.team import User


class Decision(Noun):
    """What a person chose in a round, why and on which evidence. Append-only.

    With a `step` it answers one question of that step's block: `subject` names the question (a
    bound of a gate, or "" where the step asks one thing only) and `attempt` the run that asked, so
    that every question takes its own answer and an old answer never counts for a new measurement.
    """

    round = models.ForeignKey(Round, models.CASCADE, related_name="decisions")
    step = models.ForeignKey(RoundStep, models.CASCADE, null=True, related_name="decisions")
    attempt = models.PositiveSmallIntegerField(default=0)
    subject = models.CharField(max_length=80, blank=True)
    choice = models.CharField(max_length=30)
    why = models.TextField(blank=True)
    # What was on the screen: a copy of the question, and of its evidence.
    evidence = models.JSONField(default=dict, blank=True)
    # [{"step", "change"}]: laid over the recipe, which itself never changes.
    amendments = models.JSONField(default=list, blank=True)
    by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    # Made by the client: a double click sends the same one twice.
    decision_id = models.UUIDField()

    class Meta:
        ordering = ["created_at"]
        constraints = [
            models.UniqueConstraint(fields=["round", "decision_id"], name="decision_sent_once"),
            models.UniqueConstraint(
                fields=["step", "attempt", "subject"], name="decision_answers_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.choice} ({self.subject or 'round'})"
