"""AdamW, its schedule and one step of it."""

import contextlib
import math
from collections.abc import Iterable

import torch
from torch import nn

from training.contract.settings import Optimisation


def adamw(parameters: Iterable[nn.Parameter], settings: Optimisation) -> torch.optim.AdamW:
    """AdamW (Loshchilov and Hutter 2019) that decays matrices and leaves gains and biases alone."""
    trained = [parameter for parameter in parameters if parameter.requires_grad]
    groups = [
        {
            "params": [p for p in trained if p.ndim >= 2],
            "weight_decay": settings.weight_decay,
        },
        {"params": [p for p in trained if p.ndim < 2], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(
        [group for group in groups if group["params"]],
        lr=settings.learning_rate,
        betas=(0.9, 0.95),
        fused=True,
    )


def learning_rate(step: int, total: int, settings: Optimisation) -> float:
    """The step size of `step` (1-based): a linear rise, then the schedule's fall to a tenth."""
    warmup = max(1, round(total * settings.warmup_ratio))
    if step <= warmup:
        return settings.learning_rate * step / warmup
    done = (step - warmup) / max(1, total - warmup)
    fall = {
        "constant": 1.0,
        "linear": 1 - 0.9 * done,
        "cosine": 0.1 + 0.45 * (1 + math.cos(math.pi * done)),
    }[settings.schedule]
    return settings.learning_rate * fall


def take_step(optimizer: torch.optim.Optimizer, *, step_size: float, max_grad_norm: float) -> float:
    """Clip the gradients, move the weights, clear the gradients; returns the norm before."""
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    norm = nn.utils.clip_grad_norm_(parameters, max_grad_norm, error_if_nonfinite=True)
    for group in optimizer.param_groups:
        group["lr"] = step_size
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    return float(norm)


def precision(device: str, *, bf16: bool) -> contextlib.AbstractContextManager[None]:
    """The context to compute in: bfloat16 where asked for, else as the weights are."""
    context: contextlib.AbstractContextManager[None] = (
        torch.autocast(device, dtype=torch.bfloat16) if bf16 else contextlib.nullcontext()
    )
    return context
