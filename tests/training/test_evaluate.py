"""Numbers about a policy and a reward model, held against other ways to get them."""

import json
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from tests.training.conftest import COLOURS, talk
from tests.training.tiny import finish, make_policy, make_run
from training import models, runner
from training.contract import progress

PROMPTS = [
    {"prompt": talk(f"say {colour}", "")[:1], "ids": {"prompt": colour}, "split": "eval"}
    for colour in COLOURS
]
SETTINGS = {"responses_per_prompt": 4, "max_new_tokens": 16, "max_length": 64, "batch_size": 8}


@pytest.fixture(scope="module")
def reward_model(tmp_path_factory: pytest.TempPathFactory, policy: Path) -> Path:
    """The policy's body with a random scalar head."""
    folder = tmp_path_factory.mktemp("reward")
    torch.manual_seed(5)
    models.load_reward(policy, device="cpu").save_pretrained(folder)
    models.load_tokenizer(policy).save_pretrained(folder)
    return folder


def score(folder: Path, prompt: list[dict[str, str]], response: str) -> float:
    """The reward of one response by transformers' own classification model."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    messages = [*prompt, {"role": "assistant", "content": response}]
    text = tokenizer.apply_chat_template(messages, tokenize=False)
    model = AutoModelForSequenceClassification.from_pretrained(folder).eval()
    with torch.no_grad():
        return float(model(**tokenizer(text, return_tensors="pt")).logits)


def test_policy_is_measured_by_its_own_responses(tmp_path: Path, policy: Path, reward_model: Path):
    run_dir = make_run(
        tmp_path / "run", "evaluate", PROMPTS, kind="prompts", settings=SETTINGS,
        model=policy, reward=reward_model, reference=policy,
    )  # fmt: skip

    metrics = finish(run_dir)["metrics"]

    rows = [json.loads(line) for line in (run_dir / "responses.jsonl").read_text().splitlines()]
    rewards = [value for row in rows for value in row["rewards"]]
    assert len(rewards) == 4 * len(PROMPTS)
    assert metrics["reward/mean"] == pytest.approx(sum(rewards) / len(rewards))
    first = score(reward_model, PROMPTS[0]["prompt"], rows[0]["responses"][0])
    assert rows[0]["rewards"][0] == pytest.approx(first, abs=1e-4)
    assert metrics["kl"] == pytest.approx(0, abs=1e-4)  # from itself
    assert 0 <= metrics["eos_rate"] <= 1
    assert 1 <= metrics["response_length"] <= 16


def test_divergence_from_another_model_is_positive(
    tmp_path: Path, policy: Path, reward_model: Path
):
    stranger = tmp_path / "stranger"
    make_policy(stranger)
    for path in policy.iterdir():
        if path.name.startswith(("tokenizer", "chat_template")):
            (stranger / path.name).write_bytes(path.read_bytes())
    run_dir = make_run(
        tmp_path / "run", "evaluate", PROMPTS, kind="prompts", settings=SETTINGS,
        model=policy, reward=reward_model, reference=stranger,
    )  # fmt: skip

    metrics = finish(run_dir)["metrics"]

    # A stranger gives each of its 320 tokens about the same chance.
    assert metrics["kl"] > 0.5 * metrics["response_length"]


def test_responses_that_are_brought_along_are_only_scored(
    tmp_path: Path, policy: Path, reward_model: Path
):
    rows = [{**row, "responses": ["red it is.", "no"]} for row in PROMPTS]
    run_dir = make_run(
        tmp_path / "run", "evaluate", rows, kind="prompts", settings=SETTINGS,
        model=policy, reward=reward_model,
    )  # fmt: skip

    metrics = finish(run_dir)["metrics"]

    expected = [
        score(reward_model, row["prompt"], text) for row in rows for text in row["responses"]
    ]
    assert set(metrics) == {"reward/mean", "reward/std"}
    assert metrics["reward/mean"] == pytest.approx(sum(expected) / len(expected), abs=1e-4)


def test_reward_model_is_judged_by_the_decided_pairs_of_the_eval_split(
    tmp_path: Path, reward_model: Path
):
    prompt = PROMPTS[0]["prompt"]
    low, high = sorted(["red it is.", "blue"], key=lambda text: score(reward_model, prompt, text))
    rows = [
        {"prompt": prompt, "responses": [low, high], "ranks": ranks, "split": split}
        for ranks, split in (
            ([2, 1], "eval"), ([1, 2], "eval"), ([2, 1], "eval"),
            ([1, 1], "eval"), ([1, 2], "train"),
        )
    ]  # fmt: skip
    run_dir = make_run(
        tmp_path / "run", "evaluate", rows, kind="preference", settings={}, reward=reward_model
    )

    metrics = finish(run_dir)["metrics"]

    judged = [json.loads(line) for line in (run_dir / "pairs.jsonl").read_text().splitlines()]
    assert metrics == {"eval/accuracy": pytest.approx(2 / 3), "eval/pairs": 3.0}
    assert [pair["correct"] for pair in judged] == [1.0, 0.0, 1.0]


def test_evaluating_without_a_reward_model_is_refused(tmp_path: Path, policy: Path):
    run_dir = make_run(
        tmp_path / "run", "evaluate", PROMPTS, kind="prompts", settings={},
        model=policy, reward=policy,
    )  # fmt: skip
    spec = json.loads((run_dir / "spec.json").read_text())
    (run_dir / "spec.json").write_text(json.dumps({**spec, "reward": None}))

    assert runner.run_directory(run_dir) == 2

    status = progress.read_status(run_dir)
    assert status is not None
    assert status.error == {"class": "ParseError", "text": "spec: evaluate needs a reward model"}
