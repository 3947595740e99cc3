import json
import uuid
from pathlib import Path

import pytest

from annotation.models import Checkpoint, Dataset, Job, Round
from tests.annotation.cycle import (
    RECIPE,
    drive,
    labeled_round,
    make_base,
    make_prompts,
    recipe,
    started_round,
    states,
)
from training.contract import progress, records

pytestmark = pytest.mark.django_db


@pytest.fixture
def storage(tmp_path, settings):
    settings.STORAGE_DIR = tmp_path
    return tmp_path


@pytest.fixture
def manager(client_of, alice):
    return client_of(alice)


@pytest.fixture
def finished(project, bob, storage):
    """A round that went all the way: labels, ladder, dataset, reward model and policy."""
    made = drive(labeled_round(project, bob, storage))
    assert made.state == "done", states(made)
    return made


def test_a_manager_makes_and_starts_a_round(manager, project, storage):
    make_prompts(project)
    make_base(project, storage)

    made = manager.post(f"/api/projects/{project.pk}/rounds/", {"recipe": RECIPE}, format="json")
    started = manager.post(f"/api/rounds/{made.json()['id']}/start/")

    assert (made.status_code, started.status_code) == (201, 200)
    assert made.json()["stage"] == "draft"
    assert (started.json()["state"], started.json()["stage"]) == ("open", "generating")
    assert [step["name"] for step in started.json()["steps"]] == [
        one["name"] for one in RECIPE["steps"]
    ]


def test_a_bad_recipe_is_refused_with_its_field(manager, project):
    answer = manager.post(
        f"/api/projects/{project.pk}/rounds/",
        {"recipe": {"steps": [{"name": "responses", "kind": "generate", "top_k": 3}]}},
        format="json",
    )

    assert answer.status_code == 400
    assert answer.json()["code"] == "invalid_recipe"
    assert "recipe.steps.0.top_k" in answer.json()["fields"]
    assert not project.rounds.exists()


def test_the_round_page_shows_steps_progress_and_people(manager, finished, project):
    shown = manager.get(f"/api/rounds/{finished.pk}/").json()

    assert (shown["state"], shown["stage"]) == ("done", "done")
    assert shown["progress"]["prompts"] == 10
    assert shown["progress"]["labels"] == {
        "done": 10, "total": 10, "per_hour": 10, "eta_seconds": None
    }  # fmt: skip
    assert shown["progress"]["responses"] == {"done": 30, "total": 30}
    assert shown["progress"]["people_now"] == 1
    assert {step["state"] for step in shown["steps"]} == {"done"}
    policy = next(step for step in shown["steps"] if step["name"] == "policy")
    model = next(one for one in policy["reads"] if one["role"] == "model")
    assert (model["names"], model["checkpoints"][0]["name"]) == (["newest"], "base")
    assert policy["checkpoints"][0]["name"] == "round 1 policy"
    assert len(policy["jobs"]) == 1
    evaluation = next(step for step in shown["steps"] if step["name"] == "evaluation")
    assert evaluation["evaluation"]["metrics"]["kl"] == 3.0
    assert evaluation["evaluation"]["wins"]["value"] == 1.0
    assert manager.get(f"/api/projects/{project.pk}/rounds/").json()["results"][0] == shown


@pytest.mark.parametrize(
    ("upto", "stage"),
    [
        ("responses", "generating"),
        ("labels", "labeling"),
        ("reward", "training"),
        ("evaluation", "evaluating"),
    ],
)
def test_the_stage_is_derived_from_the_steps(manager, project, bob, storage, upto, stage):
    make_prompts(project)
    make_base(project, storage)
    made = started_round(project, storage, recipe(bounds=[{"gate": "kl", "most": 5}]))

    drive(made, bob, upto=upto)

    assert manager.get(f"/api/rounds/{made.pk}/").json()["stage"] == stage


def test_two_questions_are_two_decisions_over_http(manager, project, bob, storage):
    bounds = [{"gate": "kl", "most": 1}, {"gate": "ended_share", "least": 0.99}]
    made = drive(labeled_round(project, bob, storage, recipe(bounds=bounds)))
    overview = manager.get(f"/api/projects/{project.pk}/overview/").json()
    questions = overview["questions"]
    assert [(one["number"], one["step"], one["subject"]) for one in questions] == [
        (1, "gates", "kl.most"),
        (1, "gates", "ended_share.least"),
    ]
    assert questions[0]["said"]["text"] == "3; the recipe asks for at most 1.0."
    assert questions[0]["choices"][0] == {
        "choice": "accept",
        "title": {"code": "choice_accept", "params": {}, "text": "Accept it anyway"},
    }

    def answer(subject, **more):
        body = {
            "choice": "accept",
            "step": "gates",
            "subject": subject,
            "decision_id": str(uuid.uuid4()),
            **more,
        }
        return manager.post(f"/api/rounds/{made.pk}/decisions/", body, format="json")

    first = answer("kl.most", why="still close")
    assert first.status_code == 200
    assert first.json()["stage"] == "blocked"
    gates = next(step for step in first.json()["steps"] if step["name"] == "gates")
    assert [one["subject"] for one in gates["questions"]] == ["ended_share.least"]
    second = answer("ended_share.least")
    assert second.json()["stage"] == "evaluating"
    decided = second.json()["decisions"]
    assert [(one["subject"], one["why"], one["by"]["name"]) for one in decided] == [
        ("kl.most", "still close", "Alice"),
        ("ended_share.least", "", "Alice"),
    ]
    assert decided[0]["evidence"]["evidence"]["value"] == 3.0
    assert second.json()["recipe"] == second.json()["effective_recipe"]


