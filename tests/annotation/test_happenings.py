"""One door: what a row of the table brings about, from the call to the browser and the API."""

import ast
import asyncio
import re
from pathlib import Path

import pytest
from asgiref.sync import sync_to_async
from channels.layers import channel_layers
from django.db import transaction

from annotation.happenings import HAPPENINGS, Happening, happened
from annotation.models import Event
from annotation.services.invitations import invite
from annotation.services.projects import create_project
from annotation.services.teams import create_team, rename_team
from tests.annotation.test_consumers import ORIGIN, Socket, cookie_of, say

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture
def moon(monkeypatch):
    """A happening that nothing but its row in the table knows of."""
    monkeypatch.setitem(HAPPENINGS, "moon.rose", Happening(tells=("team", "project")))
    channel_layers.backends.clear()
    yield "moon.rose"
    channel_layers.backends.clear()


@pytest.mark.django_db(transaction=True)
def test_a_row_of_the_table_is_a_whole_happening(
    moon, project, team, other_team, alice, carol, client_of
):
    @sync_to_async
    def rise(*, is_kept):
        with transaction.atomic():
            happened(moon, project, by=alice, phase="full")
            transaction.set_rollback(not is_kept)

    async def listen(user, of):
        socket = Socket([(b"host", b"testserver"), ORIGIN, await sync_to_async(cookie_of)(user)])
        assert await socket.is_accepted()
        return socket, await say(socket, subscribe=f"team:{of.pk}")

    async def run():
        ours, _ = await listen(alice, team)
        theirs, allowed = await listen(carol, other_team)
        _, refused = await listen(carol, team)
        await rise(is_kept=False)
        nothing = await ours.receive_nothing(timeout=0.2)
        await rise(is_kept=True)
        heard = await ours.hear()
        return allowed, refused, nothing, heard, await theirs.receive_nothing(timeout=0.2)

    allowed, refused, was_silent_on_rollback, heard, others_hear_nothing = asyncio.run(run())

    assert "subscribed" in allowed
    assert refused["code"] == "not_found"
    assert was_silent_on_rollback
    assert heard == {"type": moon, "id": str(project.pk), "group": f"team:{team.pk}"}
    assert others_hear_nothing
    row = Event.objects.get()
    assert (row.action, row.actor, row.team, row.project) == (moon, alice, team, project)
    for path in (f"teams/{team.pk}", f"projects/{project.pk}"):
        (shown,) = client_of(alice).get(f"/api/{path}/events/?action={moon}").json()["results"]
        assert (shown["action"], shown["detail"]) == (moon, {"phase": "full"})
        assert shown["actor"]["name"] == "Alice"


@pytest.mark.django_db
def test_what_a_team_lived_through_can_be_read_page_by_page(alice, client_of):
    team = create_team(name="Sharpeners", by=alice)
    rename_team(team, name="Whetters", by=alice)
    create_project(team, by=None, settings={"name": "Demo"})
    invite(team, role="viewer", by=alice)
    path = f"/api/teams/{team.pk}/events/"

    def actions(query=""):
        answer = client_of(alice).get(path + query).json()
        return answer["count"], [row["action"] for row in answer["results"]]

    newest_first = ["invitation.created", "project.created", "team.renamed", "team.created"]
    assert actions() == (4, newest_first)
    assert actions("?limit=2&offset=1") == (4, newest_first[1:3])
    assert actions("?action=team.renamed") == (1, ["team.renamed"])
    assert actions(f"?actor={alice.pk}") == (3, [newest_first[0], *newest_first[2:]])
    assert actions("?action=moon.rose") == (0, [])
    made = client_of(alice).get(f"{path}?action=project.created").json()["results"][0]
    assert (made["project"]["name"], made["actor"]) == ("Demo", None)


@pytest.mark.django_db
def test_a_person_who_is_none_is_refused_in_words(team, alice, client_of):
    answer = client_of(alice).get(f"/api/teams/{team.pk}/events/?actor=alice")

    assert answer.status_code == 400
    assert "actor" in answer.json()["fields"]


def test_what_is_said_to_happen_is_in_the_table():
    sources = (path.read_text() for path in (REPOSITORY / "annotation").rglob("*.py"))
    said = {name for text in sources for name in re.findall(r'\bhappened\(\s*"(.+?)"', text)}

    assert len(said) > 5
    assert said <= set(HAPPENINGS)


def test_a_happening_is_told_with_everything_that_its_text_names():
    texts = (REPOSITORY / "frontend/src/i18n/en/happening.ts").read_text()
    named = {
        f"{noun}.{verb}": set(re.findall(r"{{(\w+)}}", text)) - {"who"}
        for noun, verbs in re.findall(r"^  (\w+): {(.+?)}?,\n(?=  \w|})", texts, re.M | re.S)
        for verb, text in re.findall(r'(\w+): "(.*?)"', verbs)
    }
    calls = [
        (call.args[0].value, {keyword.arg for keyword in call.keywords})
        for path in (REPOSITORY / "annotation").rglob("*.py")
        for call in ast.walk(ast.parse(path.read_text()))
        if isinstance(call, ast.Call)
        and getattr(call.func, "id", None) == "happened"
        and isinstance(call.args[0], ast.Constant)
    ]

    assert named["round.blocked"] == {"number"}
    assert len(calls) > 20
    lacking = [(name, lack) for name, told in calls if (lack := named.get(name, set()) - told)]
    assert lacking == []


def test_browsers_wait_for_no_happening_that_the_table_lacks():
    source = (REPOSITORY / "frontend/src/live/stale-keys.ts").read_text()
    waited_for = set(re.findall(r'case "(.+?)"', source))

    assert len(waited_for) > 5
    assert waited_for <= set(HAPPENINGS)
