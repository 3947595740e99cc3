"""Votes, checked once, and their summary by pair: all that a rating needs of a million rows."""

# n votes, m items, p pairs that were compared at least once

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from annotation.aggregation.errors import InvalidVote, NoVotes

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

BLOCK = 1 << 20  # votes handled at a time, so that memory stays flat for 10 million of them
DENSE_LIMIT = 1 << 22  # cells of an (m, m, 3) table that may be counted without sorting


@dataclass(frozen=True)
class Votes:
    """Checked votes. `outcome` is 2 first won, 1 tie, 0 first lost."""

    first: IntArray
    second: IntArray
    outcome: NDArray[np.int8]
    weight: FloatArray | None
    group: IntArray | None  # codes 0..n_groups-1
    n_items: int
    n_groups: int

    def __len__(self) -> int:
        return len(self.first)


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


def check_votes(
    first: ArrayLike,
    second: ArrayLike,
    score: ArrayLike,
    *,
    n_items: int,
    weights: ArrayLike | None = None,
    groups: ArrayLike | None = None,
) -> Votes:
    """Votes that can be counted, or a named error that points at the first bad row.

    Items are integers in 0..n_items-1; scores are 0, 0.5 or 1; weights are finite and not
    negative; groups are any values that can be sorted, one per vote.
    Raises InvalidVote and NoVotes.
    """
    first, second = _items(first, "first", n_items), _items(second, "second", n_items)
    scores = np.asarray(score, dtype=np.float64)
    if not len(first) == len(second) == len(scores):
        raise InvalidVote(
            f"expected first, second and score of one length, got {len(first)}, {len(second)} "
            f"and {len(scores)}"
        )
    if len(first) == 0:
        raise NoVotes("expected at least one vote, got none: collect votes before rating")
    outcome = _outcomes(scores)
    for start in range(0, len(first), BLOCK):
        same = first[start : start + BLOCK] == second[start : start + BLOCK]
        if same.any():
            row = start + int(same.argmax())
            raise InvalidVote(
                f"vote {row} compares item {first[row]} with itself: drop it or name the other item"
            )
    weight = _weights(weights, len(first))
    group, n_groups = _groups(groups, len(first))
    return Votes(first, second, outcome, weight, group, n_items, n_groups)


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


def _items(values: ArrayLike, name: str, n_items: int) -> IntArray:
    items = np.asarray(values)
    if items.ndim != 1:
        raise InvalidVote(f"expected `{name}` as one row of item numbers, got shape {items.shape}")
    if items.size == 0:
        return items.astype(np.int64)
    if items.dtype.kind not in "iu":
        raise InvalidVote(
            f"expected whole item numbers in `{name}`, got {items.dtype}: number the items first"
        )
    if items.min() < 0 or items.max() >= n_items:
        row = int(((items < 0) | (items >= n_items)).argmax())
        raise InvalidVote(
            f"expected items 0..{n_items - 1} in `{name}`, got {items[row]} in vote {row}: "
            "correct it or raise n_items"
        )
    return items.astype(np.int64, copy=False)


def _outcomes(score: FloatArray) -> NDArray[np.int8]:
    outcome = np.empty(len(score), np.int8)
    for start in range(0, len(score), BLOCK):
        doubled = score[start : start + BLOCK] * 2
        with np.errstate(invalid="ignore"):
            outcome[start : start + BLOCK] = doubled
        bad = (outcome[start : start + BLOCK] != doubled) | (doubled < 0) | (doubled > 2)
        if bad.any():
            row = start + int(bad.argmax())
            raise InvalidVote(
                f"expected a score of 0, 0.5 or 1, got {score[row]} in vote {row}: "
                "use weights for graded preferences"
            )
    return outcome


def _weights(weights: ArrayLike | None, n: int) -> FloatArray | None:
    if weights is None:
        return None
    weight = np.asarray(weights, dtype=np.float64)
    if weight.shape != (n,):
        raise InvalidVote(f"expected {n} weights, one per vote, got shape {weight.shape}")
    bad = ~(np.isfinite(weight) & (weight >= 0))
    if bad.any():
        row = int(bad.argmax())
        raise InvalidVote(f"expected a finite weight >= 0, got {weight[row]} in vote {row}")
    if not weight.any():
        raise NoVotes("expected a vote with a positive weight, got only zeros")
    return weight


def _groups(groups: ArrayLike | None, n: int) -> tuple[IntArray | None, int]:
    if groups is None:
        return None, 0
    group = np.asarray(groups)
    if group.shape != (n,):
        raise InvalidVote(f"expected {n} groups, one per vote, got shape {group.shape}")
    if group.dtype.kind == "f" and np.isnan(group).any():
        raise InvalidVote(f"expected a group for every vote, got NaN in vote {_first_nan(group)}")
    if group.dtype.kind in "iu" and group.min() >= 0 and group.max() < 4 * n + 1024:
        # small whole numbers need no sort: a vote costs two look-ups
        present = np.bincount(group, minlength=1) > 0
        number = np.cumsum(present) - 1
        return number[group].astype(np.int64, copy=False), int(present.sum())
    names, codes = np.unique(group, return_inverse=True)
    return codes.astype(np.int64, copy=False), len(names)


def _first_nan(values: NDArray[np.floating]) -> int:
    return int(np.isnan(values).argmax())


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