def test_a_round_is_steered_over_http(manager, project, bob, storage):
    make_prompts(project)
    make_base(project, storage)
    made = drive(started_round(project, storage, recipe(count=4)), upto="labels")

    def decide(choice, **more):
        body = {"choice": choice, "decision_id": str(uuid.uuid4()), **more}
        return manager.post(f"/api/rounds/{made.pk}/decisions/", body, format="json")

    offered = [one["choice"] for one in manager.get(f"/api/rounds/{made.pk}/").json()["choices"]]
    assert offered == [
        "pause", "more_labels", "more_prompts", "enough", "redo", "change", "cancel"
    ]  # fmt: skip
    assert decide("pause").json()["is_paused"] is True
    assert decide("resume").json()["is_paused"] is False
    amended = decide("more_labels", count=2).json()
    assert amended["effective_recipe"]["steps"][1]["labels_wanted"] == 2
    assert amended["recipe"]["steps"][1]["labels_wanted"] == 1
    assert amended["decisions"][-1]["amendments"] == [
        {"step": "labels", "change": {"labels_wanted": 2}}
    ]
    refused = decide("accept")
    assert (refused.status_code, refused.json()["code"]) == (409, "conflict")
    bad = decide("change", changes=[{"step": "labels", "change": {"labels_wanted": "3"}}])
    assert (bad.status_code, bad.json()["code"]) == (400, "invalid_recipe")
    assert decide("cancel").json()["stage"] == "cancelled"


def test_a_successor_is_drafted_edited_and_shown_on_both(manager, project, storage):
    make_prompts(project)
    make_base(project, storage)
    made = started_round(project, storage)

    draft = manager.post(
        f"/api/projects/{project.pk}/rounds/",
        {"recipe": RECIPE, "after": str(made.pk)},
        format="json",
    ).json()
    edited = manager.patch(
        f"/api/rounds/{draft['id']}/", {"recipe": recipe(count=5)}, format="json"
    ).json()

    assert edited["after"] == {"id": str(made.pk), "number": 1}
    assert edited["recipe"]["steps"][0]["prompts"]["count"] == 5
    first = manager.get(f"/api/rounds/{made.pk}/").json()
    assert first["successor"] == {"id": draft["id"], "number": 2}
    alone = manager.patch(f"/api/rounds/{draft['id']}/", {"after": None}, format="json").json()
    assert alone["after"] is None
    stranger = manager.patch(
        f"/api/rounds/{draft['id']}/", {"after": str(uuid.uuid4())}, format="json"
    )
    assert stranger.status_code == 404


def test_a_round_with_a_recipe_of_another_age_is_still_shown(manager, project):
    made = Round.objects.create(project=project, number=1, recipe={"steps": [{"kind": "older"}]})

    assert manager.get(f"/api/rounds/{made.pk}/").json()["recipe"] == made.recipe


def test_the_ladder_of_one_writer_says_that_nobody_met(manager, finished):
    ladder = manager.get(f"/api/rounds/{finished.pk}/ladder/").json()

    assert ladder["final"] is True
    assert ladder["votes"] == 0
    assert [entry["elo"] for entry in ladder["entries"]] == [None]


def test_samples_put_the_writers_side_by_side_with_their_ranks(manager, finished):
    page = manager.get(f"/api/rounds/{finished.pk}/samples/?limit=3").json()

    assert page["count"] == 10
    assert len(page["results"]) == 3
    first = page["results"][0]
    assert first["votes"] == 1
    assert sorted(one["rank"] for one in first["responses"]) == [1, 2, 3]
    assert {one["checkpoint"]["name"] for one in first["responses"]} == {"base"}


def test_the_project_page_is_one_answer(manager, finished, project):
    overview = manager.get(f"/api/projects/{project.pk}/overview/").json()

    assert [one["number"] for one in overview["rounds"]] == [1]
    assert overview["questions"] == []
    assert overview["latest_ladder"]["final"] is True
    assert overview["agreement"] is None


def test_a_checkpoint_leads_back_to_its_labels(manager, finished, project):
    rows = manager.get(f"/api/projects/{project.pk}/checkpoints/").json()["results"]
    policy = next(row for row in rows if row["kind"] == "policy")
    shown = manager.get(f"/api/checkpoints/{policy['id']}/").json()

    assert shown["lineage"] == {"labels": 10, "prompts": 10, "labelers": 1}
    assert [parent["name"] for parent in shown["parents"]] == ["base"]
    assert shown["metrics"]["eos_rate"] == 0.9
    dataset = manager.get(f"/api/datasets/{shown['dataset']['id']}/").json()
    assert dataset["labels"] == 10
    assert {one["name"] for one in dataset["checkpoints"]} == {"round 1 reward", "round 1 policy"}


