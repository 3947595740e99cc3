"""The settings of each training method: names, defaults, limits and what they mean.

Defaults fit the demo model (about 1M parameters). Unknown names are refused by name.
"""

import dataclasses
import difflib
import math
import types
import typing
from dataclasses import dataclass
from typing import Any

from training.contract.errors import SpecError


def setting(
    default: Any,
    description: str,
    *,
    least: float | None = None,
    above: float | None = None,
    most: float | None = None,
    choices: tuple[str, ...] = (),
) -> Any:
    """A dataclass field that knows its meaning and range (`above` excludes its end)."""
    metadata = {
        "description": description,
        "least": least,
        "above": above,
        "most": most,
        "choices": choices,
    }
    return dataclasses.field(default=default, metadata=metadata)


@dataclass(frozen=True, kw_only=True)
class Optimisation:
    """What every method that takes gradient steps shares."""

    learning_rate: float = setting(3e-4, "peak step size of AdamW", above=0, most=1)
    batch_size: int = setting(32, "rows per optimiser step, over all micro-batches", least=1)
    micro_batch_size: int = setting(
        32, "rows per forward pass; halved after running out of memory", least=1
    )
    epochs: float = setting(1.0, "passes over the training rows", above=0)
    steps: int | None = setting(None, "optimiser steps; overrides epochs", least=1)
    schedule: str = setting(
        "cosine",
        "how the step size falls after the warm-up",
        choices=("constant", "linear", "cosine"),
    )
    warmup_ratio: float = setting(
        0.05, "share of the steps over which the step size rises", least=0, most=1
    )
    weight_decay: float = setting(0.0, "decoupled decay of the matrices", least=0)
    max_grad_norm: float = setting(1.0, "gradients longer than this are scaled back", above=0)
    max_length: int = setting(256, "tokens of a row; longer rows are cut", least=8)
    save_every: int = setting(100, "steps between checkpoints", least=1)
    log_every: int = setting(10, "steps that one row of metrics averages over", least=1)
    bf16: bool = setting(False, "compute in bfloat16 (weights stay float32)")
    gradient_checkpointing: bool = setting(False, "recompute activations to save memory")

    def __post_init__(self) -> None:
        if self.batch_size % self.micro_batch_size:
            raise SpecError(
                f"batch_size {self.batch_size} is not a multiple of "
                f"micro_batch_size {self.micro_batch_size}"
            )


@dataclass(frozen=True, kw_only=True)
class PretrainSettings(Optimisation):
    learning_rate: float = setting(4e-3, "peak step size of AdamW", above=0, most=1)
    batch_size: int = setting(64, "rows per optimiser step, over all micro-batches", least=1)
    micro_batch_size: int = setting(
        64, "rows per forward pass; halved after running out of memory", least=1
    )
    max_length: int = setting(192, "tokens of a row; longer rows are cut", least=8)
    context_length: int = setting(512, "positions the model can see at most", least=16)
    vocabulary_size: int = setting(512, "byte-pair tokens, special ones included", least=280)
    hidden_size: int = setting(144, "width of the residual stream", least=8)
    layers: int = setting(4, "transformer blocks", least=1)
    heads: int = setting(4, "attention heads; divides hidden_size", least=1)
    learn_prompts: bool = setting(True, "also learn to write the prompts, not only the answers")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.hidden_size % (2 * self.heads):
            raise SpecError(
                f"hidden_size {self.hidden_size} is not a multiple of 2 * heads {self.heads}"
            )
        if self.max_length > self.context_length:
            raise SpecError(
                f"max_length {self.max_length} exceeds context_length {self.context_length}"
            )


@dataclass(frozen=True, kw_only=True)
class SftSettings(Optimisation):
    learn_prompts: bool = setting(False, "also learn to write the prompts, not only the answers")


