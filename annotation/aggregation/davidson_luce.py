"""The Davidson-Luce likelihood of rankings as a run of choices, and its derivatives.

From the items A that remain, the set S comes next (tied, if more than one) with chance

    f(S) / sum over subsets T of A with |T| <= D of f(T),
    f(S) = delta_|S| (product of e^theta over S)^(1 / |S|),  delta_1 = 1

(Turner, van Etten, Firth and Kosmidis 2020, section 2). log f is linear in (theta, log delta), so
the likelihood is concave. Sizes of ties that never occur have delta = 0.
"""

# R rankings, m items, P parameters = m + tie sizes, n items remaining, S subsets, c choices

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from math import comb

import numpy as np
from scipy.sparse import coo_array, csr_array
from scipy.special import softmax

from annotation.aggregation.errors import AllTies, InvalidInput, NotConverged
from annotation.aggregation.newton import Optimum, maximise
from annotation.aggregation.rankings import Groups
from annotation.aggregation.votes import FloatArray, IntArray

MAX_SUBSETS = 200_000  # of one set of remaining items
CHUNK = 1 << 22  # numbers held at once while summing over choices


@dataclass(frozen=True)
class SameSize:
    """Choices from n remaining items.

    `subsets` (S, n + tie sizes) is the gradient of log f: 1 / |S| for each member, 1 for the size.
    """

    remaining: IntArray  # (c, n)
    chosen: IntArray  # (c,) row of `subsets`
    ranking: IntArray  # (c,)
    subsets: FloatArray


