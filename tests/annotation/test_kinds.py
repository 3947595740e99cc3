"""A kind of task is one row of a table: three throw-away kinds go the whole way by it alone."""

import json
import uuid
from dataclasses import replace
from pathlib import Path
from typing import TypedDict

import pytest
from django.apps import apps
from django.core.management import call_command

from annotation import kinds
from annotation.aggregation.consensus import MAX_EXACT
from annotation.errors import InvalidInput, InvalidRanking
from annotation.exchange.preferences import preference_rows
from annotation.kinds import COMPARE, KINDS, MOST_RESPONSES, RANK, Asked, Kind
from annotation.kinds.shapes import fit, shape
from annotation.models import Assignment, Checkpoint, Dataset, Label, Response, Round, Task
from annotation.sentences import say
from annotation.services import consensus, datasets, tasks
from annotation.services.votes import votes_of
from tests.annotation.labeling import make_round, post, url

pytestmark = pytest.mark.django_db


class Best(TypedDict):
    best: int


class Pick(Kind[Best]):
    """Which of the responses shown is the best: the others tie behind it."""

    name = "pick"
    least, most = 2, MOST_RESPONSES
    answer_name = "PickAnswer"
    answer = shape("The best one.", best={"type": "integer", "minimum": 0, "maximum": 8})

    def check(self, answer, asked):
        if answer["best"] >= asked.responses:
            raise InvalidInput(say("pick_out_of_range", "There are {n}.", n=asked.responses))

    def to_canonical(self, answer, order):
        return {"best": order[answer["best"]]}

    def to_shown(self, answer, order):
        return {"best": order.index(answer["best"])}

    def words(self, answer, names):
        return say("pick_said", "{best} is the best.", best=names[answer["best"]])

    def columns(self, answer):
        return {"best": answer["best"]}

    def ranks(self, answer, responses):
        return [1 if i == answer["best"] else 2 for i in range(responses)]


class Written(TypedDict):
    text: str


class Write(Kind[Written]):
    """What one would answer oneself; no response is shown."""

    name = "write"
    least = most = 0
    answer_name = "WriteAnswer"
    answer = shape("An answer.", text={"type": "string", "maxLength": 100})
    writes = True

    def words(self, answer, names):
        return say("write_said", "{text}", text=answer["text"])

    def columns(self, answer):
        return {"text": answer["text"]}

    def texts(self, answer):
        return [answer["text"]]


class Verdict(TypedDict):
    good: bool


class Judge(Kind[Verdict]):
    """Whether one response is any good."""

    name = "judge"
    least = most = 1
    answer_name = "JudgeAnswer"
    answer = shape("Yes or no.", good={"type": "boolean"})

    def words(self, answer, names):
        return say("judge_said", "{name}: {good}", name=names[0], good=answer["good"])

    def columns(self, answer):
        return {"good": answer["good"]}

    def is_all_bad(self, answer):
        return not answer["good"]


@pytest.fixture(autouse=True)
def three_more_kinds(monkeypatch):
    for kind in (Pick(), Write(), Judge()):
        monkeypatch.setitem(KINDS, kind.name, kind)


def make_tasks(project, kind, responses, n=1):
    """A round of n tasks of this kind; every response is by a checkpoint of its own."""
    made = Round.objects.create(
        project=project,
        number=1 + project.rounds.count(),
        state=Round.State.OPEN,
        is_labeling=True,
    )
    writers = [
        Checkpoint.objects.create(project=project, name=f"writer {i}", kind="external")
        for i in range(responses)
    ]
    groups = []
    for i in range(n):
        prompt = project.prompts.create(
            messages=[{"role": "user", "content": f"{kind} {i}?"}],
            content_hash=f"{kind}{i}",
            split="train",
        )
        groups.append(
            (
                prompt,
                [
                    Response.objects.create(
                        prompt=prompt, round=made, text=f"text {j}", source="import", checkpoint=one
                    )
                    for j, one in enumerate(writers)
                ],
            )
        )
    tasks.create_tasks(made, groups=groups, kind=kind, labels_wanted=1)
    return made


def lease(client, project):
    body = post(client, f"/api/projects/{project.pk}/assignments/", hold=1).json()
    (found,) = body["assignments"]
    return found


def send(client, assignment, answer):
    return post(
        client, url(assignment["id"], "label"), submission_id=str(uuid.uuid4()), answer=answer
    )


