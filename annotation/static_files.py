"""/static/: the browser's build and the API's own pages, from memory and without Django.

A file is read and compressed once, when it is first asked for; sending it takes no thread. What
the build names after its content (`assets/page-Bk3x.js`) is kept by browsers for good, anything
else is asked for again and answered by 304 while it is the same.
"""

import asyncio
import gzip
import hashlib
import mimetypes
import threading
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders

from annotation.handlers import Receive, Scope, Send

PART_BYTES = 64 * 1024
HASHED = "assets/"
FOREVER = b"public, max-age=31536000, immutable"
ASK_AGAIN = b"no-cache"
COMPRESSED = (".js", ".css", ".html", ".svg", ".json", ".map", ".txt", ".ttf")


@dataclass(frozen=True)
class Kept:
    content: bytes
    # None: it is compressed as it is, or does not get smaller.
    compressed: bytes | None
    headers: tuple[tuple[bytes, bytes], ...]
    etag: bytes


class StaticFiles:
    def __init__(self) -> None:
        self._kept: dict[str, Kept] = {}
        # A hundred browsers that come at once after a start wait for one compression.
        self._reading = threading.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] not in ("GET", "HEAD"):
            await _refuse(send, 405)
            return
        name = scope["path"].removeprefix(settings.STATIC_URL)
        kept = self._kept.get(name)
        if kept is None:
            loop = asyncio.get_running_loop()
            kept = await loop.run_in_executor(None, self._keep, name)
        if kept is None:
            await _refuse(send, 404)
            return
        asked = dict(scope["headers"])
        if kept.etag in asked.get(b"if-none-match", b""):
            await _send(send, 304, kept.headers, b"", is_head=True)
            return
        headers, content = kept.headers, kept.content
        if kept.compressed is not None and b"gzip" in asked.get(b"accept-encoding", b""):
            headers, content = (*headers, (b"content-encoding", b"gzip")), kept.compressed
        headers = (*headers, (b"content-length", str(len(content)).encode()))
        await _send(send, 200, headers, content, is_head=scope["method"] == "HEAD")

    @cached_property
    def _paths(self) -> dict[str, Path]:
        """Every file there is, by name. Where two apps bring the same one, the first is meant."""
        return {
            name: Path(storage.path(name))
            for finder in reversed(list(get_finders()))
            for name, storage in finder.list([])
        }

    def _keep(self, name: str) -> Kept | None:
        with self._reading:
            if name not in self._kept and name in self._paths:
                self._kept[name] = _read(name, self._paths[name])
            return self._kept.get(name)


def _read(name: str, path: Path) -> Kept:
    content = path.read_bytes()
    compressed = gzip.compress(content, mtime=0) if name.endswith(COMPRESSED) else content
    is_smaller = len(compressed) < len(content)
    etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'.encode()
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    if kind.startswith("text/") or kind.endswith(("javascript", "json")):
        kind += "; charset=utf-8"
    headers = (
        (b"content-type", kind.encode()),
        (b"cache-control", FOREVER if name.startswith(HASHED) else ASK_AGAIN),
        (b"etag", etag),
        (b"vary", b"accept-encoding"),
        (b"x-content-type-options", b"nosniff"),
    )
    return Kept(content, compressed if is_smaller else None, headers, etag)


async def _send(
    send: Send,
    status: int,
    headers: tuple[tuple[bytes, bytes], ...],
    content: bytes,
    *,
    is_head: bool,
) -> None:
    await send({"type": "http.response.start", "status": status, "headers": list(headers)})
    if not is_head:
        # In parts: what is handed over and not yet taken is copied for every client.
        for i in range(0, len(content), PART_BYTES):
            part = content[i : i + PART_BYTES]
            await send({"type": "http.response.body", "body": part, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


async def _refuse(send: Send, status: int) -> None:
    await _send(send, status, ((b"content-length", b"0"),), b"", is_head=True)
