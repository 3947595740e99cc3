"""What a table of ratings really tells: who differs from whom, and which ranks are possible."""

# m items

from dataclasses import dataclass

import numpy as np
from scipy.stats import norm
from scipy.stats import t as student

from annotation.aggregation.errors import InvalidInput
from annotation.aggregation.likelihood import probabilities
from annotation.aggregation.ratings import ELO_PER_NAT, Ratings
from annotation.aggregation.votes import BoolArray, FloatArray, IntArray


@dataclass(frozen=True)
class RankIntervals:
    """Ranks (1 best) that hold for all items together at the level asked for."""

    best: IntArray
    worst: IntArray


def p_values(ratings: Ratings) -> FloatArray:
    """(m, m) two-sided p-values of "equally strong", 1 on the diagonal, before any correction.

    Between rated items by the difference and its error. An item that won everything is held
    against a rated one by the chance of its clean record if it were only as strong, the ratings
    of its opponents taken as known. Items that no votes link have 1.
    """
    m = ratings.n_items
    p = np.ones((m, m))
    rated = np.flatnonzero(ratings.rated)
    v = ratings.covariance[np.ix_(rated, rated)]
    own = np.diag(v)
    with np.errstate(invalid="ignore", divide="ignore"):
        error = np.sqrt(np.maximum(own[:, None] + own[None, :] - v - v.T, 0.0))
        gap = np.abs(ratings.elo[rated][:, None] - ratings.elo[rated][None, :])
        t = np.where(gap > 0, gap / error, 0.0)
    t[np.isnan(t)] = 0.0
    p[np.ix_(rated, rated)] = 2 * student.sf(t, ratings.degrees_of_freedom)
    for item, record in ratings.one_sided.items():
        for other in rated:
            if not (record.votes > 0).any():
                continue
            chance = np.exp(record.log_chance(float(ratings.nats[other]), ratings.nats))
            p[item, other] = p[other, item] = min(1.0, 2 * chance)
    ends = sorted(ratings.one_sided)
    for i in ends:
        for j in ends:
            apart = ratings.one_sided[i].sign != ratings.one_sided[j].sign
            if apart and len(rated):
                p[i, j] = min(1.0, float((p[i, rated] + p[rated, j]).min()))
    np.fill_diagonal(p, 1.0)
    return p


def distinguishable(ratings: Ratings, level: float = 0.95) -> BoolArray:
    """(m, m) pairs whose order is settled, all statements together right with chance `level`.

    Holm's step-down correction (1979) over all m (m - 1) / 2 pairs: False means "not
    distinguishable yet", never "equal".
    """
    _check_level(level)
    m = ratings.n_items
    above, beside = np.triu_indices(m, 1)
    p = p_values(ratings)[above, beside]
    order = np.argsort(p, kind="stable")
    allowed = (1 - level) / np.arange(len(p), 0, -1)
    passed = p[order] <= allowed
    stop = len(p) if passed.all() else int(passed.argmin())
    settled = np.zeros((m, m), bool)
    chosen = order[:stop]
    settled[above[chosen], beside[chosen]] = True
    return settled | settled.T


def rank_intervals(ratings: Ratings, level: float = 0.95) -> RankIntervals:
    """Best and worst possible rank of every item, from the pairs that are settled.

    An item's best rank leaves above it only the items settled to be stronger; items that votes do
    not link to the rest may have any rank.
    """
    settled = distinguishable(ratings, level)
    with np.errstate(invalid="ignore"):
        stronger = ratings.elo[:, None] < ratings.elo[None, :]  # column stronger than row
        weaker = ratings.elo[:, None] > ratings.elo[None, :]
    best = 1 + (settled & stronger).sum(axis=1)
    worst = ratings.n_items - (settled & weaker).sum(axis=1)
    return RankIntervals(best.astype(np.int64), worst.astype(np.int64))


def votes_to_settle(
    ratings: Ratings, i: int, j: int, *, level: float = 0.95, power: float = 0.8
) -> float:
    """How many more votes between i and j should settle which is better, if the estimate is right.

    A vote between them adds the information p (1 - p) of a comparison, divided by the design
    effect seen so far (how much correlated votes of one annotator inflate the variance). With that
    many votes the interval of this one difference excludes zero with chance `power`. 0 when it
    is settled already, inf for equal ratings, NaN where the pair has no finite difference.
    """
    _check_level(level)
    if not 0 < power < 1:
        raise InvalidInput(f"expected a power between 0 and 1, got {power}")
    gap, error = ratings.difference(i, j)
    if not (np.isfinite(gap) and np.isfinite(error)) or i == j:
        return float("nan")
    if gap == 0:
        return float("inf")
    d, variance = gap / ELO_PER_NAT, (error / ELO_PER_NAT) ** 2
    if abs(d) >= ratings.quantile(level) * np.sqrt(variance):
        return 0.0
    wanted = (d / (norm.ppf((1 + level) / 2) + norm.ppf(power))) ** 2
    chance = probabilities(np.array([d]), ratings.tie_parameter or 0.0)
    information = float((chance.win + chance.loss)[0] / 4 - chance.edge[0] ** 2)
    missing = max(1 / wanted - 1 / variance, 0.0)
    return float(np.ceil(missing * ratings.design_effect / information))


def _check_level(level: float) -> None:
    if not 0 < level < 1:
        raise InvalidInput(f"expected a level between 0 and 1, such as 0.95, got {level}")
