"""Starting a job as a process: what it sees, and who is taken for it."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event

import pytest

from tests.training.conftest import talk
from tests.training.tiny import make_run
from training.contract import progress
from training.launch import local

ROWS = [{"messages": talk("say red", "red it is.")}]


def wait_for(condition: Callable[[], object], *, seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        Event().wait(0.05)


def test_job_sees_no_secret_of_this_process(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SECRET_KEY", "hush")
    monkeypatch.setenv("DATABASE_URL", "postgres://user:password@host/db")
    monkeypatch.setenv("HF_TOKEN", "hf_hush")

    env = local.job_environment(attempt=2, threads=3)

    assert not any("hush" in value or "password" in value for value in env.values())
    assert env["HF_HUB_OFFLINE"] == "1"
    assert env["HF_HUB_DISABLE_TELEMETRY"] == "1"
    assert env["RAY_USAGE_STATS_ENABLED"] == "0"
    assert env["OMP_NUM_THREADS"] == "3"
    assert local.job_environment(attempt=1, env={"HF_HUB_OFFLINE": "0"})["HF_HUB_OFFLINE"] == "0"


@pytest.fixture
def started(tmp_path: Path, policy: Path) -> Iterator[tuple[Path, local.Handle]]:
    """A long job, running."""
    settings = {"steps": 1_000_000, "batch_size": 1, "micro_batch_size": 1, "save_every": 10**6}
    run_dir = make_run(
        tmp_path / "job", "sft", ROWS, kind="messages", settings=settings, model=policy
    )
    handle = local.start(run_dir, attempt=3, threads=1)
    yield run_dir, handle
    if local.is_alive(handle.pid, run_dir):
        local.kill(handle.pid)


def test_started_job_is_alive_until_killed_and_leaves_its_log(
    started: tuple[Path, local.Handle], tmp_path: Path
):
    run_dir, handle = started
    wait_for(lambda: (s := progress.read_status(run_dir)) is not None and s.step > 0)
    status = progress.read_status(run_dir)
    assert status is not None
    assert (status.pid, status.attempt) == (handle.pid, 3)
    assert os.getsid(handle.pid) == handle.pid  # it outlives the terminal and its parent
    assert local.is_alive(handle.pid, run_dir)

    second = local.start(run_dir, attempt=4)
    wait_for(lambda: not local.is_alive(second.pid, run_dir))

    assert "another runner works in" in (run_dir / "log.txt").read_text()
    assert local.is_alive(handle.pid, run_dir)
    assert local.exit_code(run_dir) is None

    local.kill(handle.pid)
    wait_for(lambda: not local.is_alive(handle.pid, run_dir))
    local.kill(handle.pid)  # ending what has ended is no error
    local.stop(handle.pid)


def test_recycled_pid_is_not_taken_for_the_job(tmp_path: Path):
    stranger = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        assert not local.is_alive(stranger.pid, tmp_path)
    finally:
        stranger.communicate(b"\n")


def test_runner_of_another_directory_is_not_taken_for_this_one(
    started: tuple[Path, local.Handle], tmp_path: Path
):
    _, handle = started

    assert not local.is_alive(handle.pid, tmp_path / "other")
