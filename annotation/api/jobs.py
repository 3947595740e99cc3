from pathlib import Path
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from annotation.api.access import get_job, get_project, get_round
from annotation.api.base import Fields, NameOf, SentenceOf, View, user_of
from annotation.models import Job
from annotation.services import jobs
from training.contract import progress

LOG_TAIL = 64 * 1024


class ErrorOf(Fields):
    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        # `class` is the name in the run directory and a keyword here.
        return {
            "class": serializers.CharField(),
            "text": serializers.CharField(allow_blank=True),
            "sentence": SentenceOf(allow_null=True),
        }


# What a run directory holds is passed on as it is; these say only how it looks.


@extend_schema_field(
    {"oneOf": [{"type": kind} for kind in ("string", "number", "boolean")], "nullable": True}
)
class SettingValue(serializers.JSONField):
    """One value of a method's settings."""


@extend_schema_field(
    {
        "type": "object",
        "required": ["t", "step", "split"],
        "properties": {
            "t": {"type": "string"},
            "step": {"type": "integer"},
            "split": {"type": "string"},
        },
        "additionalProperties": {
            "oneOf": [{"type": "number"}, {"type": "string"}],
            "nullable": True,
        },
    }
)
class MetricRow(serializers.JSONField):
    """When, at which step, of which split, and then quantities by name."""


class RoundNameOf(Fields):
    id = serializers.UUIDField()
    number = serializers.IntegerField()


@extend_schema_field(serializers.DictField(child=serializers.FloatField()))
class MetricsField(serializers.JSONField):
    """Quantities by name, whatever a method measured."""


class ResultOf(Fields):
    metrics = MetricsField(required=False)
    outputs = serializers.DictField(child=serializers.CharField(allow_null=True), required=False)
    steps = serializers.IntegerField(required=False)
    seconds = serializers.FloatField(required=False)
    tokens = serializers.IntegerField(required=False)


@extend_schema_field(ResultOf)
class ResultField(serializers.JSONField):
    """The result as the run directory has it."""


class ModelRefOf(Fields):
    path = serializers.CharField()
    digest = serializers.CharField(allow_null=True)


class DatasetRefOf(Fields):
    path = serializers.CharField()
    digest = serializers.CharField()
    kind = serializers.CharField()


class ResourcesOf(Fields):
    gpus = serializers.IntegerField()
    threads = serializers.IntegerField()


class LimitsOf(Fields):
    max_seconds = serializers.FloatField(allow_null=True)
    max_steps = serializers.IntegerField(allow_null=True)


class SpecOf(Fields):
    schema = serializers.IntegerField()
    job_id = serializers.CharField()
    method = serializers.CharField()
    dataset = DatasetRefOf()
    seed = serializers.IntegerField()
    model = ModelRefOf(allow_null=True)
    reference = ModelRefOf(allow_null=True)
    reward = ModelRefOf(allow_null=True)
    settings = serializers.DictField(child=SettingValue(), help_text="What differs from default.")
    resources = ResourcesOf()
    limits = LimitsOf()
    lineage = serializers.DictField(child=serializers.JSONField(allow_null=True))


@extend_schema_field(SpecOf)
class SpecField(serializers.JSONField):
    """The spec as the run directory has it."""


class JobOf(Fields):
    id = serializers.UUIDField()
    project = NameOf()
    round = RoundNameOf(allow_null=True)
    method = serializers.CharField()
    key = serializers.CharField()
    state = serializers.ChoiceField(Job.State.choices)
    attempt = serializers.IntegerField()
    max_attempts = serializers.IntegerField()
    cancel_requested = serializers.BooleanField()
    step = serializers.IntegerField()
    total = serializers.IntegerField(allow_null=True)
    created_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)
    heartbeat_at = serializers.DateTimeField(allow_null=True)
    exit_code = serializers.IntegerField(allow_null=True)
    error = ErrorOf(allow_null=True)
    result = ResultField(allow_null=True)
    spec = SpecField()
    checkpoint = NameOf(allow_null=True, default=None)


class MetricsOf(Fields):
    rows = serializers.ListField(child=MetricRow())
    next = serializers.IntegerField(
        help_text="Ask with since=<this>. Smaller than asked: a resume cut back, start over."
    )


class MetricsQuery(Fields):
    since = serializers.IntegerField(min_value=0, default=0)


ROWS = Job.objects.select_related("round", "checkpoint", "project")


class JobsOfRoundView(View):
    @extend_schema(responses=JobOf(many=True), operation_id="rounds_jobs")
    def get(self, request: Request, round_id: UUID) -> Response:
        found = get_round(request.user, round_id, "job.view")
        return self.page(request, ROWS.filter(round=found).order_by("created_at"), JobOf)


class JobsOfProjectView(View):
    @extend_schema(responses=JobOf(many=True), operation_id="jobs_list")
    def get(self, request: Request, project_id: UUID) -> Response:
        found = get_project(request.user, project_id, "job.view")
        return self.page(request, ROWS.filter(project=found).order_by("-created_at"), JobOf)


class JobView(View):
    @extend_schema(responses=JobOf, operation_id="jobs_show")
    def get(self, request: Request, job_id: UUID) -> Response:
        found = get_job(request.user, job_id, "job.view")
        return Response(JobOf(ROWS.get(pk=found.pk)).data)


class JobMetricsView(View):
    @extend_schema(parameters=[MetricsQuery], responses=MetricsOf, operation_id="jobs_metrics")
    def get(self, request: Request, job_id: UUID) -> Response:
        found = get_job(request.user, job_id, "job.view")
        rows, offset = progress.read_metrics(
            found.run_dir, self.query(request, MetricsQuery)["since"]
        )
        return Response({"rows": rows, "next": offset})


class JobLogView(View):
    @extend_schema(responses={(200, "text/plain"): OpenApiTypes.STR}, operation_id="jobs_log")
    def get(self, request: Request, job_id: UUID) -> HttpResponse:
        """The last 64 kB of the job's output."""
        path = Path(get_job(request.user, job_id, "job.view").run_dir) / "log.txt"
        content = b""
        if path.exists():
            with path.open("rb") as file:
                file.seek(max(0, path.stat().st_size - LOG_TAIL))
                content = file.read()
        return HttpResponse(content, content_type="text/plain; charset=utf-8")


class JobCancelView(View):
    @extend_schema(request=None, responses=JobOf, operation_id="jobs_cancel")
    def post(self, request: Request, job_id: UUID) -> Response:
        found = get_job(request.user, job_id, "job.edit")
        jobs.cancel_job(found, by=user_of(request))
        return Response(JobOf(ROWS.get(pk=found.pk)).data)


class JobRetryView(View):
    @extend_schema(request=None, responses=JobOf, operation_id="jobs_retry")
    def post(self, request: Request, job_id: UUID) -> Response:
        found = get_job(request.user, job_id, "job.edit")
        jobs.retry_job(found, by=user_of(request))
        return Response(JobOf(ROWS.get(pk=found.pk)).data)
