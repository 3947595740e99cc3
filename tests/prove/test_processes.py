"""300 processes just spawned, none of them taken for a job.

Short form: tests/training/test_launch, once.
"""

import dataclasses
import subprocess
import sys

import pytest

from training.launch.process import Process


@pytest.mark.parametrize("time", range(300))
def test_recycled_pid_is_not_taken_for_the_job(time):
    stranger = subprocess.Popen(
        [sys.executable, "-c", "input()"], stdin=subprocess.PIPE, start_new_session=True
    )
    now = Process.of(stranger.pid)
    ended = dataclasses.replace(now, started=now.started - 60)

    assert now.is_alive()
    assert not ended.is_alive()
    ended.stop()
    ended.kill()

    stranger.communicate(b"\n")
    assert stranger.returncode == 0
