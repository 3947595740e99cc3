"""A long job on a real Ray cluster. Short form: tests/training/test_ray_launch."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.training.test_ray_launch import wait_for
from training.contract import progress
from training.launch import Launcher

pytestmark = pytest.mark.timeout(900)


def test_running_job_can_be_stopped_through_its_run_directory(
    launcher: Launcher, submitted: Callable[..., Path]
):
    run_dir = submitted(steps=1_000_000, save_every=10**6)
    submission = launcher.start(run_dir, attempt=7, threads=1, env={})
    wait_for(lambda: (s := progress.read_status(run_dir)) is not None and s.step > 0)
    assert submission.is_alive()

    progress.request_stop(run_dir)
    wait_for(lambda: not submission.is_alive())

    assert progress.read_exit(run_dir, attempt=7) == 143
    submission.kill()  # ending what has ended is no error
