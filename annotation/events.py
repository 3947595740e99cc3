"""What browsers are told, and to which group. Ids only, and only after the commit.

A message says that something changed; the browser asks the API for it and so passes the
permission check. A channel layer that is down costs freshness, never a transaction.
"""

import logging
from typing import Any

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.db import transaction

from annotation.models import Event, Project, Team, User

logger = logging.getLogger(__name__)


def group_name(group: str) -> str:
    """`round:<uuid>` as a channel-layer group name, which may not hold a colon."""
    return group.replace(":", ".")


def tell(group: str, type_: str, id_: Any) -> None:
    """Tell the subscribers of `group` ("round:<id>", ...) that `id_` changed, on commit."""
    transaction.on_commit(lambda: _send(group, type_, str(id_)))


def _send(group: str, type_: str, id_: str) -> None:
    layer = get_channel_layer()
    if layer is None:
        return
    message = {"type": "forward", "event": {"type": type_, "id": id_, "group": group}}
    try:
        async_to_sync(layer.group_send)(group_name(group), message)
    except OSError as error:
        logger.warning("live update %s for %s not sent: %s", type_, group, error)


def record(
    action: str,
    *,
    team: Team,
    project: Project | None = None,
    actor: User | None = None,
    object_id: Any = None,
    **detail: Any,
) -> Event:
    """Write an audit row in the caller's transaction."""
    return Event.objects.create(
        team=team,
        project=project,
        actor=actor,
        action=action,
        object_id=object_id,
        detail=detail,
    )
