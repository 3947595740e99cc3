"""Run a job as a process of this machine. Standard library only."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from training.contract import progress

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


@dataclass(frozen=True)
class Handle:
    """A started process: `started` is its start time in clock ticks since boot (/proc)."""

    pid: int
    started: int


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


def command(run_dir: Path | str) -> list[str]:
    return [sys.executable, "-m", "training", "run", str(Path(run_dir).resolve())]


def start(
    run_dir: Path | str,
    *,
    attempt: int,
    env: Mapping[str, str] | None = None,
    threads: int | None = None,
) -> Handle:
    """Start the runner on `run_dir`, in a session of its own, its output appended to RUN/log.txt.

    It outlives this process. Starting one that still runs does no harm: the second refuses.
    """
    run_dir = Path(run_dir).resolve()
    with (run_dir / "log.txt").open("ab") as log:
        process = subprocess.Popen(
            command(run_dir),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=job_environment(attempt=attempt, threads=threads, env=env),
            start_new_session=True,
        )
    return Handle(process.pid, _started(process.pid) or 0)


def is_alive(pid: int, run_dir: Path | str) -> bool:
    """Whether `pid` is a runner of `run_dir`; a recycled pid or a zombie is not.

    A child of this process that has ended is reaped here.
    """
    with contextlib.suppress(ChildProcessError):  # a child of an earlier worker: init reaps it
        os.waitpid(pid, os.WNOHANG)
    try:
        content = Path(f"/proc/{pid}/cmdline").read_bytes()
        if not content:
            # Between exec and its arguments a process has an executable and no command line yet;
            # a zombie and a thread of the kernel have neither.
            Path(f"/proc/{pid}/exe").readlink()
            return True
    except (FileNotFoundError, ProcessLookupError):
        return False
    words = content.split(b"\0")
    return b"training" in words and str(Path(run_dir).resolve()).encode() in words


def stop(pid: int) -> None:
    """Ask a runner to save and end (SIGTERM); one that has ended already is fine."""
    _signal(pid, signal.SIGTERM)


def kill(pid: int) -> None:
    """End a runner and its children at once (SIGKILL to its session)."""
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def exit_code(run_dir: Path | str, *, attempt: int | None = None) -> int | None:
    """How `attempt` ended (the latest if None); None while it runs or if it died without a word."""
    return progress.read_exit(run_dir, attempt=attempt)


def _signal(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def _started(pid: int) -> int | None:
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return int(text.rpartition(")")[2].split()[19])
