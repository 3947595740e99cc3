"""`pip install whetstone` runs the web; what trains comes with `whetstone[train]`."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

from training.contract import progress, records
from training.contract.spec import DatasetRef, JobSpec, write_spec

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = PROJECT["optional-dependencies"]

# Refuses to import what only an extra brings, as a machine does that has not installed it.
WITHOUT = """
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ABSENT:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

ABSENT = set(sys.argv.pop(1).split())
sys.meta_path.insert(0, Absent())
"""


def names(requirements):
    """The modules that requirements bring: here each is named as its distribution."""
    return {re.match(r"[\w-]+", one).group().replace("-", "_") for one in requirements}


def without_extras(source, *arguments, storage):
    absent = " ".join(sorted(names(EXTRAS["train"] + EXTRAS["ray"])))
    return subprocess.run(
        [sys.executable, "-c", WITHOUT + source, absent, *arguments],
        cwd=ROOT,
        env={**os.environ, "WHETSTONE_STORAGE": str(storage), "DATABASE_URL": ""},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_web_starts_and_migrates_without_torch(tmp_path):
    manage = "import runpy; runpy.run_path('manage.py', run_name='__main__')"

    for command in (["check"], ["migrate", "--verbosity", "0"], ["makemigrations", "--check"]):
        done = without_extras(manage, *command, storage=tmp_path)
        assert done.returncode == 0, done.stderr

    parts = "import annotation.asgi, annotation.worker, annotation.api.urls\n"
    done = without_extras(parts, storage=tmp_path)
    assert done.returncode == 0, done.stderr


def test_a_job_says_what_to_install_where_torch_is_missing(tmp_path):
    digest = records.write_rows(tmp_path / "dataset.jsonl", [{"text": "red"}])
    job = JobSpec(
        job_id="1", method="pretrain", dataset=DatasetRef("dataset.jsonl", digest, "text")
    )
    write_spec(tmp_path, job)
    run = "import runpy; runpy.run_module('training', run_name='__main__')"

    done = without_extras(run, "run", str(tmp_path), storage=tmp_path)

    status = progress.read_status(tmp_path)
    assert done.returncode == 2, done.stderr
    assert status.error["text"] == (
        "torch is not installed where this job ran: pip install 'whetstone[train]'"
    )


def test_the_versions_everything_is_tested_with_cover_every_requirement():
    pinned = {
        line.partition("==")[0].lower().replace("_", "-")
        for line in (ROOT / "constraints.txt").read_text().splitlines()
        if not line.startswith("#")
    }
    wanted = {
        re.match(r"[\w-]+", one).group().lower().replace("_", "-")
        for one in sum(EXTRAS.values(), PROJECT["dependencies"])
    }

    assert wanted <= pinned


def test_torch_is_no_requirement_of_the_web_and_is_installed_first():
    assert "torch" not in names(PROJECT["dependencies"])
    for page in ("Makefile", "Dockerfile"):
        text = (ROOT / page).read_text()
        assert text.index("constraints.txt torch") < text.index("[train,ray")
