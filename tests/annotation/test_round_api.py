import json
from pathlib import Path

import pytest

from annotation.models import Checkpoint, Dataset, Job
from annotation.services import rounds
from tests.annotation.cycle import (
    RECIPE,
    finish_training,
    labeled_round,
    make_base,
    make_prompts,
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
    made = labeled_round(project, bob, storage)
    for _ in range(8):
        rounds.advance(made)
        for job in made.jobs.filter(state="queued"):
            finish_training(job, {"eos_rate": 0.9, "reward/mean": 1.5})
    assert made.state == "done", made.blocked
    return made


def test_a_manager_makes_and_starts_a_round(manager, project, storage):
    make_prompts(project)
    make_base(project, storage)

    made = manager.post(f"/api/projects/{project.pk}/rounds/", {"recipe": RECIPE}, format="json")
    started = manager.post(f"/api/rounds/{made.json()['id']}/start/")

    assert (made.status_code, started.status_code) == (201, 200)
    assert started.json()["state"] == "generating"
    assert [step["state"] for step in started.json()["steps"]] == ["generating"]


def test_a_bad_recipe_is_refused_with_its_field(manager, project):
    answer = manager.post(
        f"/api/projects/{project.pk}/rounds/",
        {"recipe": {"training": [{"method": "dpo", "settings": {"betta": 1}}]}},
        format="json",
    )

    assert answer.status_code == 400
    assert answer.json()["code"] == "invalid_recipe"
    assert "recipe.training.0.settings" in answer.json()["fields"]
    assert not project.rounds.exists()


def test_the_round_page_shows_states_progress_and_people(manager, finished, project):
    shown = manager.get(f"/api/rounds/{finished.pk}/").json()

    assert shown["state"] == "done"
    assert shown["progress"]["labels"] == {
        "done": 10, "total": 10, "per_hour": 10, "eta_seconds": None
    }  # fmt: skip
    assert shown["progress"]["responses"] == {"done": 30, "total": 30}
    assert shown["progress"]["people_now"] == 1
    assert [step["state"] for step in shown["steps"]] == [
        "generating", "labeling", "aggregating", "training", "evaluating", "done"
    ]  # fmt: skip
    assert manager.get(f"/api/projects/{project.pk}/rounds/").json()["results"][0] == shown


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
    assert overview["decisions"] == []
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
    assert {one["name"] for one in dataset["checkpoints"]} == {"round 1 reward", "round 1 dpo"}


def test_a_dataset_downloads_as_it_was_frozen(manager, finished, tmp_path):
    dataset = Dataset.objects.get(key="preferences")

    answer = manager.get(f"/api/datasets/{dataset.pk}/download/")
    (tmp_path / "copy").write_bytes(b"".join(answer.streaming_content))

    assert records.file_digest(tmp_path / "copy") == dataset.digest
    preview = manager.get(f"/api/datasets/{dataset.pk}/preview/?limit=2").json()["rows"]
    assert len(preview) == 2
    assert preview[0]["prompt"]


def test_metrics_come_from_where_the_last_ones_ended(manager, finished):
    job = Job.objects.get(key="train:1:dpo")
    progress.append_metrics(Path(job.run_dir), {"t": "now", "step": 1, "split": "train", "loss": 2})
    first = manager.get(f"/api/jobs/{job.pk}/metrics/").json()
    progress.append_metrics(Path(job.run_dir), {"t": "now", "step": 2, "split": "train", "loss": 1})

    second = manager.get(f"/api/jobs/{job.pk}/metrics/?since={first['next']}").json()

    assert [row["loss"] for row in first["rows"]] == [2]
    assert [row["loss"] for row in second["rows"]] == [1]


def test_a_job_page_shows_spec_result_and_log(manager, finished):
    job = Job.objects.get(key="train:1:dpo")
    (Path(job.run_dir) / "log.txt").write_text("step 1 of 3\n")

    shown = manager.get(f"/api/jobs/{job.pk}/").json()

    assert shown["state"] == "succeeded"
    assert shown["spec"]["method"] == "dpo"
    assert shown["checkpoint"]["name"] == "round 1 dpo"
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


def test_the_recipe_page_knows_every_setting(manager):
    value = manager.get("/api/recipes/").json()

    assert {"reward", "dpo", "ppo", "sft", "rrhf"} <= set(value["methods"])
    beta = next(one for one in value["methods"]["dpo"] if one["name"] == "beta")
    assert beta["default"] == 0.1
    assert beta["above"] == 0
    assert json.dumps(value["default"])
