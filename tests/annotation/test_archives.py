"""Archive hides and is reversible; delete is for good, refused where something depends on it."""

import json
from pathlib import Path

import pytest

from annotation.errors import Conflict, InvalidInput
from annotation.models import (
    Assignment,
    Checkpoint,
    Dataset,
    Event,
    Job,
    Label,
    Project,
    Prompt,
    Response,
    Round,
    Task,
)
from annotation.rounds import advance, archives
from annotation.services import erasure
from annotation.services.datasets import freeze_preferences
from annotation.worker import look_once
from tests.annotation.exchange import WEIGH, load_lines, load_prompts

pytestmark = pytest.mark.django_db


@pytest.fixture
def waiting(project):
    """A round that is labeling: two tasks nobody has judged."""
    lines = [
        json.dumps({"prompt": f"Number {n}?", "responses": ["a", "b"]}).encode() for n in (1, 2)
    ]
    return load_lines(project, lines).round


@pytest.fixture
def judged(project, settings, tmp_path):
    """A round that is done: one prompt, two responses, one label, and its frozen dataset."""
    settings.STORAGE_DIR = tmp_path
    row = {"prompt": "Ask", "responses": ["a", "b"], "ranks": [1, 2]}
    made = load_lines(project, [json.dumps(row).encode()], recipe=WEIGH).round
    Round.objects.filter(pk=made.pk).update(state=Round.State.DONE)
    made.refresh_from_db()
    return made


def hold(client, project, n=3):
    url = f"/api/projects/{project.pk}/assignments/"
    return client.post(url, {"hold": n}, format="json")


def erase():
    for _ in range(5):
        erasure.erase_deleted()


class TestArchive:
    def test_an_archived_project_is_out_of_every_list_and_comes_back(
        self, project, waiting, alice, bob, client_of
    ):
        boss, labeler = client_of(alice), client_of(bob)

        answer = boss.post(f"/api/projects/{project.pk}/archive/")

        assert answer.status_code == 200
        assert answer.json()["archived_at"]
        assert boss.get("/api/projects/").json()["results"] == []
        archived = boss.get("/api/projects/?archived=true").json()["results"]
        assert [one["name"] for one in archived] == ["Demo"]
        assert labeler.get("/api/queues/").json()["results"] == []
        assert Event.objects.filter(action="project.archived", actor=alice).exists()

        boss.post(f"/api/projects/{project.pk}/restore/")

        assert [one["name"] for one in boss.get("/api/projects/").json()["results"]] == ["Demo"]
        assert len(hold(labeler, project).json()["assignments"]) == 2

    def test_it_hands_out_no_work_but_takes_the_answers_to_what_is_out(
        self, project, waiting, alice, bob, client_of
    ):
        labeler = client_of(bob)
        (lease,) = hold(labeler, project, 1).json()["assignments"]

        archives.archive_project(project, by=alice)

        body = {
            "submission_id": "7c0d3a52-6a0f-4f6e-9a0b-0d6a3a1f0f11",
            "answer": {"ranking": [1, 2]},
            "hold": 1,
            "active_seconds": 1,
            "guideline_version": 0,
        }
        answer = labeler.post(f"/api/assignments/{lease['id']}/label/", body, format="json")
        assert answer.status_code == 201, answer.content
        assert Label.objects.count() == 1
        assert hold(labeler, project).json()["assignments"] == []

    def test_what_would_change_it_is_refused_in_a_sentence(self, project, alice, client_of):
        archives.archive_project(project, by=alice)
        client = client_of(alice)

        refused = client.patch(f"/api/projects/{project.pk}/", {"name": "New"}, format="json")
        again = client.post(f"/api/projects/{project.pk}/archive/")

        assert refused.status_code == 409
        assert refused.json()["sentence"]["code"] == "project_is_archived"
        assert again.json()["sentence"]["code"] == "project_already_archived"
        assert client.get(f"/api/projects/{project.pk}/").status_code == 200

    def test_a_round_archived_by_itself_stays_so_when_its_project_comes_back(
        self, project, waiting, alice
    ):
        archives.archive_round(waiting, by=alice)
        archives.archive_project(project, by=alice)

        archives.restore_project(project, by=alice)

        waiting.refresh_from_db()
        assert waiting.archived_at is not None

    def test_an_archived_round_hands_out_nothing_and_does_not_go_on(
        self, project, waiting, alice, bob, client_of
    ):
        archives.archive_round(waiting, by=alice)

        advance.advance_open_rounds()

        assert hold(client_of(bob), project).json()["assignments"] == []
        listed = client_of(alice).get(f"/api/projects/{project.pk}/rounds/").json()
        assert listed["results"] == []
        assert waiting not in Round.objects.open()

        archives.restore_round(waiting, by=alice)
        assert len(hold(client_of(bob), project).json()["assignments"]) == 2

    def test_an_archived_prompt_is_not_listed_nor_exported(self, project, alice, client_of):
        load_prompts(project, [b'{"prompt": "Why?"}', b'{"prompt": "How?"}'])
        prompt = Prompt.objects.first()

        client_of(alice).post(f"/api/prompts/{prompt.pk}/archive/")

        client = client_of(alice)
        listed = client.get(f"/api/projects/{project.pk}/prompts/").json()
        hidden = client.get(f"/api/projects/{project.pk}/prompts/?archived=true").json()
        out = client.get(f"/api/projects/{project.pk}/export/")
        assert (listed["count"], hidden["count"]) == (1, 1)
        assert len(b"".join(out.streaming_content).splitlines()) == 1
        client.post(f"/api/prompts/{prompt.pk}/restore/")
        assert client.get(f"/api/projects/{project.pk}/prompts/").json()["count"] == 2


