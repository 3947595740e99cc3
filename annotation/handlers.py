"""The two ways in which a request becomes a response.

`Site` is Django's own ASGI handler, with two things settled that it leaves open: how many threads
there are, and what a client who reads slowly costs. A thread and its database connection are held
while a view runs and never while somebody reads; a body that is made while it is sent is made part
by part, when the client has taken the part before.

`Threads` serves the few paths that labelers walk all day. One trip into one thread answers a
request from start to end, where Django's handler makes one for every piece of middleware; what
that is worth is in docs/decisions.md.
"""

import asyncio
import io
import tempfile
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import IO, Any, cast

from asgiref.sync import ThreadSensitiveContext
from django.conf import settings
from django.core import signals
from django.core.exceptions import RequestDataTooBig
from django.core.handlers.asgi import ASGIHandler, ASGIRequest, get_script_prefix
from django.core.handlers.base import BaseHandler
from django.db import close_old_connections, connections
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.urls import set_script_prefix

Scope = dict[str, Any]
Message = Mapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

# With the threads of `Threads` and two for sockets and the worker these are as many as a process
# may hold connections to PostgreSQL (`pool` in settings).
SITE_THREADS = 10
BODY_THREADS = 2
LABELER_THREADS = 10


class Disconnected(Exception):
    """The client closed the connection before its request was complete."""


class Site(ASGIHandler):
    def __init__(self) -> None:
        super().__init__()
        # One thread each, because Django's middleware and view of one request expect to find each
        # other's database connection.
        self.free = deque(
            ThreadPoolExecutor(1, thread_name_prefix=f"site-{i}") for i in range(SITE_THREADS)
        )
        self.bodies = ThreadPoolExecutor(BODY_THREADS, thread_name_prefix="body")
        self.turn = asyncio.Semaphore(SITE_THREADS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # Django's own would hold a thread from here to the last byte.
        await self.handle(scope, receive, send)

    async def run_get_response(self, request: HttpRequest) -> HttpResponseBase:
        async with self.turn:
            thread = self.free.popleft()
            try:
                async with ThreadSensitiveContext(executor=thread):
                    response: HttpResponseBase = await super().run_get_response(request)
            finally:
                # Waits for the view, too, where the client has left it alone.
                loop = asyncio.get_running_loop()
                await loop.run_in_executor(thread, close_old_connections)
                self.free.append(thread)
        if isinstance(response, StreamingHttpResponse) and not response.is_async:
            parts = cast(Iterator[bytes], response.streaming_content)
            response.streaming_content = self._made_when_read(parts)
        return response

    async def _made_when_read(self, parts: Iterator[bytes]) -> AsyncIterator[bytes]:
        """An ordinary iterator's parts; Django would collect them all before it sends the first."""
        loop = asyncio.get_running_loop()
        while (part := await loop.run_in_executor(self.bodies, _following, parts)) is not None:
            yield part

    def close(self) -> None:
        for pool in (*self.free, self.bodies):
            pool.shutdown(wait=False)


def _following(parts: Iterator[bytes]) -> bytes | None:
    """The next part. The database connection it was made with goes back before anybody reads."""
    try:
        return next(parts, None)
    finally:
        connections.close_all()


class Threads(BaseHandler):
    """Answers requests whose responses are whole, each in one of a fixed number of threads."""

    def __init__(self) -> None:
        super().__init__()
        self.load_middleware(is_async=False)
        self.pool = ThreadPoolExecutor(LABELER_THREADS, thread_name_prefix="labeler")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            content = await _read(receive)
        except Disconnected:
            return
        loop = asyncio.get_running_loop()
        for message in await loop.run_in_executor(self.pool, self._answer, scope, content):
            await send(message)

    def _answer(self, scope: Scope, content: IO[bytes]) -> list[Message]:
        set_script_prefix(get_script_prefix(scope))
        signals.request_started.send(sender=self.__class__, scope=scope)
        try:
            response = self._respond(scope, content)
            return [_start(response), {"type": "http.response.body", "body": response.content}]
        finally:
            # Ends what the response holds open and, by the signal, the use of the connection.
            response.close()
            content.close()

    def _respond(self, scope: Scope, content: IO[bytes]) -> HttpResponse:
        try:
            request = ASGIRequest(scope, content)
        except UnicodeDecodeError:
            return HttpResponse(status=400)
        except RequestDataTooBig:
            return HttpResponse(status=413)
        response = self.get_response(request)
        assert isinstance(response, HttpResponse), "a body that is made while it is sent"
        return response

    def close(self) -> None:
        self.pool.shutdown(wait=True)


async def _read(receive: Receive) -> IO[bytes]:
    """The request's content: in memory where it is small, in a temporary file where it is not."""
    message = await receive()
    if message["type"] == "http.request" and not message.get("more_body"):
        return io.BytesIO(message.get("body", b""))
    content: IO[bytes] = tempfile.SpooledTemporaryFile(  # noqa: SIM115  closed with the response
        max_size=settings.FILE_UPLOAD_MAX_MEMORY_SIZE, mode="w+b"
    )
    while True:
        if message["type"] == "http.disconnect":
            content.close()
            raise Disconnected
        if body := message.get("body"):
            content.write(body)
        if not message.get("more_body"):
            break
        message = await receive()
    content.seek(0)
    return content


def _start(response: HttpResponseBase) -> Message:
    headers = [
        (name.lower().encode("ascii"), value.encode("latin1")) for name, value in response.items()
    ]
    headers += [
        (b"set-cookie", cookie.OutputString().encode("ascii"))
        for cookie in response.cookies.values()
    ]
    return {"type": "http.response.start", "status": response.status_code, "headers": headers}
