"""Run a job as a process of this machine."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from training.contract import progress
from training.launch.process import Process

PASSED_ON = (
    "PATH",
    "HOME",
    "LANG",
    "LC_ALL",
    "TMPDIR",
    "LD_LIBRARY_PATH",
    "CUDA_VISIBLE_DEVICES",
    "CUDA_HOME",
    "HF_HOME",
    "NVIDIA_VISIBLE_DEVICES",
)

# What a job runs with unless told otherwise. Threads that wait actively for one another are ten
# times slower as soon as something else (the web server, say) wants a core: measured with 2
# threads on 2 busy cores, 300 tokens/s against 3,000.
ENVIRONMENT = {
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "RAY_USAGE_STATS_ENABLED": "0",
    "TOKENIZERS_PARALLELISM": "false",
    "OMP_WAIT_POLICY": "PASSIVE",
}


def job_environment(
    *, attempt: int, threads: int | None = None, env: Mapping[str, str] | None = None
) -> dict[str, str]:
    """What a job may see of this process's environment, and nothing else: no secrets.

    The hub stays offline unless `env` says `HF_HUB_OFFLINE=0`.
    """
    kept = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    root = str(Path(__file__).resolve().parents[2])
    limits = {} if threads is None else {"OMP_NUM_THREADS": str(threads)}
    return {
        **kept,
        "PYTHONPATH": root,
        "PYTHONUNBUFFERED": "1",
        "WHETSTONE_ATTEMPT": str(attempt),
        **ENVIRONMENT,
        **limits,
        **(env or {}),
    }


def command(run_dir: Path) -> list[str]:
    """The runner on `run_dir`, as an argument list."""
    return [sys.executable, "-m", "training", "run", str(run_dir.resolve())]


class LocalLauncher:
    """Jobs as processes, each in a session of its own."""

    def start(
        self, run_dir: Path, *, attempt: int, threads: int, env: Mapping[str, str]
    ) -> Process:
        run_dir = run_dir.resolve()
        with (run_dir / "log.txt").open("ab") as log:
            started = subprocess.Popen(
                command(run_dir),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=job_environment(attempt=attempt, threads=threads, env=env),
                start_new_session=True,
            )
        return Process.of(started.pid)

    def read(self, text: str) -> Process:
        return Process.read(text)

    def find(self, run_dir: Path, *, attempt: int) -> Process | None:
        """The process that says in RUN/status.json that it does this attempt."""
        status = progress.read_status(run_dir)
        if status is None or status.attempt != attempt:
            return None
        return Process(status.host, status.pid, status.started)
