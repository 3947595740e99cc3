"""Every refusal leaves the API as {"code", "message", "fields", "sentence", "field_sentences"}.

`code` is the class of the refusal, for programs. `message` and `fields` are English; `sentence`
and `field_sentences` say the same by codes and parameters, for screens in another language. Where
a form's own check or a library speaks they are null, and the words are already in the language
that the request asked for.
"""

from collections.abc import Mapping, Sequence

from django.core.exceptions import PermissionDenied
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from annotation.errors import DomainError
from annotation.sentences import Sentence, SentenceJson, say

Said = Sentence | str

NOT_HERE = say("not_here", "There is nothing here, or it belongs to a team you are not in.")


def handle(error: Exception, context: Mapping[str, object]) -> Response | None:
    if isinstance(error, DomainError):
        set_rollback()
        return body(error.status, error.code, error.sentence, error.fields)
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
        code = code if isinstance(code, str) else error.default_code
        response = body(error.status_code, code, _in_our_words(error))
    if wait := getattr(error, "wait", None):
        response["Retry-After"] = str(int(wait))
    if header := getattr(error, "auth_header", None):
        response["WWW-Authenticate"] = header
    return response


def _in_our_words(error: exceptions.APIException) -> Said:
    """The refusals that any path may meet as sentences of ours.

    The framework picks its words when the error is made; the labeler's path would have to find
    out the language of every call, refused or not.
    """
    text = str(error.detail)
    match error:
        case exceptions.NotAuthenticated():
            return say("sign_in_first", "Sign in first.")
        case exceptions.AuthenticationFailed():
            return say(
                "token_not_valid",
                "This token is unknown, revoked or expired. Make a new one under Account.",
            )
        case exceptions.NotFound():
            return NOT_HERE
        case exceptions.PermissionDenied() if text.startswith("CSRF"):
            return say(
                "request_not_from_here",
                "The request did not prove that it comes from a page of this site. "
                "Reload the page and try again ({reason}).",
                reason=text,
            )
    return text


def body(
    status: int, code: str, said: Said, fields: Mapping[str, Sequence[Said]] | None = None
) -> Response:
    of_fields = fields or {}
    content = {
        "code": code,
        "message": str(said),
        "fields": {name: [str(one) for one in found] for name, found in of_fields.items()},
        "sentence": _coded(said),
        "field_sentences": {
            name: [_coded(one) for one in found] for name, found in of_fields.items()
        },
    }
    return Response(content, status=status)


def _coded(said: Said) -> SentenceJson | None:
    return said.to_json() if isinstance(said, Sentence) else None


def flatten(detail: object, prefix: str = "") -> dict[str, list[str]]:
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