def test_a_new_kind_goes_from_task_to_export(project, alice, bob, client_of, settings, tmp_path):
    settings.STORAGE_DIR = tmp_path
    made = make_tasks(project, "pick", 3)
    client = client_of(bob)

    # The desk's payload, a draft, a refusal, the answer, undo and the answer again.
    shown = lease(client, project)
    assert (shown["kind"], len(shown["responses"])) == ("pick", 3)
    assert shown["policy"] == {"allow_ties": True, "allow_unrankable": False, "strengths": 0}
    place = [one["text"] for one in shown["responses"]].index("text 2")
    draft = {"saved_at": 1, "answer": {"best": place}}
    assert client.put(url(shown["id"], "draft"), draft, format="json").status_code == 204
    assert lease(client, project)["draft"]["answer"] == {"best": place}
    assert "There are 3." in send(client, shown, {"best": 3}).json()["message"]
    sent = send(client, shown, {"best": place})
    assert (sent.status_code, sent.json()["label"]["answer"]) == (201, {"best": place})
    undone = post(client, f"/api/projects/{project.pk}/undo/").json()["assignment"]
    assert undone["draft"]["answer"] == {"best": place}
    assert send(client, shown, {"best": place}).status_code == 201

    # Stored in canonical order, and said in words.
    label = Label.objects.current().get()
    assert label.answer == {"best": 2}
    (listed,) = (
        client_of(alice).get(f"/api/projects/{project.pk}/labels/?limit=1").json()["results"]
    )
    assert listed["said"]["text"] == "C is the best."
    (mine,) = client.get("/api/me/labels/").json()["results"]
    assert mine["answer"] == {"best": place}

    # Two votes for the third writer; that the others tie is a vote, too.
    votes = votes_of(made)
    names = dict(project.checkpoints.values_list("pk", "name"))
    assert {
        (names[a], names[b], score)
        for a, b, score in zip(votes.first, votes.second, votes.score, strict=True)
    } == {
        ("writer 0", "writer 1", 0.5),
        ("writer 0", "writer 2", 0.0),
        ("writer 1", "writer 2", 0.0),
    }

    # A row of the frozen dataset, the same row exported, and the label in columns.
    assert consensus.write_consensus(made) == 1
    dataset = datasets.freeze_preferences(made, key="preferences", learn_from="round")
    (row,) = [json.loads(line) for line in Path(dataset.path).read_text().splitlines()]
    assert (row["ranks"], row["responses"][2]) == ([2, 2, 1], "text 2")
    assert list(preference_rows(project, made)) == [row]
    path = tmp_path / "labels.jsonl"
    call_command("export_dataset", str(path), project=str(project.pk), format="labels")
    (exported,) = [json.loads(line) for line in path.read_text().splitlines()]
    assert (exported["kind"], exported["best"], exported["labeler"]) == ("pick", 2, "Bob")


def test_a_task_without_responses_is_handed_out_and_what_is_written_becomes_a_response(
    project, bob, client_of, settings, tmp_path
):
    settings.STORAGE_DIR = tmp_path
    made = make_tasks(project, "write", 0, n=2)
    client = client_of(bob)

    shown = lease(client, project)
    assert (shown["kind"], shown["responses"]) == ("write", [])
    assert shown["prompt"]["messages"][0]["content"] == "write 0?"
    assert send(client, shown, {"text": "x" * 101}).status_code == 400
    assert send(client, shown, {"text": "First."}).status_code == 201
    post(client, f"/api/projects/{project.pk}/undo/")
    assert send(client, shown, {"text": "Better."}).status_code == 201
    skipped = lease(client, project)
    assert post(client, url(skipped["id"], "skip"), hold=1).status_code == 200

    assert len(votes_of(made)) == 0
    for _ in range(2):
        consensus.write_consensus(made)
    response = Response.objects.get()
    label = Label.objects.current().get()
    assert (response.text, response.source, response.author) == ("Better.", "person", label.labeler)
    preferences = datasets.freeze_preferences(made, key="preferences", learn_from="round")
    assert preferences.rows == 0
    demonstrations = datasets.freeze_demonstrations(made, preferences, key="best")
    (row,) = [json.loads(line) for line in Path(demonstrations.path).read_text().splitlines()]
    assert [message["content"] for message in row["messages"]] == ["write 0?", "Better."]
    assert demonstrations.kind == Dataset.Kind.MESSAGES


def test_a_task_with_one_response_is_handed_out_and_counts(
    project, bob, client_of, settings, tmp_path
):
    settings.STORAGE_DIR = tmp_path
    made = make_tasks(project, "judge", 1)
    client = client_of(bob)

    shown = lease(client, project)
    assert [one["text"] for one in shown["responses"]] == ["text 0"]
    assert send(client, shown, {"good": False}).status_code == 201

    consensus.write_consensus(made)
    (row,) = preference_rows(project, made)
    assert (row["all_bad"], row["votes"], row["weights"]) == (1, 1, [])


def test_an_expired_lease_of_a_task_without_responses_comes_back(project, bob, client_of):
    make_tasks(project, "write", 0)
    client = client_of(bob)
    first = lease(client, project)
    Assignment.objects.update(state="expired")
    Task.objects.update(is_open=True)

    assert lease(client, project)["id"] == first["id"]


