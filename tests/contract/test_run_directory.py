"""The run directory: all that passes between the platform and a training process."""

import json
import subprocess
import sys
import time
from pathlib import Path
from threading import Event

from training.contract import progress, records, spec
from training.launch.local import LocalLauncher

CONVERSATIONS = [
    {
        "messages": [
            {"role": "user", "content": f"Count to {n}."},
            {"role": "assistant", "content": " ".join(str(i) for i in range(1, n + 1))},
        ],
        "split": "eval" if n % 5 == 0 else "train",
    }
    for n in range(1, 21)
]


def test_platform_side_imports_no_training_stack():
    program = (
        "import sys, training.contract.spec, training.contract.records, "
        "training.contract.progress, training.contract.methods, training.launch\n"
        "outside = {name.partition('.')[0] for name in sys.modules} - sys.stdlib_module_names\n"
        "print(sorted(outside - {'training', '__main__'}))"
    )

    found = subprocess.run(
        [sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, '.')\n{program}"],
        capture_output=True,
        text=True,
        check=True,
    )

    outside = {n for n in json.loads(found.stdout.replace("'", '"')) if not n.startswith("_")}
    assert not outside & {"torch", "transformers", "trl", "numpy", "ray", "django", "safetensors"}


def test_a_job_written_by_the_platform_is_done_by_a_process_and_read_back(tmp_path: Path):
    run_dir = tmp_path / "5f0c"
    digest = records.write_rows(run_dir / "dataset.jsonl", CONVERSATIONS)
    job = spec.JobSpec(
        job_id="5f0c",
        method="pretrain",
        dataset=spec.DatasetRef("dataset.jsonl", digest, "text"),
        settings={
            "vocabulary_size": 300, "hidden_size": 16, "layers": 1, "heads": 2, "max_length": 64,
            "steps": 12, "save_every": 5, "log_every": 4, "batch_size": 4, "micro_batch_size": 4,
        },
        resources=spec.Resources(threads=1),
        lineage={"project": "numbers"},
    )  # fmt: skip
    spec.write_spec(run_dir, job)

    process = LocalLauncher().start(run_dir, attempt=2, threads=1, env={})
    deadline = time.monotonic() + 240
    while process.is_alive():
        assert time.monotonic() < deadline, (run_dir / "log.txt").read_text()
        Event().wait(0.1)
    code = progress.read_exit(run_dir, attempt=2)

    assert code == 0, (run_dir / "log.txt").read_text()
    status = progress.read_status(run_dir)
    assert status is not None
    assert (status.state, status.step, status.total) == ("succeeded", 12, 12)
    assert (status.attempt, status.pid, status.checkpoint) == (2, process.pid, "step-10")
    assert LocalLauncher().find(run_dir, attempt=2) == process
    assert status.error is None
    rows, _ = progress.read_metrics(run_dir)
    train = [row for row in rows if row["split"] == "train"]
    assert [row["step"] for row in train] == [1, 4, 8, 12]
    assert all({"t", "loss", "lr", "grad_norm", "tokens_per_second"} <= set(row) for row in train)
    result = progress.read_result(run_dir)
    assert result is not None
    assert result["steps"] == 12
    assert result["metrics"]["eval/loss"] > 0
    assert result["outputs"]["final"] == "final"
    assert result["outputs"]["digest"] == records.folder_digest(run_dir / "final")
    names = {path.name for path in (run_dir / "final").iterdir()}
    assert {
        "model.safetensors", "config.json", "generation_config.json",
        "tokenizer.json", "tokenizer_config.json", "README.md",
    } <= names  # fmt: skip
    assert json.loads((run_dir / "spec.json").read_text()) == job.to_json()
    assert {path.name for path in run_dir.iterdir()} == {
        "spec.json", "dataset.jsonl", "status.json", "metrics.jsonl", "log.txt", "lock",
        "checkpoints", "final", "result.json", "exit.json",
    }  # fmt: skip
