"""Session with CSRF for the browser, hashed revocable tokens for scripts."""

from datetime import timedelta

from django.db.models import Q
from django.utils import timezone
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework import authentication, exceptions
from rest_framework.request import Request

from annotation.models import ApiToken, User
from annotation.services.accounts import see

USED_RESOLUTION = timedelta(minutes=5)


class SessionAuthentication(authentication.SessionAuthentication):
    """As DRF's, but a missing session is 401 rather than 403, so that clients can tell."""

    def authenticate_header(self, request: Request) -> str:
        return "Session"

    def authenticate(self, request: Request) -> tuple[User, None] | None:
        found: tuple[User, None] | None = super().authenticate(request)
        if found:
            see(found[0])
        return found


class TokenAuthentication(authentication.BaseAuthentication):
    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        scheme, _, key = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not key:
            return None
        now = timezone.now()
        token = (
            ApiToken.objects.select_related("user")
            .filter(Q(expires_at__isnull=True) | Q(expires_at__gt=now))
            .filter(digest=ApiToken.digest_of(key.strip()), revoked_at__isnull=True)
            .filter(user__is_active=True)
            .first()
        )
        if token is None:
            raise exceptions.AuthenticationFailed()
        # Written at most every few minutes: a script's every call must not cost a write.
        if token.last_used_at is None or now - token.last_used_at > USED_RESOLUTION:
            ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)
        see(token.user, now=now)
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class TokenScheme(OpenApiAuthenticationExtension):
    target_class = TokenAuthentication
    name = "token"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer"}


class SessionScheme(OpenApiAuthenticationExtension):
    target_class = SessionAuthentication
    name = "session"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {"type": "apiKey", "in": "cookie", "name": "sessionid"}
