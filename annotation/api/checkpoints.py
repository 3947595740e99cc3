from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from annotation.api.access import get_checkpoint, get_project
from annotation.api.base import Fields, NameOf, View, user_of
from annotation.api.jobs import MetricsField, RoundNameOf
from annotation.models import Checkpoint
from annotation.services import checkpoints


class IdOf(Fields):
    id = serializers.UUIDField()


class LineageOf(Fields):
    labels = serializers.IntegerField()
    prompts = serializers.IntegerField()
    labelers = serializers.IntegerField()


class CheckpointOf(Fields):
    id = serializers.UUIDField()
    project = NameOf()
    name = serializers.CharField()
    kind = serializers.ChoiceField(Checkpoint.Kind.choices)
    method = serializers.CharField(allow_blank=True)
    path = serializers.CharField(allow_blank=True)
    digest = serializers.CharField(allow_blank=True)
    parents = NameOf(many=True)
    children = NameOf(many=True)
    dataset = IdOf(allow_null=True)
    job = IdOf(allow_null=True)
    round = RoundNameOf(allow_null=True)
    metrics = MetricsField()
    is_accepted = serializers.BooleanField()
    created_at = serializers.DateTimeField()
    lineage = serializers.SerializerMethodField()

    @extend_schema_field(LineageOf)
    def get_lineage(self, checkpoint: Checkpoint) -> dict[str, int]:
        return checkpoints.lineage_of(checkpoint)


class CheckpointInput(Fields):
    name = serializers.CharField(max_length=200)
    path = serializers.CharField(
        max_length=1000, help_text="A folder on the server, or a hub id where the hub is allowed."
    )
    kind = serializers.ChoiceField(
        [Checkpoint.Kind.BASE, Checkpoint.Kind.POLICY, Checkpoint.Kind.REWARD],
        default=Checkpoint.Kind.BASE,
    )


ROWS = Checkpoint.objects.select_related("project", "dataset", "job", "round").prefetch_related(
    "parents", "children"
)


def shown(checkpoint: Checkpoint) -> dict[str, Any]:
    return CheckpointOf(ROWS.get(pk=checkpoint.pk)).data


class CheckpointsView(View):
    @extend_schema(responses=CheckpointOf(many=True), operation_id="checkpoints_list")
    def get(self, request: Request, project_id: UUID) -> Response:
        project = get_project(request.user, project_id, "checkpoint.view")
        rows = ROWS.filter(project=project).order_by("-created_at")
        return self.page(request, rows, CheckpointOf)

    @extend_schema(
        request=CheckpointInput, responses={201: CheckpointOf}, operation_id="checkpoints_create"
    )
    def post(self, request: Request, project_id: UUID) -> Response:
        """Register one's own model as a writer or a reward model."""
        project = get_project(request.user, project_id, "checkpoint.edit")
        form = self.parse(request, CheckpointInput)
        made = checkpoints.register_checkpoint(project, by=user_of(request), **form)
        return Response(shown(made), status=201)


class CheckpointView(View):
    @extend_schema(responses=CheckpointOf, operation_id="checkpoints_show")
    def get(self, request: Request, checkpoint_id: UUID) -> Response:
        return Response(shown(get_checkpoint(request.user, checkpoint_id, "checkpoint.view")))
