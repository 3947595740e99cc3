"""One training job by a method, and the checkpoint it leaves."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from annotation.models import Dataset, Prompt, Split
from annotation.rounds import sources
from annotation.rounds.schema import setting
from annotation.rounds.step import (
    CANCEL,
    CHANGE,
    RETRY,
    SKIP,
    Blocked,
    Made,
    Question,
    Reads,
    Step,
    Work,
    all_succeeded,
    source,
)
from annotation.rounds.steps.generate import no_writer
from annotation.sentences import say
from annotation.services import checkpoints, datasets
from training.contract.errors import ParseError
from training.contract.methods import METHODS, Method, read_settings
from training.contract.sentences import Scalar


def training_methods() -> tuple[str, ...]:
    return tuple(row.name for row in METHODS.values() if row.is_step)


@dataclass(frozen=True)
class TrainReads(Reads):
    """`model` is where training starts, `reward` what judges it (PPO)."""

    data: str = source(kinds=("aggregate",))
    model: str | None = source(
        sources.NEWEST,
        kinds=("train",),
        words=sources.WORDS,
        takes_checkpoint=True,
        is_reward=False,
    )
    reward: str | None = source(
        None, kinds=("train",), words=(sources.NEWEST,), takes_checkpoint=True, is_reward=True
    )


@dataclass(frozen=True, kw_only=True)
class Train(Step):
    title: ClassVar = say("step_train", "Train")
    stage: ClassVar = "training"

    kind: Literal["train"] = "train"
    reads: TrainReads
    method: str = setting(choices=training_methods)
    settings: dict[str, Scalar] = field(default_factory=dict)

    def check(self, where: str, earlier: Mapping[str, Step]) -> None:
        read_settings(self.method, self.settings, f"{where}.settings")
        needs = self.row.needs(self.row.dataset_kind)
        from_nothing = "model" not in needs
        if from_nothing != (self.reads.model is None):
            raise ParseError(
                f"{where}.reads.model",
                say(
                    "recipe_model_of_method",
                    "Pretraining starts from nothing (null), every other method from a model; "
                    "{method} got {got}.",
                    method=self.method,
                    got=str(self.reads.model),
                ),
            )
        if ("reward" in needs) != (self.reads.reward is not None):
            raise ParseError(
                f"{where}.reads.reward",
                say(
                    "recipe_reward_of_method",
                    "Only {methods} reads a reward model, and must; {method} got {got}.",
                    methods=", ".join(
                        name
                        for name in training_methods()
                        if "reward" in METHODS[name].needs(METHODS[name].dataset_kind)
                    ),
                    method=self.method,
                    got=str(self.reads.reward),
                ),
            )

    @property
    def row(self) -> Method:
        return METHODS[self.method]

    @property
    def makes(self) -> str:
        assert self.row.makes is not None, "a training step leaves a checkpoint"
        return self.row.makes

    def run(self, work: Work) -> Made | None:
        preferences = work.dataset("data")
        model, reward = work.checkpoint("model"), work.checkpoint("reward")
        if model is None and self.reads.model is not None:
            raise Blocked(Question(no_writer(), (RETRY, CHANGE, CANCEL)))
        if reward is None and self.reads.reward is not None:
            raise Blocked(
                Question(
                    say(
                        "no_reward_model",
                        "{method} needs a reward model and the project has no accepted one. Put a "
                        "reward step before it.",
                        method=self.method,
                    ),
                    (RETRY, CHANGE, SKIP, CANCEL),
                )
            )
        job = work.job(
            method=self.method,
            dataset=self._rows(work, preferences),
            model=model,
            reward=reward,
            reference_model=model if "reference" in self.row.takes else None,
            settings_=dict(self.settings),
            learned_from=preferences,
        )
        if not all_succeeded([job]):
            return None
        checkpoint = checkpoints.keep_checkpoint(
            job,
            name=f"round {work.round.number} {work.key}",
            kind=self.makes,
            parents=[one for one in (model, reward) if one is not None],
            dataset=preferences,
        )
        return Made(checkpoints=(str(checkpoint.pk),))

    def _rows(self, work: Work, preferences: Dataset) -> Dataset:
        """What the method reads, by the kind of rows it takes."""
        kind = self.row.dataset_kind
        if kind == "prompts":
            prompts = Prompt.objects.filter(project=work.round.project, split=Split.TRAIN)
            return datasets.freeze_prompts(
                work.round,
                key=f"{work.key}:prompts",
                prompts=prompts.order_by("content_hash").iterator(),
            )
        if kind == "messages":
            return datasets.freeze_demonstrations(
                work.round, preferences, key=f"{work.key}:messages"
            )
        if kind == "text":
            return datasets.freeze_text(work.round, preferences, key=f"{work.key}:text")
        return preferences
