"""PPO as a whole job: it raises the reward, stays near its reference and survives a stop."""

from pathlib import Path
from typing import Any

import pytest
import torch

from tests.training.conftest import COLOURS, talk
from tests.training.tiny import curve, finish, make_policy, make_run, stop_after
from training import chat, checkpoint, models, runner
from training.contract import progress
from training.contract.methods import PpoSettings
from training.contract.records import PreferenceRow, PromptRow
from training.experience import paid_scores
from training.rollout import roll_out, text_scores
from training.sampling import sample

SMALL: dict[str, Any] = {
    "batch_size": 32,
    "micro_batch_size": 32,
    "minibatch_size": 16,
    "max_length": 48,
    "max_new_tokens": 10,
    "log_every": 1,
    "schedule": "constant",
    "warmup_ratio": 0.0,
}
OPEN_QUESTIONS = [
    f"{word} {other}" for word in ("what", "which", "any", "your") for other in ("one", "now", "?")
]


def prompts(count: int = 48) -> list[PromptRow]:
    return [
        {
            "prompt": [{"role": "user", "content": OPEN_QUESTIONS[n % len(OPEN_QUESTIONS)]}],
            "split": "eval" if n % 4 == 3 else "train",
            "ids": {"prompt": f"prompt-{n}"},
        }
        for n in range(count)
    ]


def favourite_colours() -> list[PreferenceRow]:
    """Red is liked best, then green, and so on, whatever the question; no answer least."""
    return [
        {
            "prompt": [{"role": "user", "content": question}],
            "responses": [*(f"{COLOURS[(n + k) % 6]} it is." for k in range(4)), ""],
            "ranks": [*((n + k) % 6 + 1 for k in range(4)), 9],
        }
        for n, question in enumerate(OPEN_QUESTIONS * 3)
    ]


