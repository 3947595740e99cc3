"""One ranking of a task's few responses out of what several people said.

Kemeny's ranking (Kemeny and Snell 1962) lies closest to the voters': every pair of responses on
which a voter says the opposite counts 1, every pair tied by only one of the two counts 1/2. Ties
are answers like any other: where most voters tie two responses, so does the consensus. It is exact
here, by dynamic programming over the 2^K sets that can stand at the top, for up to 9 responses.

- A voter who could not rank one of a pair says nothing about that pair.
- Where several rankings are equally close, responses share a rank unless the closest rankings
  put one above the other in some and the reverse in none; so a circle of majorities is a tie,
  and the answer depends neither on the order of voters nor on that of responses.
- A response that more voters could not rank than ranked has no rank (None).
"""

# V voters, K responses

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from annotation.aggregation.errors import InvalidOrder, NoVotes
from annotation.aggregation.votes import BoolArray, FloatArray

MAX_EXACT = 9
Ranks = Sequence[int | None]


@dataclass(frozen=True)
class Consensus:
    """Ranks 1 best, equal = tie, None = cannot be ranked: Kemeny's, with two others beside.

    `disagreement` is the distance of the closest ranking, in statements contradicted, of the
    `statements` about pairs. `preferences` (K, K) is the weight that put the row above the
    column. `unique` where no ranking as close as any contradicts another.
    """

    ranks: tuple[int | None, ...]
    borda: tuple[int | None, ...]
    ranked_pairs: tuple[int | None, ...]
    preferences: FloatArray
    disagreement: float
    statements: float
    unique: bool


def consensus(rankings: Sequence[Ranks], *, weights: Sequence[float] | None = None) -> Consensus:
    """The consensus of V label rankings of the same K <= 9 responses.

    Each ranking has one rank per response: 1 best, equal = tie, None = cannot be ranked.
    weights: one per voter, such as reliabilities, all 1 by default.
    Raises NoVotes without a ranking, InvalidOrder for unequal lengths, ranks below 1, K > 9.
    """
    weight = _check(rankings, weights)
    table = np.array([[np.nan if r is None else r for r in ranks] for ranks in rankings], float)
    ranked = weight @ ~np.isnan(table)
    usable = np.flatnonzero((ranked > 0) & (ranked >= weight.sum() / 2))
    preferences, tied = count_statements(table, weight)
    above, level = preferences[np.ix_(usable, usable)], tied[np.ix_(usable, usable)]
    points = borda_points(above, level)
    tops, distance = closest_tops(above, level)
    spread = _Spread(len(table[0]), usable)
    return Consensus(
        ranks=spread(_ranks_of_tops(tops, points)),
        borda=spread([int((points > own).sum()) + 1 for own in points]),
        ranked_pairs=spread(_collapse_even(ranked_pairs_order(above, points), above)),
        preferences=preferences,
        disagreement=distance,
        statements=float(above.sum() + level.sum() / 2),
        unique=not (_sometimes_above(tops) & _sometimes_above(tops).T).any(),
    )


def count_statements(ranks: FloatArray, weight: FloatArray) -> tuple[FloatArray, FloatArray]:
    """(K, K) weight of voters who put the row above the column, and of those who tie them.

    `ranks` (V, K), NaN unranked; the diagonal is zero.
    """
    with np.errstate(invalid="ignore"):
        above = ranks[:, :, None] < ranks[:, None, :]
        same = ranks[:, :, None] == ranks[:, None, :]
    same &= ~np.eye(ranks.shape[1], dtype=bool)
    return np.tensordot(weight, above, 1), np.tensordot(weight, same, 1)


def borda_points(above: FloatArray, level: FloatArray) -> FloatArray:
    """(K,) mean over the others of (wins - losses) / statements: Borda's count, gaps allowed."""
    total = above + above.T + level
    net = np.divide(above - above.T, total, out=np.zeros_like(total), where=total > 0)
    return np.asarray((net.sum(axis=1) / max(len(net) - 1, 1)).round(12))


def closest_tops(above: FloatArray, level: FloatArray) -> tuple[BoolArray, float]:
    """The sets that stand at the top of some closest ranking, and the distance to the voters.

    A ranking with ties is a chain of growing top sets, from none to all. upper[S] is the least
    distance of a ranking of S, lower[S] that of what is not in S; S is on an optimal chain where
    the two and the pairs between them add up to the optimum. Returns (sets, K) membership.
    """
    k = len(above)
    member = ((np.arange(1 << k)[:, None] >> np.arange(k)) & 1).astype(bool)
    placed = above.T + level / 2  # [i, j]: cost of i above j
    under = member @ placed  # [S, j]: cost of all of S above j
    pairs = (above + above.T) / 2  # [i, j]: cost of a tie
    tie = np.einsum("si,ij,sj->s", member, pairs, member) / 2
    upper, lower = np.full(1 << k, np.inf), np.full(1 << k, np.inf)
    upper[0] = lower[-1] = 0.0
    everything = (1 << k) - 1
    for group_of, top in _groups_by_top(k):
        rest = top ^ group_of
        crossing = (under[rest] * member[group_of]).sum(axis=1)
        upper[top] = (upper[rest] + tie[group_of] + crossing).min()
    for group_of, bottom in _groups_by_top(k):
        # `bottom` is what remains: its best group first, the rest of it below
        rest = bottom ^ group_of
        crossing = (under[group_of] * member[rest]).sum(axis=1)
        lower[everything ^ bottom] = (lower[everything ^ rest] + tie[group_of] + crossing).min()
    between = (under * ~member).sum(axis=1)
    total = upper + lower + between
    slack = 1e-9 * max(1.0, float(placed.sum()))
    return member[total <= upper[-1] + slack], float(upper[-1])


