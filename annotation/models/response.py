from typing import Any

from django.db import models

from annotation.models.base import Noun
from annotation.models.checkpoint import Checkpoint
from annotation.models.labeler import Labeler
from annotation.models.project import Project
from annotation.models.prompt import Prompt


class ResponseQuerySet(models.QuerySet["Response"]):
    def for_user(self, user: Any) -> "ResponseQuerySet":
        return self.filter(prompt__project__in=Project.objects.for_user(user))


class Response(Noun):
    """Text for a prompt. Who wrote it is never shown to a labeler."""

    class Source(models.TextChoices):
        CHECKPOINT = "checkpoint"
        ENDPOINT = "endpoint"
        PERSON = "person"
        IMPORT = "import"

    prompt = models.ForeignKey(Prompt, models.CASCADE, related_name="responses")
    round = models.ForeignKey(
        "annotation.Round", models.CASCADE, null=True, related_name="responses"
    )
    text = models.TextField()
    source = models.CharField(max_length=10, choices=Source.choices)
    checkpoint = models.ForeignKey(Checkpoint, models.PROTECT, null=True, related_name="responses")
    # Whoever wrote it in answer to a task.
    author = models.ForeignKey(Labeler, models.SET_NULL, null=True, related_name="+")
    # Position among what this writer wrote for this prompt in this round: 0, 1, ...
    index = models.PositiveSmallIntegerField(default=0)
    settings = models.JSONField(default=dict, blank=True)
    seed = models.BigIntegerField(null=True, blank=True)
    token_count = models.PositiveIntegerField(null=True, blank=True)
    finish_reason = models.CharField(max_length=10, blank=True)

    objects = ResponseQuerySet.as_manager()

    class Meta:
        constraints = [
            # A generation result that is read twice (a worker killed half-way) is stored once.
            models.UniqueConstraint(
                fields=["round", "prompt", "checkpoint", "index"],
                condition=models.Q(source="checkpoint"),
                name="response_generated_once",
            )
        ]

    def __str__(self) -> str:
        return self.text[:80]
