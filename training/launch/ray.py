"""Run a job on a Ray cluster through Ray Jobs: the same command, a submission id for a process.

The run directory and the models must be at the same path on every node (shared storage), and so
must this installation. A cluster that asks for a token gets the one Ray finds itself
(RAY_AUTH_MODE, RAY_AUTH_TOKEN).
"""

import os
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from training.contract.spec import read_spec
from training.launch.local import command, job_environment

if TYPE_CHECKING:
    from ray.job_submission import JobSubmissionClient

NODE_VARIABLES = ("PATH", "HOME", "TMPDIR", "LANG", "LC_ALL", "LD_LIBRARY_PATH")
OVERRIDING = ("RAY_ADDRESS", "RAY_API_SERVER_ADDRESS")
DEFAULT_ADDRESS = "http://127.0.0.1:8265"


@dataclass(frozen=True)
class Submission:
    """A job on the cluster whose dashboard is at `address`."""

    address: str
    id: str

    def __str__(self) -> str:
        return self.id

    def is_alive(self) -> bool | None:
        """Whether it waits for a node or runs; a job the cluster does not know does neither.

        None while the cluster does not answer.
        """
        try:
            jobs = _client(self.address).list_jobs()
        except OSError:
            return None
        return any(job.submission_id == self.id and not job.status.is_terminal() for job in jobs)

    def stop(self) -> None:
        """SIGTERM; Ray kills it seconds later, so prefer `progress.request_stop`."""
        if self.is_alive():
            _client(self.address).stop_job(self.id)

    def kill(self) -> None:
        """Ray has no faster end than `stop`."""
        self.stop()


class RayLauncher:
    """Jobs on the cluster at `address`, else at RAY_ADDRESS, else on this machine's."""

    def __init__(self, address: str = "") -> None:
        self.address = address or os.environ.get("RAY_ADDRESS") or DEFAULT_ADDRESS

    def start(
        self, run_dir: Path, *, attempt: int, threads: int, env: Mapping[str, str]
    ) -> Submission:
        """Submit with the GPUs that the spec asks for.

        The id is made from run directory and attempt, so that submitting again what was submitted
        before a worker died finds the same job.
        """
        run_dir = run_dir.resolve()
        variables = job_environment(attempt=attempt, threads=threads, env=env)
        log = shlex.quote(str(run_dir / "log.txt"))
        submission = self.find(run_dir, attempt=attempt)
        client = _client(self.address)
        if submission.id not in {job.submission_id for job in client.list_jobs()}:
            client.submit_job(
                submission_id=submission.id,
                entrypoint=f"exec {shlex.join(command(run_dir))} >> {log} 2>&1",
                entrypoint_num_cpus=threads,
                entrypoint_num_gpus=read_spec(run_dir).resources.gpus,
                runtime_env={
                    "env_vars": {k: v for k, v in variables.items() if k not in NODE_VARIABLES}
                },
            )
        return submission

    def read(self, text: str) -> Submission:
        return Submission(self.address, text)

    def find(self, run_dir: Path, *, attempt: int) -> Submission:
        return Submission(self.address, f"{run_dir.name}-{attempt}")


def _client(address: str) -> "JobSubmissionClient":
    """A client of `address` itself: Ray would let RAY_ADDRESS override what it is given."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    from ray.job_submission import JobSubmissionClient

    overriding = {name: os.environ.pop(name) for name in OVERRIDING if name in os.environ}
    try:
        return JobSubmissionClient(address)
    finally:
        os.environ.update(overriding)