@dataclass(frozen=True, kw_only=True)
class RewardSettings(Optimisation):
    learning_rate: float = setting(3e-4, "peak step size of AdamW", above=0, most=1)
    epochs: float = setting(2.0, "passes over the training pairs", above=0)
    margin: bool = setting(False, "ask for a larger gap where the ranks are further apart")
    ties: str = setting(
        "drop",
        "equal ranks: left out, or learned as one half each way",
        choices=("drop", "soft"),
    )
    center_coefficient: float = setting(
        0.0, "weight of the term that keeps rewards around zero", least=0
    )


@dataclass(frozen=True, kw_only=True)
class DpoSettings(Optimisation):
    learning_rate: float = setting(1e-4, "peak step size of AdamW", above=0, most=1)
    epochs: float = setting(2.0, "passes over the training pairs", above=0)
    beta: float = setting(0.1, "strength of the tie to the reference", above=0)
    loss: str = setting("sigmoid", "preference loss", choices=("sigmoid", "hinge", "ipo"))
    label_smoothing: float = setting(0.0, "assumed share of wrong labels", least=0, most=0.5)
    sft_weight: float = setting(0.2, "weight of the likelihood of the chosen answers", least=0)


@dataclass(frozen=True, kw_only=True)
class PpoSettings(Optimisation):
    learning_rate: float = setting(1e-4, "peak step size of the policy", above=0, most=1)
    value_learning_rate: float = setting(3e-4, "peak step size of the critic", above=0, most=1)
    batch_size: int = setting(64, "responses written and learned from per step", least=1)
    micro_batch_size: int = setting(
        32, "responses per forward pass; halved after running out of memory", least=1
    )
    minibatch_size: int = setting(32, "responses per gradient step inside a batch", least=1)
    epochs_per_batch: int = setting(2, "passes over each batch of responses", least=1)
    steps: int | None = setting(60, "batches of responses; overrides epochs", least=1)
    clip: float = setting(0.2, "half-width of the ratio's trust region", above=0, most=1)
    value_clip: float = setting(0.2, "half-width of the critic's trust region", above=0)
    value_weight: float = setting(0.1, "weight of the critic's loss", least=0)
    gamma: float = setting(1.0, "discount per token", above=0, most=1)
    lam: float = setting(0.95, "bias against variance in the advantages", least=0, most=1)
    kl_coefficient: float = setting(0.05, "price of a nat away from the reference", least=0)
    kl_target: float | None = setting(
        None, "nats per response from the reference that the price adapts to", above=0
    )
    kl_horizon: float = setting(10.0, "batches the price takes to adapt", least=1)
    stop_kl: float | None = setting(
        None, "nats per token from the batch's own policy at which the batch is left", above=0
    )
    entropy_weight: float = setting(0.0, "weight of the bonus for undecided sampling", least=0)
    reward_clip: float = setting(5.0, "scores are held within plus or minus this", above=0)
    whiten_rewards: bool = setting(False, "bring each batch's scores to mean 0 and deviation 1")
    eos_penalty: float = setting(1.0, "reward taken from an answer that does not end", least=0)
    temperature: float = setting(1.0, "softness of sampling", above=0)
    max_new_tokens: int = setting(64, "tokens of a response at most", least=1)
    ptx_weight: float = setting(0.0, "weight of a likelihood term on written answers", least=0)
    save_every: int = setting(10, "steps between checkpoints", least=1)
    log_every: int = setting(1, "steps that one row of metrics averages over", least=1)


@dataclass(frozen=True, kw_only=True)
class RrhfSettings(Optimisation):
    learning_rate: float = setting(1e-4, "peak step size of AdamW", above=0, most=1)
    epochs: float = setting(2.0, "passes over the training rows", above=0)
    sft_weight: float = setting(1.0, "weight of the likelihood of the best answer", least=0)


