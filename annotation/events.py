"""How news of a happening travels to browsers. `happenings` says what is told, and to whom."""

import asyncio
import logging
import threading
from uuid import UUID

from asgiref.sync import async_to_sync
from channels.layers import BaseChannelLayer, get_channel_layer
from django.db import transaction
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

# Between two messages of `tell_soon` to one group; a label a millisecond is one message.
SOON_SECONDS = 0.5
_soon: dict[tuple[str, str], str] = {}
_soon_lock = threading.Lock()


def group_name(group: str) -> str:
    """`round:<uuid>` as a channel-layer group name, which may not hold a colon."""
    return group.replace(":", ".")


def tell(group: str, type_: str, id_: UUID) -> None:
    """Tell the subscribers of `group` ("round:<id>", ...) that `id_` changed, on commit."""
    transaction.on_commit(lambda: _send(group, type_, str(id_)))


def tell_soon(group: str, type_: str, id_: UUID) -> None:
    """As `tell`, for what happens hundreds of times a second: only the newest one is told.

    The first waits `SOON_SECONDS` for others like it, so nothing is ever the last and untold.
    """
    transaction.on_commit(lambda: _collect(group, type_, str(id_)))


def _collect(group: str, type_: str, id_: str) -> None:
    with _soon_lock:
        is_first = (group, type_) not in _soon
        _soon[group, type_] = id_
    if is_first:
        timer = threading.Timer(SOON_SECONDS, _send_collected, (group, type_))
        timer.daemon = True
        timer.start()


def _send_collected(group: str, type_: str) -> None:
    with _soon_lock:
        id_ = _soon.pop((group, type_))
    _send(group, type_, id_)


def attach_loop(loop: asyncio.AbstractEventLoop) -> None:
    """Name the event loop that serves this process's sockets; messages are sent on it.

    Without one (a command, a worker of its own) a message is sent from the calling thread.
    """
    global _loop
    _loop = loop


_loop: asyncio.AbstractEventLoop | None = None


def _send(group: str, type_: str, id_: str) -> None:
    layer = get_channel_layer()
    if layer is None:
        return
    message: dict[str, object] = {
        "type": "forward",
        "event": {"type": type_, "id": id_, "group": group},
    }
    if _loop is not None and _loop.is_running():
        # Not waited for: the request that caused it is answered meanwhile. Queues of the
        # in-memory layer belong to this loop and may not be touched from another thread.
        asyncio.run_coroutine_threadsafe(_deliver(layer, group, message), _loop)
    else:
        async_to_sync(_deliver)(layer, group, message)


async def _deliver(layer: BaseChannelLayer, group: str, message: dict[str, object]) -> None:
    try:
        await layer.group_send(group_name(group), message)
    except (OSError, RedisError) as error:
        logger.warning("live update for %s not sent: %s", group, error)