def test_a_new_kind_is_no_migration():
    # A field's choices are part of its migration, so none may list kinds of task.
    listing = [
        field
        for model in apps.get_app_config("annotation").get_models()
        for field in model._meta.fields
        if {COMPARE.name, RANK.name} & {value for value, _ in field.choices or ()}
    ]

    assert listing == []


def test_a_task_takes_as_many_responses_as_its_kind_says(project):
    made = make_round(project, n=1, responses=2)
    prompt = made.tasks.get().prompt
    two = list(Response.objects.all())

    for kind, responses in (("compare", two[:1]), ("rank", two), ("write", two), ("judge", [])):
        with pytest.raises(InvalidInput, match=f"A {kind} task takes"):
            tasks.create_tasks(made, groups=[(prompt, responses)], kind=kind, labels_wanted=1)
    assert Task.objects.count() == 1


def test_no_kind_asks_for_more_than_an_exact_consensus_can_order():
    assert all(0 <= kind.least <= kind.most <= MOST_RESPONSES for kind in KINDS.values())
    assert MOST_RESPONSES <= MAX_EXACT


@pytest.mark.parametrize("kind", [COMPARE, RANK])
def test_an_answer_comes_back_as_it_was_shown(kind):
    order = [1, 0] if kind is COMPARE else [2, 0, 1]
    answer = kind.parse({"ranking": [2, 1, 3][: len(order)] if kind is RANK else [2, 1]})

    canonical = kind.to_canonical(answer, order)

    # The response at canonical index order[0] was shown first and came second.
    assert canonical["ranking"][order[0]] == 2
    assert kind.to_shown(canonical, order) == answer
    all_bad = kind.parse({"all_bad": True})
    assert kind.to_canonical(all_bad, order) == kind.to_shown(all_bad, order) == all_bad


@pytest.mark.parametrize(
    ("kind", "answer", "words"),
    [
        (COMPARE, {"ranking": [1, 2], "strength": 3}, "A is much better than B."),
        (COMPARE, {"ranking": [2, 1], "strength": 1}, "B is slightly better than A."),
        (COMPARE, {"ranking": [2, 1], "strength": 2}, "B is clearly better than A."),
        (COMPARE, {"ranking": [2, 1]}, "B is better than A."),
        (COMPARE, {"ranking": [1, 1]}, "A and B are alike."),
        (COMPARE, {"all_bad": True}, "Both are bad."),
        (RANK, {"ranking": [2, 1, 2, None]}, "B > A = C; not ranked: D"),
        (RANK, {"ranking": [3, 1, 2]}, "B > C > A"),
        (RANK, {"all_bad": True}, "All of them are bad."),
    ],
)
def test_an_answer_is_said_in_words(kind, answer, words):
    assert str(kind.words(kind.parse(answer), kinds.LETTERS)) == words


@pytest.mark.parametrize(
    ("value", "place"),
    [
        ("A", "answer"),
        (None, "answer"),
        ({"rankings": [1, 2]}, "answer.rankings"),
        ({"ranking": "1, 2"}, "answer.ranking"),
        ({"ranking": [1, 2.5]}, "answer.ranking.1"),
        ({"ranking": [True, 2]}, "answer.ranking.0"),
        ({"ranking": [0, 1]}, "answer.ranking.0"),
        ({"ranking": [1] * 10}, "answer.ranking"),
        ({"ranking": [1, 2], "strength": 4}, "answer.strength"),
        ({"ranking": [1, 2], "all_bad": None}, "answer.all_bad"),
    ],
)
def test_what_does_not_fit_an_answer_is_refused_by_its_place(value, place):
    with pytest.raises(InvalidInput) as caught:
        COMPARE.parse(value)

    assert list(caught.value.fields) == [place]
    assert str(caught.value).startswith(place.rsplit(".rankings")[0])


def test_a_needed_name_and_a_text_that_is_too_long_are_named():
    schema = Write.answer

    with pytest.raises(InvalidInput, match="answer: text is needed"):
        fit(schema, {}, "answer")
    with pytest.raises(InvalidInput, match="at most 100 characters, got 101"):
        fit(schema, {"text": "x" * 101}, "answer")


def test_a_bound_that_is_open_or_a_value_that_is_no_number_is_said_in_json():
    for schema, value in (
        ({"type": "number", "minimum": 0}, -1),
        ({"type": "number"}, float("nan")),
    ):
        with pytest.raises(InvalidInput) as caught:
            fit(schema, value, "answer")
        json.dumps(caught.value.sentence.to_json(), allow_nan=False)


def test_a_policy_without_ties_refuses_one():
    asked = Asked(responses=3)
    tied = RANK.parse({"ranking": [1, 1, 2]})
    RANK.check(tied, asked)

    with pytest.raises(InvalidRanking, match="does not allow ties"):
        RANK.check(tied, replace(asked, allow_ties=False))
