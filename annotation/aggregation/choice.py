"""Which pairs to ask about next: where a vote is expected to teach most, never only there."""

# m items, n pairs to choose

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit

from annotation.aggregation.errors import InvalidInput

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

# Planning with the estimated differences as they are avoids pairs that look far apart, so an early
# accident is never corrected and ratings come out too spread; half of each difference keeps nearly
# all of the advantage without that (measured in docs/statistics.md).
CAUTION = 0.5


class InvalidChoice(InvalidInput):
    """Pairs cannot be chosen from this covariance, floor, score or number of pairs."""


@dataclass(frozen=True)
class Choice:
    """The chosen pairs in order, (n,) each; `first` < `second` says nothing about sides.

    `probability` is the chance that this slot got this pair, given the slots before: to be stored
    with the task, it makes `inverse_propensity_weights` possible. `gain` is the expected
    information of one vote in nats when the slot was filled, before any `score`.
    """

    first: IntArray
    second: IntArray
    probability: FloatArray
    gain: FloatArray


def posterior_covariance(
    strength: ArrayLike, first: ArrayLike, second: ArrayLike, *, prior: float
) -> FloatArray:
    """(m, m) covariance in nats^2 of strengths after these votes, if Bradley-Terry is right.

    Inverse of the information, sum of p (1 - p) over the votes, plus `prior` (1 / nats^2, above
    0) on every strength. For choosing pairs it is steadier than the robust covariance of a fit,
    which has to learn from few votes how much they scatter. Raises InvalidChoice.
    """
    s = np.asarray(strength, dtype=np.float64)
    i, j = np.asarray(first, dtype=np.int64), np.asarray(second, dtype=np.int64)
    if s.ndim != 1 or not np.isfinite(s).all() or prior <= 0:
        raise InvalidChoice(
            f"expected finite strengths and prior > 0, got prior {prior} or an item that is not "
            "rated: fit with a prior, so that undefeated and new items have a strength too"
        )
    m, p = s.size, expit(s[i] - s[j])
    between = np.bincount(i * m + j, p * (1 - p), m * m).reshape(m, m)
    between = between + between.T
    precision = np.diag(between.sum(axis=1)) - between + prior * np.eye(m)
    return np.asarray(np.linalg.inv(precision), dtype=np.float64)


def information_gain(strength: ArrayLike, covariance: ArrayLike) -> FloatArray:
    """(m, m) nats that one vote on a pair is expected to take off the entropy of the strengths.

    0.5 log(1 + p (1 - p) Var(s_i - s_j)): the fall of the log-determinant of the covariance
    (D-optimal design; Chaloner and Verdinelli 1995). `strength` (m,) and `covariance` (m, m) in
    nats and nats^2: `Ratings.nats` of a fit with a prior, which rates every item, and
    `posterior_covariance`.
    """
    s, cov = _checked(strength, covariance)
    p = expit(s[:, None] - s[None, :])
    variance = np.diag(cov)[:, None] + np.diag(cov)[None, :] - 2 * cov
    return np.asarray(0.5 * np.log1p(p * (1 - p) * np.maximum(variance, 0)))


def ensemble_gain(rewards: ArrayLike) -> FloatArray:
    """(R, R) nats that a vote on two responses is expected to teach an ensemble of reward models.

    `rewards` (members >= 2, R) in nats. The members' disagreement about a difference is taken as
    its posterior variance. Usable as `score` of `next_pairs`, or to pick two responses of one
    prompt.
    """
    table = np.asarray(rewards, dtype=np.float64)
    if table.ndim != 2 or table.shape[0] < 2 or table.shape[1] < 2:
        raise InvalidChoice(
            f"expected rewards (members >= 2, responses >= 2), got shape {table.shape}"
        )
    return information_gain(table.mean(axis=0), np.cov(table, rowvar=False))


