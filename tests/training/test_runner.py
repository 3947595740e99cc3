"""One attempt at a job: exit codes, what is written, and what a kill cannot destroy."""

import json
import os
import resource
import signal
import subprocess
import threading
import time
from pathlib import Path

import pytest
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoTokenizer

from tests.training.conftest import SMALL, language, talk
from tests.training.tiny import curve, finish, kill_after, make_policy, make_run
from training import checkpoint, runner
from training.contract import progress
from training.contract.records import folder_digest
from training.contract.spec import read_spec
from training.launch.local import command, job_environment
from training.launch.process import Process
from training.pulse import Pulse

DEMONSTRATIONS = [{"messages": talk(f"say {n}", f"{n} it is not.")} for n in range(40)]
SFT = {"batch_size": 4, "micro_batch_size": 4, "max_length": 48, "log_every": 1}


@pytest.fixture
def sft_run(tmp_path: Path, policy: Path) -> Path:
    return make_run(
        tmp_path / "sft",
        "sft",
        DEMONSTRATIONS,
        kind="messages",
        settings={**SFT, "steps": 20, "save_every": 3, "learning_rate": 0.01},
        model=policy,
    )


def numbers(run_dir: Path) -> list[dict[str, object]]:
    """metrics.jsonl without what the clock decides."""
    rows, _ = progress.read_metrics(run_dir)
    return [{k: v for k, v in row.items() if k not in ("t", "tokens_per_second")} for row in rows]


def weights(run_dir: Path) -> bytes:
    return (run_dir / "final" / "model.safetensors").read_bytes()


def wait_for(condition, *, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        threading.Event().wait(0.02)


def set_spec(run_dir: Path, **changes: object) -> None:
    path = run_dir / "spec.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def test_pretraining_learns_the_language(pretrained: Path):
    losses = curve(pretrained, "loss")
    held_out = [row["loss"] for row in numbers(pretrained) if row["split"] == "eval"]

    assert losses[0] > 5  # about ln(300) before anything is learned
    assert losses[-1] < 1.2
    assert held_out[-1] < held_out[0] / 3


def test_fine_tuning_lowers_the_loss_and_moves_the_weights(sft_run: Path, policy: Path):
    result = finish(sft_run)

    losses = curve(sft_run, "loss")
    before, after = (load_file(f / "model.safetensors") for f in (policy, sft_run / "final"))
    assert losses[-1] < losses[0] / 2
    assert all(not before[name].equal(after[name]) for name in before)
    assert result["steps"] == 20
    assert result["tokens"] > 0
    assert [row["step"] for row in numbers(sft_run)] == list(range(1, 21))


def test_final_folder_is_plain_and_its_card_names_where_it_comes_from(sft_run: Path, policy: Path):
    set_spec(sft_run, lineage={"project": "colours", "round": 2})

    result = finish(sft_run)

    final = sft_run / "final"
    assert AutoModelForCausalLM.from_pretrained(final).num_parameters() > 50_000
    tokenizer = AutoTokenizer.from_pretrained(final)
    chat = tokenizer.apply_chat_template(talk("say red", "red it is."), tokenize=False)
    assert chat == "<|user|>say red<|end|><|assistant|>red it is.<|end|>"
    assert {path.suffix for path in final.iterdir()} <= {".safetensors", ".json", ".md", ".jinja"}
    spec, card = read_spec(sft_run), (final / "README.md").read_text()
    assert spec.dataset.digest in card
    assert spec.model is not None
    assert str(spec.model.digest) in card
    assert '"project": "colours"' in card
    assert result["outputs"]["digest"] == folder_digest(final)


def test_killed_and_resumed_run_ends_bit_identical_with_no_step_twice(tmp_path: Path, policy: Path):
    settings = {**SFT, "steps": 60, "save_every": 10, "log_every": 7}
    straight, killed = (
        make_run(
            tmp_path / name,
            "sft",
            DEMONSTRATIONS,
            kind="messages",
            settings=settings,
            model=policy,
        )
        for name in ("straight", "killed")
    )
    finish(straight)

    kill_after(killed, step=25)
    assert not (killed / "final").exists()
    assert progress.read_exit(killed) is None
    reached = checkpoint.newest(killed)
    finish(killed)

    assert reached == 20
    assert numbers(killed) == numbers(straight)
    assert weights(killed) == weights(straight)


def test_sigterm_saves_and_exits_143(tmp_path: Path, policy: Path):
    run_dir = make_run(
        tmp_path / "run",
        "sft",
        DEMONSTRATIONS,
        kind="messages",
        settings={**SFT, "steps": 100_000, "save_every": 100_000},
        model=policy,
    )
    process = subprocess.Popen(command(run_dir), env=job_environment(attempt=4, threads=1))
    try:
        wait_for(lambda: len(progress.read_metrics(run_dir)[0]) > 3, seconds=180)
        process.send_signal(signal.SIGTERM)
        code = process.wait(timeout=60)
    finally:
        process.kill()

    assert code == 143
    status = progress.read_status(run_dir)
    assert status is not None
    assert (status.state, status.attempt) == ("stopped", 4)
    assert status.checkpoint == f"step-{status.step}"
    assert checkpoint.newest(run_dir) == status.step
    assert progress.read_exit(run_dir, attempt=4) == 143
    assert progress.read_exit(run_dir, attempt=5) is None


def test_stop_file_saves_and_a_later_start_goes_on(sft_run: Path, tmp_path: Path):
    set_spec(sft_run, settings={**SFT, "steps": 5000, "save_every": 10})

    def stop_after_the_first_checkpoint() -> None:
        wait_for(lambda: (sft_run / "checkpoints" / "step-10").exists())
        progress.request_stop(sft_run)

    other_person = threading.Thread(target=stop_after_the_first_checkpoint)
    other_person.start()
    code = runner.run_directory(sft_run)
    other_person.join()

    stopped = progress.read_status(sft_run)
    assert code == 143
    assert stopped is not None
    assert stopped.state == "stopped"
    assert not (sft_run / "final").exists()

    progress.clear_stop(sft_run)
    set_spec(sft_run, settings={**SFT, "steps": stopped.step + 2, "save_every": 10})
    assert finish(sft_run)["steps"] == stopped.step + 2


@pytest.mark.parametrize("changed", ["dataset", "model"])
def test_wrong_digest_is_refused_before_anything_is_written(sft_run: Path, changed: str):
    reference = json.loads((sft_run / "spec.json").read_text())[changed]
    set_spec(sft_run, **{changed: {**reference, "digest": "sha256:" + "0" * 64}})

    assert runner.run_directory(sft_run) == 2

    status = progress.read_status(sft_run)
    assert status is not None
    assert status.error is not None
    assert "has digest sha256:" in status.error["text"]
    assert {path.name for path in sft_run.iterdir()} == {
        "spec.json", "dataset.jsonl", "status.json", "exit.json", "lock",
    }  # fmt: skip
    assert progress.read_exit(sft_run) == 2


def test_unknown_setting_is_refused_by_name(sft_run: Path):
    set_spec(sft_run, settings={"learning_rat": 0.1})

    assert runner.run_directory(sft_run) == 2

    status = progress.read_status(sft_run)
    assert status is not None
    assert status.error == {
        "class": "ParseError",
        "text": "spec.settings.learning_rat: Unknown name; did you mean learning_rate?",
    }


def test_broken_row_is_reported_with_its_line(tmp_path: Path, policy: Path):
    rows = [*DEMONSTRATIONS[:2], {"messages": [{"role": "user", "content": "hello"}]}]
    run_dir = make_run(tmp_path / "run", "sft", rows, kind="messages", settings={}, model=policy)

    assert runner.run_directory(run_dir) == 2

    status = progress.read_status(run_dir)
    assert status is not None
    assert status.error is not None
    assert "line 3: row: the last message is the assistant's, got 'user'" in status.error["text"]


def test_folder_with_a_pickle_is_refused(tmp_path: Path):
    folder = make_policy(tmp_path / "model")
    (folder / "pytorch_model.bin").write_bytes(b"\x80\x04.")
    run_dir = make_run(
        tmp_path / "run", "sft", DEMONSTRATIONS, kind="messages", settings={}, model=folder
    )

    assert runner.run_directory(run_dir) == 2

    status = progress.read_status(run_dir)
    assert status is not None
    assert status.error is not None
    assert "pytorch_model.bin is a pickle" in status.error["text"]


def test_second_runner_is_refused_and_touches_nothing(sft_run: Path):
    before = {path.name: path.read_bytes() for path in sft_run.iterdir()}

    with runner.hold(sft_run):
        code = runner.run_directory(sft_run)

    assert code == 75
    assert {p.name: p.read_bytes() for p in sft_run.iterdir() if p.name != "lock"} == before


def test_running_out_of_memory_exits_3(tmp_path: Path):
    run_dir = make_run(
        tmp_path / "run",
        "pretrain",
        language(),
        kind="text",
        settings={**SMALL, "hidden_size": 200_000, "layers": 1},
    )
    unlimited = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (80 * 2**30, unlimited[1]))
    try:
        code = runner.run_directory(run_dir)
    finally:
        resource.setrlimit(resource.RLIMIT_AS, unlimited)

    status = progress.read_status(run_dir)
    assert code == 3
    assert status is not None
    assert status.error is not None
    assert status.error["class"] == "RuntimeError"
    assert progress.read_exit(run_dir) == 3


