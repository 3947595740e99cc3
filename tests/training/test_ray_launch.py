"""The same job on a real Ray cluster of one node."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event

import pytest

from tests.site import free_port
from tests.training.conftest import talk
from tests.training.tiny import make_run
from training.contract import progress
from training.launch import LAUNCHERS, Launcher, Place

pytest.importorskip("ray", reason="the ray extra is not installed")

CLUSTER = """
import ray, sys
context = ray.init(num_cpus=1, num_gpus=0, include_dashboard=True, dashboard_port=int(sys.argv[1]),
                   object_store_memory=100 * 2**20, _temp_dir=sys.argv[2], log_to_driver=False)
print("http://" + context.dashboard_url, flush=True)
sys.stdin.read()
ray.shutdown()
"""


def wait_for(condition: Callable[[], object], *, seconds: float = 180) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        Event().wait(0.2)


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    """The address of a cluster that lives as long as this module's tests.

    Its folder has a short path, because Ray puts sockets there.
    """
    port = free_port()
    folder = tempfile.TemporaryDirectory(prefix="ray-", ignore_cleanup_errors=True)
    process = subprocess.Popen(
        [sys.executable, "-c", CLUSTER, str(port), folder.name],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "RAY_USAGE_STATS_ENABLED": "0", "RAY_AUTH_MODE": "disabled"},
        text=True,
    )
    assert process.stdout is not None
    address = process.stdout.readline().strip()
    assert address, "the Ray cluster did not start"
    yield address
    process.communicate("")
    folder.cleanup()


@pytest.fixture
def submitted(tmp_path: Path, policy: Path) -> Callable[..., Path]:
    def make(**settings: object) -> Path:
        rows = [{"messages": talk("say red", "red it is.")}]
        return make_run(
            tmp_path / f"run-{os.getpid()}", "sft", rows, kind="messages",
            settings={"batch_size": 1, "micro_batch_size": 1, **settings}, model=policy,
        )  # fmt: skip

    return make


@pytest.fixture
def launcher(cluster: str) -> Launcher:
    """As the platform makes it from WHETSTONE_RAY_ADDRESS."""
    return LAUNCHERS["ray"](Place(ray_address=cluster))


def test_job_runs_on_the_cluster_and_is_submitted_once(
    launcher: Launcher, submitted: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
):
    # The address given wins over the variable by which Ray overrides what it is given.
    monkeypatch.setenv("RAY_ADDRESS", "http://127.0.0.1:9")
    run_dir = submitted(steps=3)

    submission = launcher.start(run_dir, attempt=1, threads=1, env={})
    again = launcher.start(run_dir, attempt=1, threads=1, env={})
    wait_for(lambda: not submission.is_alive())

    assert submission == again == launcher.read(str(submission))
    assert submission == launcher.find(run_dir, attempt=1)
    assert progress.read_exit(run_dir, attempt=1) == 0, (run_dir / "log.txt").read_text()
    status = progress.read_status(run_dir)
    assert status is not None
    assert (status.state, status.step, status.attempt) == ("succeeded", 3, 1)
    assert (run_dir / "final" / "model.safetensors").exists()
    assert launcher.read("never-submitted-1").is_alive() is False
    assert os.environ["RAY_ADDRESS"] == "http://127.0.0.1:9"


def test_cluster_that_does_not_answer_hides_its_jobs_and_refuses_new_ones(
    submitted: Callable[..., Path],
):
    nowhere = LAUNCHERS["ray"](Place(ray_address="http://127.0.0.1:9"))

    assert nowhere.read("any-1").is_alive() is None
    with pytest.raises(OSError):
        nowhere.start(submitted(steps=3), attempt=1, threads=1, env={})
