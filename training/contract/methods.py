"""The training methods, one row each: what a method reads, needs, makes and lets one choose.

A method is this row and the file `training/<name>.py`, whose `run(run)` does it. Everything else
follows from the row: which jobs are accepted, what the recipe form offers, which checkpoint is
kept.
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from training.contract.errors import ParseError, SpecError
from training.contract.parse import parse
from training.contract.sentences import Sentence, say
from training.contract.settings import (
    Optimisation,
    Sampling,
    SettingFacts,
    Settings,
    describe,
    same_setting,
    setting,
)

DatasetKind = Literal["text", "messages", "preference", "prompts"]
ModelRole = Literal["model", "reference", "reward"]
CheckpointKind = Literal["base", "policy", "reward"]


@dataclass(frozen=True, kw_only=True)
class PretrainSettings(Optimisation):
    learning_rate: float = same_setting(Optimisation, "learning_rate", 4e-3)
    batch_size: int = same_setting(Optimisation, "batch_size", 64)
    micro_batch_size: int = same_setting(Optimisation, "micro_batch_size", 64)
    max_length: int = same_setting(Optimisation, "max_length", 192)
    context_length: int = setting(
        512, say("setting_context_length", "Positions the model can see at most."), least=16
    )
    vocabulary_size: int = setting(
        512, say("setting_vocabulary_size", "Byte-pair tokens, special ones included."), least=280
    )
    hidden_size: int = setting(
        144, say("setting_hidden_size", "Width of the residual stream."), least=8
    )
    layers: int = setting(4, say("setting_layers", "Transformer blocks."), least=1)
    heads: int = setting(4, say("setting_heads", "Attention heads; divides hidden_size."), least=1)
    learn_prompts: bool = setting(
        True, say("setting_learn_prompts", "Also learn to write the prompts, not only the answers.")
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.hidden_size % (2 * self.heads):
            raise ParseError(
                "hidden_size",
                say(
                    "hidden_size_not_multiple",
                    "{hidden_size} is not a multiple of 2 * heads, {heads}.",
                    hidden_size=self.hidden_size,
                    heads=2 * self.heads,
                ),
            )
        if self.max_length > self.context_length:
            raise ParseError(
                "max_length",
                say(
                    "max_length_exceeds_context",
                    "{max_length} exceeds context_length {context_length}.",
                    max_length=self.max_length,
                    context_length=self.context_length,
                ),
            )


@dataclass(frozen=True, kw_only=True)
class SftSettings(Optimisation):
    learn_prompts: bool = same_setting(PretrainSettings, "learn_prompts", False)


@dataclass(frozen=True, kw_only=True)
class RewardSettings(Optimisation):
    learning_rate: float = same_setting(Optimisation, "learning_rate", 3e-4)
    epochs: float = setting(
        2.0, say("setting_pair_epochs", "Passes over the training pairs."), above=0
    )
    margin: bool = setting(
        False, say("setting_margin", "Ask for a larger gap where the ranks are further apart.")
    )
    ties: str = setting(
        "drop",
        say("setting_ties", "Equal ranks: left out, or learned as one half each way."),
        choices=("drop", "soft"),
    )
    center_coefficient: float = setting(
        0.0,
        say("setting_center_coefficient", "Weight of the term that keeps rewards around zero."),
        least=0,
    )


@dataclass(frozen=True, kw_only=True)
class DpoSettings(Optimisation):
    learning_rate: float = same_setting(Optimisation, "learning_rate", 1e-4)
    epochs: float = same_setting(RewardSettings, "epochs", 2.0)
    beta: float = setting(
        0.1, say("setting_beta", "Strength of the tie to the reference."), above=0
    )
    loss: str = setting(
        "sigmoid", say("setting_loss", "Preference loss."), choices=("sigmoid", "hinge", "ipo")
    )
    label_smoothing: float = setting(
        0.0, say("setting_label_smoothing", "Assumed share of wrong labels."), least=0, most=0.5
    )
    sft_weight: float = setting(
        0.2, say("setting_sft_weight", "Weight of the likelihood of the chosen answers."), least=0
    )


@dataclass(frozen=True, kw_only=True)
class PpoSettings(Optimisation):
    learning_rate: float = setting(
        1e-4, say("setting_ppo_learning_rate", "Peak step size of the policy."), above=0, most=1
    )
    value_learning_rate: float = setting(
        3e-4, say("setting_value_learning_rate", "Peak step size of the critic."), above=0, most=1
    )
    batch_size: int = setting(
        64, say("setting_ppo_batch_size", "Responses written and learned from per step."), least=1
    )
    micro_batch_size: int = setting(
        32,
        say(
            "setting_ppo_micro_batch_size",
            "Responses per forward pass; halved after running out of memory.",
        ),
        least=1,
    )
    minibatch_size: int = setting(
        32, say("setting_minibatch_size", "Responses per gradient step inside a batch."), least=1
    )
    epochs_per_batch: int = setting(
        2, say("setting_epochs_per_batch", "Passes over each batch of responses."), least=1
    )
    steps: int | None = setting(
        60, say("setting_ppo_steps", "Batches of responses; overrides epochs."), least=1
    )
    clip: float = setting(
        0.2, say("setting_clip", "Half-width of the ratio's trust region."), above=0, most=1
    )
    value_clip: float = setting(
        0.2, say("setting_value_clip", "Half-width of the critic's trust region."), above=0
    )
    value_weight: float = setting(
        0.1, say("setting_value_weight", "Weight of the critic's loss."), least=0
    )
    gamma: float = setting(1.0, say("setting_gamma", "Discount per token."), above=0, most=1)
    lam: float = setting(
        0.95, say("setting_lam", "Bias against variance in the advantages."), least=0, most=1
    )
    kl_coefficient: float = setting(
        0.05, say("setting_kl_coefficient", "Price of a nat away from the reference."), least=0
    )
    kl_target: float | None = setting(
        None,
        say("setting_kl_target", "Nats per response from the reference that the price adapts to."),
        above=0,
    )
    kl_horizon: float = setting(
        10.0, say("setting_kl_horizon", "Batches the price takes to adapt."), least=1
    )
    stop_kl: float | None = setting(
        None,
        say(
            "setting_stop_kl",
            "Nats per token from the batch's own policy at which the batch is left.",
        ),
        above=0,
    )
    entropy_weight: float = setting(
        0.0, say("setting_entropy_weight", "Weight of the bonus for undecided sampling."), least=0
    )
    reward_clip: float = setting(
        5.0, say("setting_reward_clip", "Scores are held within plus or minus this."), above=0
    )
    whiten_rewards: bool = setting(
        False, say("setting_whiten_rewards", "Bring each batch's scores to mean 0 and deviation 1.")
    )
    eos_penalty: float = setting(
        1.0, say("setting_eos_penalty", "Reward taken from an answer that does not end."), least=0
    )
    temperature: float = setting(
        1.0, say("setting_ppo_temperature", "Softness of sampling."), above=0
    )
    max_new_tokens: int = same_setting(Sampling, "max_new_tokens", 64)
    ptx_weight: float = setting(
        0.0, say("setting_ptx_weight", "Weight of a likelihood term on written answers."), least=0
    )
    save_every: int = same_setting(Optimisation, "save_every", 10)
    log_every: int = same_setting(Optimisation, "log_every", 1)


@dataclass(frozen=True, kw_only=True)
class RrhfSettings(Optimisation):
    learning_rate: float = same_setting(Optimisation, "learning_rate", 1e-4)
    epochs: float = same_setting(Optimisation, "epochs", 2.0)
    sft_weight: float = setting(
        1.0, say("setting_rrhf_sft_weight", "Weight of the likelihood of the best answer."), least=0
    )


@dataclass(frozen=True, kw_only=True)
class GenerateSettings(Sampling):
    responses_per_prompt: int = same_setting(Sampling, "responses_per_prompt", 4)


@dataclass(frozen=True, kw_only=True)
class EvaluateSettings(Sampling):
    split: str = setting(
        "eval", say("setting_split", "Rows to evaluate."), choices=("eval", "train", "all")
    )


@dataclass(frozen=True, kw_only=True)
class Method:
    """One row of METHODS.

    `reads` says for each kind of dataset that it learns from (the usual one first) which models
    it then cannot do without; `takes` are those it can use besides. `makes` is the kind of
    checkpoint in its `final` folder, None where it leaves none. `is_step`: a recipe may train by
    it.
    """

    name: str
    title: Sentence
    description: Sentence
    settings: type[Settings]
    reads: Mapping[DatasetKind, tuple[ModelRole, ...]]
    takes: tuple[ModelRole, ...] = ()
    makes: CheckpointKind | None = None
    is_step: bool = False

    @property
    def dataset_kind(self) -> DatasetKind:
        """The kind of dataset it usually reads."""
        return next(iter(self.reads))

    def needs(self, kind: str) -> tuple[ModelRole, ...]:
        """The models it cannot do without on a dataset of `kind`; SpecError if it reads none."""
        for known, roles in self.reads.items():
            if known == kind:
                return roles
        kinds = " or ".join(self.reads)
        raise SpecError(f"{self.name} reads a dataset of kind {kinds}, got {kind!r}")


ROWS = (
    Method(
        name="pretrain",
        title=say("method_pretrain", "Pre-training"),
        description=say(
            "method_pretrain_about",
            "A small language model from nothing: its tokenizer, then the language of the texts.",
        ),
        settings=PretrainSettings,
        reads={"text": ()},
        makes="base",
        is_step=True,
    ),
    Method(
        name="sft",
        title=say("method_sft", "Fine-tuning"),
        description=say("method_sft_about", "Learn to write the answers that people liked best."),
        settings=SftSettings,
        reads={"messages": ("model",)},
        makes="policy",
        is_step=True,
    ),
    Method(
        name="reward",
        title=say("method_reward", "Reward model"),
        description=say(
            "method_reward_about", "Learn to score a response as the people who compared them do."
        ),
        settings=RewardSettings,
        reads={"preference": ("model",)},
        makes="reward",
        is_step=True,
    ),
    Method(
        name="dpo",
        title=say("method_dpo", "DPO"),
        description=say(
            "method_dpo_about",
            "The policy itself learns to prefer what people preferred, tied to a reference.",
        ),
        settings=DpoSettings,
        reads={"preference": ("model",)},
        takes=("reference",),
        makes="policy",
        is_step=True,
    ),
    Method(
        name="ppo",
        title=say("method_ppo", "PPO"),
        description=say(
            "method_ppo_about",
            "The policy answers prompts and learns from a reward model, tied to a reference.",
        ),
        settings=PpoSettings,
        reads={"prompts": ("model", "reward")},
        takes=("reference",),
        makes="policy",
        is_step=True,
    ),
    Method(
        name="rrhf",
        title=say("method_rrhf", "RRHF"),
        description=say(
            "method_rrhf_about",
            "Rank responses by their own likelihood and imitate the best, without a reference.",
        ),
        settings=RrhfSettings,
        reads={"preference": ("model",)},
        makes="policy",
        is_step=True,
    ),
    Method(
        name="generate",
        title=say("method_generate", "Writing responses"),
        description=say("method_generate_about", "Write responses to every prompt."),
        settings=GenerateSettings,
        reads={"prompts": ("model",)},
    ),
    Method(
        name="evaluate",
        title=say("method_evaluate", "Evaluation"),
        description=say(
            "method_evaluate_about",
            "Measure a policy on prompts, or a reward model on held-out comparisons.",
        ),
        settings=EvaluateSettings,
        reads={"prompts": ("model", "reward"), "preference": ("reward",)},
        takes=("model", "reference"),
    ),
)

METHODS: dict[str, Method] = {row.name: row for row in ROWS}


def get_method(name: str) -> Method:
    """The row of `name`, or SpecError with the names there are."""
    if name not in METHODS:
        raise SpecError(f"unknown method {name!r}; expected one of {', '.join(METHODS)}")
    return METHODS[name]


def read_settings(method: str, given: object, where: str = "settings") -> Settings:
    """The settings of `method`, defaults filled in; ParseError names what is wrong with `given`."""
    return parse(get_method(method).settings, given, where)


def validate_settings(method: str, given: object, where: str = "settings") -> dict[str, Any]:
    """`given` as a dict with every default filled in; ParseError names what is wrong."""
    return dataclasses.asdict(read_settings(method, given, where))


def describe_settings(method: str) -> list[SettingFacts]:
    """Name, type, default, meaning, range and choices of each setting, as plain JSON."""
    return describe(get_method(method).settings)
