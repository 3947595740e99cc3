import asyncio
import json

import pytest
from asgiref.sync import sync_to_async
from asgiref.testing import ApplicationCommunicator
from channels.layers import channel_layers
from django.contrib.auth.models import AnonymousUser
from django.db import connections
from django.test import Client
from django.utils import timezone

from annotation import consumers
from annotation.asgi import application
from annotation.errors import NotFound
from annotation.happenings import happened
from annotation.models import Job, Label, Membership
from annotation.services import jobs
from tests.annotation.labeling import make_round
from training.contract import progress

pytestmark = pytest.mark.django_db(transaction=True)

ORIGIN = (b"origin", b"http://testserver")


@pytest.fixture(autouse=True)
def fresh_layer():
    """A channel layer belongs to the loop it was first used on; every test has its own."""
    channel_layers.backends.clear()
    yield
    channel_layers.backends.clear()


def cookie_of(user):
    client = Client()
    client.force_login(user)
    return b"cookie", f"sessionid={client.cookies['sessionid'].value}".encode()


class Socket(ApplicationCommunicator):
    """A browser's end of /ws/."""

    def __init__(self, headers):
        super().__init__(
            application,
            {
                "type": "websocket",
                "path": "/ws/",
                "raw_path": b"/ws/",
                "query_string": b"",
                "headers": headers,
                "subprotocols": [],
            },
        )

    async def is_accepted(self):
        await self.send_input({"type": "websocket.connect"})
        return (await self.receive_output(timeout=10))["type"] == "websocket.accept"

    async def say(self, **message):
        await self.say_text(json.dumps(message))

    async def say_text(self, text):
        await self.send_input({"type": "websocket.receive", "text": text})

    async def hear(self):
        return json.loads((await self.receive_output(timeout=10))["text"])


def talk(user, script, *, origin=ORIGIN):
    """What `script(socket)` returns, on a socket opened with the user's session; None: refused."""
    headers = [(b"host", b"testserver"), origin]
    if user is not None:
        headers.append(cookie_of(user))

    async def run():
        socket = Socket(headers)
        try:
            return await script(socket) if await socket.is_accepted() else None
        finally:
            await socket.send_input({"type": "websocket.disconnect", "code": 1000})
            await socket.wait(timeout=10)
            await sync_to_async(connections.close_all)()

    return asyncio.run(run())


async def say(socket, **message):
    await socket.say(**message)
    return await socket.hear()


def test_a_manager_hears_that_a_round_changed_by_id_only(project, alice):
    round_ = make_round(project, n=1)
    group = f"round:{round_.pk}"

    async def script(socket):
        answer = await say(socket, subscribe=group)
        await sync_to_async(happened)("round.moved", round_)
        return answer, await socket.hear()

    answer, news = talk(alice, script)

    assert answer == {"subscribed": group}
    assert news == {"type": "round.moved", "id": str(round_.pk), "group": group}


def test_many_labels_at_once_are_one_message_and_the_last_is_told(project, alice):
    round_ = make_round(project, n=1)
    group = f"round:{round_.pk}"
    labels = [Label(round=round_, project=project) for _ in range(200)]

    async def script(socket):
        await say(socket, subscribe=group)
        for label in labels:
            await sync_to_async(happened)("label.submitted", label)
        first = await socket.hear()
        return first, await socket.receive_nothing(timeout=0.7)

    first, nothing_more = talk(alice, script)

    assert first["id"] == str(labels[-1].pk)
    assert nothing_more


def test_who_looks_at_a_job_hears_that_it_has_come_further(project, alice, tmp_path):
    job = Job.objects.create(
        project=project,
        key="base",
        method="pretrain",
        spec={},
        run_dir=str(tmp_path),
        state="running",
        started_at=timezone.now(),
    )
    group = f"job:{job.pk}"
    further = progress.Status(state="running", step=7, total=9, heartbeat_at=progress.now_text())

    async def script(socket):
        await say(socket, subscribe=group)
        progress.write_status(tmp_path, further)
        await sync_to_async(jobs.follow)(job)
        return await socket.hear()

    assert talk(alice, script) == {"type": "job.measured", "id": str(job.pk), "group": group}
    job.refresh_from_db()
    assert (job.step, job.total) == (7, 9)


def test_a_labeler_hears_of_the_queue_and_of_nothing_inside_the_round(project, team, bob):
    round_ = make_round(project, n=1)

    async def script(socket):
        return [
            await say(socket, subscribe=group)
            for group in (
                f"queue:{project.pk}",
                f"round:{round_.pk}",
                f"project:{project.pk}",
                f"team:{team.pk}",
            )
        ]

    queue, *others = talk(bob, script)

    assert queue == {"subscribed": f"queue:{project.pk}"}
    assert [answer["code"] for answer in others] == ["forbidden"] * 3


def test_a_stranger_is_refused_everything(project, team, carol):
    round_ = make_round(project, n=1)

    async def script(socket):
        return [
            await say(socket, subscribe=f"{noun}:{row.pk}")
            for noun, row in (
                ("queue", project),
                ("project", project),
                ("round", round_),
                ("team", team),
            )
        ]

    assert [answer["code"] for answer in talk(carol, script)] == ["not_found"] * 4


def test_nobody_is_let_in_without_a_session(db):
    async def script(socket):
        return await socket.receive_output(timeout=10)

    assert talk(None, script) == {"type": "websocket.close", "code": consumers.UNAUTHENTICATED}


def test_a_page_of_another_site_is_not_let_in(alice):
    async def script(socket):
        raise AssertionError("connected")

    assert talk(alice, script, origin=(b"origin", b"https://evil.example")) is None


def test_what_is_not_understood_is_answered_in_words(alice):
    async def script(socket):
        await socket.say_text("{")
        broken = await socket.hear()
        return [
            broken,
            await say(socket, hello="world"),
            await say(socket, subscribe="planet:mars"),
        ]

    answers = talk(alice, script)

    assert [answer["code"] for answer in answers] == ["invalid"] * 3
    assert "Expected one of team, project" in answers[2]["message"]


def test_a_suspended_member_hears_no_more(project, alice, team, monkeypatch):
    monkeypatch.setattr(consumers, "CHECKED_SECONDS", 0.0)
    round_ = make_round(project, n=1)
    group = f"round:{round_.pk}"

    async def script(socket):
        await say(socket, subscribe=group)
        await Membership.objects.filter(user=alice).aupdate(status="suspended")
        await sync_to_async(happened)("round.moved", round_)
        refused = await socket.hear()
        await sync_to_async(happened)("round.moved", round_)
        return refused, await socket.receive_nothing(timeout=0.2)

    refused, nothing_more = talk(alice, script)

    assert (refused["refused"], refused["code"]) == (group, "not_found")
    assert nothing_more


def test_after_unsubscribing_nothing_comes(project, alice):
    group = f"project:{project.pk}"

    async def script(socket):
        await say(socket, subscribe=group)
        answer = await say(socket, unsubscribe=group)
        await sync_to_async(happened)("project.changed", project)
        return answer, await socket.receive_nothing(timeout=0.2)

    answer, nothing_came = talk(alice, script)

    assert answer == {"unsubscribed": group}
    assert nothing_came


def test_an_anonymous_user_may_hear_of_no_group(project):
    with pytest.raises(NotFound):
        consumers.authorise(AnonymousUser(), f"project:{project.pk}")
