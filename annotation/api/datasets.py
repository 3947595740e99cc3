import json
from itertools import islice
from pathlib import Path
from uuid import UUID

from django.http import FileResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from annotation.api.access import get_dataset, get_project
from annotation.api.base import Fields, NameOf, View
from annotation.api.jobs import RoundNameOf
from annotation.models import Dataset
from training.contract.rows import MessagesRow, PreferenceRow, PromptRow, TextRow


class DatasetOf(Fields):
    id = serializers.UUIDField()
    project = NameOf()
    round = RoundNameOf(allow_null=True)
    key = serializers.CharField()
    kind = serializers.ChoiceField(Dataset.Kind.choices)
    digest = serializers.CharField()
    rows = serializers.IntegerField()
    train_rows = serializers.IntegerField()
    eval_rows = serializers.IntegerField()
    votes = serializers.IntegerField()
    labels = serializers.IntegerField(source="provenance.labels", default=0)
    provenance = serializers.JSONField()
    created_at = serializers.DateTimeField()
    checkpoints = NameOf(many=True)


class PreviewQuery(Fields):
    limit = serializers.IntegerField(min_value=1, max_value=200, default=20)


# The stub knows no union inside a list.
@extend_schema_field(list[PreferenceRow | PromptRow | MessagesRow | TextRow])  # type: ignore[arg-type]
class RowsField(serializers.JSONField):
    """Lines of the frozen file, as they are."""


class PreviewOf(Fields):
    rows = RowsField()


ROWS = Dataset.objects.select_related("project", "round").prefetch_related("checkpoints")


class DatasetsView(View):
    @extend_schema(responses=DatasetOf(many=True), operation_id="datasets_list")
    def get(self, request: Request, project_id: UUID) -> Response:
        project = get_project(request.user, project_id, "dataset.view")
        return self.page(request, ROWS.filter(project=project).order_by("-created_at"), DatasetOf)


class DatasetView(View):
    @extend_schema(responses=DatasetOf, operation_id="datasets_show")
    def get(self, request: Request, dataset_id: UUID) -> Response:
        found = get_dataset(request.user, dataset_id, "dataset.view")
        return Response(DatasetOf(ROWS.get(pk=found.pk)).data)


class DatasetPreviewView(View):
    @extend_schema(parameters=[PreviewQuery], responses=PreviewOf, operation_id="datasets_preview")
    def get(self, request: Request, dataset_id: UUID) -> Response:
        found = get_dataset(request.user, dataset_id, "dataset.view")
        with Path(found.path).open(encoding="utf-8") as file:
            lines = list(islice(file, self.query(request, PreviewQuery)["limit"]))
        return Response({"rows": [json.loads(line) for line in lines]})


class DatasetDownloadView(View):
    @extend_schema(
        responses={(200, "application/jsonl"): OpenApiTypes.BINARY},
        operation_id="datasets_download",
    )
    def get(self, request: Request, dataset_id: UUID) -> FileResponse:
        """The frozen file itself; its SHA-256 is the dataset's digest."""
        found = get_dataset(request.user, dataset_id, "dataset.export")
        return FileResponse(
            Path(found.path).open("rb"),
            as_attachment=True,
            filename=f"{found.key}-{found.pk}.jsonl",
            content_type="application/jsonl",
        )
