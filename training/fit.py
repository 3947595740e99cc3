"""The loop that reward, dpo and rrhf share: rows of ranked responses in, a better model out."""

# R responses, P pairs, G rows of a batch

from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from transformers import PreTrainedModel

from training import optim
from training.contract.records import write_rows
from training.contract.rows import PreferenceRow
from training.contract.settings import Optimisation
from training.data import Batches, micro_batches
from training.preferences import Group, GroupBatch, agreement, collate, judge
from training.run import Run

BatchLoss = Callable[[GroupBatch], tuple[Tensor, dict[str, Tensor]]]


def fit(
    run: Run,
    settings: Optimisation,
    model: PreTrainedModel,
    groups: Sequence[Group],
    batch_loss: BatchLoss,
    *,
    pad: int,
) -> None:
    """Train `model` on `groups`, resuming where a checkpoint ends.

    `batch_loss` gives a batch's loss and what else to report, each summed over the batch's rows.
    Both are then means over the rows of the step, however it is cut into micro-batches.
    """
    batches = Batches([group.length for group in groups], settings, seed=run.spec.seed)
    optimizer = optim.adamw(model.parameters(), settings)
    if settings.gradient_checkpointing:
        model.gradient_checkpointing_enable()
        model.train()  # transformers recomputes activations in training mode only
    run.track(model=model, optimizer=optimizer)

    total = run.begin(batches.total)
    for step in run.steps(total):
        chosen = batches.at(step)
        measures: dict[str, float] = {}
        tokens = 0
        for piece in micro_batches(chosen, settings.micro_batch_size):
            batch = collate([groups[i] for i in piece], pad=pad, device=run.device)
            with optim.precision(run.device, bf16=settings.bf16):
                loss, sums = batch_loss(batch)
            (loss / len(chosen)).backward()
            for name, value in {"loss": loss.detach(), **sums}.items():
                measures[name] = measures.get(name, 0.0) + float(value) / len(chosen)
            tokens += int(batch.real_RT.sum())
        step_size = optim.learning_rate(step, total, settings)
        norm = optim.take_step(optimizer, step_size=step_size, max_grad_norm=settings.max_grad_norm)
        run.report({**measures, "lr": step_size, "grad_norm": norm}, tokens=tokens)
    model.eval()


@torch.no_grad()
def per_response(
    groups: Sequence[Group],
    value_of: Callable[[GroupBatch], Tensor],
    *,
    pad: int,
    device: str,
    micro_batch_size: int,
    bf16: bool = False,
) -> list[list[float]]:
    """`value_of(batch)`, one number per response, for every response of every group."""
    order = sorted(range(len(groups)), key=lambda i: -groups[i].length)
    values: list[list[float]] = [[] for _ in groups]
    for piece in micro_batches(order, micro_batch_size):
        kept = [i for i in piece if groups[i].responses]
        if not kept:
            continue
        batch = collate([groups[i] for i in kept], pad=pad, device=device)
        with optim.precision(device, bf16=bf16):
            value_R = value_of(batch).tolist()
        for i in kept:
            count = len(groups[i].responses)
            values[i], value_R = value_R[:count], value_R[count:]
    return values


def report_agreement(
    run: Run, rows: Sequence[PreferenceRow], scores: Sequence[Sequence[float]]
) -> dict[str, float]:
    """How `scores` agree with the pairs of `rows`: one by one in RUN/pairs.jsonl, in metrics.jsonl
    and as "eval/accuracy" (over pairs, equal scores half right) and "eval/pairs" returned.
    """
    judged = [pair for row, own in zip(rows, scores, strict=True) for pair in judge(row, own)]
    write_rows(run.directory / "pairs.jsonl", judged)
    metrics = agreement(judged)
    if metrics:
        run.report_now({"accuracy": metrics["eval/accuracy"], "pairs": metrics["eval/pairs"]})
    return metrics


def pair_measures(score_R: Tensor, batch: GroupBatch) -> dict[str, Tensor]:
    """Accuracy and rewards of the pairs, means over each row's pairs, summed over the rows.

    A tie of the two scores is half right.
    """
    chosen_P, rejected_P = score_R[batch.chosen_P], score_R[batch.rejected_P]
    row_P = batch.group_R[batch.chosen_P]
    said_G = torch.zeros_like(score_R).index_add(0, row_P, batch.weight_P)
    share_P = batch.weight_P / said_G[row_P]
    right_P = (chosen_P > rejected_P).float() + 0.5 * (chosen_P == rejected_P).float()
    return {
        "accuracy": (share_P * right_P).sum(),
        "reward/chosen": (share_P * chosen_P).sum(),
        "reward/rejected": (share_P * rejected_P).sum(),
        "reward/margin": (share_P * (chosen_P - rejected_P)).sum(),
    }


def best_means(value_R: Tensor, batch: GroupBatch) -> Tensor:
    """value_G: the mean of `value_R` over each row's best responses; 0 for a row without any."""
    rows = int(batch.group_R[-1]) + 1
    best_R = batch.best_R.to(value_R.dtype)
    sum_G = value_R.new_zeros(rows).index_add(0, batch.group_R, value_R * best_R)
    count_G = value_R.new_zeros(rows).index_add(0, batch.group_R, best_R)
    return sum_G / count_G.clamp(min=1)
