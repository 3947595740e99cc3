"""A method is one file of training/ and one row of its table; nothing else has to know it.

A copy of the source gets a throw-away method by exactly that, and a step of a round by it goes
through the recipe, the queue, a process, the runner and into a checkpoint.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from safetensors.torch import load_file

from tests.training.tiny import make_policy

ROOT = Path(__file__).resolve().parents[2]

FILE = '''
"""Make every weight smaller: no method that anybody wants."""

import torch

from training import models
from training.contract.methods import ShrinkSettings
from training.run import Result, Run


def run(run: Run) -> Result:
    settings = run.settings(ShrinkSettings)
    folder = run.model_path(run.spec.model)
    model = models.load_policy(folder, device=run.device)
    run.track(model=model)
    with torch.no_grad():
        for _ in run.steps(2):
            for weight in model.parameters():
                weight.mul_(settings.factor)
            run.report({"factor": settings.factor})
    metrics = {"rows": float(len(run.rows()))}
    return Result(
        metrics=metrics, outputs=run.save_final(model, models.load_tokenizer(folder), metrics)
    )
'''

SETTINGS = """
@dataclass(frozen=True, kw_only=True)
class ShrinkSettings(Settings):
    factor: float = setting(0.9, say("setting_factor", "What stays of a weight."), above=0, most=1)


"""

ROW = """    Method(
        name="shrink",
        title=say("method_shrink", "Shrinking"),
        description=say("method_shrink_about", "Make every weight smaller."),
        settings=ShrinkSettings,
        reads={"messages": ("model",)},
        makes="policy",
        is_step=True,
    ),
"""

GO = """
import io, json, sys, time
import django; django.setup()
from annotation.errors import InvalidInput
from annotation.exchange.imports import Source, import_file
from annotation.exchange.round_of_file import Plan
from annotation.models import Checkpoint, Job, Project, Round, User
from annotation.rounds import drafts
from annotation.services import checkpoints, datasets, jobs, teams
from annotation.worker import look_once
from training.contract.methods import METHODS, describe_settings

alice = User.objects.create_user("alice@example.com", "correct horse", name="Alice")
project = Project.objects.create(team=teams.create_team(name="Sharpeners", by=alice), name="One")
base = checkpoints.register_checkpoint(project, name="base", path=sys.argv[1], by=alice)
talk = [{"role": "user", "content": "say red"}, {"role": "assistant", "content": "red"}]
rows = datasets.freeze_rows(project, kind="messages", rows=[{"messages": talk}] * 3)

def refusal(call, *args, **kwargs):
    try:
        call(*args, **kwargs)
    except InvalidInput as error:
        return error.message

def recipe(factor):
    return {"steps": [
        {"name": "preferences", "kind": "aggregate", "reads": {"labels": "imported"}},
        {"name": "smaller", "kind": "train", "method": "shrink", "reads": {"data": "preferences"},
         "settings": {"factor": factor}},
    ]}

refused = refusal(jobs.queue_job, project, round=None, key="wrong", method="shrink", dataset=rows,
                  settings_={"factor": 2}, model=base)
refused_step = refusal(drafts.create_round, project, recipe=recipe(2), by=alice)
judged = [
    {"chosen": f"\\n\\nHuman: {ask}?\\n\\nAssistant: yes",
     "rejected": f"\\n\\nHuman: {ask}?\\n\\nAssistant: no"}
    for ask in ("red", "green", "blue", "black", "white", "pink")
]
file = io.BytesIO("\\n".join(map(json.dumps, judged)).encode())
import_file(project, Source(file, "judged.jsonl"), by=alice, plan=Plan(recipe(0.5)))
round = Round.objects.get()
end = time.monotonic() + 240
while round.state == Round.State.OPEN and time.monotonic() < end:
    look_once()
    round.refresh_from_db()
    time.sleep(0.1)
job = Job.objects.get(round=round)
kept = Checkpoint.objects.filter(job=job).first()
print(json.dumps({
    "refused": refused, "refused_step": refused_step,
    "settings": describe_settings("shrink"),
    "steps": [name for name, method in METHODS.items() if method.is_step],
    "round": round.state, "state": job.state, "error": job.error,
    "metrics": job.result and job.result["metrics"],
    "kind": kept and kept.kind, "path": kept and kept.path,
    "parents": kept and [one.name for one in kept.parents.all()],
}))
"""


@pytest.fixture
def copy(tmp_path):
    """The source with the method in it."""
    root = tmp_path / "source"
    for folder in ("annotation", "training"):
        shutil.copytree(ROOT / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "manage.py", root)
    (root / "training" / "shrink.py").write_text(FILE.lstrip())
    table = root / "training" / "contract" / "methods.py"
    text = table.read_text()
    for before, added in (
        ("@dataclass(frozen=True, kw_only=True)\nclass Method:", SETTINGS.lstrip()),
        (")\n\nMETHODS: ", ROW),
    ):
        assert text.count(before) == 1
        text = text.replace(before, added + before)
    table.write_text(text)
    return root


def test_a_method_is_a_file_and_a_row(copy, tmp_path):
    base = make_policy(tmp_path / "base")
    env = {
        **os.environ,
        "WHETSTONE_STORAGE": str(tmp_path / "storage"),
        "WHETSTONE_THREADS": "1",
        "DATABASE_URL": "",
        "DJANGO_SETTINGS_MODULE": "annotation.settings",
    }

    def python(*words):
        done = subprocess.run(
            [sys.executable, *words], cwd=copy, env=env, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    python("manage.py", "migrate", "--verbosity", "0")
    done = json.loads(python("-c", GO, str(base)))

    assert done["refused"].endswith("settings.factor: Must be at most 1, got 2.0.")
    assert done["refused_step"].startswith("recipe.steps.1.settings.factor: Must be at most 1")
    assert done["settings"][0]["code"] == "setting_factor"
    assert "shrink" in done["steps"]
    assert (done["round"], done["state"]) == ("done", "succeeded"), done["error"]
    assert done["metrics"] == {"rows": 6.0}
    assert (done["kind"], done["parents"]) == ("policy", ["base"])
    before, after = (
        load_file(Path(folder) / "model.safetensors") for folder in (base, done["path"])
    )
    assert all((before[name] * 0.25).equal(after[name]) for name in before)
