"""HTTP connections that a client who takes nothing cannot hold for long.

uvicorn waits for a client to read for as long as the client likes. Ending the request would not
end the wait: a transport that is closed goes on waiting for its last bytes to be taken. So the
connection itself is ended, here, where it is known that nothing moves.
"""

import asyncio
import socket

from django.conf import settings
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

# What the system takes of a response before the client reads (Linux): enough for a fast line,
# and not the megabytes that it would take otherwise for each who never does.
UNSENT_BYTES = 128 * 1024


class Connection(HttpToolsProtocol):
    """Cut off once no part of a response has been taken for `WRITE_SECONDS`."""

    _cut: asyncio.TimerHandle | None = None

    def connection_made(  # type: ignore[override]  # as in uvicorn
        self, transport: asyncio.Transport
    ) -> None:
        super().connection_made(transport)
        line = transport.get_extra_info("socket")
        if line is None or line.family not in (socket.AF_INET, socket.AF_INET6):
            return
        if hasattr(socket, "TCP_NOTSENT_LOWAT"):
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT_BYTES)
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            # The same for what the system itself holds of a response, small or at its end.
            milliseconds = int(settings.WRITE_SECONDS * 1000)
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, milliseconds)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._cut = self.loop.call_later(settings.WRITE_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._go_on()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._go_on()

    def _go_on(self) -> None:
        if self._cut is not None:
            self._cut.cancel()
            self._cut = None
