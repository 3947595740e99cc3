from uuid import UUID

from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from annotation.api.access import get_project
from annotation.api.base import View, user_of
from annotation.api.streaming import stream_lines
from annotation.happenings import happened
from annotation.services import exports


class ExportView(View):
    @extend_schema(
        responses={(200, "application/x-ndjson"): OpenApiTypes.BINARY},
        operation_id="projects_export",
    )
    def get(self, request: Request, project_id: UUID) -> StreamingHttpResponse:
        """Every prompt with its responses as JSON lines, which prompts/import/ reads."""
        project = get_project(request.user, project_id, "dataset.export")
        happened("prompts.exported", project, by=user_of(request))
        chunks = (b"".join(lines) for lines in exports.prompt_lines(project))
        return stream_lines(chunks, filename=f"prompts-{project.pk}.jsonl")
