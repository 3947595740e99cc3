"""Nothing that a labeler gets tells who wrote a response: no body, header, id or order."""

import json
import re
import uuid

import pytest

from annotation.models import Assignment, Checkpoint, Response, Task
from annotation.services.seats import shown_order
from tests.annotation.labeling import (
    hold_assignments,
    make_labelers,
    make_round,
    post,
    submission,
    url,
)

pytestmark = pytest.mark.django_db

UUID = re.compile(r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}")


@pytest.fixture
def round_of_two_writers(project):
    """Every task has one response by each of two checkpoints with telling names."""
    round_ = make_round(project, n=6)
    base = Checkpoint.objects.create(project=project, name="tell-tale-base", kind="external")
    newest = Checkpoint.objects.create(project=project, name="tell-tale-ppo", kind="external")
    for task in Task.objects.all():
        for entry, writer in zip(task.entries.all(), (base, newest), strict=True):
            Response.objects.filter(pk=entry.response_id).update(
                checkpoint=writer, settings={"temperature": 0.7}, seed=4711
            )
    return round_


def every_answer(client, project):
    """All a labeler can be sent in a project, as (status, headers, body) of each call."""
    held = post(client, f"/api/projects/{project.pk}/assignments/", hold=2)
    lease = held.json()["assignments"][0]["id"]
    yield held
    yield client.put(
        url(lease, "draft"), {"saved_at": 1, "answer": {"ranking": [1, None]}}, format="json"
    )
    yield post(client, f"/api/projects/{project.pk}/assignments/", hold=2)
    sent = submission([1, 2])
    yield post(client, url(lease, "label"), **submission([9, 9]))
    yield post(client, url(lease, "label"), **sent)
    yield post(client, url(lease, "label"), **sent)
    yield post(client, url(lease, "label"), **submission([2, 1]))
    yield post(client, f"/api/projects/{project.pk}/undo/")
    yield post(client, url(lease, "skip"), hold=3)
    yield client.get("/api/queues/")
    yield client.get("/api/me/labels/")


def test_no_answer_names_a_response_a_writer_or_a_setting(
    project, round_of_two_writers, bob, client_of
):
    forbidden = {str(pk) for pk in Response.objects.values_list("pk", flat=True)}
    forbidden |= {str(pk) for pk in Checkpoint.objects.values_list("pk", flat=True)}
    forbidden |= {str(pk) for pk in Task.objects.values_list("pk", flat=True)}
    forbidden |= {pk.replace("-", "") for pk in forbidden}

    for response in every_answer(client_of(bob), project):
        sent = response.content.decode() + json.dumps(dict(response.items()))
        assert not set(UUID.findall(sent)) & forbidden
        for word in ("tell-tale", "checkpoint", "temperature", "4711", "seed", "generation"):
            assert word not in sent.lower()


def test_a_shown_response_is_a_letter_and_a_text_and_nothing_else(
    project, round_of_two_writers, bob, client_of
):
    held = post(client_of(bob), f"/api/projects/{project.pk}/assignments/", hold=2).json()

    for assignment in held["assignments"]:
        assert [sorted(shown) for shown in assignment["responses"]] == [["letter", "text"]] * 2
        assert [shown["letter"] for shown in assignment["responses"]] == ["A", "B"]


def test_headers_of_an_answer_are_the_same_for_every_task(
    project, round_of_two_writers, bob, client_of
):
    client = client_of(bob)
    seen = set()

    for _ in range(3):
        held = post(client, f"/api/projects/{project.pk}/assignments/", hold=1)
        headers = {k: v for k, v in held.items() if k != "Content-Length"}
        seen.add(json.dumps(headers, sort_keys=True))
        lease = held.json()["assignments"][0]["id"]
        post(client, url(lease, "skip"), hold=1)

    assert len(seen) == 1


def test_either_writer_is_shown_first_about_as_often(project, team):
    make_round(project, n=10, labels_wanted=30)

    for labeler in make_labelers(team, 30):
        hold_assignments(project, labeler=labeler, hold=3)
    orders = list(Assignment.objects.values_list("order", flat=True))
    first = sum(order[0] == 0 for order in orders)

    # Binomial(90, 1/2): standard deviation 4.7; six of them fail once in half a billion runs.
    assert len(orders) == 90
    assert abs(first - 45) <= 28


def test_a_labeler_reads_neither_the_round_nor_who_wrote_what(
    project, round_of_two_writers, bob, client_of
):
    client = client_of(bob)
    response = Response.objects.first()

    refused = [
        client.get(f"/api/rounds/{round_of_two_writers.pk}/").status_code,
        client.get(f"/api/projects/{project.pk}/responses/").status_code,
        client.get(f"/api/prompts/{response.prompt_id}/").status_code,
        client.get(f"/api/projects/{project.pk}/labels/").status_code,
        client.get(f"/api/projects/{project.pk}/checkpoints/").status_code,
    ]

    assert refused == [403] * 5


def test_the_order_cannot_be_worked_out_without_the_secret(project, team, settings):
    labeler = make_labelers(team, 1)[0]
    task_ids = [uuid.uuid4() for _ in range(64)]
    here = [shown_order(task, labeler.pk, 2) for task in task_ids]
    settings.SECRET_KEY = "another site's"
    there = [shown_order(task, labeler.pk, 2) for task in task_ids]

    assert here != there
