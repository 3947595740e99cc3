"""What a rating run found: strengths with their uncertainty, and what could not be estimated."""

# m items

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.stats import t as student

from annotation.aggregation.graph import Connectivity
from annotation.aggregation.likelihood import probabilities
from annotation.aggregation.newton import Optimum
from annotation.aggregation.one_sided import OneSided
from annotation.aggregation.uncertainty import Uncertainty
from annotation.aggregation.votes import BoolArray, FloatArray, IntArray

ELO_PER_NAT = 400 / math.log(10)
MEAN_ELO = 1000.0


@dataclass(frozen=True)
class Ratings:
    """Strengths of m items on the Elo scale.

    elo: mean 1000 over the rated items; +inf for an item that nothing in the rated pool ever held
        back, -inf for the reverse, NaN where no chain of votes links it to the pool.
    se_elo: standard error against the pool's mean; inf where the data cannot give one (items
        that are not rated, items judged by a single annotator when errors are by annotator).
    covariance: (m, m) in Elo points squared; NaN in rows of items that are not rated.
    degrees_of_freedom: of the t distribution behind intervals: the effective number of annotators
        less one, inf per vote.
    tie_parameters: by number tied, how much likelier than a single best; {2: nu} is Davidson's nu
        (0: no ties, 2: half of even matches); empty where ties count half.
    components: (m,) strongly connected components, 0 the rated pool, -1 without votes.
    undefeated, unbeaten, winless: only wins; no loss but a tie; only losses.
    design_effect: variance of the strengths over that of independent, binomial votes; 1 is none.
    covariate_effects, covariate_errors: (q,) nats per unit and their standard errors.
    """

    elo: FloatArray
    se_elo: FloatArray
    covariance: FloatArray
    degrees_of_freedom: float
    tie_parameters: dict[int, float]
    components: IntArray
    undefeated: BoolArray
    unbeaten: BoolArray
    winless: BoolArray
    n_votes: FloatArray
    covariate_effects: FloatArray
    covariate_errors: FloatArray
    design_effect: float
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

    @property
    def tie_parameter(self) -> float | None:
        """Davidson's nu, None where ties are not modelled."""
        return self.tie_parameters.get(2)

    @cached_property
    def nats(self) -> FloatArray:
        """Strengths as natural log odds with mean zero; infinite and NaN like `elo`."""
        return (self.elo - MEAN_ELO) / ELO_PER_NAT

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


def report(
    *,
    links: Connectivity,
    items: BoolArray,
    record: tuple[FloatArray, FloatArray, FloatArray],
    n_votes: FloatArray,
    optimum: Optimum | None,
    doubt: Uncertainty | None,
    tie_parameters: dict[int, float],
    n_covariates: int,
) -> Ratings:
    """Ratings of all m items from an optimum over the k in `items` (None where there is none).

    Parameters end in the covariates. `record` is what each item won, lost and tied.
    `one_sided` is left empty: it needs the ratings first.
    """
    m, k, q = len(items), int(items.sum()), n_covariates
    elo = np.full(m, np.nan)
    elo[links.above], elo[links.below] = np.inf, -np.inf
    covariance = np.full((m, m), np.nan)
    effects, effect_errors = np.full(q, np.nan), np.full(q, np.inf)
    if optimum is not None and doubt is not None:
        elo[items] = MEAN_ELO + ELO_PER_NAT * optimum.strengths
        covariance[np.ix_(items, items)] = ELO_PER_NAT**2 * doubt.covariance[:k, :k]
        tail = len(optimum.parameters) - q
        effects = optimum.parameters[tail:]
        effect_errors = np.sqrt(np.diag(doubt.covariance)[tail:])
    won, lost, tied = record
    return Ratings(
        elo=elo,
        se_elo=np.where(np.isfinite(elo), np.sqrt(np.diag(covariance)), np.inf),
        covariance=covariance,
        degrees_of_freedom=np.inf if doubt is None else doubt.freedom,
        tie_parameters=tie_parameters,
        components=links.components,
        undefeated=(won > 0) & (lost + tied == 0),
        unbeaten=(lost == 0) & (tied > 0),
        winless=(lost > 0) & (won + tied == 0),
        n_votes=n_votes,
        covariate_effects=effects,
        covariate_errors=effect_errors,
        design_effect=float("nan") if doubt is None else doubt.design_effect,
        log_likelihood=0.0 if optimum is None else optimum.log_likelihood,
        gradient_norm=0.0 if optimum is None else optimum.gradient_norm,
        one_sided={},
    )
