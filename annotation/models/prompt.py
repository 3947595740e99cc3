import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import models

from annotation.models.base import Noun
from annotation.models.project import Project


class Split(models.TextChoices):
    TRAIN = "train"
    EVAL = "eval"


EVAL_SHARE = 0.2
_canonical = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def content_hash(messages: Sequence[Mapping[str, str]]) -> str:
    """SHA-256 of the conversation, in 64 hex digits; the same words are the same prompt."""
    canonical = _canonical([[m["role"], " ".join(m["content"].split())] for m in messages])
    return hashlib.sha256(canonical.encode()).hexdigest()


def split_of(digest: str) -> str:
    """Train or eval, decided by the prompt's hash alone, once and for every project.

    A prompt that comes back in another import or another project therefore never changes sides.
    """
    return (Split.EVAL if int(digest[-8:], 16) < EVAL_SHARE * 2**32 else Split.TRAIN).value


class PromptQuerySet(models.QuerySet["Prompt"]):
    def for_user(self, user: Any) -> "PromptQuerySet":
        return self.filter(project__in=Project.objects.for_user(user))


class Prompt(Noun):
    """A conversation `[{role, content}, ...]` awaiting an answer."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="prompts")
    messages = models.JSONField()
    source = models.CharField(max_length=200, blank=True)
    tags = models.JSONField(default=list, blank=True)
    language = models.CharField(max_length=10, default="en")
    content_hash = models.CharField(max_length=64)
    split = models.CharField(max_length=5, choices=Split.choices)
    # Out of sight and not asked about in new rounds, until somebody brings it back.
    archived_at = models.DateTimeField(null=True, blank=True)

    objects = PromptQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "content_hash"], name="prompt_unique"),
            models.CheckConstraint(
                condition=models.Q(split__in=Split.values), name="prompt_split_known"
            ),
        ]
        indexes = [models.Index(fields=["project", "split"])]

    def __str__(self) -> str:
        return str(self.messages[-1]["content"])[:80]
