"""How far rankings of the same responses agree: Kendall's tau-b and W, both with ties."""

from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import rankdata

from annotation.aggregation.errors import InvalidInput

FloatArray = NDArray[np.float64]


class InvalidRankings(InvalidInput):
    """Rankings that do not belong together, or with gaps where none are allowed."""


def kendall_tau_b(a: ArrayLike, b: ArrayLike) -> float | FloatArray:
    """Kendall's tau-b between rankings along the last axis (Kendall 1945): -1 reversed, 1 same.

    Both (..., responses), 1 = best, equal numbers tie, NaN = not ranked: a pair with a response
    that either left out is not counted. Leading axes are tasks: one tau per task comes back,
    ready for `estimate.with_interval(np.nanmean, taus)`. NaN where one of the two ties
    everything.
    """
    first, second = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    if first.shape != second.shape or first.ndim == 0:
        raise InvalidRankings(
            f"expected two rankings of the same responses, got shapes {first.shape}, {second.shape}"
        )
    i, j = np.triu_indices(first.shape[-1], k=1)
    sign_a = np.sign(first[..., i] - first[..., j])
    sign_b = np.sign(second[..., i] - second[..., j])
    known = ~(np.isnan(sign_a) | np.isnan(sign_b))
    sign_a, sign_b = np.where(known, sign_a, 0), np.where(known, sign_b, 0)
    untied = np.sum(sign_a**2, axis=-1) * np.sum(sign_b**2, axis=-1)
    tau = np.divide(
        np.sum(sign_a * sign_b, axis=-1),
        np.sqrt(untied),
        out=np.full(untied.shape, np.nan),
        where=untied > 0,
    )
    return float(tau) if tau.ndim == 0 else tau


def mean_tau_b(rankings: ArrayLike) -> FloatArray:
    """Per task, tau-b averaged over all pairs of labelers.

    (labelers, tasks, responses) in, (tasks,) out. NaN fills whatever is missing: labelers who did
    not get a task, tasks with fewer responses. NaN comes back for tasks that fewer than two
    labelers ordered.
    """
    table = np.asarray(rankings, dtype=np.float64)
    if table.ndim != 3 or table.shape[0] < 2:
        raise InvalidRankings(
            f"expected (labelers >= 2, tasks, responses), got shape {table.shape}"
        )
    taus = np.array([kendall_tau_b(a, b) for a, b in combinations(table, 2)])
    known = ~np.isnan(taus)
    mean: FloatArray = np.divide(
        np.where(known, taus, 0).sum(axis=0),
        known.sum(axis=0),
        out=np.full(table.shape[1], np.nan),
        where=known.any(axis=0),
    )
    return mean


def kendall_w(rankings: ArrayLike) -> float:
    """Kendall's concordance W of (labelers, responses), corrected for ties: 0 none, 1 full.

    Ranks are re-ranked to mid-ranks first, so any numbers in the right order will do (Kendall and
    Babington Smith 1939; ties: Siegel and Castellan 1988, eq. 9.19). Without ties W = ((m - 1) r
    + 1) / m with r the mean Spearman correlation of the m labelers: two opposite labelers give 0,
    and m random ones about 1 / m, so it is no chance-corrected measure. NaN if everybody ties
    everything. Every labeler must rank every response; where some are left out, use `mean_tau_b`.
    """
    table = np.asarray(rankings, dtype=np.float64)
    if table.ndim != 2 or min(table.shape) < 2:
        raise InvalidRankings(
            f"expected at least 2 labelers and 2 responses, got shape {table.shape}"
        )
    if np.isnan(table).any():
        raise InvalidRankings(
            "expected complete rankings, got one with a gap: use mean_tau_b for partial rankings"
        )
    m, n = table.shape
    ranks = rankdata(table, axis=1)
    between = np.sum((ranks.sum(axis=0) - m * (n + 1) / 2) ** 2)
    most = m * np.sum((ranks - (n + 1) / 2) ** 2)
    return float(between / most) if most > 0 else float("nan")
