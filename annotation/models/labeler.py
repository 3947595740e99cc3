from django.db import models

from annotation.models.base import Noun
from annotation.models.team import Team, User


class Labeler(Noun):
    """Who says something in a team: a person with an account, a model, or an import.

    Labels, statistics and agreement speak of labelers; roles and sign-in of users. A labeler is
    never a member by being one: an import or a model needs neither account nor role, and what a
    person said stays theirs when they have left.
    """

    class Kind(models.TextChoices):
        PERSON = "person"
        MODEL = "model"
        IMPORT = "import"

    team = models.ForeignKey(Team, models.CASCADE, related_name="labelers")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    # Of a model or an import; a person's is the account's.
    name = models.CharField(max_length=200, blank=True)
    user = models.ForeignKey(User, models.PROTECT, null=True, related_name="labelers")
    checkpoint = models.ForeignKey(
        "annotation.Checkpoint", models.PROTECT, null=True, related_name="labelers"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["team", "user"], name="labeler_person_unique"),
            models.UniqueConstraint(
                fields=["team", "name"],
                condition=models.Q(kind="import"),
                name="labeler_import_unique",
            ),
            models.UniqueConstraint(fields=["team", "checkpoint"], name="labeler_model_unique"),
            models.CheckConstraint(
                condition=models.Q(kind="person", user__isnull=False, checkpoint__isnull=True)
                | models.Q(kind="model", user__isnull=True, checkpoint__isnull=False)
                | models.Q(kind="import", user__isnull=True, checkpoint__isnull=True),
                name="labeler_is_somebody",
            ),
        ]

    def __str__(self) -> str:
        return self.shown_name

    @property
    def shown_name(self) -> str:
        return str(self.user) if self.user else self.name
