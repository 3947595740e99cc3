from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from annotation.aggregation.estimate import Estimate
from annotation.api.access import get_membership, get_team, role_in
from annotation.api.base import EstimateOf, Fields, View, user_of
from annotation.models import Membership, Role
from annotation.permissions import allows
from annotation.services import agreement, teams


class MemberUser(Fields):
    id = serializers.UUIDField()
    name = serializers.CharField()
    email = serializers.EmailField(required=False, help_text="Only for owners and managers.")


class MemberOf(Fields):
    id = serializers.UUIDField()
    user = MemberUser()
    labeler = serializers.UUIDField(
        allow_null=True, help_text="Who they are on labels; null before they first ask for work."
    )
    role = serializers.ChoiceField(Role.choices)
    status = serializers.ChoiceField(Membership.Status.choices)
    joined_at = serializers.DateTimeField()
    last_seen_at = serializers.DateTimeField(allow_null=True)
    labels_total = serializers.IntegerField()
    labels_week = serializers.IntegerField(help_text="In the last seven days.")
    agreement = EstimateOf(
        allow_null=True,
        help_text="Share of response pairs ordered as others on the same task did; null when too "
        "few tasks are shared.",
    )


class MemberChange(Fields):
    role = serializers.ChoiceField(Role.choices, required=False)
    status = serializers.ChoiceField(Membership.Status.choices, required=False)


def shown(
    members: list[Membership], *, viewer_role: str, agreements: dict[UUID, Estimate]
) -> list[dict[str, Any]]:
    if not members:
        return []
    team, people = members[0].team, [member.user_id for member in members]
    counts = teams.label_counts(team, people)
    labelers = dict(team.labelers.filter(user__in=people).values_list("user_id", "pk"))
    rows = []
    for member in members:
        user = {"id": member.user_id, "name": member.user.name}
        if allows(viewer_role, "member.edit"):
            user["email"] = member.user.email
        count = counts.get(member.user_id, {"total": 0, "week": 0})
        rows.append(
            {
                "id": member.id,
                "user": user,
                "labeler": labelers.get(member.user_id),
                "role": member.role,
                "status": member.status,
                "joined_at": member.created_at,
                "last_seen_at": member.user.last_seen_at,
                "labels_total": count["total"],
                "labels_week": count["week"],
                "agreement": agreements.get(member.user_id),
            }
        )
    return rows


class MembersView(View):
    @extend_schema(responses=MemberOf(many=True), operation_id="members_list")
    def get(self, request: Request, team_id: UUID) -> Response:
        team = get_team(request.user, team_id, "member.view")
        paginator = self.pagination_class()
        members = paginator.paginate_queryset(teams.members_of(team), request, view=self) or []
        rows = shown(
            members,
            viewer_role=str(role_in(request.user, team.pk)),
            agreements=agreement.agreement_of_members(team),
        )
        return paginator.get_paginated_response(MemberOf(rows, many=True).data)


class MemberView(View):
    @extend_schema(request=MemberChange, responses=MemberOf, operation_id="members_change")
    def patch(self, request: Request, membership_id: UUID) -> Response:
        """Another role, suspension or return. Only owners make and unmake owners."""
        membership = get_membership(request.user, membership_id, "member.edit")
        membership = teams.change_member(
            membership, by=user_of(request), **self.parse(request, MemberChange)
        )
        (row,) = shown(
            [membership],
            viewer_role="manager",
            agreements=agreement.agreement_of_members(membership.team),
        )
        return Response(MemberOf(row).data)
