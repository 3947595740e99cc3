"""Bootstrap of Bradley-Terry ratings: by vote, or by annotator where one person votes often."""

# n votes, m items, G groups, c cells (pair and outcome)

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike
from scipy.sparse import csr_array

from annotation.aggregation.bradley_terry import Ties, point_estimate
from annotation.aggregation.errors import InvalidInput
from annotation.aggregation.likelihood import Penalty
from annotation.aggregation.pairs import PairCounts, cell_of_each_vote, summed
from annotation.aggregation.votes import FloatArray, IntArray, Votes, check_votes


def bootstrap(
    first: ArrayLike,
    second: ArrayLike,
    score: ArrayLike,
    *,
    n_items: int,
    resamples: int = 100,
    seed: int = 0,
    weights: ArrayLike | None = None,
    groups: ArrayLike | None = None,
    ties: Ties = "half",
    prior: float = 0.0,
) -> FloatArray:
    """(resamples, n_items) Elo ratings of resampled votes, or of resampled groups where given.

    A resample that loses an item's last defeat rates it +inf, and so on, exactly as `fit` does:
    `percentile_interval` then has an infinite end, as it should. A resample that kept only ties
    rates with a tie parameter of zero. Raises as `fit` does.
    """
    if resamples < 1:
        raise InvalidInput(f"expected at least 1 resample, got {resamples}")
    votes = check_votes(first, second, score, n_items=n_items, weights=weights, groups=groups)
    pairs, cell = cell_of_each_vote(votes)
    rng = np.random.default_rng(seed)
    davidson = ties == "davidson"
    start = point_estimate(pairs, davidson=davidson, prior=Penalty(prior)).start
    elo = np.empty((resamples, n_items))
    for row, counts in enumerate(_resampled_counts(votes, pairs, cell, resamples, rng)):
        again = PairCounts(
            pairs.first, pairs.second, counts[2::3], counts[::3], counts[1::3], None, n_items
        )
        elo[row] = point_estimate(again, davidson=davidson, prior=Penalty(prior), start=start).elo
    return elo


def percentile_interval(
    resampled: FloatArray, level: float = 0.95
) -> tuple[FloatArray, FloatArray]:
    """(m,) lower and upper ends from (resamples, m) ratings, infinite ends included.

    The end is a resampled value, never an average of a finite and an infinite one. An item that
    some resample could not rate at all (NaN) has the whole line.
    """
    tail = (1 - level) / 2
    low = np.quantile(resampled, tail, axis=0, method="lower")
    high = np.quantile(resampled, 1 - tail, axis=0, method="higher")
    unknown = np.isnan(resampled).any(axis=0)
    return np.where(unknown, -np.inf, low), np.where(unknown, np.inf, high)


def _resampled_counts(
    votes: Votes, pairs: PairCounts, cell: IntArray, resamples: int, rng: np.random.Generator
) -> Iterator[FloatArray]:
    """(3 * pairs,) summed weights per cell, `resamples` times."""
    width = 3 * len(pairs.first)
    weight = np.ones(len(votes)) if votes.weight is None else votes.weight
    if votes.group is not None:
        table = csr_array((weight, (votes.group, cell)), (votes.n_groups, width)).T.tocsr()
        share = np.full(votes.n_groups, 1 / votes.n_groups)
        for _ in range(resamples):
            yield table @ rng.multinomial(votes.n_groups, share).astype(np.float64)
    elif votes.weight is None:
        counts = np.bincount(cell, minlength=width)
        for _ in range(resamples):
            yield rng.multinomial(len(votes), counts / len(votes)).astype(np.float64)
    else:
        for _ in range(resamples):
            drawn = rng.integers(0, len(votes), len(votes))
            yield summed(cell[drawn], weight[drawn], width)
