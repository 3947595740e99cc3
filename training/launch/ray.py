"""Run a job on a Ray cluster through Ray Jobs: the same command, a submission id for a pid.

The run directory and the models must be at the same path on every node (shared storage), and so
must this installation. The cluster's address is RAY_ADDRESS, by default this machine's dashboard; a
cluster that asks for a token gets the one Ray finds itself (RAY_AUTH_MODE, RAY_AUTH_TOKEN).
"""

import os
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from training.contract import progress
from training.contract.spec import read_spec
from training.launch.local import command, job_environment

NODE_VARIABLES = ("PATH", "HOME", "TMPDIR", "LANG", "LC_ALL", "LD_LIBRARY_PATH")
DEFAULT_ADDRESS = "http://127.0.0.1:8265"


def start(
    run_dir: Path | str,
    *,
    attempt: int,
    env: Mapping[str, str] | None = None,
    threads: int | None = None,
) -> str:
    """Submit the runner with the GPUs and CPUs its spec asks for; returns the submission id.

    The id is made from run directory and attempt, so that submitting again what was submitted
    before a worker died finds the same job.
    """
    run_dir = Path(run_dir).resolve()
    resources = read_spec(run_dir).resources
    cpus = threads or resources.threads
    variables = job_environment(attempt=attempt, threads=cpus, env=env)
    log = shlex.quote(str(run_dir / "log.txt"))
    submission = f"{run_dir.name}-{attempt}"
    client = _client()
    if submission in {job.submission_id for job in client.list_jobs()}:
        return submission
    client.submit_job(
        submission_id=submission,
        entrypoint=f"exec {shlex.join(command(run_dir))} >> {log} 2>&1",
        entrypoint_num_cpus=cpus,
        entrypoint_num_gpus=resources.gpus,
        runtime_env={"env_vars": {k: v for k, v in variables.items() if k not in NODE_VARIABLES}},
    )
    return submission


def is_alive(submission: str, run_dir: Path | str | None = None) -> bool:
    """Whether the job waits for a node or runs; a job the cluster does not know is not."""
    for job in _client().list_jobs():
        if job.submission_id == submission:
            return not job.status.is_terminal()
    return False


def stop(submission: str) -> None:
    """Ask a job to end (SIGTERM; Ray kills it seconds later, so prefer progress.request_stop)."""
    if is_alive(submission):
        _client().stop_job(submission)


def kill(submission: str) -> None:
    """End a job as fast as Ray does it."""
    stop(submission)


def exit_code(run_dir: Path | str, *, attempt: int | None = None) -> int | None:
    """How `attempt` ended, from the run directory, as for a local process."""
    return progress.read_exit(run_dir, attempt=attempt)


def _client() -> Any:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    from ray.job_submission import JobSubmissionClient

    return JobSubmissionClient(os.environ.get("RAY_ADDRESS", DEFAULT_ADDRESS))