def next_pairs(
    strength: ArrayLike,
    covariance: ArrayLike,
    *,
    n: int,
    random: np.random.Generator,
    floor: float = 0.1,
    score: ArrayLike | None = None,
    allowed: ArrayLike | None = None,
) -> Choice:
    """`n` pairs in the order to ask them: spanning trees of the most informative pairs, and chance.

    Each slot takes the pair of largest `information_gain` that joins two trees, until every item
    hangs together, then starts over: a batch of m - 1 touches every item and no vote of it
    repeats another (batches as spanning trees: Mikhailiuk et al. 2020, "Active sampling"). Each
    chosen pair takes its expected information off the covariance by a rank-one update before the
    next, O(m^2); a tree planned at once would be a star around the least known item. For the
    planning the differences are halved, see CAUTION. With probability `floor` a slot gets a
    uniformly random pair instead: without that, pairs that the model believes settled are never
    checked again.

    `score` (m, m), not negative, multiplies the gain in the planning: uncertainty from elsewhere,
    such as `ensemble_gain`. `allowed` (m, m) marks the pairs that may be asked (only i < j is
    read). Raises InvalidChoice.
    """
    s, cov = _checked(strength, covariance)
    cov, m = cov.copy(), len(s)
    pairs = np.triu(np.ones((m, m), bool) if allowed is None else np.asarray(allowed, bool), k=1)
    factor = np.ones((m, m)) if score is None else np.asarray(score, dtype=np.float64)
    if pairs.shape != (m, m) or factor.shape != (m, m) or not (factor >= 0).all():
        raise InvalidChoice(
            f"expected score (not negative) and allowed of shape {(m, m)}, got {factor.shape} and "
            f"{pairs.shape} or a negative or missing score"
        )
    i_all, j_all = np.nonzero(pairs)
    if n < 1 or i_all.size == 0:
        raise InvalidChoice(f"expected at least one pair to choose, got {n} of {i_all.size}")
    if not 0 <= floor <= 1:
        raise InvalidChoice(f"expected a floor between 0 and 1, got {floor}")
    first, second = np.empty(n, np.int64), np.empty(n, np.int64)
    probability, gains = np.empty(n), np.empty(n)
    p = expit(s[:, None] - s[None, :])
    tree = np.arange(m)  # items of one tree carry one number; a pair inside a tree waits
    for slot in range(n):
        joins = pairs & (tree[:, None] != tree[None, :])
        if not joins.any():
            tree, joins = np.arange(m), pairs
        worth = np.where(joins, information_gain(CAUTION * s, cov) * factor, -1.0)
        i, j = planned = divmod(int(worth.argmax()), m)
        if random.random() < floor:
            k = random.integers(i_all.size)
            i, j = int(i_all[k]), int(j_all[k])
        tree[tree == tree[j]] = tree[i]
        first[slot], second[slot] = i, j
        probability[slot] = floor / i_all.size + (1 - floor) * ((i, j) == planned)
        column = cov[:, i] - cov[:, j]
        weight, variance = p[i, j] * (1 - p[i, j]), max(column[i] - column[j], 0.0)
        gains[slot] = 0.5 * np.log1p(weight * variance)
        cov -= np.outer(column, column) * (weight / (1 + weight * variance))
    return Choice(first, second, probability, gains)


def inverse_propensity_weights(probability: ArrayLike, *, n_pairs: int) -> FloatArray:
    """Weights that make adaptively chosen votes stand for pairs drawn evenly from `n_pairs`.

    (1 / n_pairs) / probability, so at most 1 / floor (Horvitz and Thompson 1952). A Bradley-Terry
    fit does not need them while its model holds; a plain average over pairs, or a fit to
    preferences that are not transitive, does. They cost precision: most of the weight is on the
    random slots. Raises InvalidChoice where a probability is not in (0, 1].
    """
    chances = np.asarray(probability, dtype=np.float64)
    if n_pairs < 1 or not ((chances > 0) & (chances <= 1)).all():
        raise InvalidChoice(
            "expected probabilities above 0 and at most 1 and at least one pair: pairs asked "
            "without a random floor cannot be reweighted"
        )
    return np.asarray(1 / (n_pairs * chances))


def _checked(strength: ArrayLike, covariance: ArrayLike) -> tuple[FloatArray, FloatArray]:
    s, cov = np.asarray(strength, dtype=np.float64), np.asarray(covariance, dtype=np.float64)
    if s.ndim != 1 or cov.shape != (s.size, s.size) or s.size < 2:
        raise InvalidChoice(
            f"expected strengths (m >= 2,) and covariance (m, m), got {s.shape} and {cov.shape}"
        )
    if not (np.isfinite(s).all() and np.isfinite(cov).all()):
        raise InvalidChoice(
            "expected finite strengths and covariance, got an item that is not rated: fit with a "
            "prior, so that undefeated and new items have one too"
        )
    return s, cov
