"""Votes summed by pair: all that a rating needs to know of a million rows."""

# n votes, m items, p pairs that were compared at least once

from dataclasses import dataclass

import numpy as np

from annotation.aggregation.votes import BLOCK, BoolArray, FloatArray, IntArray, Votes

DENSE_LIMIT = 1 << 22  # cells of an (m, m, 3) table that may be counted without sorting


@dataclass(frozen=True)
class PairCounts:
    """Summed weights per compared pair, `first < second`.

    `squares` are the sums of squared weights of wins, losses and ties, which sandwich errors need;
    None where every vote weighs 1 and they equal the sums.
    """

    first: IntArray
    second: IntArray
    wins: FloatArray
    losses: FloatArray
    ties: FloatArray
    squares: tuple[FloatArray, FloatArray, FloatArray] | None
    n_items: int

    @property
    def total(self) -> FloatArray:
        return self.wins + self.losses + self.ties

    def votes_per_item(self) -> FloatArray:
        """(m,) summed weight of the votes in which an item took part."""
        total = self.total
        return summed(self.first, total, self.n_items) + summed(self.second, total, self.n_items)

    def record(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """(m,) summed weight of won, lost and tied votes of every item."""
        won = summed(self.first, self.wins, self.n_items)
        lost = summed(self.first, self.losses, self.n_items)
        tied = summed(self.first, self.ties, self.n_items)
        won += summed(self.second, self.losses, self.n_items)
        lost += summed(self.second, self.wins, self.n_items)
        tied += summed(self.second, self.ties, self.n_items)
        return won, lost, tied

    def restricted_to(self, kept: BoolArray) -> "PairCounts":
        """The pairs whose two items are both in `kept` (m,), renumbered to 0..kept.sum()-1."""
        inside = kept[self.first] & kept[self.second]
        number = np.cumsum(kept) - 1
        return PairCounts(
            first=number[self.first[inside]],
            second=number[self.second[inside]],
            wins=self.wins[inside],
            losses=self.losses[inside],
            ties=self.ties[inside],
            squares=None
            if self.squares is None
            else (
                self.squares[0][inside],
                self.squares[1][inside],
                self.squares[2][inside],
            ),
            n_items=int(kept.sum()),
        )


def summed(place: IntArray, values: FloatArray, size: int) -> FloatArray:
    """(size,) sums of `values` by their `place`."""
    return np.bincount(place, values, size).astype(np.float64, copy=False)


def count_pairs(votes: Votes) -> PairCounts:
    """Votes summed by unordered pair and outcome; O(n + m^2), or O(n log n) for many items."""
    m = votes.n_items
    if 3 * m * m <= max(DENSE_LIMIT, len(votes)):
        cells, counts, squares = _count_dense(votes)
    else:
        cells, counts, squares = _count_sorted(votes)
    return PairCounts(
        first=cells // m,
        second=cells % m,
        losses=counts[:, 0],
        ties=counts[:, 1],
        wins=counts[:, 2],
        squares=None if squares is None else (squares[:, 2], squares[:, 0], squares[:, 1]),
        n_items=m,
    )


def cell_of_each_vote(votes: Votes) -> tuple[PairCounts, IntArray]:
    """The pair counts, and for each vote 3 * pair + outcome as seen from the lower item."""
    pairs = count_pairs(votes)
    m = votes.n_items
    swapped = votes.first > votes.second
    code = np.where(swapped, votes.second * m + votes.first, votes.first * m + votes.second)
    position = np.searchsorted(pairs.first * m + pairs.second, code)
    return pairs, position * 3 + np.where(swapped, 2 - votes.outcome, votes.outcome)


def _count_dense(votes: Votes) -> tuple[IntArray, FloatArray, FloatArray | None]:
    m = votes.n_items
    width = 3 * m * m
    table = np.zeros(width)
    table_of_squares = None if votes.weight is None else np.zeros(width)
    block = max(BLOCK, width)
    for start in range(0, len(votes), block):
        rows = slice(start, start + block)
        code = votes.first[rows] * (3 * m)
        code += votes.second[rows] * 3
        code += votes.outcome[rows]
        if votes.weight is None:
            table += np.bincount(code, minlength=width)
        else:
            table += np.bincount(code, votes.weight[rows], width)
            assert table_of_squares is not None
            table_of_squares += np.bincount(code, votes.weight[rows] ** 2, width)
    folded = _fold(table.reshape(m, m, 3))
    seen = np.flatnonzero(folded.any(axis=1))
    squares = None
    if table_of_squares is not None:
        squares = _fold(table_of_squares.reshape(m, m, 3))[seen]
    return seen, folded[seen], squares


def _fold(table: FloatArray) -> FloatArray:
    """(m * m, 3) counts with every vote moved to the side where first < second."""
    m = len(table)
    folded = np.triu(np.ones((m, m), bool), 1)[:, :, None] * (
        table + table.transpose(1, 0, 2)[:, :, ::-1]
    )
    return np.asarray(folded.reshape(m * m, 3))


def _count_sorted(votes: Votes) -> tuple[IntArray, FloatArray, FloatArray | None]:
    m = votes.n_items
    low = np.minimum(votes.first, votes.second)
    high = np.maximum(votes.first, votes.second)
    outcome = np.where(votes.first < votes.second, votes.outcome, 2 - votes.outcome)
    cells, position = np.unique(low * m + high, return_inverse=True)
    code = position * 3 + outcome
    width = 3 * len(cells)
    weight = np.ones(len(votes)) if votes.weight is None else votes.weight
    counts = summed(code, weight, width).reshape(-1, 3)
    squares = None
    if votes.weight is not None:
        squares = summed(code, weight**2, width).reshape(-1, 3)
    used = counts.any(axis=1)
    return cells[used], counts[used], None if squares is None else squares[used]


def groups_per_item(votes: Votes) -> FloatArray:
    """(m,) how many groups have a vote on each item."""
    assert votes.group is not None
    m = votes.n_items
    if votes.n_groups * m <= max(DENSE_LIMIT, len(votes)):
        seen = np.zeros(votes.n_groups * m, bool)
        seen[votes.group * m + votes.first] = True
        seen[votes.group * m + votes.second] = True
        return np.asarray(seen.reshape(votes.n_groups, m).sum(axis=0), np.float64)
    both = np.concatenate([votes.group * m + votes.first, votes.group * m + votes.second])
    return np.bincount(np.unique(both) % m, minlength=m).astype(np.float64)
