"""Pull the plug on the web and worker process in the middle of labeling and of training.

A real server process, a real tiny model, real jobs. Nothing acknowledged may be lost or doubled,
the job goes on from its checkpoint, the round completes.
"""

import json
import os

import psycopg
import pytest

from annotation.simulation.client import Desk, sign_in
from annotation.simulation.labelers import CAREFUL
from tests.site import Site, process_of
from training.contract import progress

# Two models are trained in it and one of them is killed; on busy cores that takes its time.
pytestmark = pytest.mark.timeout(900)

SMALL = {"batch_size": 16, "micro_batch_size": 16, "max_length": 96}
# The tiny model's sizes, and a training step long enough to be killed in the middle of.
PRETRAIN = {
    **SMALL,
    "hidden_size": 32,
    "layers": 1,
    "heads": 2,
    "context_length": 192,
    "vocabulary_size": 320,
    "steps": 20,
}
RECIPE = {
    "steps": [
        {
            "name": "responses",
            "kind": "generate",
            "prompts": {"count": 24},
            "responses_per_prompt": 3,
            "max_new_tokens": 8,
        },
        {
            "name": "labels",
            "kind": "label",
            "reads": {"responses": "responses"},
            "labels_wanted": 2,
        },
        {"name": "preferences", "kind": "aggregate", "reads": {"labels": "labels"}},
        {
            "name": "policy",
            "kind": "train",
            "method": "dpo",
            "reads": {"data": "preferences"},
            "settings": {**SMALL, "steps": 400, "save_every": 5},
        },
        {"name": "accept", "kind": "accept", "reads": {"checkpoints": ["policy"]}},
    ]
}

SET_UP = """
import io, json, sys
from annotation.exchange.imports import Source, import_file
from annotation.models import Dataset, Membership, Project, Role, User
from annotation.rounds import drafts
from annotation.services import datasets, jobs, teams
from annotation.simulation import world

pretrain, recipe = json.loads(sys.argv[1])
alice = User.objects.create_user("alice@example.com", "correct horse", name="Alice")
team = teams.create_team(name="Survivors", by=alice)
for name in ("bob", "dora"):
    user = User.objects.create_user(f"{name}@example.com", "correct horse", name=name)
    Membership.objects.create(team=team, user=user, role=Role.LABELER)
project = Project.objects.create(team=team, name="Survival")
lines = [json.dumps({"messages": q.messages}) for q in world.prompts(3, 60)]
file = io.BytesIO("\\n".join(lines).encode())
import_file(project, Source(file, format="prompts"), by=alice, strict=True)
rows = datasets.freeze_rows(project, kind="text", rows=world.pretraining_rows(3, 400))
jobs.queue_job(
    project, round=None, key="base", method="pretrain", dataset=rows, settings_=pretrain
)
drafts.create_round(project, recipe=recipe, by=alice)
print(project.pk)
"""


@pytest.fixture
def database():
    """A database of its own on the PostgreSQL under test; None stands for SQLite."""
    address = os.environ.get("DATABASE_URL")
    if not address:
        yield None
        return
    name = f"survival_{os.getpid()}"
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
        yield f"{address.rsplit('/', 1)[0]}/{name}"
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def site(tmp_path, database):
    site = Site(tmp_path, database)
    yield site
    site.stop()


def test_a_killed_site_loses_nothing_and_finishes_its_round(site, tmp_path):
    site.manage("migrate", "--verbosity", "0")
    project = site.script(SET_UP, json.dumps([PRETRAIN, RECIPE]))
    site.start()
    manager = sign_in(site.url, email="alice@example.com", password="correct horse")

    def get(path):
        answer = manager.get(f"/api/{path}")
        answer.raise_for_status()
        return answer.json()

    def the_round():
        return get(f"projects/{project}/rounds/")["results"][0]

    def jobs(method):
        found = get(f"projects/{project}/jobs/")["results"]
        return [job for job in found if job["method"] == method]

    site.wait(lambda: get(f"projects/{project}/checkpoints/")["count"] == 1, "the base model")
    manager.post(f"/api/rounds/{the_round()['id']}/start/").raise_for_status()
    site.wait(lambda: the_round()["stage"] == "labeling", "the labeling")

    # In the middle of labeling: some labels are acknowledged, one is sent and its answer lost.
    bob = Desk(
        CAREFUL, sign_in(site.url, email="bob@example.com", password="correct horse"), project
    )
    dora = Desk(
        CAREFUL, sign_in(site.url, email="dora@example.com", password="correct horse"), project
    )
    for _ in range(5):
        assert bob.label_one()
        assert dora.label_one()
    before = dict(bob.held[0])
    body = bob._submission(before)
    first = bob.http.post(f"/api/assignments/{before['id']}/label/", json=body)
    site.kill()
    site.start()
    again = bob.http.post(f"/api/assignments/{before['id']}/label/", json=body)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["label"]["id"] == again.json()["label"]["id"]
    held = bob.http.post(f"/api/projects/{project}/assignments/", json={"hold": 2}).json()
    assert [one["id"] for one in held["assignments"]] == [
        one["id"] for one in first.json()["assignments"]
    ]
    bob.held = []
    total = the_round()["progress"]["labels"]["total"]
    while bob.label_one() or dora.label_one():
        pass
    done = the_round()["progress"]["labels"]
    assert (done["done"], done["total"]) == (total, total)
    assert bob.labels + dora.labels + 1 == total

    # In the middle of training: the site and the job both die, after a checkpoint.
    job = site.wait(lambda: jobs("dpo"), "the DPO job")[0]

    def saved():
        folders = (tmp_path / "runs" / job["id"] / "checkpoints").glob("step-*/manifest.json")
        return sorted(int(path.parent.name.removeprefix("step-")) for path in folders)

    site.wait(saved, "a checkpoint")
    process = process_of(tmp_path / "runs" / job["id"])
    site.kill()
    assert process.is_alive()
    process.kill()
    reached = saved()[-1]
    kept, _ = progress.read_metrics(tmp_path / "runs" / job["id"])
    site.start()

    site.wait(lambda: jobs("dpo")[0]["state"] == "succeeded", "the job to finish", 240)
    finished = jobs("dpo")[0]
    assert finished["attempt"] == 2
    metrics = get(f"jobs/{job['id']}/metrics/")["rows"]
    steps = [row["step"] for row in metrics if row["split"] == "train"]
    assert steps == sorted(set(steps)), "a step was logged twice"
    assert steps[-1] == finished["total"]
    # Rows up to the checkpoint were written before the kill: they were not trained again.
    before = [row for row in kept if row["step"] <= reached]
    assert metrics[: len(before)] == before
    site.wait(lambda: the_round()["state"] == "done", "the round")
    policy = next(c for c in get(f"projects/{project}/checkpoints/")["results"] if c["job"])
    assert policy["is_accepted"]
    dataset = get(f"projects/{project}/datasets/?limit=100")["results"]
    frozen = next(one for one in dataset if one["key"] == "preferences")
    assert frozen["labels"] == total
