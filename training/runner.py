"""One attempt at a job: lock, check, run the method, leave the exit code behind.

Exit codes: 0 done; 2 bad spec or data, never worth a retry; 3 out of memory; 143 stopped after
saving; 75 another runner holds the directory; 1 anything else.
"""

import contextlib
import fcntl
import importlib
import os
import sys
import time
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from training.contract import progress
from training.contract.errors import RunDirectoryHeldError, SpecError, StoppedError
from training.contract.records import file_digest
from training.contract.spec import JobSpec, read_spec
from training.launch.local import ENVIRONMENT
from training.pulse import Pulse

PATIENCE_SECONDS = 2.0
DONE, FAILED, BAD_SPEC, OUT_OF_MEMORY, HELD, STOPPED = 0, 1, 2, 3, 75, 143


def run_directory(run_dir: Path) -> int:
    """Do the job in `run_dir` and return its exit code."""
    if not run_dir.is_dir():
        print(f"{run_dir} is not a run directory", file=sys.stderr)  # noqa: T201
        return BAD_SPEC
    try:
        with hold(run_dir):
            attempt = int(os.environ.get("WHETSTONE_ATTEMPT", "1"))
            code = _attempt(run_dir, attempt)
            progress.write_exit(run_dir, code=code, attempt=attempt)
            return code
    except RunDirectoryHeldError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return HELD


@contextlib.contextmanager
def hold(run_dir: Path) -> Iterator[None]:
    """Keep every other runner out of `run_dir` until this process ends, however it ends.

    The race: a worker that lost sight of a process starts a second one while the first still
    writes. The kernel drops the lock with the process, so a kill leaves nothing to clean up; a
    killed process can hold it for a moment after it is gone from sight, hence the patience.
    """
    with (run_dir / "lock").open("w") as lock:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not _locked(lock):
            if time.monotonic() > deadline:
                raise RunDirectoryHeldError(f"another runner works in {run_dir}")
            time.sleep(0.05)
        yield


def _locked(lock: TextIO) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _attempt(run_dir: Path, attempt: int) -> int:
    (run_dir / "exit.json").unlink(missing_ok=True)
    with Pulse(run_dir, attempt=attempt) as pulse:
        done = progress.read_result(run_dir)
        if done is not None:  # killed between the last word of the method and of the runner
            pulse.update(step=done["steps"], total=done["steps"])
            return _end(pulse, DONE, "succeeded", None)
        try:
            result = _do(run_dir, pulse)
        except SpecError as error:
            return _end(pulse, BAD_SPEC, "failed", error)
        except StoppedError:
            return _end(pulse, STOPPED, "stopped", None)
        except Exception as error:
            traceback.print_exc()
            code = OUT_OF_MEMORY if is_out_of_memory(error) else FAILED
            return _end(pulse, code, "failed", error)
        progress.write_result(run_dir, result)
        return _end(pulse, DONE, "succeeded", None)


def _do(run_dir: Path, pulse: Pulse) -> progress.JobResult:
    spec = read_spec(run_dir)
    check_inputs(run_dir, spec)
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    try:
        import torch  # seconds to import, and the heartbeat already runs
        from transformers.utils import logging as transformers_logging

        from training.run import Run
    except ModuleNotFoundError as error:
        raise SpecError(
            f"{error.name} is not installed where this job ran: pip install 'whetstone[train]'"
        ) from error

    transformers_logging.disable_progress_bar()
    torch.set_num_threads(spec.resources.threads)
    method = importlib.import_module(f"training.{spec.method}")
    run = Run(run_dir, spec, pulse)
    result = method.run(run)
    return {
        "metrics": result.metrics,
        "outputs": {"final": None, "digest": None, **result.outputs},
        "steps": run.step,
        "seconds": round(run.seconds, 3),
        "tokens": run.tokens,
    }


def check_inputs(run_dir: Path, spec: JobSpec) -> None:
    """Refuse a dataset that is not the one the spec names. Models are checked when resolved."""
    path = run_dir / spec.dataset.path
    if not path.is_file():
        raise SpecError(f"there is no dataset at {path}")
    digest = file_digest(path)
    if digest != spec.dataset.digest:
        raise SpecError(f"{path} has digest {digest}, the spec names {spec.dataset.digest}")


def is_out_of_memory(error: BaseException) -> bool:
    """Whether memory ran out, on the GPU or here: torch says so in several ways."""
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    text = str(error).lower()
    phrases = ("not enough memory", "out of memory", "can't allocate memory", "cannot allocate")
    return isinstance(error, RuntimeError | OSError) and any(part in text for part in phrases)


def _end(pulse: Pulse, code: int, state: progress.State, error: BaseException | None) -> int:
    told: progress.JobError | None = None
    if error is not None:
        told = {"class": type(error).__name__, "text": str(error)}
    pulse.update(state=state, error=told)
    return code
