"""How a training method declares its settings: default, meaning and range in one line.

Defaults fit the demo model (about 1M parameters). The methods' own settings are in `methods`.
"""

import dataclasses
import types
import typing
from dataclasses import dataclass
from typing import Any, NotRequired, TypedDict

from training.contract.errors import ParseError
from training.contract.parse import limited, limits_of
from training.contract.sentences import Sentence, say


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What a method lets one choose: frozen, every field made by `setting`."""


def setting(
    default: Any,
    description: Sentence,
    *,
    least: float | None = None,
    above: float | None = None,
    most: float | None = None,
    choices: tuple[str, ...] = (),
) -> Any:
    """A dataclass field that knows its meaning and range (`above` excludes its end)."""
    limits = limited(least=least, above=above, most=most, choices=choices)
    return dataclasses.field(default=default, metadata={"description": description, **limits})


def same_setting(kind: type[Settings], name: str, default: Any) -> Any:
    """The setting `name` of `kind` again, with another default."""
    (found,) = (field for field in dataclasses.fields(kind) if field.name == name)
    return dataclasses.field(default=default, metadata=found.metadata)


class SettingFacts(TypedDict):
    """A setting as a form needs it; `code` and `description` say what it means."""

    name: str
    type: str
    default: bool | int | float | str | None
    code: str
    description: str
    least: NotRequired[float]
    above: NotRequired[float]
    most: NotRequired[float]
    choices: NotRequired[tuple[str, ...]]


def describe(kind: type[Settings]) -> list[SettingFacts]:
    """Name, type, default, meaning, range and choices of each setting, as plain JSON."""
    hints = typing.get_type_hints(kind)
    found: list[SettingFacts] = []
    for field in dataclasses.fields(kind):
        meaning: Sentence = field.metadata["description"]
        facts: SettingFacts = {
            "name": field.name,
            "type": _type_name(hints[field.name]),
            "default": None if field.default is dataclasses.MISSING else field.default,
            "code": meaning.code,
            "description": str(meaning),
        }
        limits = limits_of(field)
        if limits.least is not None:
            facts["least"] = limits.least
        if limits.above is not None:
            facts["above"] = limits.above
        if limits.most is not None:
            facts["most"] = limits.most
        if words := limits.words():
            facts["choices"] = words
        found.append(facts)
    return found


def _type_name(hint: Any) -> str:
    if isinstance(hint, types.UnionType):
        return " or ".join(_type_name(part) for part in typing.get_args(hint))
    return "null" if hint is type(None) else str(hint.__name__)


@dataclass(frozen=True, kw_only=True)
class Optimisation(Settings):
    """What every method that takes gradient steps shares."""

    learning_rate: float = setting(
        3e-4, say("setting_learning_rate", "Peak step size of AdamW."), above=0, most=1
    )
    batch_size: int = setting(
        32, say("setting_batch_size", "Rows per optimiser step, over all micro-batches."), least=1
    )
    micro_batch_size: int = setting(
        32,
        say(
            "setting_micro_batch_size", "Rows per forward pass; halved after running out of memory."
        ),
        least=1,
    )
    epochs: float = setting(1.0, say("setting_epochs", "Passes over the training rows."), above=0)
    steps: int | None = setting(
        None, say("setting_steps", "Optimiser steps; overrides epochs."), least=1
    )
    schedule: str = setting(
        "cosine",
        say("setting_schedule", "How the step size falls after the warm-up."),
        choices=("constant", "linear", "cosine"),
    )
    warmup_ratio: float = setting(
        0.05,
        say("setting_warmup_ratio", "Share of the steps over which the step size rises."),
        least=0,
        most=1,
    )
    weight_decay: float = setting(
        0.0, say("setting_weight_decay", "Decoupled decay of the matrices."), least=0
    )
    max_grad_norm: float = setting(
        1.0, say("setting_max_grad_norm", "Gradients longer than this are scaled back."), above=0
    )
    max_length: int = setting(
        256, say("setting_max_length", "Tokens of a row; longer rows are cut."), least=8
    )
    save_every: int = setting(100, say("setting_save_every", "Steps between checkpoints."), least=1)
    log_every: int = setting(
        10, say("setting_log_every", "Steps that one row of metrics averages over."), least=1
    )
    bf16: bool = setting(False, say("setting_bf16", "Compute in bfloat16 (weights stay float32)."))
    gradient_checkpointing: bool = setting(
        False, say("setting_gradient_checkpointing", "Recompute activations to save memory.")
    )

    def __post_init__(self) -> None:
        if self.batch_size % self.micro_batch_size:
            raise ParseError(
                "batch_size",
                say(
                    "batch_size_not_multiple",
                    "{batch_size} is not a multiple of micro_batch_size {micro_batch_size}.",
                    batch_size=self.batch_size,
                    micro_batch_size=self.micro_batch_size,
                ),
            )


@dataclass(frozen=True, kw_only=True)
class Sampling(Settings):
    """How responses are written."""

    temperature: float = setting(
        1.0,
        say("setting_temperature", "Softness of sampling; 0 takes the likeliest token."),
        least=0,
    )
    top_p: float = setting(
        1.0, say("setting_top_p", "Share of the probability kept for sampling."), above=0, most=1
    )
    max_new_tokens: int = setting(
        64, say("setting_max_new_tokens", "Tokens of a response at most."), least=1
    )
    responses_per_prompt: int = setting(
        1, say("setting_responses_per_prompt", "Responses for each prompt."), least=1, most=64
    )
    batch_size: int = setting(
        128, say("setting_sampling_batch_size", "Responses written at a time."), least=1
    )
    max_length: int = setting(
        256, say("setting_sampling_max_length", "Tokens of prompt and response together."), least=8
    )
    bf16: bool = setting(False, say("setting_sampling_bf16", "Compute in bfloat16."))