@pytest.fixture(scope="module")
def undecided(policy: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A policy that answers an open question with any of six colours."""
    run_dir = make_run(
        tmp_path_factory.mktemp("undecided") / "run",
        "sft",
        [
            {"messages": talk(question, f"{colour} it is.")}
            for question in OPEN_QUESTIONS
            for colour in COLOURS
        ],
        kind="messages",
        settings={
            "batch_size": 24,
            "micro_batch_size": 24,
            "max_length": 48,
            "steps": 60,
            "learning_rate": 5e-3,
        },
        model=policy,
    )
    finish(run_dir)
    return run_dir / "final"


@pytest.fixture(scope="module")
def reward_model(undecided: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    run_dir = make_run(
        tmp_path_factory.mktemp("reward") / "run",
        "reward",
        favourite_colours(),
        kind="preference",
        settings={
            "batch_size": 12,
            "micro_batch_size": 12,
            "max_length": 48,
            "steps": 60,
            "learning_rate": 3e-3,
        },
        model=undecided,
    )
    finish(run_dir)
    return run_dir / "final"


def ppo_run(
    run_dir: Path,
    undecided: Path,
    reward_model: Path,
    rows: list[Any] | None = None,
    **settings: Any,
) -> Path:
    return make_run(
        run_dir,
        "ppo",
        prompts() if rows is None else rows,
        kind="prompts",
        settings={**SMALL, **settings},
        model=undecided,
        reward=reward_model,
    )


def answers(folder: Path) -> list[str]:
    """What the model most likely answers to each open question."""
    tokenizer = models.load_tokenizer(folder)
    asked = [[{"role": "user", "content": question}] for question in OPEN_QUESTIONS]
    written = sample(
        models.load_policy(folder, device="cpu"),
        chat.encode_prompts(tokenizer, asked, max_tokens=40),
        [[0]] * len(asked),
        stop=[int(tokenizer.eos_token_id)],
        pad=int(tokenizer.pad_token_id),
        max_new_tokens=10,
        temperature=0,
    )
    return [chat.decode(tokenizer, only.ids) for (only,) in written]


def test_reward_rises_while_kl_stays_bounded(undecided: Path, reward_model: Path, tmp_path: Path):
    run_dir = ppo_run(
        tmp_path / "run",
        undecided,
        reward_model,
        steps=30,
        learning_rate=5e-4,
        value_learning_rate=1e-3,
        kl_coefficient=0.2,
    )

    result = finish(run_dir)

    reward, kl = curve(run_dir, "reward/mean"), curve(run_dir, "kl")
    assert sum(reward[-5:]) / 5 > sum(reward[:5]) / 5 + 0.7
    assert kl[0] == pytest.approx(0, abs=1e-4)
    assert sum(kl[-5:]) / 5 < 3  # always red instead of one of six is log 6 = 1.8 nats
    assert answers(run_dir / "final") == ["red it is."] * len(OPEN_QUESTIONS)
    assert result["metrics"]["eval/reward/mean"] > 1
    assert result["metrics"]["eval/eos_rate"] > 0.9
    assert curve(run_dir, "value_loss")[-1] < curve(run_dir, "value_loss")[0]


def test_nothing_is_clipped_before_the_first_gradient_step(
    undecided: Path, reward_model: Path, tmp_path: Path
):
    run_dir = ppo_run(
        tmp_path / "run",
        undecided,
        reward_model,
        steps=3,
        epochs_per_batch=1,
        minibatch_size=32,
        learning_rate=1e-2,
        temperature=0.8,
    )

    finish(run_dir)

    assert curve(run_dir, "clip_fraction") == [0.0, 0.0, 0.0]
    assert curve(run_dir, "policy_kl") == pytest.approx([0.0] * 3, abs=1e-8)
    assert abs(curve(run_dir, "kl")[-1]) > 0.01  # and yet the policy has moved


def test_a_batch_is_left_when_its_policy_has_moved_too_far(
    undecided: Path, reward_model: Path, tmp_path: Path
):
    whole_batch = {"steps": 2, "minibatch_size": 32}
    once = ppo_run(tmp_path / "once", undecided, reward_model, epochs_per_batch=1, **whole_batch)
    stopped = ppo_run(
        tmp_path / "stopped",
        undecided,
        reward_model,
        epochs_per_batch=4,
        stop_kl=1e-9,
        **whole_batch,
    )

    finish(once)
    finish(stopped)

    assert weights(stopped) == weights(once)


def test_stopped_and_resumed_ends_bit_identical(
    undecided: Path, reward_model: Path, tmp_path: Path
):
    settings = {"steps": 12, "save_every": 4, "kl_target": 0.001, "kl_horizon": 2, "batch_size": 16}
    settings |= {"minibatch_size": 8, "micro_batch_size": 8, "learning_rate": 1e-3}
    straight = ppo_run(tmp_path / "straight", undecided, reward_model, **settings)
    resumed = ppo_run(tmp_path / "resumed", undecided, reward_model, **settings)
    finish(straight)

    assert stop_after(resumed, step=5) == runner.STOPPED
    reached = checkpoint.newest(resumed)
    progress.clear_stop(resumed)
    finish(resumed)

    assert reached == 5
    assert weights(resumed) == weights(straight)
    for name in ("reward/mean", "kl", "kl_coefficient", "value_loss"):
        assert curve(resumed, name) == curve(straight, name)
    assert len(set(curve(straight, "kl_coefficient"))) > 5  # the price follows its target


def test_micro_batches_and_recomputing_change_memory_and_nothing_else(
    undecided: Path, reward_model: Path, tmp_path: Path
):
    plain = ppo_run(tmp_path / "plain", undecided, reward_model, steps=2, entropy_weight=0.01)
    lean = ppo_run(
        tmp_path / "lean",
        undecided,
        reward_model,
        steps=2,
        entropy_weight=0.01,
        micro_batch_size=8,
        gradient_checkpointing=True,
    )

    finish(plain)
    finish(lean)

    for name in ("loss", "policy_loss", "value_loss", "entropy", "kl", "reward/mean", "grad_norm"):
        assert curve(lean, name) == pytest.approx(curve(plain, name), rel=1e-3, abs=1e-5)


def test_likelihood_term_learns_the_written_answers(
    undecided: Path, reward_model: Path, tmp_path: Path
):
    shown = [{**row, "responses": ["pink it is. please"]} for row in prompts()]
    run_dir = ppo_run(
        tmp_path / "run",
        undecided,
        reward_model,
        rows=shown,
        steps=4,
        ptx_weight=1.0,
        learning_rate=2e-3,
    )

    finish(run_dir)

    loss = curve(run_dir, "ptx_loss")
    assert loss[-1] < 0.8 * loss[0]


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"ptx_weight": 1.0}, "none does"),
        ({"max_new_tokens": 48}, "leaves no room for a prompt"),
    ],
)
def test_settings_that_cannot_work_are_refused_in_a_sentence(
    undecided: Path, reward_model: Path, tmp_path: Path, settings: dict[str, Any], reason: str
):
    run_dir = ppo_run(tmp_path / "run", undecided, reward_model, steps=1, **settings)

    assert runner.run_directory(run_dir) == runner.BAD_SPEC

    status = progress.read_status(run_dir)
    assert status is not None
    assert status.error is not None
    assert reason in status.error["text"]


def test_scores_are_paid_clipped_and_less_for_having_no_end():
    score, ended = torch.tensor([9.0, -0.5, -7.0]), torch.tensor([1.0, 0.0, 1.0])

    plain = paid_scores(score, ended, PpoSettings(reward_clip=5.0, eos_penalty=1.5))
    white = paid_scores(score, ended, PpoSettings(whiten_rewards=True, eos_penalty=0.0))

    assert plain.tolist() == [5.0, -2.0, -5.0]
    assert white.mean().item() == pytest.approx(0, abs=1e-6)
    assert white.std(unbiased=False).item() == pytest.approx(1, abs=1e-5)


def test_reward_model_of_another_vocabulary_reads_the_text(undecided: Path, tmp_path: Path):
    tokenizer = models.load_tokenizer(undecided)
    policy = models.load_policy(undecided, device="cpu")
    folder = make_policy(tmp_path / "foreign")
    foreign = models.load_reward(folder, device="cpu")
    foreign_tokenizer = models.load_tokenizer(folder)
    conversations = [row["prompt"] for row in prompts(4)]

    rollout = roll_out(
        policy,
        tokenizer,
        conversations,
        chat.encode_prompts(tokenizer, conversations, max_tokens=32),
        [1, 2, 3, 4],
        max_new_tokens=10,
        temperature=1.0,
    )
    scores = text_scores(foreign, foreign_tokenizer, conversations, rollout.texts)

    for conversation, text, score in zip(conversations, rollout.texts, scores, strict=True):
        talk = [*conversation, {"role": "assistant", "content": text}]
        ids = foreign_tokenizer.apply_chat_template(talk, return_tensors="pt")["input_ids"]
        assert foreign(ids).logits.item() == pytest.approx(score.item(), abs=1e-5)


def test_critic_starts_from_the_policy_where_the_reward_model_has_other_tokens(
    undecided: Path, tmp_path: Path
):
    foreign = make_policy(tmp_path / "foreign")
    run_dir = ppo_run(tmp_path / "run", undecided, foreign, steps=2)

    finish(run_dir)

    assert len(curve(run_dir, "value_loss")) == 2


def weights(run_dir: Path) -> bytes:
    return (run_dir / "final" / "model.safetensors").read_bytes()
