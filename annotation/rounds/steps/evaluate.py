"""A checkpoint and the one it came from answer the same held-out prompts; a reward model judges."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal
from uuid import UUID

import numpy as np

from annotation.aggregation.estimate import wilson
from annotation.models import Checkpoint, Dataset, Job
from annotation.rounds import sources
from annotation.rounds.schema import setting
from annotation.rounds.step import (
    Evaluation,
    Made,
    Reads,
    Step,
    Wins,
    Work,
    all_succeeded,
    source,
)
from annotation.rounds.steps.generate import PromptChoice, choose_prompts
from annotation.sentences import say
from annotation.services import datasets

HELD_OUT = PromptChoice(count=200, split="eval")


@dataclass(frozen=True)
class EvaluateReads(Reads):
    """`against` is what the checkpoint is measured beside: "parent", another one, or nothing."""

    checkpoint: str = source(
        kinds=("train",), words=sources.WORDS, takes_checkpoint=True, is_reward=False
    )
    against: str | None = source(
        sources.PARENT,
        kinds=("train",),
        words=(sources.PARENT, *sources.WORDS),
        takes_checkpoint=True,
        is_reward=False,
    )
    reward: str | None = source(
        sources.NEWEST,
        kinds=("train",),
        words=(sources.NEWEST,),
        takes_checkpoint=True,
        is_reward=True,
    )


@dataclass(frozen=True, kw_only=True)
class Evaluate(Step):
    title: ClassVar = say("step_evaluate", "Measure")
    stage: ClassVar = "evaluating"

    kind: Literal["evaluate"] = "evaluate"
    reads: EvaluateReads
    prompts: PromptChoice = HELD_OUT
    responses_per_prompt: int = setting(1, least=1, most=16)
    max_new_tokens: int = setting(64, least=1, most=100_000)

    def run(self, work: Work) -> Made | None:
        """Without a reward model or held-out prompts it measures nothing, and gates say so."""
        checkpoint = work.checkpoint("checkpoint")
        assert checkpoint is not None, "the step it reads made one"
        reward, against = work.checkpoint("reward"), _against(work)
        evaluation = Evaluation(
            checkpoint=str(checkpoint.pk),
            parent=None if against is None else str(against.pk),
            reward=None if reward is None else str(reward.pk),
        )
        prompts = self._prompts(work)
        if reward is None or prompts is None:
            return Made(evaluation=evaluation)
        new = self._job(work, checkpoint, against, prompts, reward)
        old = None
        if against is not None:
            old = self._job(work, against, against, prompts, reward)
        if not all_succeeded([new, old] if old else [new]):
            return None
        metrics = _metrics(new)
        Checkpoint.objects.filter(pk=checkpoint.pk).update(
            metrics={**checkpoint.metrics, **metrics}
        )
        return Made(
            evaluation=Evaluation(
                checkpoint=evaluation.checkpoint,
                parent=evaluation.parent,
                reward=evaluation.reward,
                metrics=metrics,
                parent_metrics=_metrics(old) if old else {},
                wins=paired_wins(new, old) if old else None,
            )
        )

    def _job(
        self,
        work: Work,
        model: Checkpoint,
        against: Checkpoint | None,
        prompts: Dataset,
        reward: Checkpoint,
    ) -> Job:
        return work.job(
            str(model.pk),
            method="evaluate",
            dataset=prompts,
            model=model,
            reward=reward,
            reference_model=against,
            settings_={
                "responses_per_prompt": self.responses_per_prompt,
                "max_new_tokens": self.max_new_tokens,
                "split": "all",
            },
        )

    def _prompts(self, work: Work) -> Dataset | None:
        key = f"{work.key}:prompts"
        if found := Dataset.objects.filter(round=work.round, key=key).first():
            return found
        chosen = choose_prompts(work.round, self.prompts)
        return datasets.freeze_prompts(work.round, key=key, prompts=chosen) if chosen else None


def _against(work: Work) -> Checkpoint | None:
    """`parent` is the model that the measured checkpoint's training started from."""
    step = work.step(work.row.name)
    assert isinstance(step, Evaluate)
    if step.reads.against != sources.PARENT:
        return work.checkpoint("against")
    measured = work.rows.get(step.reads.checkpoint)
    if measured is not None:
        pinned = (measured.reads or {}).get("model", [])
        return Checkpoint.objects.get(pk=UUID(pinned[0])) if pinned else None
    checkpoint = work.checkpoint("checkpoint")
    assert checkpoint is not None
    return checkpoint.parents.exclude(kind=Checkpoint.Kind.REWARD).first()


def _metrics(job: Job) -> dict[str, float]:
    found: dict[str, float] = (job.result or {}).get("metrics", {})
    return found


def paired_wins(new: Job, old: Job) -> Wins | None:
    """The share of prompts where the new answers score higher than the old, a tie is half.

    With several answers per prompt every new one meets every old one, and the prompt is one unit
    of the interval. None where the two have no prompt in common.
    """
    mine, theirs = _rewards(new), _rewards(old)
    shares = [
        float(np.mean(np.sign(np.subtract.outer(mine[prompt], theirs[prompt])) / 2 + 0.5))
        for prompt in sorted(mine.keys() & theirs.keys())
        if mine[prompt] and theirs[prompt]
    ]
    if not shares:
        return None
    low, high = wilson(np.array([sum(shares)]), np.array([float(len(shares))]))
    return Wins(float(np.mean(shares)), float(low[0]), float(high[0]), len(shares))


def _rewards(job: Job) -> dict[str, list[float]]:
    path = Path(job.run_dir) / "responses.jsonl"
    if not path.exists():
        return {}
    with path.open(encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    return {row["ids"]["prompt"]: row["rewards"] for row in rows}
