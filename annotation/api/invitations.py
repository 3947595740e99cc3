from uuid import UUID

from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from annotation.api.access import get_invitation, get_team
from annotation.api.base import Fields, View, user_of
from annotation.api.session import MyMembership
from annotation.models import Invitation, Role
from annotation.services import invitations

STATES = ["open", "accepted", "revoked", "expired"]


class InvitationOf(Fields):
    id = serializers.UUIDField()
    role = serializers.ChoiceField(Role.choices)
    email = serializers.EmailField(allow_blank=True)
    created_by = serializers.CharField(source="created_by.name")
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
    accepted_at = serializers.DateTimeField(allow_null=True)
    revoked_at = serializers.DateTimeField(allow_null=True)
    state = serializers.SerializerMethodField()

    @extend_schema_field(serializers.ChoiceField(STATES))
    def get_state(self, invitation: Invitation) -> str:
        return invitation.state()


class NewInvitation(InvitationOf):
    url = serializers.URLField(help_text="The link to send, shown this once.")


class InvitationInput(Fields):
    role = serializers.ChoiceField(Role.choices)
    email = serializers.EmailField(required=False, allow_blank=True)


class TeamName(Fields):
    name = serializers.CharField()


class InvitationByLink(Fields):
    team = TeamName()
    role = serializers.ChoiceField(Role.choices)
    expires_at = serializers.DateTimeField()
    state = serializers.ChoiceField(STATES)


class InvitationsView(View):
    @extend_schema(responses=InvitationOf(many=True), operation_id="invitations_list")
    def get(self, request: Request, team_id: UUID) -> Response:
        team = get_team(request.user, team_id, "invitation.edit")
        rows = team.invitations.select_related("created_by").order_by("-created_at", "id")
        return self.page(request, rows, InvitationOf)

    @extend_schema(
        request=InvitationInput, responses={201: NewInvitation}, operation_id="invitations_create"
    )
    def post(self, request: Request, team_id: UUID) -> Response:
        """A link that makes the first person who follows it a member; shown this once."""
        team = get_team(request.user, team_id, "invitation.edit")
        invitation = invitations.invite(
            team, by=user_of(request), **self.parse(request, InvitationInput)
        )
        url = request.build_absolute_uri(f"/invite/{invitations.token_of(invitation)}")
        return Response({**InvitationOf(invitation).data, "url": url}, status=201)


class InvitationView(View):
    @extend_schema(responses={204: None}, operation_id="invitations_revoke")
    def delete(self, request: Request, invitation_id: UUID) -> Response:
        invitation = get_invitation(request.user, invitation_id, "invitation.edit")
        invitations.revoke_invitation(invitation, by=user_of(request))
        return Response(status=204)


class InvitationByLinkView(View):
    permission_classes = [AllowAny]

    @extend_schema(responses=InvitationByLink, operation_id="invitations_show")
    def get(self, request: Request, token: str) -> Response:
        """What the link offers, also to somebody without an account."""
        invitation = invitations.find_invitation(token)
        return Response(
            InvitationByLink(
                {
                    "team": invitation.team,
                    "role": invitation.role,
                    "expires_at": invitation.expires_at,
                    "state": invitation.state(),
                }
            ).data
        )


class InvitationAcceptView(View):
    @extend_schema(request=None, responses=MyMembership, operation_id="invitations_accept")
    def post(self, request: Request, token: str) -> Response:
        """Become a member. Works once for one person."""
        invitation = invitations.find_invitation(token)
        membership = invitations.accept_invitation(invitation, by=user_of(request))
        return Response(MyMembership(membership).data)
