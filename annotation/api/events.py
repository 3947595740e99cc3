from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from annotation.api.access import get_project, get_team
from annotation.api.base import Fields, NameOf, View
from annotation.happenings import AUDITED
from annotation.models import Event


class EventOf(Fields):
    id = serializers.UUIDField()
    action = serializers.ChoiceField(AUDITED, help_text="noun.verb, for example round.started.")
    actor = NameOf(allow_null=True, help_text="null: the worker or a command.")
    project = NameOf(allow_null=True, help_text="null: it happened to the team itself.")
    object_id = serializers.UUIDField(allow_null=True)
    detail = serializers.DictField()
    created_at = serializers.DateTimeField()


class EventQuery(Fields):
    action = serializers.CharField(required=False)
    actor = serializers.UUIDField(required=False)


class _Events(View):
    def answer(self, request: Request, events: QuerySet[Event]) -> Response:
        rows = events.filter(**self.query(request, EventQuery)).select_related("actor", "project")
        return self.page(request, rows.order_by("-created_at", "id"), EventOf)


class ProjectEventsView(_Events):
    @extend_schema(
        parameters=[EventQuery], responses=EventOf(many=True), operation_id="events_list"
    )
    def get(self, request: Request, project_id: UUID) -> Response:
        """Who did what in the project, newest first."""
        project = get_project(request.user, project_id, "event.view")
        return self.answer(request, project.events.all())


class TeamEventsView(_Events):
    @extend_schema(
        parameters=[EventQuery], responses=EventOf(many=True), operation_id="teams_events"
    )
    def get(self, request: Request, team_id: UUID) -> Response:
        """Who did what in the team and in all of its projects, newest first."""
        team = get_team(request.user, team_id, "team.audit")
        return self.answer(request, team.events.all())
