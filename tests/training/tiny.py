"""A tiny policy and tiny jobs: real models, tokenizers and runs, small enough for a test."""

import threading
import time
from pathlib import Path
from typing import Any

import torch

from training import models, runner
from training.contract import records
from training.contract.methods import PretrainSettings
from training.contract.progress import read_metrics, read_result, read_status, request_stop
from training.contract.spec import DatasetRef, JobSpec, ModelRef, Resources, write_spec

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
    """Run the job in this process until someone else asks it to stop after `step`; exit code."""

    def ask() -> None:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            status = read_status(run_dir)
            if status is not None and status.step >= step:
                request_stop(run_dir)
                return
            ended.wait(0.005)

    ended = threading.Event()
    someone = threading.Thread(target=ask)
    someone.start()
    code = runner.run_directory(run_dir)
    someone.join()
    return code
