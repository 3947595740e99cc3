"""Supervised fine-tuning: learn to write the assistant's turns of demonstrations."""

# B rows, T tokens

from collections.abc import Sequence

import torch
from torch import Tensor
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from training import chat, models, optim
from training.chat import Encoded
from training.collate import Batch, pad_right
from training.contract.errors import SpecError
from training.contract.methods import PretrainSettings, SftSettings
from training.data import Batches, micro_batches, split_rows
from training.logprobs import token_logps
from training.run import Result, Run

EVAL_ROWS = 512


def run(run: Run) -> Result:
    settings = run.settings(SftSettings)
    folder = run.model_path(run.spec.model)
    tokenizer = models.load_tokenizer(folder)
    model = models.load_policy(folder, device=run.device)
    if settings.gradient_checkpointing:
        model.gradient_checkpointing_enable()

    train, held_out = split_rows(run.rows())
    train_rows = chat.encode_conversations(tokenizer, [row["messages"] for row in train])
    eval_rows = chat.encode_conversations(tokenizer, [row["messages"] for row in held_out])

    metrics = fit(run, settings, model, tokenizer, train_rows, eval_rows)
    return Result(metrics=metrics, outputs=run.save_final(model, tokenizer, metrics))


def fit(
    run: Run,
    settings: PretrainSettings | SftSettings,
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    train_rows: list[Encoded],
    eval_rows: list[Encoded],
) -> dict[str, float]:
    """Next-token training on `train_rows`; returns the final metrics.

    The loss is the mean over the learned tokens of the whole batch, however it is cut into
    micro-batches. Rows are padded at the end, where causal attention cannot see the padding, so
    no attention mask is needed (and SDPA takes its fast causal path).
    """
    rows = [row for row in train_rows if learned_tokens(row, settings) > 0]
    if not rows:
        raise SpecError(
            f"no training row has anything to learn in its first {settings.max_length} tokens"
        )
    batches = Batches([len(row.ids) for row in rows], settings, seed=run.spec.seed)
    optimizer = optim.adamw(model.parameters(), settings)
    run.track(model=model, optimizer=optimizer)
    pad = int(tokenizer.pad_token_id)

    model.train()
    loss_before = evaluate(run, settings, model, eval_rows, pad=pad) if run.step == 0 else {}
    if loss_before:
        run.report_now(loss_before)
    total = run.begin(batches.total)
    for step in run.steps(total):
        chosen = batches.at(step)
        count = sum(learned_tokens(rows[i], settings) for i in chosen)
        loss = 0.0
        for piece in micro_batches(chosen, settings.micro_batch_size):
            batch = collate([rows[i] for i in piece], settings, pad=pad).to(run.device)
            with optim.precision(run.device, bf16=settings.bf16):
                nll = next_token_nll(model, batch) / count
            nll.backward()
            loss += float(nll.detach())
        step_size = optim.learning_rate(step, total, settings)
        norm = optim.take_step(optimizer, step_size=step_size, max_grad_norm=settings.max_grad_norm)
        tokens = sum(min(len(rows[i].ids), settings.max_length) for i in chosen)
        run.report({"loss": loss, "lr": step_size, "grad_norm": norm}, tokens=tokens)

    metrics = evaluate(run, settings, model, eval_rows, pad=pad)
    if metrics:
        run.report_now(metrics)
    return {f"eval/{name}": value for name, value in metrics.items()}


def next_token_nll(model: PreTrainedModel, batch: Batch) -> Tensor:
    """Sum over the learned tokens of -log p(token | everything before it), in nats."""
    learned_BT = batch.answer_BT.clone()
    learned_BT[:, 0] = 0  # nothing comes before the first token
    return -token_logps(model, batch.ids_BT, learned_BT).sum()


def collate(
    rows: Sequence[Encoded], settings: PretrainSettings | SftSettings, *, pad: int
) -> Batch:
    """A padded batch whose learned tokens are the answers, or everything if `learn_prompts`."""
    batch = pad_right(rows, pad=pad, max_length=settings.max_length)
    return Batch(batch.ids_BT, batch.real_BT, batch.real_BT) if settings.learn_prompts else batch


def learned_tokens(row: Encoded, settings: PretrainSettings | SftSettings) -> int:
    """How many tokens of a row count in the loss: never the first, nor what is cut off."""
    if settings.learn_prompts:
        return min(len(row.ids), settings.max_length) - 1
    return sum(row.answer[1 : settings.max_length])


@torch.no_grad()
def evaluate(
    run: Run,
    settings: PretrainSettings | SftSettings,
    model: PreTrainedModel,
    rows: list[Encoded],
    *,
    pad: int,
) -> dict[str, float]:
    """Mean loss per learned token of the first held-out rows, or nothing without such rows."""
    rows = [row for row in rows[:EVAL_ROWS] if learned_tokens(row, settings) > 0]
    if not rows:
        return {}
    model.eval()
    nll = 0.0
    for piece in micro_batches(range(len(rows)), settings.micro_batch_size):
        batch = collate([rows[i] for i in piece], settings, pad=pad).to(run.device)
        nll += float(next_token_nll(model, batch))
    model.train()
    return {"loss": nll / sum(learned_tokens(row, settings) for row in rows)}
