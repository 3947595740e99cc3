"""The site as an ASGI application: /ws/ to the consumer, everything else to Django's views.

Views here are plain functions that wait for the database. Django's own ASGI handler makes a
thread for every request, and one more trip into it for every piece of middleware; `Threads` keeps
a few threads, each with its own database connection, and answers a request from start to end in
one of them.
"""

import asyncio
import io
import os
import tempfile
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import IO, Any

import django
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "annotation.settings")
django.setup()

from channels.auth import AuthMiddlewareStack  # noqa: E402  needs the apps
from channels.security.websocket import AllowedHostsOriginValidator  # noqa: E402
from django.core import signals  # noqa: E402
from django.core.exceptions import RequestDataTooBig  # noqa: E402
from django.core.handlers.asgi import ASGIRequest, get_script_prefix  # noqa: E402
from django.core.handlers.base import BaseHandler  # noqa: E402
from django.http import FileResponse, HttpResponse, HttpResponseBase  # noqa: E402
from django.urls import set_script_prefix  # noqa: E402

from annotation import events  # noqa: E402
from annotation.consumers import NewsConsumer  # noqa: E402

Scope = Any  # the types of asgiref and of Django's stubs do not agree on what these hold
Message = Any
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Coroutine[Any, Any, None]]

THREADS = 12
CHUNK_BYTES = 64 * 1024


class Disconnected(Exception):
    """The client closed the connection before its request was complete."""


class Threads(BaseHandler):
    """Answers HTTP requests in a fixed number of threads."""

    def __init__(self) -> None:
        super().__init__()
        self.load_middleware(is_async=False)
        self.pool = ThreadPoolExecutor(THREADS, thread_name_prefix="request")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            content = await _read(receive)
        except Disconnected:
            return
        loop = asyncio.get_running_loop()
        messages = await loop.run_in_executor(self.pool, self._answer, scope, content, loop, send)
        for message in messages:
            await send(message)

    def _answer(
        self,
        scope: Scope,
        content: IO[bytes],
        loop: asyncio.AbstractEventLoop,
        send: Send,
    ) -> list[Message]:
        """The messages of a response; one that streams is sent from here and leaves none."""
        set_script_prefix(get_script_prefix(scope))
        signals.request_started.send(sender=self.__class__, scope=scope)
        try:
            response = self._respond(scope, content)
            start = _start(response)
            if not response.streaming:
                assert isinstance(response, HttpResponse)
                return [start, {"type": "http.response.body", "body": response.content}]

            def send_now(message: Message) -> None:
                # Waits for the client, so that a long download is never held in memory.
                asyncio.run_coroutine_threadsafe(send(message), loop).result()

            send_now(start)
            for part in response:
                for i in range(0, len(part), CHUNK_BYTES):
                    body = part[i : i + CHUNK_BYTES]
                    send_now({"type": "http.response.body", "body": body, "more_body": True})
            return [{"type": "http.response.body", "body": b""}]
        finally:
            # Ends what the response holds open and, by the signal, the use of the connection.
            response.close()
            content.close()

    def _respond(self, scope: Scope, content: IO[bytes]) -> HttpResponseBase:
        try:
            request = ASGIRequest(scope, content)
        except UnicodeDecodeError:
            return HttpResponse(status=400)
        except RequestDataTooBig:
            return HttpResponse(status=413)
        response = self.get_response(request)
        if isinstance(response, FileResponse):
            response.block_size = CHUNK_BYTES
        return response


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


_http = Threads()
_websocket = AllowedHostsOriginValidator(AuthMiddlewareStack(NewsConsumer.as_asgi()))


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "http":
        await _http(scope, receive, send)
    elif scope["type"] == "websocket":
        # The loop that serves sockets is the one that may write to them.
        events.attach_loop(asyncio.get_running_loop())
        await _websocket(scope, receive, send)
    elif scope["type"] == "lifespan":
        await _lifespan(receive, send)


async def _lifespan(receive: Receive, send: Send) -> None:
    await receive()
    events.attach_loop(asyncio.get_running_loop())
    await send({"type": "lifespan.startup.complete"})
    await receive()
    _http.pool.shutdown(wait=True)
    await send({"type": "lifespan.shutdown.complete"})
