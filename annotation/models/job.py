from datetime import datetime
from typing import Any, TypedDict

from django.db import models
from django.utils import timezone

from annotation.models.base import Noun
from annotation.models.project import Project
from annotation.models.round import Round
from annotation.sentences import SentenceJson

# Why an attempt failed: the exception's class and what it said. Where the platform itself says it,
# `sentence` has the code by which a screen says it in its own language.
Failure = TypedDict("Failure", {"class": str, "text": str, "sentence": SentenceJson | None})


class JobQuerySet(models.QuerySet["Job"]):
    def for_user(self, user: Any) -> "JobQuerySet":
        return self.filter(project__in=Project.objects.for_user(user))

    def active(self) -> "JobQuerySet":
        return self.filter(state__in=[Job.State.STARTING, Job.State.RUNNING])

    def claimable(self, now: datetime | None = None) -> "JobQuerySet":
        return self.filter(state=Job.State.QUEUED, not_before__lte=now or timezone.now())


class Job(Noun):
    """One unit of GPU work and its run directory.

    queued -> starting -> running -> succeeded | failed | cancelled. A job whose process is gone
    without an exit code goes back to queued with attempt + 1 and resumes from its last complete
    checkpoint. Every transition is an UPDATE conditional on the state it leaves, so that two
    workers looking at the same row cannot both take it.
    """

    class State(models.TextChoices):
        QUEUED = "queued"
        STARTING = "starting"
        RUNNING = "running"
        SUCCEEDED = "succeeded"
        FAILED = "failed"
        CANCELLED = "cancelled"

    ENDED = (State.SUCCEEDED, State.FAILED, State.CANCELLED)

    project = models.ForeignKey(Project, models.CASCADE, related_name="jobs")
    round = models.ForeignKey(Round, models.CASCADE, null=True, related_name="jobs")
    # Names the work inside its round, for example "generate:<checkpoint>" or "train:1:dpo".
    key = models.CharField(max_length=100)
    method = models.CharField(max_length=20)
    spec = models.JSONField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    attempt = models.PositiveSmallIntegerField(default=1)
    max_attempts = models.PositiveSmallIntegerField(default=4)
    cancel_requested = models.BooleanField(default=False)
    run_dir = models.CharField(max_length=1000, blank=True)
    # What the launcher gave: host:pid:start time of a process, or a submission id.
    handle = models.CharField(max_length=100, blank=True)
    step = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(null=True, blank=True)
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    not_before = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    exit_code = models.SmallIntegerField(null=True, blank=True)
    error = models.JSONField(null=True, blank=True)
    result = models.JSONField(null=True, blank=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["round", "key"], name="job_key_unique")]
        indexes = [models.Index(fields=["state", "not_before"])]

    def __str__(self) -> str:
        return f"{self.key} ({self.state})"
