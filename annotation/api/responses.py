from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response as HttpResponse

from annotation.api.access import get_project
from annotation.api.base import Fields, View
from annotation.api.prompts import ResponseOf
from annotation.models import Response


class ResponseQuery(Fields):
    round = serializers.UUIDField(required=False)
    checkpoint = serializers.UUIDField(required=False)


class ResponseWithPrompt(ResponseOf):
    prompt = serializers.UUIDField(source="prompt_id")


class ResponsesView(View):
    @extend_schema(
        parameters=[ResponseQuery],
        responses=ResponseWithPrompt(many=True),
        operation_id="responses_list",
    )
    def get(self, request: Request, project_id: UUID) -> HttpResponse:
        """Responses with their writers; labelers may not ask."""
        project = get_project(request.user, project_id, "prompt.view")
        rows = Response.objects.filter(
            prompt__project=project, **self.query(request, ResponseQuery)
        )
        return self.page(
            request,
            rows.select_related("checkpoint").order_by("-created_at", "id"),
            ResponseWithPrompt,
        )
