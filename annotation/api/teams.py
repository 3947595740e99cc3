from typing import Any
from uuid import UUID

from django.db.models import Count, OuterRef, Subquery
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from annotation.api.access import get_team
from annotation.api.base import Fields, View, user_of
from annotation.models import Membership, Role, Team
from annotation.models.team import TeamQuerySet
from annotation.services import teams


class TeamOf(Fields):
    id = serializers.UUIDField()
    name = serializers.CharField()
    role = serializers.ChoiceField(Role.choices, help_text="Your own.")
    members_count = serializers.IntegerField()
    created_at = serializers.DateTimeField()


class TeamInput(Fields):
    name = serializers.CharField(max_length=100)


def shown(user: Any) -> TeamQuerySet:
    """The user's teams, each with their role in it and how many active members it has."""
    memberships = Membership.objects.filter(team=OuterRef("pk"), status=Membership.Status.ACTIVE)
    count = memberships.order_by().values("team").annotate(n=Count("pk")).values("n")
    return Team.objects.for_user(user).annotate(
        role=Subquery(memberships.filter(user=user).values("role")[:1]),
        members_count=Subquery(count),
    )


class TeamsView(View):
    @extend_schema(responses=TeamOf(many=True), operation_id="teams_list")
    def get(self, request: Request) -> Response:
        return self.page(request, shown(request.user).order_by("name", "id"), TeamOf)

    @extend_schema(request=TeamInput, responses={201: TeamOf}, operation_id="teams_create")
    def post(self, request: Request) -> Response:
        team = teams.create_team(**self.parse(request, TeamInput), by=user_of(request))
        return Response(TeamOf(shown(request.user).get(pk=team.pk)).data, status=201)


class TeamView(View):
    @extend_schema(responses=TeamOf, operation_id="teams_show")
    def get(self, request: Request, team_id: UUID) -> Response:
        team = get_team(request.user, team_id, "team.view")
        return Response(TeamOf(shown(request.user).get(pk=team.pk)).data)

    @extend_schema(request=TeamInput, responses=TeamOf, operation_id="teams_change")
    def patch(self, request: Request, team_id: UUID) -> Response:
        team = get_team(request.user, team_id, "team.edit")
        teams.rename_team(team, **self.parse(request, TeamInput), by=user_of(request))
        return Response(TeamOf(shown(request.user).get(pk=team.pk)).data)
