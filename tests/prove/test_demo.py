"""The whole demo, unattended: the last checkpoint beats the base.

Short form: tests/contract/test_survival, a whole round of a smaller world.
"""

import os
import subprocess
import sys

import pytest

from tests.site import ROOT, free_port


@pytest.mark.timeout(3600)
def test_demo_improves_the_model_by_its_own_labels(tmp_path):
    env = {
        **os.environ, "WHETSTONE_STORAGE": str(tmp_path), "DATABASE_URL": "", "REDIS_URL": "",
    }  # fmt: skip
    for words in (
        ["migrate", "--verbosity", "0"],
        ["demo", "--check", "--port", str(free_port())],
    ):
        done = subprocess.run(
            [sys.executable, "manage.py", *words],
            cwd=ROOT,
            env=env,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
