"""The language in which Django, REST framework and allauth refuse: the one a request asks for.

What the platform itself says carries a code and is said on screen; only the libraries' own words
(a password too common, a number out of range) are translated here, by `Accept-Language`.
"""

from collections.abc import Awaitable, Callable
from functools import lru_cache
from typing import cast

from asgiref.sync import iscoroutinefunction
from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import translation
from django.utils.decorators import sync_and_async_middleware
from django.utils.translation.trans_real import parse_accept_lang_header

Answer = Callable[[HttpRequest], HttpResponseBase]
AnswerLater = Callable[[HttpRequest], Awaitable[HttpResponseBase]]


@sync_and_async_middleware
def language_middleware(get_response: Answer | AnswerLater) -> Answer | AnswerLater:
    """As Django's own, by the header alone: labelers wait for it at every call, 1 microsecond."""
    if iscoroutinefunction(get_response):
        answer_later = cast(AnswerLater, get_response)

        async def respond_later(request: HttpRequest) -> HttpResponseBase:
            translation.activate(asked_for(request.META.get("HTTP_ACCEPT_LANGUAGE", "")))
            return await answer_later(request)

        return respond_later
    answer = cast(Answer, get_response)

    def respond(request: HttpRequest) -> HttpResponseBase:
        translation.activate(asked_for(request.META.get("HTTP_ACCEPT_LANGUAGE", "")))
        return answer(request)

    return respond


@lru_cache(maxsize=1000)
def asked_for(accepted: str) -> str:
    """The best language of an Accept-Language header that the platform speaks; English if none."""
    for code, _ in parse_accept_lang_header(accepted):
        try:
            return translation.get_supported_language_variant(code)
        except LookupError:
            continue
    return settings.LANGUAGE_CODE
