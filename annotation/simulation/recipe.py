"""How the demo is sized and how it trains; `docs/demo.md` has what these settings achieve."""

from collections.abc import Mapping
from dataclasses import dataclass, field

Settings = Mapping[str, str | int | float | bool | None]


@dataclass(frozen=True)
class Recipe:
    """Sizes of the demo and the settings of its jobs (see `training.contract.settings`)."""

    seed: int = 17
    pretraining_rows: int = 30_000
    prompts: int = 3_000  # of the project
    prompts_per_round: int = 500  # a fifth of them, chosen by their hash, is held out
    responses_per_prompt: int = 4
    labels_wanted: int = 3  # labels per task
    comparison_prompts: int = 300  # fresh ones, for the last comparison against the base
    pretrain: Settings = field(default_factory=dict)
    generate: Settings = field(default_factory=dict)
    reward: Settings = field(default_factory=dict)
    dpo: Settings = field(default_factory=dict)
    ppo: Settings = field(default_factory=dict)


DEMO = Recipe(
    pretrain={
        "vocabulary_size": 1536,
        "learning_rate": 4e-3,
        "batch_size": 32,
        "micro_batch_size": 16,
        "learn_prompts": False,
        "save_every": 200,
    },
    generate={"temperature": 1.0, "max_new_tokens": 48, "batch_size": 64},
    reward={"learning_rate": 5e-4, "epochs": 2.0, "batch_size": 8, "micro_batch_size": 8},
    dpo={
        "learning_rate": 1e-3,
        "epochs": 3.0,
        "beta": 0.1,
        "sft_weight": 0.1,
        "batch_size": 8,
        "micro_batch_size": 8,
    },
    ppo={
        "learning_rate": 4e-4,
        "value_learning_rate": 1e-3,
        "steps": 40,
        "batch_size": 64,
        "kl_coefficient": 0.05,
        "max_new_tokens": 48,
    },
)
