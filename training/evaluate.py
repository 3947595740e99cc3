"""Measure without training: a reward model on held-out preferences, or a policy on prompts."""

import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from training import models, optim, preferences, reward
from training.chat import Encoded
from training.collate import pad_right
from training.contract import records
from training.contract.methods import EvaluateSettings
from training.contract.rows import PreferenceRow, PromptRow
from training.data import micro_batches
from training.fit import report_agreement
from training.generate import encode, response_row, summary, write
from training.logprobs import token_logps
from training.run import Result, Run


def run(run: Run) -> Result:
    settings = run.settings(EvaluateSettings)
    rows = [
        row
        for row in run.rows()
        if settings.split == "all" or row.get("split", "train") == settings.split
    ]
    if run.spec.dataset.kind == "preference":
        return judge_reward_model(run, settings, rows)
    return judge_policy(run, settings, rows)


def judge_reward_model(run: Run, settings: EvaluateSettings, rows: list[PreferenceRow]) -> Result:
    """Accuracy over the decided pairs of the rows; one line per pair in RUN/pairs.jsonl."""
    run.begin(len(rows))
    metrics = report_agreement(run, rows, rewards(run, settings, rows))
    return Result(metrics=metrics, outputs={"pairs": "pairs.jsonl"})


def judge_policy(run: Run, settings: EvaluateSettings, rows: list[PromptRow]) -> Result:
    """Mean reward, length, share of ended answers and divergence of the policy's answers.

    "kl" is the mean over responses of log p(response) - log p_reference(response) in nats, an
    unbiased estimate of the divergence of whole responses at temperature 1; without a reference
    it is left out. Rows that bring responses are only scored.
    """
    folder = run.model_path(run.spec.model)
    tokenizer = models.load_tokenizer(folder)
    policy = models.load_policy(folder, device=run.device)
    prompts = encode(tokenizer, policy, rows, settings)
    own = [i for i, row in enumerate(rows) if "responses" not in row]
    run.begin(len(rows))

    texts = [list(row.get("responses", [])) for row in rows]
    written, divergences = [], []
    with optim.precision(run.device, bf16=settings.bf16):
        for piece in micro_batches(
            own, max(1, settings.batch_size // settings.responses_per_prompt)
        ):
            sampled = write(policy, tokenizer, run, settings, list(piece), rows, prompts)
            for i, each in zip(piece, sampled, strict=True):
                written.append(response_row(run, tokenizer, rows[i], each))
                texts[i] = [response["text"] for response in written[-1]["responses"]]
                divergences += [
                    (Encoded([*prompts[i], *s.ids], [0] * len(prompts[i]) + [1] * len(s.ids)), s)
                    for s in each
                ]
            run.stop_if_asked()

    scored: list[PreferenceRow] = [
        {"prompt": row["prompt"], "responses": own_texts, "ranks": [None] * len(own_texts)}
        for row, own_texts in zip(rows, texts, strict=True)
    ]
    reward_values = rewards(run, settings, scored)
    flat = [value for row_values in reward_values for value in row_values]
    metrics = {"reward/mean": sum(flat) / len(flat), "reward/std": deviation(flat)} if flat else {}
    metrics |= summary(written) if written else {}
    if run.spec.reference is not None and divergences:
        reference = models.load_policy(run.model_path(run.spec.reference), device=run.device)
        own_logps = [sum(sampled.logprobs) for _, sampled in divergences]
        rows_encoded = [row for row, _ in divergences]
        logps = sequence_logps(run, settings, reference, tokenizer, rows_encoded)
        metrics["kl"] = sum(a - b for a, b in zip(own_logps, logps, strict=True)) / len(logps)
    run.report_now(metrics)
    records.write_rows(
        run.directory / "responses.jsonl",
        (
            {"ids": row.get("ids", {}), "responses": own_texts, "rewards": values}
            for row, own_texts, values in zip(rows, texts, reward_values, strict=True)
        ),
    )
    return Result(metrics=metrics, outputs={"responses": "responses.jsonl"})


def rewards(run: Run, settings: EvaluateSettings, rows: list[PreferenceRow]) -> list[list[float]]:
    """The reward of every response of every row."""
    folder = run.model_path(run.spec.reward)
    tokenizer = models.load_tokenizer(folder)
    model = models.load_reward(folder, device=run.device)
    groups = preferences.encode(tokenizer, rows, max_length=settings.max_length)
    return reward.scores(
        model, groups, pad=int(tokenizer.pad_token_id), micro_batch_size=settings.batch_size
    )


@torch.no_grad()
def sequence_logps(
    run: Run,
    settings: EvaluateSettings,
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    rows: list[Encoded],
) -> list[float]:
    """log p(answer | prompt) of each row in nats."""
    logps: list[float] = []
    for piece in micro_batches(range(len(rows)), settings.batch_size):
        chosen = [rows[i] for i in piece]
        longest = max(len(row.ids) for row in chosen)
        batch = pad_right(chosen, pad=int(tokenizer.pad_token_id), max_length=longest)
        batch = batch.to(run.device)
        logps += token_logps(model, batch.ids_BT, batch.answer_BT).sum(-1).tolist()
    return logps


def deviation(values: list[float]) -> float:
    """Standard deviation over `values` (n in the denominator)."""
    mean = sum(values) / len(values)
    return float((sum((value - mean) ** 2 for value in values) / len(values)) ** 0.5)
