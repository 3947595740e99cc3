from typing import Any

from django.db import models

from annotation.models.base import Noun
from annotation.models.project import Project


class CheckpointQuerySet(models.QuerySet["Checkpoint"]):
    def for_user(self, user: Any) -> "CheckpointQuerySet":
        return self.filter(project__in=Project.objects.for_user(user))

    def accepted(self) -> "CheckpointQuerySet":
        return self.filter(is_accepted=True)


class Checkpoint(Noun):
    """A model at one point of its life: where its weights are and what they came from.

    `external` stands for a writer whose weights are not here: a model of an imported data set, or
    people. It can be rated but not run.
    """

    class Kind(models.TextChoices):
        BASE = "base"
        POLICY = "policy"
        REWARD = "reward"
        EXTERNAL = "external"

    project = models.ForeignKey(Project, models.CASCADE, related_name="checkpoints")
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    method = models.CharField(max_length=20, blank=True)
    path = models.CharField(max_length=1000, blank=True)
    digest = models.CharField(max_length=80, blank=True)
    parents = models.ManyToManyField("self", symmetrical=False, related_name="children")
    dataset = models.ForeignKey(
        "annotation.Dataset", models.PROTECT, null=True, related_name="checkpoints"
    )
    job = models.OneToOneField(
        "annotation.Job", models.PROTECT, null=True, related_name="checkpoint"
    )
    round = models.ForeignKey(
        "annotation.Round", models.PROTECT, null=True, related_name="checkpoints_made"
    )
    metrics = models.JSONField(default=dict, blank=True)
    # Only accepted ones write for people and are the newest or previous of a project. What a round
    # makes starts without; its accept step, or a person, gives it. Registered models have it.
    is_accepted = models.BooleanField(default=True)

    objects = CheckpointQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "name"], name="checkpoint_name_unique"),
            models.CheckConstraint(
                condition=models.Q(kind="external") | ~models.Q(path=""),
                name="checkpoint_names_its_weights",
            ),
        ]

    def __str__(self) -> str:
        return self.name
