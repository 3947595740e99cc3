from typing import Any

from django.db import models

from annotation.models.base import Noun
from annotation.models.project import Project
from annotation.models.round import Round


class DatasetQuerySet(models.QuerySet["Dataset"]):
    def for_user(self, user: Any) -> "DatasetQuerySet":
        return self.filter(project__in=Project.objects.for_user(user))


class Dataset(Noun):
    """A frozen JSONL file. The digest is checked by every job that reads it; rows never change."""

    class Kind(models.TextChoices):
        PREFERENCE = "preference"
        PROMPTS = "prompts"
        TEXT = "text"
        MESSAGES = "messages"

    project = models.ForeignKey(Project, models.CASCADE, related_name="datasets")
    round = models.ForeignKey(Round, models.CASCADE, null=True, related_name="datasets")
    key = models.CharField(max_length=50)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    path = models.CharField(max_length=1000)
    digest = models.CharField(max_length=80)
    rows = models.PositiveIntegerField()
    train_rows = models.PositiveIntegerField(default=0)
    eval_rows = models.PositiveIntegerField(default=0)
    votes = models.PositiveIntegerField(default=0)
    # Which labels, rounds, labelers and settings it was made of.
    provenance = models.JSONField(default=dict, blank=True)

    objects = DatasetQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["round", "key"], name="dataset_key_unique")]

    def __str__(self) -> str:
        return f"{self.kind} {self.digest[7:15]}"
