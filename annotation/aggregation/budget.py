"""How many votes a round needs before it starts, and when more votes cannot help."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit, ndtri

from annotation.aggregation.errors import InvalidInput
from annotation.aggregation.stopping import typical_votes

NATS_PER_ELO = math.log(10) / 400


class InvalidPlan(InvalidInput):
    """A budget was asked for a difference, power or crowd that has no meaning."""


@dataclass(frozen=True)
class Plan:
    """Votes to tell one pair apart.

    `votes` at a size fixed beforehand with the stated power; inf where this many annotators can
    never give enough, however much they vote. `votes_if_watched` is the typical number (median)
    when a confidence sequence is looked at after every independent vote. `annotators_at_least` is
    the smallest crowd for which `votes` is finite. `design_effect` is how many votes here equal
    one independent vote.
    """

    votes: float
    votes_if_watched: float
    annotators_at_least: int
    design_effect: float
    elo: float
    power: float

    def __str__(self) -> str:
        if math.isinf(self.votes):
            return (
                f"No number of votes settles {self.elo:.0f} Elo with these annotators: they differ "
                f"too much. At least {self.annotators_at_least} are needed."
            )
        return (
            f"{self.votes:,.0f} votes per pair find a difference of {self.elo:.0f} Elo with "
            f"{self.power:.0%} chance."
        )


def plan_votes(
    elo: float,
    *,
    annotators: int,
    intraclass: float = 0.0,
    tie_rate: float = 0.0,
    power: float = 0.8,
    confidence: float = 0.95,
) -> Plan:
    """Votes per pair that tell two checkpoints `elo` points apart, shared evenly by annotators.

    The sample size of a two-sided z-test of the score against 1/2 (ties half), times the design
    effect 1 + (votes per annotator - 1) * intraclass (Kish 1965, sec. 5.4). As votes grow without
    annotators growing the precision is bounded by the annotators' own disagreement, hence the
    infinite answer. `intraclass` comes from `intraclass_correlation` of an earlier round. Raises
    InvalidPlan.
    """
    if elo == 0 or not math.isfinite(elo):
        raise InvalidPlan(f"expected a difference in Elo other than 0, got {elo}")
    if annotators < 1 or not 0 <= intraclass <= 1 or not 0 <= tie_rate < 1:
        raise InvalidPlan(
            "expected annotators >= 1, intraclass in [0, 1] and tie_rate in [0, 1), got "
            f"{annotators}, {intraclass} and {tie_rate}"
        )
    if not (0.5 <= power < 1 and 0 < confidence < 1):
        raise InvalidPlan(
            f"expected power in [0.5, 1) and confidence in (0, 1), got {power} and {confidence}"
        )
    win_rate = float(expit(abs(elo) * NATS_PER_ELO))
    if tie_rate > 2 * (1 - win_rate):
        raise InvalidPlan(
            f"expected at most {2 * (1 - win_rate):.0%} ties at {abs(elo):g} Elo, where the win "
            f"rate with ties as half is {win_rate:.0%}, got {tie_rate:.0%}"
        )
    distance = win_rate - 0.5
    spread = math.sqrt((1 - tie_rate) / 4 - distance**2)
    null_spread = math.sqrt((1 - tie_rate) / 4)
    z = float(ndtri(0.5 + confidence / 2)) * null_spread + float(ndtri(power)) * spread
    independent = (z / distance) ** 2
    # v = independent * (1 + (v / annotators - 1) * intraclass), solved for v
    left = 1 - independent * intraclass / annotators
    votes = independent * (1 - intraclass) / left if left > 0 else math.inf
    votes = max(votes, independent)
    return Plan(
        votes=math.ceil(votes) if math.isfinite(votes) else math.inf,
        votes_if_watched=typical_votes(win_rate, tie_rate=tie_rate, confidence=confidence),
        annotators_at_least=max(1, math.floor(independent * intraclass) + 1),
        design_effect=votes / independent,
        elo=abs(elo),
        power=power,
    )


def intraclass_correlation(score: ArrayLike, worker: ArrayLike) -> float:
    """Share of the variance of scores that is between annotators: 0 interchangeable, 1 all of it.

    One-way analysis of variance with unequal group sizes (Donner 1986, eq. 1), cut at 0. Use
    scores of one pair of checkpoints, the same side first. NaN for one annotator, one vote each
    or no spread.
    """
    x, workers = np.asarray(score, dtype=np.float64), np.asarray(worker)
    if x.shape != workers.shape or x.ndim != 1 or not np.isfinite(x).all():
        raise InvalidPlan(
            f"expected one finite score per annotator entry, got shapes {x.shape}, {workers.shape}"
        )
    code = np.unique(workers, return_inverse=True)[1]
    n = np.bincount(code).astype(np.float64)
    groups, total = n.size, x.size
    if groups < 2 or total == groups or x.min() == x.max():
        return float("nan")
    mean = np.bincount(code, x) / n
    between = float(np.sum(n * (mean - x.mean()) ** 2)) / (groups - 1)
    within = float(np.sum((x - mean[code]) ** 2)) / (total - groups)
    typical = (total - float(np.sum(n**2)) / total) / (groups - 1)
    return max(0.0, (between - within) / (between + (typical - 1) * within))
