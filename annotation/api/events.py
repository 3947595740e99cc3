from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from annotation.api.access import get_project
from annotation.api.base import NameOf, View


class EventOf(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    action = serializers.CharField(help_text="noun.verb, for example round.started.")
    actor = NameOf(allow_null=True, help_text="null: the worker or a command.")
    object_id = serializers.UUIDField(allow_null=True)
    detail = serializers.JSONField()
    created_at = serializers.DateTimeField()


class EventsView(View):
    @extend_schema(responses=EventOf(many=True), operation_id="events_list")
    def get(self, request: Request, project_id: UUID) -> Response:
        """Who did what in the project, newest first."""
        project = get_project(request.user, project_id, "event.view")
        rows = project.events.select_related("actor").order_by("-created_at", "id")
        return self.page(request, rows, EventOf)
