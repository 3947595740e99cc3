from django.db import models

from annotation.models.base import Noun
from annotation.models.checkpoint import Checkpoint
from annotation.models.round import Round


class Rating(Noun):
    """A checkpoint's strength after a round, on the Elo scale, with its 95 % interval.

    `elo`, `low` and `high` are null where the votes do not determine them (undefeated, never
    won, or not connected to the others): the answer then is "not estimable", not a number.
    """

    round = models.ForeignKey(Round, models.CASCADE, related_name="ratings")
    checkpoint = models.ForeignKey(Checkpoint, models.CASCADE, related_name="ratings")
    criterion = models.CharField(max_length=50, default="overall")
    elo = models.FloatField(null=True)
    low = models.FloatField(null=True)
    high = models.FloatField(null=True)
    se = models.FloatField(null=True)
    rank_low = models.PositiveSmallIntegerField()
    rank_high = models.PositiveSmallIntegerField()
    wins = models.FloatField(default=0)
    ties = models.FloatField(default=0)
    losses = models.FloatField(default=0)
    votes = models.PositiveIntegerField(default=0)
    component = models.PositiveSmallIntegerField(default=0)
    is_anchor = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["round", "checkpoint", "criterion"], name="rating_unique"
            )
        ]

    def __str__(self) -> str:
        return f"{self.checkpoint}: {self.elo}"