@dataclass(frozen=True, kw_only=True)
class Sampling:
    """How responses are written."""

    temperature: float = setting(1.0, "softness of sampling; 0 takes the likeliest token", least=0)
    top_p: float = setting(1.0, "share of the probability kept for sampling", above=0, most=1)
    max_new_tokens: int = setting(64, "tokens of a response at most", least=1)
    responses_per_prompt: int = setting(1, "responses for each prompt", least=1, most=64)
    batch_size: int = setting(128, "responses written at a time", least=1)
    max_length: int = setting(256, "tokens of prompt and response together", least=8)
    bf16: bool = setting(False, "compute in bfloat16")


@dataclass(frozen=True, kw_only=True)
class GenerateSettings(Sampling):
    responses_per_prompt: int = setting(4, "responses for each prompt", least=1, most=64)


@dataclass(frozen=True, kw_only=True)
class EvaluateSettings(Sampling):
    split: str = setting("eval", "rows to evaluate", choices=("eval", "train", "all"))


METHODS: dict[str, type[Any]] = {
    "pretrain": PretrainSettings,
    "sft": SftSettings,
    "reward": RewardSettings,
    "dpo": DpoSettings,
    "ppo": PpoSettings,
    "rrhf": RrhfSettings,
    "generate": GenerateSettings,
    "evaluate": EvaluateSettings,
}


def read_settings(method: str, given: dict[str, Any]) -> Any:
    """The settings dataclass of `method`, defaults filled in.

    Raises SpecError naming the unknown, mistyped or out-of-range setting.
    """
    if method not in METHODS:
        raise SpecError(f"unknown method {method!r}; expected one of {', '.join(METHODS)}")
    kind = METHODS[method]
    fields = {field.name: field for field in dataclasses.fields(kind)}
    hints = typing.get_type_hints(kind)
    for name in given:
        if name not in fields:
            close = difflib.get_close_matches(name, fields, n=1)
            hint = f"; did you mean {close[0]}?" if close else ""
            raise SpecError(f"{method} has no setting {name!r}{hint}")
    checked = {name: _check(fields[name], hints[name], value) for name, value in given.items()}
    return kind(**checked)


def validate_settings(method: str, given: dict[str, Any]) -> dict[str, Any]:
    """`given` with every default filled in, or SpecError naming what is wrong."""
    return dataclasses.asdict(read_settings(method, given))


def describe_settings(method: str) -> list[dict[str, Any]]:
    """One JSON object per setting: name, type, default, description, range and choices."""
    hints = typing.get_type_hints(METHODS[method])
    return [
        {
            "name": field.name,
            "type": _type_name(hints[field.name]),
            "default": field.default,
            **{key: value for key, value in field.metadata.items() if value not in (None, ())},
        }
        for field in dataclasses.fields(METHODS[method])
    ]


def _check(field: "dataclasses.Field[Any]", hint: Any, value: Any) -> Any:
    name, limits = field.name, field.metadata
    allowed = typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
    if value is None and type(None) in allowed:
        return None
    if float in allowed and type(value) is int:
        value = float(value)
    if type(value) not in allowed:
        raise SpecError(f"{name} expects {_type_name(hint)}, got {value!r}")
    if limits["choices"] and value not in limits["choices"]:
        raise SpecError(f"{name} expects one of {', '.join(limits['choices'])}, got {value!r}")
    if isinstance(value, float) and not math.isfinite(value):
        raise SpecError(f"{name} expects a finite number, got {value!r}")
    if limits["least"] is not None and value < limits["least"]:
        raise SpecError(f"{name} must be at least {limits['least']}, got {value!r}")
    if limits["above"] is not None and value <= limits["above"]:
        raise SpecError(f"{name} must be above {limits['above']}, got {value!r}")
    if limits["most"] is not None and value > limits["most"]:
        raise SpecError(f"{name} must be at most {limits['most']}, got {value!r}")
    return value


def _type_name(hint: Any) -> str:
    if isinstance(hint, types.UnionType):
        return " or ".join(_type_name(part) for part in typing.get_args(hint))
    return "null" if hint is type(None) else str(hint.__name__)
