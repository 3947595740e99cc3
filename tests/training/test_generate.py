"""Responses: sampled as told, the same again after a kill or in other batches."""

import json
from pathlib import Path

import pytest
import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from tests.training.conftest import COLOURS
from tests.training.tiny import finish, make_run
from training import chat, generate, models, runner
from training.logprobs import token_logps
from training.sampling import choose, response_seed, sample

PROMPTS = [
    {"prompt": [{"role": "user", "content": f"{verb} {colour}"}], "ids": {"prompt": f"{i}{j}"}}
    for i, verb in enumerate(("say", "please just show me once more", "find"))
    for j, colour in enumerate(COLOURS)
]
SETTINGS = {"responses_per_prompt": 3, "max_new_tokens": 24, "max_length": 64, "batch_size": 12}


def job(folder: Path, policy: Path, **settings: object) -> Path:
    return make_run(
        folder,
        "generate",
        PROMPTS,
        kind="prompts",
        settings={**SETTINGS, **settings},
        model=policy,
    )


def written(run_dir: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (run_dir / "responses.jsonl").read_text().splitlines()]


@pytest.fixture(scope="module")
def model(policy: Path) -> PreTrainedModel:
    return models.load_policy(policy, device="cpu")


@pytest.fixture(scope="module")
def tokenizer(policy: Path) -> PreTrainedTokenizerBase:
    return models.load_tokenizer(policy)


def test_writes_k_responses_to_every_prompt_in_order(tmp_path: Path, policy: Path):
    run_dir = job(tmp_path / "run", policy)

    result = finish(run_dir)

    rows = written(run_dir)
    assert [row["ids"] for row in rows] == [row["ids"] for row in PROMPTS]
    assert all(len(row["responses"]) == 3 for row in rows)
    responses = [response for row in rows for response in row["responses"]]
    assert {r["finish_reason"] for r in responses} <= {"stop", "length"}
    assert all(r["tokens"] == 24 for r in responses if r["finish_reason"] == "length")
    assert len({r["seed"] for r in responses}) == len(responses)
    assert result["tokens"] == sum(r["tokens"] for r in responses)
    assert result["metrics"]["eos_rate"] == sum(
        r["finish_reason"] == "stop" for r in responses
    ) / len(responses)
    assert sum("it is." in r["text"] for r in responses) > len(responses) / 2


def test_batches_of_another_size_write_the_same_texts(tmp_path: Path, policy: Path):
    whole, single = job(tmp_path / "a", policy), job(tmp_path / "b", policy, batch_size=1)

    finish(whole)
    finish(single)

    for one, other in zip(written(whole), written(single), strict=True):
        assert [r["text"] for r in one["responses"]] == [r["text"] for r in other["responses"]]


def test_another_seed_writes_other_texts():
    assert response_seed(1, "p", 0) != response_seed(2, "p", 0)
    assert response_seed(1, "p", 0) != response_seed(1, "p", 1)
    assert response_seed(1, "p", 0) == response_seed(1, "p", 0) < 2**53


def test_killed_job_goes_on_where_it_was(tmp_path: Path, policy: Path):
    straight = job(tmp_path / "straight", policy)
    finish(straight)
    killed = job(tmp_path / "killed", policy)
    done = {4: written(straight)[4], 0: {**written(straight)[0], "kept": "as it was"}}
    generate.append_partial(killed / "responses.partial.jsonl", done)
    with (killed / "responses.partial.jsonl").open("a") as file:
        file.write('{"row": 5, "ids": {"pro')

    finish(killed)

    rows = written(killed)
    assert rows[0].pop("kept") == "as it was"
    assert rows == written(straight)
    assert not (killed / "responses.partial.jsonl").exists()


def test_temperature_zero_is_greedy_decoding(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase
):
    prompts = chat.encode_prompts(tokenizer, [row["prompt"] for row in PROMPTS], max_tokens=40)

    ours = sample(
        model, prompts, [[0]] * len(prompts), stop=[tokenizer.eos_token_id],
        pad=tokenizer.pad_token_id, max_new_tokens=20, temperature=0,
    )  # fmt: skip

    for prompt, [one] in zip(prompts, ours, strict=True):
        theirs = model.generate(torch.tensor([prompt]), max_new_tokens=20, do_sample=False)
        assert one.ids == theirs[0, len(prompt) :].tolist()


def test_log_probabilities_are_those_of_a_full_forward_pass(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase
):
    prompts = chat.encode_prompts(tokenizer, [row["prompt"] for row in PROMPTS[4:8]], max_tokens=40)

    sampled = sample(
        model, prompts, [[1, 2, 3]] * 4, stop=[tokenizer.eos_token_id],
        pad=tokenizer.pad_token_id, max_new_tokens=20, temperature=0.7, top_p=0.9,
    )  # fmt: skip

    for prompt, each in zip(prompts, sampled, strict=True):
        for one in each:
            ids = torch.tensor([prompt + one.ids])
            mask = torch.tensor([[0] * len(prompt) + [1] * len(one.ids)])
            with torch.no_grad():
                logps = token_logps(model, ids, mask)[0, len(prompt) :]
            assert one.logprobs == pytest.approx(logps.tolist(), abs=1e-4)
            assert one.ended == (one.ids[-1] == tokenizer.eos_token_id)


def test_tokens_are_drawn_in_proportion_to_their_probability():
    p = torch.tensor([0.5, 0.125, 0.25, 0.125])
    draws = 1600
    uniform = (torch.arange(draws, dtype=torch.float64) + 0.5) / draws

    tokens = choose(p.log().expand(draws, -1), uniform, temperature=1.0, top_p=1.0)

    assert (tokens.bincount(minlength=4) / draws).tolist() == p.tolist()


def test_top_p_keeps_the_likeliest_tokens_that_reach_it():
    p = torch.tensor([0.1, 0.5, 0.15, 0.25])
    uniform = (torch.arange(1000, dtype=torch.float64) + 0.5) / 1000

    def kept(top_p: float) -> set[int]:
        tokens = choose(p.log().expand(1000, -1), uniform, temperature=1.0, top_p=top_p)
        return set(tokens.tolist())

    assert kept(0.01) == {1}
    assert kept(0.6) == {1, 3}
    assert kept(0.8) == {1, 2, 3}
    assert kept(1.0) == {0, 1, 2, 3}


def test_temperature_flattens_and_sharpens():
    logits = torch.tensor([[0.0, 1.0]]).expand(1000, -1)
    uniform = (torch.arange(1000, dtype=torch.float64) + 0.5) / 1000

    shares = [
        choose(logits, uniform, temperature=t, top_p=1.0).double().mean().item()
        for t in (0.5, 1.0, 2.0)
    ]

    expected = [1 / (1 + torch.tensor(-1 / t).exp().item()) for t in (0.5, 1.0, 2.0)]
    assert shares == pytest.approx(expected, abs=0.001)


def test_no_room_for_a_prompt_is_refused(tmp_path: Path, policy: Path):
    run_dir = job(tmp_path / "run", policy, max_new_tokens=64)

    assert runner.run_directory(run_dir) == 2
    assert "leaves no room for a prompt" in (run_dir / "status.json").read_text()
