"""Online Elo: the ladder that moves with every vote, and how much of it is the order of votes."""

# n votes, m items, R random orders

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from annotation.aggregation.errors import InvalidInput
from annotation.aggregation.votes import FloatArray, check_votes


@dataclass(frozen=True)
class OrderAveraged:
    """Elo averaged over random orders of the same votes.

    `elo` (m,) means, `spread` (m,) standard deviations between orders: what the order of votes
    alone moves a rating by. It says nothing about sampling error; Bradley-Terry intervals do.
    """

    elo: FloatArray
    spread: FloatArray
    orders: int


def update(
    elo_first: float, elo_second: float, score: float, *, k: float = 4.0, scale: float = 400.0
) -> tuple[float, float]:
    """The two ratings after one more vote (Elo 1978); their sum stays the same.

    `score` is 1 where the first won, 0.5 for a tie, 0 where it lost.
    """
    expected: float = 1.0 / (1.0 + 10.0 ** ((elo_second - elo_first) / scale))
    gain = k * (score - expected)
    return elo_first + gain, elo_second - gain


def replay(
    first: ArrayLike,
    second: ArrayLike,
    score: ArrayLike,
    *,
    n_items: int,
    k: float = 4.0,
    initial: float = 1000.0,
    scale: float = 400.0,
) -> FloatArray:
    """(n_items,) ratings after the votes in the order given; another order gives other ratings.

    Every item starts at `initial`; items without votes stay there. Raises InvalidVote, NoVotes.
    """
    votes = check_votes(first, second, score, n_items=n_items)
    _check_scale(k, scale)
    elo = [float(initial)] * n_items
    scores = (votes.outcome / 2).tolist()
    for i, j, s in zip(votes.first.tolist(), votes.second.tolist(), scores, strict=True):
        gain = k * (s - 1.0 / (1.0 + 10.0 ** ((elo[j] - elo[i]) / scale)))
        elo[i] += gain
        elo[j] -= gain
    return np.array(elo)


def average_over_orders(
    first: ArrayLike,
    second: ArrayLike,
    score: ArrayLike,
    *,
    n_items: int,
    orders: int = 100,
    seed: int = 0,
    k: float = 4.0,
    initial: float = 1000.0,
    scale: float = 400.0,
) -> OrderAveraged:
    """Replays the votes in `orders` random orders, all at once; memory is orders * votes.

    Raises InvalidVote, NoVotes, InvalidInput (fewer than two orders have no spread).
    """
    votes = check_votes(first, second, score, n_items=n_items)
    _check_scale(k, scale)
    if orders < 2:
        raise InvalidInput(f"expected at least 2 orders to show a spread, got {orders}")
    rng = np.random.default_rng(seed)
    turns = rng.permuted(np.tile(np.arange(len(votes), dtype=np.int32), (orders, 1)), axis=1)
    elo_RM = np.full((orders, n_items), float(initial))
    row = np.arange(orders)
    for turn in turns.T:
        i, j = votes.first[turn], votes.second[turn]
        expected = 1.0 / (1.0 + 10.0 ** ((elo_RM[row, j] - elo_RM[row, i]) / scale))
        gain = k * (votes.outcome[turn] / 2 - expected)
        elo_RM[row, i] += gain
        elo_RM[row, j] -= gain
    return OrderAveraged(elo_RM.mean(axis=0), elo_RM.std(axis=0, ddof=1), orders)


def _check_scale(k: float, scale: float) -> None:
    if not (k > 0 and scale > 0 and np.isfinite(k) and np.isfinite(scale)):
        raise InvalidInput(f"expected positive k and scale, got k={k} and scale={scale}")
