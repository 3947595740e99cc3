"""Starting a job as a process: what it sees, and who is taken for it."""

import dataclasses
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event

import psutil
import pytest

from tests.training.conftest import talk
from tests.training.tiny import make_run
from training.contract import progress
from training.launch.local import LocalLauncher, job_environment
from training.launch.process import Process

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

    env = job_environment(attempt=2, threads=3)

    assert not any("hush" in value or "password" in value for value in env.values())
    assert env["HF_HUB_OFFLINE"] == "1"
    assert env["HF_HUB_DISABLE_TELEMETRY"] == "1"
    assert env["RAY_USAGE_STATS_ENABLED"] == "0"
    assert env["OMP_NUM_THREADS"] == "3"
    assert job_environment(attempt=1, env={"HF_HUB_OFFLINE": "0"})["HF_HUB_OFFLINE"] == "0"


@pytest.fixture
def started(tmp_path: Path, policy: Path) -> Iterator[tuple[Path, Process]]:
    """A long job, running."""
    settings = {"steps": 1_000_000, "batch_size": 1, "micro_batch_size": 1, "save_every": 10**6}
    run_dir = make_run(
        tmp_path / "job", "sft", ROWS, kind="messages", settings=settings, model=policy
    )
    process = LocalLauncher().start(run_dir, attempt=3, threads=1, env={})
    yield run_dir, process
    process.kill()


def test_started_job_is_alive_until_killed_and_leaves_its_log(started: tuple[Path, Process]):
    launcher = LocalLauncher()
    run_dir, process = started
    wait_for(lambda: (s := progress.read_status(run_dir)) is not None and s.step > 0)
    assert launcher.read(str(process)) == process
    assert launcher.find(run_dir, attempt=3) == process
    assert launcher.find(run_dir, attempt=4) is None
    assert os.getsid(process.pid) == process.pid  # it outlives the terminal and its parent
    assert process.is_alive()

    second = launcher.start(run_dir, attempt=4, threads=1, env={})
    wait_for(lambda: not second.is_alive())

    assert "another runner works in" in (run_dir / "log.txt").read_text()
    assert process.is_alive()
    assert progress.read_exit(run_dir) is None

    process.kill()
    wait_for(lambda: not process.is_alive())
    process.kill()  # ending what has ended is no error
    process.stop()


@pytest.fixture
def stranger() -> Iterator[subprocess.Popen[bytes]]:
    """A process that leads a group of its own and is nobody's job; just spawned."""
    spawned = subprocess.Popen(
        [sys.executable, "-c", "input()"], stdin=subprocess.PIPE, start_new_session=True
    )
    yield spawned
    if spawned.returncode is None:
        spawned.communicate(b"\n")


def test_recycled_pid_is_not_taken_for_the_job(stranger: subprocess.Popen[bytes]):
    now = Process.of(stranger.pid)
    ended = dataclasses.replace(now, started=now.started - 60)

    assert now.is_alive()
    assert not ended.is_alive()
    ended.stop()
    ended.kill()

    assert stranger.poll() is None
    assert stranger.communicate(b"\n") == (None, None)
    assert stranger.returncode == 0


def test_start_time_is_the_same_from_the_first_moment_and_read_again(
    stranger: subprocess.Popen[bytes],
):
    first = Process.of(stranger.pid)

    again = Process.read(str(first))

    assert again == first == Process.of(stranger.pid)
    assert abs(first.started - time.time()) < 60


def test_no_process_is_ever_every_process():
    """killpg(1) and kill(-1) signal everything there is; 0 is this process's own group."""
    for pid in (-1, 0, 1):
        process = Process(socket.gethostname(), pid, psutil.Process(1).create_time())

        assert process.is_alive() is False
        process.stop()
        process.kill()


def test_process_of_another_machine_cannot_be_seen_or_signalled(stranger: subprocess.Popen[bytes]):
    elsewhere = dataclasses.replace(Process.of(stranger.pid), host="elsewhere")

    assert elsewhere.is_alive() is None
    elsewhere.kill()

    assert stranger.poll() is None


def test_follower_of_a_group_is_killed_alone(stranger: subprocess.Popen[bytes]):
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    process = Process.of(child.pid)

    process.kill()  # its group is this test's own

    assert child.wait(timeout=30) == -signal.SIGKILL
    assert not process.is_alive()
    child.communicate()


def test_handle_that_is_none_is_refused():
    for text in ("", "host:12", "host:12:now", "raysubmit-1"):
        with pytest.raises(ValueError):
            LocalLauncher().read(text)
