from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from annotation.api.base import Fields, View, user_of
from annotation.errors import Forbidden, NotFound
from annotation.models import ApiToken
from annotation.sentences import say
from annotation.services import accounts


class TokenOf(Fields):
    id = serializers.UUIDField()
    name = serializers.CharField()
    prefix = serializers.CharField()
    created_at = serializers.DateTimeField()
    last_used_at = serializers.DateTimeField(allow_null=True)
    expires_at = serializers.DateTimeField(allow_null=True)


class NewToken(TokenOf):
    token = serializers.CharField(help_text="The key itself, shown this once.")


class TokenInput(Fields):
    name = serializers.CharField(max_length=100)
    expires_at = serializers.DateTimeField(required=False, allow_null=True)


class TokensView(View):
    @extend_schema(responses=TokenOf(many=True), operation_id="tokens_list")
    def get(self, request: Request) -> Response:
        tokens = ApiToken.objects.filter(user=user_of(request), revoked_at=None)
        return self.page(request, tokens.order_by("-created_at", "id"), TokenOf)

    @extend_schema(request=TokenInput, responses={201: NewToken}, operation_id="tokens_create")
    def post(self, request: Request) -> Response:
        """A key for scripts. It can do what you can; its text is shown this once."""
        # A stolen key must not be able to make others that outlive its revocation.
        if isinstance(request.auth, ApiToken):
            raise Forbidden(
                say(
                    "token_makes_no_tokens",
                    "A token cannot make tokens. Sign in with your password.",
                )
            )
        token, key = accounts.make_token(user_of(request), **self.parse(request, TokenInput))
        return Response({**TokenOf(token).data, "token": key}, status=201)


class TokenView(View):
    @extend_schema(responses={204: None}, operation_id="tokens_revoke")
    def delete(self, request: Request, token_id: UUID) -> Response:
        token = ApiToken.objects.filter(user=user_of(request), pk=token_id).first()
        if token is None:
            raise NotFound(say("no_such_token", "You have no such token."))
        accounts.revoke_token(token)
        return Response(status=204)
