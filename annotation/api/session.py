"""Who is signed in. Passwords, rate limits and second factors are allauth's."""

from allauth.account.adapter import get_adapter
from allauth.account.internal import flows
from allauth.account.models import Login
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.middleware.csrf import get_token
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from annotation.api.base import Fields, NameOf, View
from annotation.errors import DomainError
from annotation.models import Membership, Role
from annotation.permissions import ALLOWED
from annotation.sentences import say


class SignInFailed(DomainError):
    code = "sign_in_failed"


class TooManyAttempts(DomainError):
    code = "too_many_attempts"
    status = 429


class SecondFactorNeeded(DomainError):
    code = "second_factor_needed"
    status = 401


class UserOf(Fields):
    id = serializers.UUIDField()
    email = serializers.EmailField()
    name = serializers.CharField()
    language = serializers.CharField()


class MyMembership(Fields):
    id = serializers.UUIDField()
    team = NameOf()
    role = serializers.ChoiceField(Role.choices)
    permissions = serializers.SerializerMethodField()

    def get_permissions(self, membership: Membership) -> list[str]:
        return sorted(ALLOWED[membership.role])


class Session(Fields):
    user = UserOf(allow_null=True)
    memberships = MyMembership(many=True)
    csrf_token = serializers.CharField()


class SignIn(Fields):
    email = serializers.EmailField()
    password = serializers.CharField(max_length=1000, trim_whitespace=False)


def session_of(request: HttpRequest) -> dict[str, object]:
    user = request.user if request.user.is_authenticated else None
    memberships = (
        Membership.objects.filter(user=user, status=Membership.Status.ACTIVE)
        .select_related("team")
        .order_by("team__name", "id")
        if user
        else []
    )
    return dict(
        Session({"user": user, "memberships": memberships, "csrf_token": get_token(request)}).data
    )


class SessionView(View):
    permission_classes = [AllowAny]

    @extend_schema(responses=Session, operation_id="session_show")
    def get(self, request: Request) -> Response:
        """Who I am and what I may do, also for nobody; sets the CSRF cookie."""
        request._request.user = request.user
        return Response(session_of(request._request))

    @extend_schema(request=SignIn, responses=Session, operation_id="session_sign_in")
    def post(self, request: Request) -> Response:
        """Sign in with e-mail and password."""
        form = self.parse(request, SignIn)
        http = request._request
        adapter = get_adapter(http)
        try:
            user = adapter.authenticate(http, email=form["email"], password=form["password"])
        except ValidationError as error:
            raise TooManyAttempts(
                say(
                    "too_many_sign_ins",
                    "Too many attempts with a wrong password. Wait a few minutes.",
                )
            ) from error
        if user is None or not user.is_active:
            raise SignInFailed(
                say("sign_in_failed", "E-mail address and password do not belong together.")
            )
        login = Login(user=user, email=form["email"])
        flows.login.perform_password_login(http, {"email": form["email"]}, login)
        if not http.user.is_authenticated:
            raise SecondFactorNeeded(
                say(
                    "second_factor_needed",
                    "Send the code of your authenticator to {path}.",
                    path="/api/auth/browser/v1/auth/2fa/authenticate",
                )
            )
        return Response(session_of(http))

    @extend_schema(responses={204: None}, operation_id="session_sign_out")
    def delete(self, request: Request) -> Response:
        """Sign out."""
        get_adapter(request._request).logout(request._request)
        return Response(status=204)
