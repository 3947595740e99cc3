"""reward, dpo and rrhf as whole jobs: what they learn, write, resume and refuse."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.training.conftest import COLOURS
from tests.training.tiny import curve, finish, make_run, stop_after
from training import checkpoint, models, preferences, reward, runner
from training.contract import progress
from training.contract.records import PreferenceRow, read_rows
from training.data import split_rows

SMALL = {
    "batch_size": 16,
    "micro_batch_size": 16,
    "max_length": 48,
    "log_every": 1,
    "warmup_ratio": 0.0,
}


def colour_rows(count: int = 80) -> list[PreferenceRow]:
    """Four answers each; the more often an answer says please, the better it is."""
    rows = []
    for n in range(count):
        pleases = [(n * 7 + 3 * k) % 4 for k in range(4)]
        colours = [COLOURS[(n + k) % 6] for k in range(4)]
        rows.append(
            {
                "prompt": [{"role": "user", "content": f"say {COLOURS[n % 6]}"}],
                "responses": [
                    " ".join([f"{colour} it is."] + ["please"] * p)
                    for colour, p in zip(colours, pleases, strict=True)
                ],
                "ranks": [4 - p for p in pleases],
                "split": "eval" if n % 5 == 4 else "train",
                "ids": {"prompt": f"prompt-{n}"},
            }
        )
    return rows


def preference_run(
    run_dir: Path, method: str, policy: Path, rows: list[Any] | None = None, **settings: Any
) -> Path:
    return make_run(
        run_dir,
        method,
        colour_rows() if rows is None else rows,
        kind="preference",
        settings={**SMALL, **settings},
        model=policy,
    )


@pytest.fixture(scope="module")
def reward_run(policy: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    run_dir = preference_run(
        tmp_path_factory.mktemp("reward") / "run", "reward", policy, steps=30, learning_rate=3e-3
    )
    finish(run_dir)
    return run_dir


def reward_scores(run_dir: Path, rows: list[PreferenceRow]) -> list[list[float]]:
    tokenizer = models.load_tokenizer(run_dir / "final")
    model = models.load_reward(run_dir / "final", device="cpu")
    groups = preferences.encode(tokenizer, rows, max_length=48)
    return reward.scores(model, groups, pad=int(tokenizer.pad_token_id), micro_batch_size=16)


def test_reward_model_learns_what_people_prefer(reward_run: Path):
    result = progress.read_result(reward_run)

    assert result is not None
    assert result["metrics"]["eval/accuracy"] > 0.9
    assert result["metrics"]["eval/pairs"] == 16 * 6
    accuracy = curve(reward_run, "accuracy")
    assert sum(accuracy[-5:]) / 5 > max(0.85, accuracy[0])
    assert curve(reward_run, "loss")[-1] < 0.5 < curve(reward_run, "loss")[0]


def test_every_held_out_pair_is_told_one_by_one(reward_run: Path):
    judged = [json.loads(line) for line in (reward_run / "pairs.jsonl").open()]

    result = progress.read_result(reward_run)
    assert result is not None
    right = sum(pair["correct"] for pair in judged) / len(judged)
    assert right == pytest.approx(result["metrics"]["eval/accuracy"])
    held_out = split_rows(list(read_rows(reward_run / "dataset.jsonl", "preference")))[1]
    by_prompt = {row["ids"]["prompt"]: row for row in held_out}
    for pair in judged:
        ranks = by_prompt[pair["ids"]["prompt"]]["ranks"]
        assert ranks[pair["i"]] < ranks[pair["j"]]
        assert pair["correct"] == (pair["margin"] > 0)


def test_final_rewards_are_calibrated_on_the_training_responses(reward_run: Path):
    train, _ = split_rows(colour_rows())

    score = torch.tensor([value for row in reward_scores(reward_run, train) for value in row])

    assert score.mean().item() == pytest.approx(0, abs=1e-4)
    assert score.std(unbiased=False).item() == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("method", ["reward", "dpo"])
def test_micro_batches_change_memory_and_nothing_else(method: str, policy: Path, tmp_path: Path):
    whole = preference_run(tmp_path / "whole", method, policy, steps=2)
    cut = preference_run(tmp_path / "cut", method, policy, steps=2, micro_batch_size=4)

    finish(whole)
    finish(cut)

    for name in ("loss", "accuracy", "reward/margin", "grad_norm"):
        assert curve(cut, name) == pytest.approx(curve(whole, name), rel=1e-4, abs=1e-5)


@pytest.mark.parametrize("method", ["reward", "dpo", "rrhf"])
def test_recomputing_activations_changes_nothing(method: str, policy: Path, tmp_path: Path):
    plain = preference_run(tmp_path / "plain", method, policy, steps=2)
    lean = preference_run(tmp_path / "lean", method, policy, steps=2, gradient_checkpointing=True)

    finish(plain)
    finish(lean)

    assert curve(lean, "loss") == pytest.approx(curve(plain, "loss"), rel=1e-5)
    assert curve(lean, "grad_norm") == pytest.approx(curve(plain, "grad_norm"), rel=1e-4)


def test_bfloat16_starts_at_the_reference_and_learns_nearly_the_same(policy: Path, tmp_path: Path):
    exact = preference_run(tmp_path / "exact", "dpo", policy, steps=6, learning_rate=1e-3)
    coarse = preference_run(
        tmp_path / "coarse", "dpo", policy, steps=6, learning_rate=1e-3, bf16=True
    )

    finish(exact)
    finish(coarse)

    assert curve(coarse, "reward/margin")[0] == pytest.approx(0, abs=1e-5)
    assert curve(coarse, "loss") == pytest.approx(curve(exact, "loss"), rel=0.05)
    assert curve(coarse, "loss") != curve(exact, "loss")


def test_dpo_widens_the_gap_between_chosen_and_rejected(policy: Path, tmp_path: Path):
    run_dir = preference_run(tmp_path / "dpo", "dpo", policy, steps=20, learning_rate=1e-3)

    result = finish(run_dir)

    assert curve(run_dir, "loss")[0] > curve(run_dir, "loss")[-1]
    assert curve(run_dir, "reward/margin")[0] == pytest.approx(0, abs=1e-5)  # it is the reference
    assert curve(run_dir, "reward/margin")[-1] > 0.5
    assert result["metrics"]["eval/accuracy"] > 0.9
    assert (run_dir / "final" / "model.safetensors").read_bytes() != (
        policy / "model.safetensors"
    ).read_bytes()


def test_dpo_is_anchored_at_the_reference_of_the_spec(policy: Path, tmp_path: Path):
    first = preference_run(tmp_path / "first", "dpo", policy, steps=5, learning_rate=1e-3)
    finish(first)
    second = make_run(
        tmp_path / "second",
        "dpo",
        colour_rows(),
        kind="preference",
        settings={**SMALL, "steps": 1},
        model=first / "final",
        reference=policy,
    )

    finish(second)

    assert curve(second, "reward/margin")[0] > 0.05  # already away from the older reference


def test_rrhf_makes_likelihood_agree_with_the_ranks(policy: Path, tmp_path: Path):
    run_dir = preference_run(tmp_path / "rrhf", "rrhf", policy, steps=25, learning_rate=2e-3)

    result = finish(run_dir)

    assert curve(run_dir, "accuracy")[0] < 0.6
    assert result["metrics"]["eval/accuracy"] > 0.85
    assert curve(run_dir, "loss")[-1] < curve(run_dir, "loss")[0]


@pytest.mark.parametrize("method", ["reward", "dpo", "rrhf"])
def test_killed_and_resumed_ends_bit_identical(method: str, policy: Path, tmp_path: Path):
    settings = {"steps": 40, "save_every": 5, "batch_size": 4, "micro_batch_size": 4}
    straight = preference_run(tmp_path / "straight", method, policy, **settings)
    resumed = preference_run(tmp_path / "resumed", method, policy, **settings)
    finish(straight)

    assert stop_after(resumed, step=12) == runner.STOPPED
    reached = checkpoint.newest(resumed)
    progress.clear_stop(resumed)
    finish(resumed)

    assert reached == 12
    for name in ("final/model.safetensors", "pairs.jsonl"):
        assert (resumed / name).read_bytes() == (straight / name).read_bytes()
    assert curve(resumed, "loss") == curve(straight, "loss")


@pytest.mark.parametrize("method", ["reward", "dpo", "rrhf"])
def test_rows_that_say_nothing_are_a_bad_dataset(method: str, policy: Path, tmp_path: Path):
    tied = [{**row, "ranks": [1, 1, None, 1]} for row in colour_rows(8)]
    run_dir = preference_run(tmp_path / "run", method, policy, rows=tied, steps=2)

    assert runner.run_directory(run_dir) == runner.BAD_SPEC

    status = progress.read_status(run_dir)
    assert status is not None
    assert status.error is not None
    assert "no training row has a comparison" in status.error["text"]
    assert not (run_dir / "final").exists()


def test_what_training_leaves_out_is_counted(policy: Path, tmp_path: Path):
    rows = colour_rows(10)
    rows[0]["ranks"] = [1, 1, 1, 1]
    rows[1]["responses"][2] = "please " * 60
    run_dir = preference_run(tmp_path / "run", "reward", policy, rows=rows, steps=1)

    metrics = finish(run_dir)["metrics"]

    assert metrics["train/rows"] == 8
    assert metrics["train/rows_without_pairs"] == 1
    assert metrics["train/responses_cut"] == 1


def test_soft_ties_pull_rewards_together(policy: Path, tmp_path: Path):
    rows = [{**row, "ranks": [1, 1, 1, 1], "split": "train"} for row in colour_rows(16)]
    run_dir = preference_run(
        tmp_path / "run", "reward", policy, rows=rows, steps=25, ties="soft", learning_rate=3e-3
    )

    finish(run_dir)

    assert curve(run_dir, "loss")[0] > curve(run_dir, "loss")[-1]
    assert curve(run_dir, "loss")[-1] == pytest.approx(0.6931, abs=1e-3)
    assert curve(run_dir, "accuracy") == pytest.approx([0.5] * 25)