def test_a_dataset_downloads_as_it_was_frozen(manager, finished, tmp_path):
    dataset = Dataset.objects.get(key="preferences")

    answer = manager.get(f"/api/datasets/{dataset.pk}/download/")
    (tmp_path / "copy").write_bytes(b"".join(answer.streaming_content))

    assert records.file_digest(tmp_path / "copy") == dataset.digest
    preview = manager.get(f"/api/datasets/{dataset.pk}/preview/?limit=2").json()["rows"]
    assert len(preview) == 2
    assert preview[0]["prompt"]


def test_metrics_come_from_where_the_last_ones_ended(manager, finished):
    job = Job.objects.get(key="policy")
    progress.append_metrics(Path(job.run_dir), {"t": "now", "step": 1, "split": "train", "loss": 2})
    first = manager.get(f"/api/jobs/{job.pk}/metrics/").json()
    progress.append_metrics(Path(job.run_dir), {"t": "now", "step": 2, "split": "train", "loss": 1})

    second = manager.get(f"/api/jobs/{job.pk}/metrics/?since={first['next']}").json()

    assert [row["loss"] for row in first["rows"]] == [2]
    assert [row["loss"] for row in second["rows"]] == [1]


def test_a_job_page_shows_spec_result_and_log(manager, finished):
    job = Job.objects.get(key="policy")
    (Path(job.run_dir) / "log.txt").write_text("step 1 of 3\n")

    shown = manager.get(f"/api/jobs/{job.pk}/").json()

    assert shown["state"] == "succeeded"
    assert shown["spec"]["method"] == "dpo"
    assert shown["checkpoint"]["name"] == "round 1 policy"
    assert shown["result"]["outputs"]["final"] == "final"
    assert manager.get(f"/api/jobs/{job.pk}/log/").content == b"step 1 of 3\n"
    jobs = manager.get(f"/api/rounds/{finished.pk}/jobs/").json()
    assert jobs["count"] == finished.jobs.count() == 5


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({}, "found nothing"),
        ({"config.json": "{}", "model.bin": ""}, "model.bin"),
        ({"config.json": "{}", "modeling_x.py": "", "model.safetensors": ""}, "modeling_x.py"),
        ({"config.json": "{}"}, "config.json and *.safetensors"),
    ],
)
def test_a_model_that_could_run_code_is_refused(manager, project, tmp_path, files, says):
    folder = tmp_path / "model"
    folder.mkdir()
    for name, text in files.items():
        (folder / name).write_text(text)

    answer = manager.post(
        f"/api/projects/{project.pk}/checkpoints/",
        {"name": "mine", "path": str(folder)},
        format="json",
    )

    assert answer.status_code == 400
    assert says in answer.json()["message"]
    assert not Checkpoint.objects.exists()


def test_a_registered_model_is_known_by_its_digest(manager, project, tmp_path):
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "config.json").write_text("{}")
    (folder / "model.safetensors").write_text("weights")
    body = {"name": "mine", "path": str(folder)}

    answer = manager.post(f"/api/projects/{project.pk}/checkpoints/", body, format="json")
    again = manager.post(f"/api/projects/{project.pk}/checkpoints/", body, format="json")

    assert answer.status_code == 201
    assert answer.json()["digest"] == records.folder_digest(folder)
    assert again.status_code == 409


def test_the_recipe_page_knows_every_kind_setting_gate_and_choice(manager):
    value = manager.get("/api/recipes/").json()

    methods = {row["method"]: row for row in value["methods"]}
    assert {"reward", "dpo", "ppo", "sft", "rrhf"} <= set(methods)
    assert [name for name, row in methods.items() if row["reads_reward"]] == ["ppo"]
    assert [name for name, row in methods.items() if not row["reads_model"]] == ["pretrain"]
    assert [name for name, row in methods.items() if row["makes"] == "reward"] == ["reward"]
    beta = next(one for one in methods["dpo"]["settings"] if one["name"] == "beta")
    assert (beta["default"], beta["above"]) == (0.1, 0)
    assert [one["kind"] for one in value["kinds"]] == [
        "generate", "label", "aggregate", "train", "evaluate", "gate", "accept"
    ]  # fmt: skip
    generate = value["kinds"][0]
    count = next(one for one in generate["settings"] if one["name"] == "prompts.count")
    assert count == {
        "name": "prompts.count", "type": "integer", "default": 100, "least": 1, "most": 1_000_000
    }  # fmt: skip
    train = next(one for one in value["kinds"] if one["kind"] == "train")
    assert train["reads"][0] == {
        "role": "data",
        "kinds": ["aggregate"],
        "words": [],
        "takes_checkpoint": False,
        "is_reward": None,
        "is_list": False,
        "is_needed": True,
    }
    assert {"reward_accuracy", "win_rate", "kl"} <= {one["gate"] for one in value["gates"]}
    assert json.dumps(value["default"])
