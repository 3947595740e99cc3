"""Votes, checked once."""

# n votes, m items

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from annotation.aggregation.errors import InvalidVote, NoVotes

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

BLOCK = 1 << 20  # votes handled at a time, so that memory stays flat for 10 million of them


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

    def between(self, items: BoolArray) -> BoolArray:
        """(n,) the votes whose two items are both in `items` (m,)."""
        return np.asarray(items[self.first] & items[self.second])

    def restricted_to(self, items: BoolArray) -> "Votes":
        """The votes between `items` (m,), items and groups renumbered without gaps."""
        kept = self.between(items)
        number = np.cumsum(items) - 1
        group, n_groups = None, 0
        if self.group is not None:
            names, group = np.unique(self.group[kept], return_inverse=True)
            n_groups = len(names)
        return Votes(
            first=number[self.first[kept]],
            second=number[self.second[kept]],
            outcome=self.outcome[kept],
            weight=None if self.weight is None else self.weight[kept],
            group=group,
            n_items=int(items.sum()),
            n_groups=n_groups,
        )


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
