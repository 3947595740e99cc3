"""Every refusal leaves the API as {"code", "message", "fields", "sentence"}.

`code` is the class of the refusal, for programs; `sentence` is what is said, by its own code and
parameters, for screens that say it in another language. It is null where a library said it.
"""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from annotation.errors import DomainError
from annotation.sentences import Sentence


def handle(error: Exception, context: dict[str, Any]) -> Response | None:
    if isinstance(error, DomainError):
        set_rollback()
        return body(error.status, error.code, error.message, error.fields, error.sentence)
    if isinstance(error, Http404):
        error = exceptions.NotFound()
    if isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    if not isinstance(error, exceptions.APIException):
        return None
    set_rollback()
    if isinstance(error, exceptions.ValidationError):
        fields = flatten(error.detail)
        message = "; ".join(f"{name}: {' '.join(texts)}" for name, texts in fields.items())
        response = body(400, "invalid", message, fields)
    else:
        code = error.get_codes()
        response = body(
            error.status_code,
            code if isinstance(code, str) else error.default_code,
            str(error.detail),
            {},
        )
    if wait := getattr(error, "wait", None):
        response["Retry-After"] = str(int(wait))
    if header := getattr(error, "auth_header", None):
        response["WWW-Authenticate"] = header
    return response


def body(
    status: int,
    code: str,
    message: str,
    fields: dict[str, list[str]],
    sentence: Sentence | None = None,
) -> Response:
    said = {"code": sentence.code, "params": sentence.params} if sentence else None
    content = {"code": code, "message": message, "fields": fields, "sentence": said}
    return Response(content, status=status)


def flatten(detail: Any, prefix: str = "") -> dict[str, list[str]]:
    """DRF's nested error detail as {"outer.inner": [sentence, ...]}."""
    if isinstance(detail, dict):
        found: dict[str, list[str]] = {}
        for name, inner in detail.items():
            found |= flatten(inner, f"{prefix}.{name}" if prefix else str(name))
        return found
    if isinstance(detail, list) and any(isinstance(part, dict | list) for part in detail):
        found = {}
        for i, inner in enumerate(detail):
            found |= flatten(inner, f"{prefix}.{i}" if prefix else str(i))
        return found
    texts = [str(part) for part in detail] if isinstance(detail, list) else [str(detail)]
    return {prefix or "non_field_errors": texts} if texts else {}