def test_half_the_micro_batch_takes_the_same_steps(tmp_path: Path, policy: Path):
    whole, half = (
        make_run(
            tmp_path / str(size),
            "sft",
            DEMONSTRATIONS,
            kind="messages",
            settings={**SFT, "steps": 5, "micro_batch_size": size},
            model=policy,
        )
        for size in (4, 2)
    )
    finish(whole)
    finish(half)

    assert curve(half, "loss") == pytest.approx(curve(whole, "loss"), rel=1e-4)
    assert curve(half, "grad_norm") == pytest.approx(curve(whole, "grad_norm"), rel=1e-3)


def test_time_limit_ends_training_early_with_a_usable_model(sft_run: Path):
    set_spec(
        sft_run,
        settings={**SFT, "steps": 100_000},
        limits={"max_seconds": 4.0, "max_steps": None},
    )

    result = finish(sft_run)

    assert 0 < result["steps"] < 100_000
    assert (sft_run / "final" / "model.safetensors").exists()


def test_finished_run_is_not_trained_again(sft_run: Path):
    first = finish(sft_run)
    (sft_run / "exit.json").unlink()
    written = (sft_run / "metrics.jsonl").read_bytes()

    assert finish(sft_run) == first

    assert (sft_run / "metrics.jsonl").read_bytes() == written
    assert progress.read_exit(sft_run) == 0


def test_heart_beats_while_the_main_thread_is_busy(tmp_path: Path):
    with Pulse(tmp_path, attempt=1):
        first = progress.read_status(tmp_path)
        assert first is not None
        wait_for(lambda: progress.read_status(tmp_path).heartbeat_at > first.heartbeat_at)

    assert first.state == "starting"
    assert Process(first.host, first.pid, first.started) == Process.of(os.getpid())
