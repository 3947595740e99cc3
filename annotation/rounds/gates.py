"""What a gate can ask of a checkpoint. One function and one row in GATES each.

A gate measures; the recipe says the bound. It fails closed: a function that finds no number says
what is missing, and that is a block, never a pass.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from django.db.models import F, Sum

from annotation.models import Checkpoint, Job, Label, Round
from annotation.rounds.step import Evaluation
from annotation.sentences import Sentence, say
from annotation.services import agreement
from annotation.services.checkpoints import held_out_accuracy
from training.contract.sentences import Scalar


@dataclass(frozen=True)
class Subject:
    """What a gate step reads: the checkpoint, what was measured of it, the reward model."""

    round: Round
    checkpoint: Checkpoint
    evaluation: Evaluation | None
    reward: Checkpoint | None


@dataclass(frozen=True)
class Measured:
    """A number and what it rests on; `missing` says why there is no number."""

    value: float | None
    evidence: dict[str, Scalar] = field(default_factory=dict)
    missing: Sentence | None = None


@dataclass(frozen=True)
class Gate:
    """`direction` is the bound that usually makes sense, `usual` a value to begin with."""

    title: Sentence
    unit: Sentence
    direction: Literal["least", "most"]
    usual: float
    measure: Callable[[Subject], Measured]


def reward_accuracy(of: Subject) -> Measured:
    """How often the reward model orders held-out pairs as people did."""
    if of.reward is None:
        return Measured(None, missing=_no_reward())
    accuracy = of.reward.metrics.get("eval/accuracy")
    if accuracy is None:
        return Measured(
            None,
            missing=say(
                "gate_no_held_out_pairs",
                "{reward} was not measured on held-out pairs: no prompt of the evaluation split "
                "had a decided comparison.",
                reward=of.reward.name,
            ),
        )
    found = held_out_accuracy(of.reward)
    evidence: dict[str, Scalar] = {"reward": str(of.reward.pk)}
    if found is not None:
        evidence |= {"low": found.low, "high": found.high, "pairs": found.n}
    return Measured(float(accuracy), evidence)


def kl(of: Subject) -> Measured:
    """Nats per response away from the model that training started from."""
    return _metric(of, "kl")


def ended_share(of: Subject) -> Measured:
    """The share of answers that ended by themselves rather than at the length limit."""
    return _metric(of, "eos_rate")


def win_rate(of: Subject) -> Measured:
    """The lower end of the 95 % interval of the win rate over the parent on held-out prompts."""
    if of.evaluation is None or not of.evaluation.metrics:
        return Measured(None, missing=_not_evaluated(of))
    wins = of.evaluation.wins
    if wins is None:
        return Measured(None, missing=_no_parent(of))
    return Measured(
        wins.low, {"win_rate": wins.value, "low": wins.low, "high": wins.high, "prompts": wins.n}
    )


def reward_gain(of: Subject) -> Measured:
    """Mean reward of the new answers minus that of the parent's, in the reward model's units."""
    if of.evaluation is None or not of.evaluation.metrics:
        return Measured(None, missing=_not_evaluated(of))
    new = of.evaluation.metrics.get("reward/mean")
    old = of.evaluation.parent_metrics.get("reward/mean")
    if new is None or old is None:
        return Measured(None, missing=_no_parent(of))
    return Measured(new - old, {"new": new, "parent": old})


def labeler_agreement(of: Subject) -> Measured:
    """How often two labelers of this round order the same two responses alike."""
    found = agreement.agreement_of_round(of.round)
    if found is None:
        return Measured(
            None,
            missing=say(
                "gate_no_agreement",
                "Fewer than {least} tasks of this round have labels by two labelers.",
                least=agreement.LEAST_TASKS,
            ),
        )
    return Measured(found.value, {"low": found.low, "high": found.high, "tasks": found.n})


def budget_labels(of: Subject) -> Measured:
    """Labels given in this round; an amended one counts once."""
    return Measured(float(Label.objects.current().filter(round=of.round).count()))


def budget_seconds(of: Subject) -> Measured:
    """Seconds that this round's jobs computed."""
    ended = Job.objects.filter(round=of.round, started_at__isnull=False, finished_at__isnull=False)
    spent = ended.aggregate(total=Sum(F("finished_at") - F("started_at")))["total"]
    return Measured(spent.total_seconds() if spent else 0.0, {"jobs": ended.count()})


def _metric(of: Subject, name: str) -> Measured:
    if of.evaluation is None or not of.evaluation.metrics:
        return Measured(None, missing=_not_evaluated(of))
    value = of.evaluation.metrics.get(name)
    if value is None:
        return Measured(None, missing=_no_parent(of))
    return Measured(value, {"checkpoint": of.checkpoint.name})


def _not_evaluated(of: Subject) -> Sentence:
    if of.evaluation is None:
        return say("gate_reads_no_evaluation", "This gate reads no evaluation.")
    if of.evaluation.reward is None:
        return _no_reward()
    return say(
        "gate_no_held_out_prompts",
        "{checkpoint} was not measured: the project has no held-out prompts.",
        checkpoint=of.checkpoint.name,
    )


def _no_reward() -> Sentence:
    return say(
        "gate_no_reward_model",
        "There is no reward model to judge by. Train one in this recipe, or register one and "
        "measure again.",
    )


def _no_parent(of: Subject) -> Sentence:
    return say(
        "gate_no_parent",
        "{checkpoint} was measured without a model beside it.",
        checkpoint=of.checkpoint.name,
    )


SHARE = say("unit_share", "share")

GATES: dict[str, Gate] = {
    "reward_accuracy": Gate(
        say("gate_reward_accuracy", "Reward model agrees with people"),
        SHARE,
        "least",
        0.5,
        reward_accuracy,
    ),
    "win_rate": Gate(
        say("gate_win_rate", "Win rate over its parent, lower end"), SHARE, "least", 0.5, win_rate
    ),
    "reward_gain": Gate(
        say("gate_reward_gain", "Reward gained over its parent"),
        say("unit_reward", "reward"),
        "least",
        0.0,
        reward_gain,
    ),
    "ended_share": Gate(
        say("gate_ended_share", "Answers that end by themselves"),
        SHARE,
        "least",
        0.7,
        ended_share,
    ),
    "kl": Gate(
        say("gate_kl", "Distance from its parent"),
        say("unit_nats", "nats per response"),
        "most",
        20.0,
        kl,
    ),
    "agreement": Gate(
        say("gate_agreement", "Labelers agree"), SHARE, "least", 0.6, labeler_agreement
    ),
    "budget_labels": Gate(
        say("gate_budget_labels", "Labels used"),
        say("unit_labels", "labels"),
        "most",
        10_000.0,
        budget_labels,
    ),
    "budget_seconds": Gate(
        say("gate_budget_seconds", "Computing used"),
        say("unit_seconds", "seconds"),
        "most",
        86_400.0,
        budget_seconds,
    ),
}