class TestDeleteProject:
    def test_takes_everything_of_it_away_and_leaves_the_audit(
        self, project, judged, other_team, alice, client_of, tmp_path, monkeypatch
    ):
        monkeypatch.setattr(erasure, "AT_ONCE", 1)
        freeze_preferences(judged, key="preferences", learn_from="round")
        theirs = other_team.projects.create(name="Theirs")
        load_prompts(theirs, [b'{"prompt": "Why?", "responses": ["a"]}'])
        (dataset,) = Dataset.objects.all()

        answer = client_of(alice).post(
            f"/api/projects/{project.pk}/delete/", {"name": "Demo"}, format="json"
        )

        assert answer.status_code == 204
        assert client_of(alice).get(f"/api/projects/{project.pk}/").status_code == 404
        assert client_of(alice).get(f"/api/rounds/{judged.pk}/").status_code == 404
        look_once()
        assert [*Project.objects.all()] == [theirs]
        for noun in (Label, Assignment, Task, Round, Dataset, Checkpoint, Job):
            assert not noun.objects.exists(), noun
        assert Prompt.objects.get().project == theirs
        assert Response.objects.get().prompt.project == theirs
        assert not Path(dataset.path).exists()
        event = Event.objects.get(action="project.deleted")
        assert (event.actor, event.detail["title"], event.project) == (alice, "Demo", None)

    def test_goes_on_where_it_was_interrupted(self, project, judged, alice, monkeypatch):
        erasure.delete_project(project, name="Demo", by=alice)
        monkeypatch.setattr(erasure, "AT_ONCE", 1)
        monkeypatch.setattr(erasure, "BATCHES", 1)

        erasure.erase_deleted()

        assert Project.objects.filter(pk=project.pk).exists()
        assert not Label.objects.exists()
        for _ in range(10):
            erasure.erase_deleted()
        assert not Project.objects.filter(pk=project.pk).exists()

    def test_leaves_its_name_to_the_next_one(self, project, alice, client_of):
        erasure.delete_project(project, name="Demo", by=alice)

        body = {"team": str(project.team_id), "name": "Demo"}
        assert client_of(alice).post("/api/projects/", body, format="json").status_code == 201

    def test_wants_the_name_typed(self, project, alice):
        with pytest.raises(InvalidInput, match="Type the project's name, Demo"):
            erasure.delete_project(project, name="demo", by=alice)

        assert Project.objects.get().deleted_at is None

    def test_is_refused_while_a_round_is_under_way(self, project, waiting, alice):
        with pytest.raises(Conflict, match="Round 1 is under way"):
            erasure.delete_project(project, name="Demo", by=alice)

        assert Project.objects.get().deleted_at is None

    @pytest.mark.parametrize("how", ["parent", "dataset", "path"])
    def test_is_refused_where_another_project_was_made_of_it(self, project, other_team, alice, how):
        theirs = other_team.projects.create(name="Theirs")
        ours = project.checkpoints.create(name="base", kind="base", path="/models/base")
        dataset = project.datasets.create(
            key="rows", kind="text", path="/rows", digest="sha256:0", rows=0
        )
        path = "/models/base" if how == "path" else "/models/other"
        child = theirs.checkpoints.create(
            name="child", kind="policy", path=path, dataset=dataset if how == "dataset" else None
        )
        if how == "parent":
            child.parents.add(ours)

        with pytest.raises(Conflict, match="A checkpoint of another project, child"):
            erasure.delete_project(project, name="Demo", by=alice)

        assert Project.objects.get(pk=project.pk).deleted_at is None

    def test_leaves_a_model_where_it_was_registered(self, project, alice, settings, tmp_path):
        settings.STORAGE_DIR = tmp_path / "var"
        elsewhere = tmp_path / "my-model"
        elsewhere.mkdir()
        project.checkpoints.create(name="base", kind="base", path=str(elsewhere))

        erasure.delete_project(project, name="Demo", by=alice)
        erase()

        assert elsewhere.exists()
        assert not Project.objects.exists()


class TestDeleteRound:
    def test_takes_its_rows_and_leaves_the_prompts(self, project, judged, alice, client_of):
        answer = client_of(alice).post(
            f"/api/rounds/{judged.pk}/delete/", {"number": 1}, format="json"
        )

        assert answer.status_code == 204
        erase()
        assert not Round.objects.exists()
        assert not Label.objects.exists()
        assert not Response.objects.exists()
        assert Prompt.objects.count() == 1

    def test_is_refused_where_a_later_round_learned_from_it(self, project, judged, alice):
        later = project.rounds.create(number=2, state=Round.State.DONE)
        freeze_preferences(later, key="preferences", learn_from="project")

        with pytest.raises(Conflict, match="A dataset of another round"):
            erasure.delete_round(judged, number=1, by=alice)

        judged.refresh_from_db()
        assert judged.deleted_at is None

    def test_wants_the_number_typed(self, judged, alice):
        with pytest.raises(InvalidInput, match="Type the round's number, 1"):
            erasure.delete_round(judged, number=2, by=alice)


class TestDeletePrompt:
    def test_takes_its_responses_tasks_and_labels(self, project, judged, alice, client_of):
        prompt = Prompt.objects.get()

        answer = client_of(alice).post(f"/api/prompts/{prompt.pk}/delete/")

        assert answer.status_code == 204
        for noun in (Prompt, Response, Task, Label):
            assert not noun.objects.exists(), noun
        assert Event.objects.get(action="prompt.deleted").object_id == prompt.pk

    def test_is_refused_once_it_may_be_in_a_frozen_dataset(self, judged, alice):
        freeze_preferences(judged, key="preferences", learn_from="round")

        with pytest.raises(Conflict, match="may be in a frozen dataset"):
            erasure.delete_prompt(Prompt.objects.get(), by=alice)

        assert Label.objects.exists()
