"""Covariance of an estimate that stays right when votes are not binomial or not independent.

information^-1 . (sum of squared scores) . information^-1, the scores summed per vote (Huber 1967;
White 1982) or per annotator first (Liang and Zeger 1986, with the factor G / (G - 1)).
"""

# n votes, m items, G groups, q covariates, P parameters = m [+ 1] + q

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.sparse import csr_array

from annotation.aggregation.likelihood import Cells, Point, assemble, margins, probabilities
from annotation.aggregation.newton import Optimum
from annotation.aggregation.votes import BLOCK, FloatArray, Votes

DENSE_SCORES = 1 << 24  # entries of a (groups, parameters) table that may be dense


def vote_scores(
    cells: Cells, point: Point, squares: tuple[FloatArray, FloatArray, FloatArray]
) -> FloatArray:
    """(P, P) sum over votes of score times score, from sums of squared weights per outcome.

    `squares` (wins, losses, ties). A pair with nothing but ties shows no variation at all; it
    takes the binomial variance instead, so that no error becomes zero by agreement on a draw.
    """
    wins, losses, ties = squares
    p = probabilities(margins(cells, point), point.nu)
    win, loss, tie = 0.5 - p.edge, -0.5 - p.edge, -p.edge
    only_ties = (wins + losses == 0) & (point.log_tie is None)
    dd = wins * win**2 + losses * loss**2 + ties * tie**2
    dd = np.where(only_ties, ties * (0.25 - p.edge**2), dd)
    untied = -p.tie
    dt = wins * win * untied + losses * loss * untied + ties * tie * (1 - p.tie)
    tt = (wins + losses) * p.tie**2 + ties * (1 - p.tie) ** 2
    return assemble(cells, point, dd, dt, tt)


def group_scores(votes: Votes, covariates: FloatArray, point: Point) -> FloatArray:
    """(P, P) sum over groups of the outer product of each group's summed score."""
    assert votes.group is not None
    m, tied, q = votes.n_items, point.log_tie is not None, covariates.shape[1]
    size = m + tied + q
    if votes.n_groups * size > DENSE_SCORES:
        return _sparse_group_scores(votes, covariates, point)
    scores = np.zeros((votes.n_groups, size))
    strengths = np.zeros(votes.n_groups * m)
    block = max(BLOCK, votes.n_groups * m)
    for start in range(0, len(votes), block):
        rows = slice(start, start + block)
        slope, tie = _scores(votes, covariates, point, rows)
        base = votes.group[rows] * m
        strengths += np.bincount(base + votes.first[rows], slope, len(strengths))
        strengths -= np.bincount(base + votes.second[rows], slope, len(strengths))
        if tied:
            scores[:, m] += np.bincount(votes.group[rows], tie, votes.n_groups)
        for k in range(q):
            scores[:, m + tied + k] += np.bincount(
                votes.group[rows], slope * covariates[rows, k], votes.n_groups
            )
    scores[:, :m] = strengths.reshape(votes.n_groups, m)
    return scores.T @ scores


def _scores(
    votes: Votes, covariates: FloatArray, point: Point, rows: slice
) -> tuple[FloatArray, FloatArray]:
    """Weighted derivatives of each vote's log-likelihood by its margin and by log nu."""
    d = point.theta[votes.first[rows]] - point.theta[votes.second[rows]]
    if len(point.beta):
        d = d + covariates[rows] @ point.beta
    p = probabilities(d, point.nu)
    outcome = votes.outcome[rows]
    slope = (outcome - 1) / 2 - p.edge
    tie = (outcome == 1) - p.tie
    if votes.weight is not None:
        slope, tie = slope * votes.weight[rows], tie * votes.weight[rows]
    return slope, tie


def _sparse_group_scores(votes: Votes, covariates: FloatArray, point: Point) -> FloatArray:
    assert votes.group is not None
    m, tied, q = votes.n_items, point.log_tie is not None, covariates.shape[1]
    slope, tie = _scores(votes, covariates, point, slice(None))
    rows, columns, values = [votes.group] * 2, [votes.first, votes.second], [slope, -slope]
    if tied:
        rows.append(votes.group)
        columns.append(np.full(len(votes), m))
        values.append(tie)
    for k in range(q):
        rows.append(votes.group)
        columns.append(np.full(len(votes), m + tied + k))
        values.append(slope * covariates[:, k])
    shape = (votes.n_groups, m + tied + q)
    at = (np.concatenate(rows), np.concatenate(columns))
    scores = csr_array((np.concatenate(values), at), shape)
    return np.asarray((scores.T @ scores).toarray())


def sandwich(optimum: Optimum, scores: FloatArray) -> FloatArray:
    """(P, P) covariance in nats^2, strengths taken against their mean.

    A prior counts as one more observation of each parameter, so an item without votes keeps the
    prior's variance instead of none. With `scores` the information itself, this is its inverse.
    """
    factor = cho_factor(optimum.pinned_information())
    half = cho_solve(factor, scores + np.diag(optimum.precision))
    covariance = cho_solve(factor, half.T)
    m = optimum.n_strengths
    covariance[:m] -= covariance[:m].mean(axis=0, keepdims=True)
    covariance[:, :m] -= covariance[:, :m].mean(axis=1, keepdims=True)
    return np.asarray((covariance + covariance.T) / 2)
