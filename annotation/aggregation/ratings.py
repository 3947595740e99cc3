"""What a rating run found: strengths with their uncertainty, and what could not be estimated."""

# m items

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.optimize import brentq
from scipy.stats import t as student

from annotation.aggregation.likelihood import probabilities
from annotation.aggregation.votes import BoolArray, FloatArray, IntArray

ELO_PER_NAT = 400 / math.log(10)
MEAN_ELO = 1000.0


@dataclass(frozen=True)
class OneSided:
    """An item that won (sign 1) or lost (sign -1) every vote against rated items.

    `votes` (m,) against each rated item; with annotators, scaled down to one vote per annotator.
    """

    sign: int
    votes: FloatArray

    def log_chance(self, theta: float, opponents: FloatArray) -> float:
        """Log of the chance of such a clean record for an item of strength `theta` (nats)."""
        faced = self.votes > 0
        p = probabilities(self.sign * (theta - opponents[faced]), 0.0)
        return float(self.votes[faced] @ np.log(p.win))

    def bound(self, opponents: FloatArray, chance: float) -> float:
        """The strength at which such a record has just this `chance`; -sign * inf without votes."""
        if not (self.votes > 0).any():
            return -self.sign * np.inf

        def surplus(theta: float) -> float:
            return self.log_chance(theta, opponents) - float(np.log(chance))

        reach = 50.0 + float(np.abs(opponents[self.votes > 0]).max()) - float(np.log(chance))
        reach /= min(1.0, float(self.votes.sum()))
        return float(brentq(surplus, -reach, reach))


@dataclass(frozen=True)
class Ratings:
    """Strengths of m items on the Elo scale.

    elo: mean 1000 over the rated items; +inf for an item that nothing in the rated pool ever held
        back, -inf for the reverse, NaN where no chain of votes links it to the pool.
    se_elo: standard error against the pool's mean; inf where the data cannot give one (items
        that are not rated, items judged by a single annotator when errors are by annotator).
    covariance: (m, m) in Elo points squared; NaN in rows of items that are not rated.
    degrees_of_freedom: of the t distribution behind intervals; annotators - 1, inf per vote.
    tie_parameter: Davidson's nu (0: ties never happen, 2: half of even matches); None where ties
        count half.
    components: (m,) strongly connected components, 0 the rated pool, -1 without votes.
    undefeated, unbeaten, winless: only wins; no loss but a tie; only losses.
    covariate_effects, covariate_errors: (q,) nats per unit and their standard errors.
    """

    elo: FloatArray
    se_elo: FloatArray
    covariance: FloatArray
    degrees_of_freedom: float
    tie_parameter: float | None
    components: IntArray
    undefeated: BoolArray
    unbeaten: BoolArray
    winless: BoolArray
    n_votes: FloatArray
    covariate_effects: FloatArray
    covariate_errors: FloatArray
    log_likelihood: float
    gradient_norm: float
    one_sided: dict[int, OneSided]

    @property
    def n_items(self) -> int:
        return len(self.elo)

    @property
    def rated(self) -> BoolArray:
        """(m,) items with a finite rating."""
        return np.isfinite(self.elo)

    @cached_property
    def nats(self) -> FloatArray:
        """Strengths as natural log odds with mean zero; infinite and NaN like `elo`."""
        return (self.elo - MEAN_ELO) / ELO_PER_NAT

    @cached_property
    def covariance_nats(self) -> FloatArray:
        return self.covariance / ELO_PER_NAT**2

    def quantile(self, level: float) -> float:
        """Half-width of a two-sided interval in standard errors, 1.96 for many votes at 95 %."""
        return float(student.ppf((1 + level) / 2, self.degrees_of_freedom))

    def interval(self, level: float = 0.95) -> tuple[FloatArray, FloatArray]:
        """Lower and upper Elo bounds, one item at a time.

        An item without a loss has no upper bound; its lower bound is the strength at which its
        clean record has chance (1 - level) / 2 against its rated opponents. Reversed for winless.
        """
        with np.errstate(invalid="ignore"):
            half = self.quantile(level) * self.se_elo
            low = np.where(self.rated, self.elo - half, -np.inf)
            high = np.where(self.rated, self.elo + half, np.inf)
        for item, record in self.one_sided.items():
            bound = MEAN_ELO + ELO_PER_NAT * record.bound(self.nats, (1 - level) / 2)
            if record.sign > 0:
                low[item] = bound
            else:
                high[item] = bound
        return low, high

    def difference(self, i: int, j: int) -> tuple[float, float]:
        """Elo of i minus Elo of j and its standard error (NaN and inf where not estimable)."""
        if not (self.rated[i] and self.rated[j]):
            with np.errstate(invalid="ignore"):
                return float(self.elo[i] - self.elo[j]), float("inf")
        v = self.covariance
        variance = v[i, i] + v[j, j] - v[i, j] - v[j, i]
        return float(self.elo[i] - self.elo[j]), float(np.sqrt(max(variance, 0.0)))

    def win_probability(self) -> FloatArray:
        """(m, m) expected score of the row item against the column item, a tie as one half.

        1 and 0 against items of infinite rating, NaN where two items cannot be compared.
        """
        with np.errstate(invalid="ignore"):
            d = self.nats[:, None] - self.nats[None, :]
        chance = probabilities(np.clip(d, -700, 700), self.tie_parameter or 0.0)
        score = np.where(np.isinf(d), (d > 0).astype(float), 0.5 + chance.edge)
        np.fill_diagonal(score, 0.5)
        return score
