"""A tiny policy and tiny jobs: real models, tokenizers and runs, small enough for a test."""

import signal
import subprocess
import sys
from pathlib import Path
from typing import Any
from unittest import mock

import torch

from training import models, runner
from training.contract import records
from training.contract.methods import PretrainSettings
from training.contract.progress import read_metrics, read_result, request_stop
from training.contract.spec import DatasetRef, JobSpec, ModelRef, Resources, write_spec
from training.launch.local import job_environment
from training.pulse import Pulse

WORDS = ["red", "green", "blue", "one", "two", "three", "cat", "dog", "tree", "yes", "no", "please"]


def make_policy(folder: Path, *, seed: int = 0, hidden_size: int = 32, layers: int = 2) -> Path:
    """A randomly initialised llama with a byte-pair tokenizer, saved as a plain folder."""
    torch.manual_seed(seed)
    settings = PretrainSettings(
        vocabulary_size=320, hidden_size=hidden_size, layers=layers, heads=2, context_length=256
    )
    tokenizer = models.new_tokenizer([" ".join(WORDS)] * 4, vocabulary_size=320)
    models.new_llama(settings, tokenizer, device="cpu").save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def make_run(
    run_dir: Path,
    method: str,
    rows: list[Any],
    *,
    kind: str,
    settings: dict[str, Any],
    seed: int = 17,
    **refs: Path,
) -> Path:
    """A run directory ready for the runner; `refs` name its models."""
    digest = records.write_rows(run_dir / "dataset.jsonl", rows)
    named = {name: ModelRef(str(path), records.folder_digest(path)) for name, path in refs.items()}
    spec = JobSpec(
        job_id=run_dir.name,
        method=method,
        dataset=DatasetRef("dataset.jsonl", digest, kind),
        seed=seed,
        settings=settings,
        resources=Resources(threads=1),
        **named,
    )
    write_spec(run_dir, spec)
    return run_dir


def finish(run_dir: Path) -> dict[str, Any]:
    """Run the job to its end, in this process; its result."""
    code = runner.run_directory(run_dir)
    assert code == 0, (code, (run_dir / "status.json").read_text())
    result = read_result(run_dir)
    assert result is not None
    return result


def curve(run_dir: Path, name: str) -> list[float]:
    """The training values of one metric, in order."""
    rows, _ = read_metrics(run_dir)
    return [row[name] for row in rows if row["split"] == "train" and name in row]


def stop_after(run_dir: Path, step: int) -> int:
    """Run the job in this process; somebody asks it to stop right after `step`. Its exit code."""

    class Stopping(Pulse):
        def update(self, **changes: Any) -> None:
            super().update(**changes)
            if changes.get("step", 0) >= step:
                request_stop(run_dir)

    with mock.patch.object(runner, "Pulse", Stopping):
        return runner.run_directory(run_dir)


DYING = """
import os, signal, sys
from pathlib import Path
from training import runner
from training.pulse import Pulse

class Dying(Pulse):
    def update(self, **changes):
        super().update(**changes)
        if changes.get("step", 0) >= int(sys.argv[2]):
            os.kill(os.getpid(), signal.SIGKILL)

runner.Pulse = Dying
runner.run_directory(Path(sys.argv[1]))
"""


def kill_after(run_dir: Path, step: int) -> None:
    """Run the job in a process of its own that is killed (SIGKILL) right after `step`."""
    done = subprocess.run(
        [sys.executable, "-c", DYING, str(run_dir), str(step)],
        env=job_environment(attempt=1, threads=1),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
