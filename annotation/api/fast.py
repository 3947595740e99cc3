"""Views for the path that hundreds of labelers walk at once.

They take the same sessions and tokens, refuse in the same shape and are in the same schema as the
others; what they leave out is DRF's work for every call that here has one possible outcome:
choosing a parser, a renderer, a pagination and a throttle.
"""

import json
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from rest_framework import exceptions
from rest_framework.authentication import CSRFCheck
from rest_framework.views import APIView

from annotation.api.authentication import TokenAuthentication
from annotation.api.errors import handle
from annotation.database import Columns, fetch
from annotation.errors import DomainError
from annotation.models import User
from annotation.services.accounts import see

_user = Columns(User, "u", "id", "password", "name", "is_active", "last_seen_at")
_SIGNED_IN = f"""
SELECT s.session_data, s.expire_date, {_user.sql}
FROM django_session s CROSS JOIN annotation_user u
WHERE s.session_key = %s AND u.id = %s"""  # noqa: S608  columns of our own


@dataclass(frozen=True, slots=True)
class _Opened:
    """What a session's text says, so that it is decoded and verified once, not at every call."""

    text: str
    user_id: Any
    password: str


class Sessions:
    """Who a session cookie belongs to, by one statement.

    The database decides at every call: the session's row is there (nobody signed out) and
    unchanged, it has not expired, the user is active and their password the one it was opened
    with. Only the decoding of an unchanged text is remembered.
    """

    MOST = 10_000

    def __init__(self) -> None:
        self._opened: dict[str, _Opened] = {}

    def user(self, key: str) -> User | None:
        opened = self._opened.get(key)
        if opened is not None:
            rows = fetch(_SIGNED_IN, key, opened.user_id)
            if rows and rows[0][0] == opened.text:
                user = _user.build(rows[0], 2)
                if user.password == opened.password:
                    alive = _aware(rows[0][1]) > timezone.now()
                    return user if alive and user.is_active else None
        return self._open(key)

    def _open(self, key: str) -> User | None:
        """As `django.contrib.auth.get_user`, from the stored row."""
        self._opened.pop(key, None)
        store = SessionStore(key)
        row = store.model.objects.filter(session_key=key, expire_date__gt=timezone.now()).first()
        if row is None:
            return None
        session = store.decode(row.session_data)
        user_id = session.get(SESSION_KEY)
        if (
            user_id is None
            or session.get(BACKEND_SESSION_KEY) not in settings.AUTHENTICATION_BACKENDS
        ):
            return None
        user = User.objects.filter(pk=user_id, is_active=True).first()
        if user is None or session.get(HASH_SESSION_KEY) != user.get_session_auth_hash():
            return None
        if len(self._opened) >= self.MOST:
            self._opened.clear()
        self._opened[key] = _Opened(
            text=row.session_data,
            user_id=user.pk,
            password=user.password,
        )
        return user


def _aware(value: Any) -> Any:
    """SQLite gives times without their zone, which is UTC."""
    return value if timezone.is_aware(value) else value.replace(tzinfo=UTC)


_sessions = Sessions()
_tokens = TokenAuthentication()


def _no_view(request: HttpRequest) -> HttpResponse:
    raise AssertionError("never called: only the check is wanted")


_csrf = CSRFCheck(_no_view)


def caller(request: HttpRequest) -> User:
    """The signed-in user of a request, by token or by session with CSRF check.

    Raises NotAuthenticated (401), AuthenticationFailed (401) or PermissionDenied (403).
    """
    if "HTTP_AUTHORIZATION" in request.META:
        found = _tokens.authenticate(request)  # type: ignore[arg-type]  # reads only `headers`
        if found is not None:
            return found[0]
    key = request.COOKIES.get(settings.SESSION_COOKIE_NAME)
    user = _sessions.user(key) if key else None
    if user is None:
        raise exceptions.NotAuthenticated()
    if reason := _csrf.process_view(request, _no_view, (), {}):
        raise exceptions.PermissionDenied(f"CSRF Failed: {reason}")
    see(user)
    return user


def body(request: HttpRequest) -> Any:
    """The JSON a request carries; {} when it carries nothing. Raises ParseError (400)."""
    if not request.body:
        return {}
    try:
        return json.loads(request.body)
    except ValueError as error:
        raise exceptions.ParseError(f"JSON parse error - {error}") from error


class FastView(APIView):
    """An `APIView` for the schema's sake.

    Its handlers get a plain request and the user, and return a status and what is sent as JSON.
    """

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            handler = getattr(self, (request.method or "").lower(), None)
            if handler is None or request.method == "OPTIONS":
                raise exceptions.MethodNotAllowed(request.method or "")
            status, content = handler(request, caller(request), *args, **kwargs)
        except (DomainError, exceptions.APIException) as error:
            return self._refuse(error)
        return _json(status, content)

    def _refuse(self, error: Exception) -> HttpResponse:
        if isinstance(error, exceptions.NotAuthenticated | exceptions.AuthenticationFailed):
            error.auth_header = _tokens.authenticate_header(None)  # type: ignore[union-attr,arg-type]
        refusal = handle(error, {})
        assert refusal is not None
        response = _json(refusal.status_code, refusal.data)
        for name, value in refusal.headers.items():
            if name.lower() != "content-type":
                response[name] = value
        return response


def _json(status: int, content: Any) -> HttpResponse:
    text = b"" if status == 204 else json.dumps(content, ensure_ascii=False).encode()
    return HttpResponse(text, status=status, content_type="application/json")