@cache
def _groups_by_top(k: int) -> tuple[tuple[NDArray[np.int64], int], ...]:
    """For every set of k, smaller sets first: all of its non-empty subsets, as bit masks."""
    found = []
    for whole in range(1, 1 << k):
        subsets, part = [], whole
        while part:
            subsets.append(part)
            part = (part - 1) & whole
        found.append((np.array(subsets), whole))
    return tuple(found)


def _sometimes_above(tops: BoolArray) -> BoolArray:
    """(K, K) whether some closest ranking puts the row above the column."""
    return np.asarray((tops.T.astype(np.int64) @ (~tops).astype(np.int64)) > 0)


def _ranks_of_tops(tops: BoolArray, points: FloatArray) -> list[int]:
    """Ranks by how many optimal top sets hold a response, Borda's points deciding among equals.

    Neighbours share a rank while none of them is above another in some closest ranking and below
    it in none.
    """
    k = tops.shape[1]
    some = _sometimes_above(tops)
    held = tops.sum(axis=0)
    order = sorted(range(k), key=lambda i: (-held[i], -points[i], i))
    ranks = [0] * k
    tie: list[int] = []
    for place, item in enumerate(order):
        apart = any(some[j, item] and not some[item, j] for j in tie)
        tie = [item] if apart or not tie else [*tie, item]
        ranks[item] = place + 2 - len(tie)
    return ranks


def ranked_pairs_order(preferences: FloatArray, points: FloatArray) -> list[int]:
    """Tideman's ranked pairs: majorities locked from the widest down unless they close a circle.

    Equal majorities are locked in the order of Borda points; what no majority orders follows them.
    """
    k = len(preferences)
    margin = preferences - preferences.T
    pairs = [(i, j) for i in range(k) for j in range(k) if margin[i, j] > 0]
    pairs.sort(key=lambda p: (-margin[p], -points[p[0]], points[p[1]], p))
    beats = np.zeros((k, k), bool)  # transitively closed
    for i, j in pairs:
        if not beats[j, i]:
            up = beats[:, i] | (np.arange(k) == i)
            down = beats[j] | (np.arange(k) == j)
            beats |= up[:, None] & down[None, :]
    order: list[int] = []
    left = set(range(k))
    while left:
        top = [i for i in left if not any(beats[j, i] for j in left)]
        order.append(min(top, key=lambda i: (-points[i], i)))
        left.remove(order[-1])
    return order


def _collapse_even(order: list[int], preferences: FloatArray) -> list[int]:
    """(K,) ranks: neighbours join a tie while they are exactly even with all of its members."""
    ranks = [0] * len(order)
    tie: list[int] = []
    for place, item in enumerate(order):
        even = all(np.isclose(preferences[item, j], preferences[j, item]) for j in tie)
        tie = [*tie, item] if tie and even else [item]
        ranks[item] = place + 2 - len(tie)
    return ranks


@dataclass(frozen=True)
class _Spread:
    """Ranks of the usable responses put back among all K, None elsewhere."""

    n_responses: int
    usable: NDArray[np.int64]

    def __call__(self, ranks: list[int]) -> tuple[int | None, ...]:
        full: list[int | None] = [None] * self.n_responses
        for response, rank in zip(self.usable, ranks, strict=True):
            full[response] = rank
        return tuple(full)


def _check(rankings: Sequence[Ranks], weights: Sequence[float] | None) -> FloatArray:
    if not rankings:
        raise NoVotes("expected at least one ranking, got none: collect labels first")
    k = len(rankings[0])
    if k > MAX_EXACT:
        raise InvalidOrder(f"expected at most {MAX_EXACT} responses, got {k}: rank fewer at a time")
    for voter, ranks in enumerate(rankings):
        if len(ranks) != k:
            raise InvalidOrder(f"expected {k} ranks, got {len(ranks)} from voter {voter}")
        if any(rank is not None and not (rank >= 1 and rank % 1 == 0) for rank in ranks):
            raise InvalidOrder(f"expected whole ranks from 1, got {list(ranks)} from voter {voter}")
    weight = np.ones(len(rankings)) if weights is None else np.asarray(weights, np.float64)
    if weight.shape != (len(rankings),) or not (np.isfinite(weight) & (weight >= 0)).all():
        raise InvalidOrder(f"expected {len(rankings)} finite weights >= 0, got {weights}")
    if not weight.any():
        raise NoVotes("expected a voter with a positive weight, got only zeros")
    return weight
