"""One WebSocket per browser: it asks to hear of a group, is authorised, and gets ids.

{"subscribe": "round:<id>"} is answered by {"subscribed": "round:<id>"} or by {"refused", "code",
"message"}; then {"type": "round.started", "id", "group"} follows whenever something changes. What
changed is asked of the API, which checks again.
"""

import time
from collections.abc import Callable
from uuid import UUID

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncJsonWebsocketConsumer
from django.db.models import Model

from annotation.api import access
from annotation.errors import Conflict, DomainError, InvalidInput, NotFound
from annotation.events import group_name
from annotation.models import User
from annotation.sentences import say

# noun -> how its row is fetched, which is the permission check, and the action it needs
GROUPS: dict[str, tuple[Callable[[User, UUID, str], Model], str]] = {
    "team": (access.get_team, "member.view"),
    "project": (access.get_project, "round.view"),
    "round": (access.get_round, "round.view"),
    "job": (access.get_job, "job.view"),
    "queue": (access.get_project, "label.create"),
}
MOST_GROUPS = 100
# A member who was suspended hears nothing from this many seconds later on.
CHECKED_SECONDS = 30.0
UNAUTHENTICATED = 4401


class NewsConsumer(AsyncJsonWebsocketConsumer):
    async def connect(self) -> None:
        # Group -> when the user was last found to be allowed to hear of it (monotonic seconds).
        self.checked_at: dict[str, float] = {}
        await self.accept()
        user = self.scope["user"]
        if user is None or not user.is_authenticated:
            await self.close(code=UNAUTHENTICATED)

    async def disconnect(self, code: int) -> None:
        for group in list(self.checked_at):
            await self._leave(group)

    async def receive(
        self, text_data: str | None = None, bytes_data: bytes | None = None, **kwargs: object
    ) -> None:
        try:
            await super().receive(text_data=text_data, bytes_data=bytes_data, **kwargs)
        except ValueError:
            await self._refuse(
                None, InvalidInput(say("socket_not_json", "Expected a JSON object as text."))
            )

    async def receive_json(self, content: object, **kwargs: object) -> None:
        match content:
            case {"subscribe": str(group)}:
                await self._subscribe(group)
            case {"unsubscribe": str(group)}:
                if group in self.checked_at:
                    await self._leave(group)
                await self.send_json({"unsubscribed": group})
            case _:
                await self._refuse(
                    None,
                    InvalidInput(
                        say(
                            "socket_not_understood",
                            "Expected an object that says subscribe or unsubscribe and names a "
                            "group, such as round:<id>.",
                        )
                    ),
                )

    async def forward(self, message: dict[str, dict[str, str]]) -> None:
        """News of a group, from `happenings.happened`."""
        event = message["event"]
        group = event["group"]
        checked_at = self.checked_at.get(group)
        if checked_at is None:
            return
        if time.monotonic() - checked_at > CHECKED_SECONDS:
            try:
                await self._check(group)
            except DomainError as error:
                await self._leave(group)
                await self._refuse(group, error)
                return
        await self.send_json(event)

    async def _subscribe(self, group: str) -> None:
        try:
            if len(self.checked_at) >= MOST_GROUPS and group not in self.checked_at:
                raise Conflict(
                    say(
                        "too_many_groups",
                        "One socket hears of at most {most} groups; leave some.",
                        most=MOST_GROUPS,
                    )
                )
            await self._check(group)
        except DomainError as error:
            await self._refuse(group, error)
            return
        await self.channel_layer.group_add(group_name(group), self.channel_name)
        await self.send_json({"subscribed": group})

    async def _check(self, group: str) -> None:
        await database_sync_to_async(authorise)(self.scope["user"], group)
        self.checked_at[group] = time.monotonic()

    async def _leave(self, group: str) -> None:
        del self.checked_at[group]
        await self.channel_layer.group_discard(group_name(group), self.channel_name)

    async def _refuse(self, group: str | None, error: DomainError) -> None:
        await self.send_json({"refused": group, "code": error.code, "message": error.message})


def authorise(user: object, group: str) -> None:
    """Raise NotFound, Forbidden or InvalidInput unless the user may hear of the group."""
    if not isinstance(user, User):
        raise NotFound(say("sign_in_first", "Sign in first."))
    noun, _, text = group.partition(":")
    try:
        get, action = GROUPS[noun]
        id_ = UUID(text)
    except (KeyError, ValueError):
        raise InvalidInput(
            say(
                "no_such_group",
                "Expected one of {nouns}, a colon and an id, got {group}.",
                nouns=", ".join(GROUPS),
                group=repr(group[:80]),
            )
        ) from None
    get(user, id_, action)
