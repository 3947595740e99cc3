"""Views for the path that hundreds of labelers walk at once.

They take the same sessions and tokens, refuse in the same shape and are in the same schema as the
others; what they leave out is DRF's work for every call that here has one possible outcome:
choosing a parser, a renderer, a pagination and a throttle.
"""

import json
from dataclasses import dataclass
from datetime import datetime
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
from annotation.api.base import Fields
from annotation.api.errors import handle
from annotation.database import fetch
from annotation.errors import DomainError
from annotation.models import User
from annotation.services.accounts import see

_SIGNED_IN = """
SELECT s.session_data, s.expire_date, u.password, u.is_active, u.last_seen_at
FROM django_session s CROSS JOIN annotation_user u
WHERE s.session_key = %s AND u.id = %s"""


@dataclass(frozen=True, slots=True)
class _Opened:
    """A session as it was last found, and whose it is: the same row again is the same answer."""

    row: tuple[object, ...]
    expires_at: datetime
    user: User


class Sessions:
    """Who a session cookie belongs to, by one statement.

    The database decides at every call: the session and the user are there, not expired, and as
    they were when the session was decoded and verified. Anything else (signed out, suspended, a
    new password) is looked at anew.
    """

    MOST = 10_000

    def __init__(self) -> None:
        self._opened: dict[str, _Opened] = {}

    def user(self, key: str) -> User | None:
        opened = self._opened.get(key)
        if opened is not None:
            rows = fetch(_SIGNED_IN, key, opened.user.pk)
            if rows and rows[0] == opened.row:
                return opened.user if opened.expires_at > timezone.now() else None
        return self._open(key)

    def _open(self, key: str) -> User | None:
        """As `django.contrib.auth.get_user`, from the stored rows."""
        self._opened.pop(key, None)
        store = SessionStore(key)
        stored = store.model.objects.filter(session_key=key, expire_date__gt=timezone.now()).first()
        if stored is None:
            return None
        session = store.decode(stored.session_data)
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
        rows = fetch(_SIGNED_IN, key, user.pk)
        # Only what was verified is remembered, not what may have been written since.
        if rows and rows[0][0] == stored.session_data and rows[0][2] == user.password:
            self._opened[key] = _Opened(rows[0], stored.expire_date, user)
        return user


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


def body(request: HttpRequest) -> object:
    """The JSON a request carries; {} when it carries nothing. Raises ParseError (400)."""
    if not request.body:
        return {}
    try:
        return json.loads(request.body)
    except ValueError as error:
        raise exceptions.ParseError(f"JSON parse error - {error}") from error


def checked(form: Fields, content: object) -> dict[str, Any]:
    """What the form makes of the content; raises ValidationError (400) naming the wrong fields.

    `form` is made once and asked many times, as making one costs more than checking with it. Such
    a one repeats its first refusal in the language it was made in, so a new form refuses.
    """
    try:
        found: dict[str, Any] = form.run_validation(content)
    except exceptions.ValidationError:
        found = type(form)().run_validation(content)
    return found


class FastView(APIView):
    """An `APIView` for the schema's sake.

    Its handlers get a plain request and the user, and return a status and what is sent as JSON.
    """

    def dispatch(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
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


def _json(status: int, content: object) -> HttpResponse:
    text = b"" if status == 204 else json.dumps(content, ensure_ascii=False).encode()
    response = HttpResponse(text, status=status, content_type="application/json")
    # A content security policy is for pages, and writing one takes longer than any other header.
    response._csp_exempt = response._csp_exempt_ro = True  # type: ignore[attr-defined]
    return response
