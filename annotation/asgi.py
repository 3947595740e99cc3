"""The site as an ASGI application: sockets, files, the labelers' few paths, and everything else."""

import asyncio
import os
import re

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "annotation.settings")
django.setup()

from channels.auth import AuthMiddlewareStack  # noqa: E402  needs the apps
from channels.security.websocket import AllowedHostsOriginValidator  # noqa: E402
from django.conf import settings  # noqa: E402

from annotation import events  # noqa: E402
from annotation.consumers import NewsConsumer  # noqa: E402
from annotation.handlers import Receive, Scope, Send, Site, Threads  # noqa: E402
from annotation.static_files import StaticFiles  # noqa: E402

# Every view of `annotation.api.fast`, and nothing else.
LABELERS_PATHS = re.compile(
    r"/api/(?:projects/[^/]+/(?:assignments|undo)|assignments/[^/]+/(?:draft|label|skip))/"
)

_site = Site()
_threads = Threads()
_files = StaticFiles()
_websocket = AllowedHostsOriginValidator(AuthMiddlewareStack(NewsConsumer.as_asgi()))


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "http":
        if LABELERS_PATHS.fullmatch(scope["path"]):
            await _threads(scope, receive, send)
        elif scope["path"].startswith(settings.STATIC_URL):
            await _files(scope, receive, send)
        else:
            await _site(scope, receive, send)
    elif scope["type"] == "websocket":
        # The loop that serves sockets is the one that may write to them.
        events.attach_loop(asyncio.get_running_loop())
        await _websocket(scope, receive, send)  # type: ignore[arg-type]  # events by type
    elif scope["type"] == "lifespan":
        await _lifespan(receive, send)


async def _lifespan(receive: Receive, send: Send) -> None:
    await receive()
    events.attach_loop(asyncio.get_running_loop())
    await send({"type": "lifespan.startup.complete"})
    await receive()
    _threads.close()
    _site.close()
    await send({"type": "lifespan.shutdown.complete"})