@dataclass(frozen=True)
class Choices:
    """All choices of all rankings, sorted by how many items remained."""

    parts: tuple[SameSize, ...]
    weight: FloatArray  # (R,)
    n_items: int
    tie_sizes: tuple[int, ...]

    @staticmethod
    def of(rankings: Sequence[Groups], weight: FloatArray, n_items: int) -> "Choices":
        sizes = {len(tie) for groups in rankings if sum(map(len, groups)) > 1 for tie in groups}
        tie_sizes = tuple(sorted(size for size in sizes if size > 1))
        rows: dict[int, tuple[list[list[int]], list[int], list[int]]] = {}
        single = False
        for number, groups in enumerate(rankings):
            remaining = [item for tie in groups for item in tie]
            for tie in groups:
                if len(remaining) < 2:
                    break
                single |= len(tie) == 1
                at = rows.setdefault(len(remaining), ([], [], []))
                at[0].append(list(remaining))
                at[1].append(_row_of_first(len(tie), len(remaining), tie_sizes))
                at[2].append(number)
                remaining = remaining[len(tie) :]
        if not single:
            raise AllTies(
                "expected a ranking that prefers one item to the rest, got only ties: "
                "the tie parameters have no finite estimate"
            )
        parts = tuple(
            SameSize(np.array(a), np.array(b), np.array(c), _subsets(n, tie_sizes))
            for n, (a, b, c) in sorted(rows.items())
        )
        return Choices(parts, weight, n_items, tie_sizes)

    @property
    def n_parameters(self) -> int:
        return self.n_items + len(self.tie_sizes)

    def maximum(self, prior: float) -> Optimum:
        """Raises NotConverged, also where a tie parameter runs off to infinity."""
        precision = np.zeros(self.n_parameters)
        precision[: self.n_items] = prior
        optimum = maximise(
            self.value,
            self.derivatives,
            np.zeros(self.n_parameters),
            n_strengths=self.n_items,
            precision=precision,
            total=float(self.weight.sum()) * self.n_items,
        )
        for k, size in enumerate(self.tie_sizes):
            if optimum.information[self.n_items + k, self.n_items + k] < 1e-6 * self.weight.min():
                raise NotConverged(
                    f"ties of {size} items have no finite parameter: they happen always, or never, "
                    "wherever they could; break or drop some"
                )
        return optimum

    def value(self, parameters: FloatArray) -> float:
        total = 0.0
        for part, _, chance in self._each(parameters):
            taken = chance[np.arange(len(chance)), part.chosen]
            total += float(self.weight[part.ranking] @ np.log(np.maximum(taken, 1e-300)))
        return total

    def derivatives(self, parameters: FloatArray) -> tuple[FloatArray, FloatArray]:
        size = self.n_parameters
        gradient, information = np.zeros(size), np.zeros((size, size))
        for part, columns, chance in self._each(parameters):
            weight = self.weight[part.ranking]
            expected = chance @ part.subsets
            step = weight[:, None] * (part.subsets[part.chosen] - expected)
            gradient += np.bincount(columns.ravel(), step.ravel(), size)
            width = part.subsets.shape[1]
            products = (part.subsets[:, :, None] * part.subsets[:, None, :]).reshape(-1, width**2)
            second = (chance @ products).reshape(-1, width, width)
            second -= expected[:, :, None] * expected[:, None, :]
            second *= weight[:, None, None]
            place = columns[:, :, None] * size + columns[:, None, :]
            information += np.bincount(place.ravel(), second.ravel(), size**2).reshape(size, size)
        return gradient, information

    def scores(self, parameters: FloatArray) -> tuple[csr_array, IntArray]:
        """(c, P) weighted derivative of each choice's log-likelihood, and the (c,) rankings."""
        columns, values, rankings = [], [], []
        for part, at, chance in self._each(parameters):
            step = part.subsets[part.chosen] - chance @ part.subsets
            step *= self.weight[part.ranking][:, None]
            columns.append(at)
            values.append(step)
            rankings.append(part.ranking)
        widths = np.concatenate([np.full(len(at), at.shape[1]) for at in columns])
        flat = np.concatenate([at.ravel() for at in columns])
        entries = np.concatenate([step.ravel() for step in values])
        ranking = np.concatenate(rankings)
        rows = np.repeat(np.arange(len(ranking)), widths)
        shape = (len(ranking), self.n_parameters)
        return coo_array((entries, (rows, flat)), shape).tocsr(), ranking

    def _each(self, parameters: FloatArray) -> Iterator[tuple[SameSize, IntArray, FloatArray]]:
        """Choices a chunk at a time, with their parameters' columns and the subsets' chances."""
        ties = np.arange(self.n_items, self.n_parameters)
        for part in self.parts:
            width = part.subsets.shape[1]
            step = max(1, CHUNK // max(len(part.subsets), width**2))
            for start in range(0, len(part.chosen), step):
                rows = slice(start, start + step)
                chunk = SameSize(
                    part.remaining[rows], part.chosen[rows], part.ranking[rows], part.subsets
                )
                tied = np.broadcast_to(ties, (len(chunk.chosen), len(ties)))
                columns = np.concatenate([chunk.remaining, tied], axis=1)
                score = parameters[columns] @ part.subsets.T
                yield chunk, columns, softmax(score, axis=1)


def _sizes(n: int, tie_sizes: tuple[int, ...]) -> list[int]:
    return [1, *(size for size in tie_sizes if size <= n)]


@cache
def _row_of_first(size: int, n: int, tie_sizes: tuple[int, ...]) -> int:
    """Where `_subsets` has the subset of the first `size` of n items."""
    return sum(comb(n, smaller) for smaller in _sizes(n, tie_sizes) if smaller < size)


def _subsets(n: int, tie_sizes: tuple[int, ...]) -> FloatArray:
    sizes = _sizes(n, tie_sizes)
    count = sum(comb(n, size) for size in sizes)
    if count > MAX_SUBSETS:
        raise InvalidInput(
            f"{n} items with ties of {sizes[-1]} have {count} possible choices, more than "
            f"{MAX_SUBSETS}: break the large ties or rank fewer items at a time"
        )
    table = np.zeros((count, n + len(tie_sizes)))
    row = 0
    for size in sizes:
        members = np.array(list(combinations(range(n), size)))
        rows = np.arange(row, row + len(members))
        table[rows[:, None], members] = 1 / size
        if size > 1:
            table[rows, n + tie_sizes.index(size)] = 1.0
        row += len(members)
    return table
