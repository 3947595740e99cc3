from django.db import models

from annotation.models.base import Noun
from annotation.models.round import Round


class RoundStep(Noun):
    """One step of a round's plan and how far it is. Only `annotation.rounds` writes it.

    waiting -> running -> done, or skipped when what it reads was; `blocked` waits for a decision.
    Every transition names the state, attempt and take it leaves, so that whoever looks at an old
    copy of the row changes nothing.
    """

    class State(models.TextChoices):
        WAITING = "waiting"
        RUNNING = "running"
        BLOCKED = "blocked"
        DONE = "done"
        SKIPPED = "skipped"
        CANCELLED = "cancelled"

    ENDED = (State.DONE, State.SKIPPED, State.CANCELLED)

    round = models.ForeignKey(Round, models.CASCADE, related_name="steps")
    name = models.CharField(max_length=30)
    kind = models.CharField(max_length=20)
    index = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    # How often it was begun: at first, after a block, and with every take.
    attempts = models.PositiveSmallIntegerField(default=0)
    # How often it was begun afresh ("redo from here"). A part of the names of its jobs and
    # datasets, so that one take never finds what another one made.
    take = models.PositiveSmallIntegerField(default=1)
    # {role: [ids of checkpoints or datasets]}: what "newest" and the like meant when it first ran.
    reads = models.JSONField(null=True, blank=True)
    # annotation.rounds.step.Made
    made = models.JSONField(null=True, blank=True)
    # [annotation.rounds.step.Verdict]: what a gate found, kept after it was decided.
    evidence = models.JSONField(default=list, blank=True)
    # [annotation.rounds.step.Question]: what it waits for people to decide; null unless
    # blocked.
    block = models.JSONField(null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["index"]
        constraints = [
            models.UniqueConstraint(fields=["round", "name"], name="step_name_unique"),
            models.UniqueConstraint(fields=["round", "index"], name="step_index_unique"),
            models.CheckConstraint(
                condition=models.Q(state="blocked", block__isnull=False)
                | (~models.Q(state="blocked") & models.Q(block__isnull=True)),
                name="step_blocked_has_questions",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.state})"
