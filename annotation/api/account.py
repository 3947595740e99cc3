from allauth.account.internal.flows.signup import complete_signup
from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny, BasePermission, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from annotation.api.base import Fields, View, user_of
from annotation.api.session import Session, UserOf, session_of
from annotation.errors import Forbidden
from annotation.sentences import say
from annotation.services import accounts, invitations


class SignUp(Fields):
    email = serializers.EmailField(max_length=254)
    password = serializers.CharField(max_length=1000, trim_whitespace=False)
    name = serializers.CharField(max_length=100)
    invitation = serializers.CharField(max_length=200, required=False)


class AccountChange(Fields):
    name = serializers.CharField(max_length=100, required=False)
    language = serializers.ChoiceField(settings.LANGUAGES, required=False)


class AccountView(View):
    def get_permissions(self) -> list[BasePermission]:
        return [AllowAny() if self.request.method == "POST" else IsAuthenticated()]

    @extend_schema(request=SignUp, responses={201: Session}, operation_id="account_sign_up")
    def post(self, request: Request) -> Response:
        """Make an account and sign in; needs an invitation unless sign-up is open to all."""
        form = self.parse(request, SignUp)
        token = form.pop("invitation", None)
        if not token and not settings.SIGNUP_OPEN:
            raise Forbidden(
                say(
                    "accounts_by_invitation",
                    "Accounts are by invitation here. Ask a manager of a team for a link.",
                )
            )
        invitation = invitations.find_invitation(token) if token else None
        user = accounts.sign_up(**form, invitation=invitation)
        complete_signup(request._request, user=user)
        return Response(session_of(request._request), status=201)

    @extend_schema(request=AccountChange, responses=UserOf, operation_id="account_change")
    def patch(self, request: Request) -> Response:
        form = self.parse(request, AccountChange)
        return Response(UserOf(accounts.change_account(user_of(request), **form)).data)
