"""A body that is made while it is sent."""

from collections.abc import AsyncIterator, Iterator

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import StreamingHttpResponse
from rest_framework.request import Request


def stream_lines(
    request: Request, chunks: Iterator[bytes], *, filename: str
) -> StreamingHttpResponse:
    """JSON lines to be saved as `filename`.

    Under ASGI Django would collect an ordinary iterator in memory before it sends anything; an
    asynchronous one is sent as it comes.
    """
    body = _asynchronous(chunks) if isinstance(request._request, ASGIRequest) else chunks
    response = StreamingHttpResponse(body, content_type="application/x-ndjson")
    response["Content-Disposition"] = f'attachment; filename="{filename}"'
    return response


async def _asynchronous(chunks: Iterator[bytes]) -> AsyncIterator[bytes]:
    while (chunk := await sync_to_async(_following)(chunks)) is not None:
        yield chunk


def _following(chunks: Iterator[bytes]) -> bytes | None:
    return next(chunks, None)
