"""A ladder to read: rows with intervals and ranks, and the pairs that are still open."""

# m items

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from annotation.aggregation.ranks import distinguishable, rank_intervals, votes_to_settle
from annotation.aggregation.ratings import Ratings


@dataclass(frozen=True)
class Standing:
    """One row. Elo and its interval may be infinite, Elo NaN: then `note` says why.

    `best_rank` to `worst_rank` hold for all rows together at the level asked for.
    """

    name: str
    elo: float
    low: float
    high: float
    best_rank: int
    worst_rank: int
    votes: float
    note: str


@dataclass(frozen=True)
class OpenPair:
    """Two items that the votes cannot tell apart yet, the one that leads first.

    `votes_needed`: more votes between the two that should settle it if the estimate is right; inf
    for equal ratings, NaN where the votes do not even link them.
    """

    first: str
    second: str
    gap: float
    win_probability: float
    votes_needed: float


def standings(names: Sequence[str], ratings: Ratings, *, level: float = 0.95) -> list[Standing]:
    """Rows from the highest rating to the lowest, items without one at the end."""
    low, high = ratings.interval(level)
    ranks = rank_intervals(ratings, level)
    return [
        Standing(
            name=names[i],
            elo=float(ratings.elo[i]),
            low=float(low[i]),
            high=float(high[i]),
            best_rank=int(ranks.best[i]),
            worst_rank=int(ranks.worst[i]),
            votes=float(ratings.n_votes[i]),
            note=_note(ratings, i),
        )
        for i in by_rating(ratings)
    ]


def by_rating(ratings: Ratings) -> list[int]:
    """Item numbers, best first; NaN last."""
    elo = ratings.elo
    return sorted(range(ratings.n_items), key=lambda i: (np.isnan(elo[i]), -elo[i], i))


def open_pairs(
    names: Sequence[str], ratings: Ratings, *, level: float = 0.95, power: float = 0.8
) -> list[OpenPair]:
    """Pairs not distinguishable yet at `level` (Holm over all pairs), fewest missing votes first.

    `votes_needed` is counted at the stricter level that Holm's correction asks of the next pair.
    """
    settled = distinguishable(ratings, level)
    win = ratings.win_probability()
    order = by_rating(ratings)
    n_open = int((~settled).sum() - ratings.n_items) // 2
    next_level = 1 - (1 - level) / max(n_open, 1)
    found = [
        OpenPair(
            first=names[i],
            second=names[j],
            gap=ratings.difference(i, j)[0],
            win_probability=float(win[i, j]),
            votes_needed=votes_to_settle(ratings, i, j, level=next_level, power=power),
        )
        for at, i in enumerate(order)
        for j in order[at + 1 :]
        if not settled[i, j]
    ]
    return sorted(found, key=lambda pair: (np.isnan(pair.votes_needed), pair.votes_needed))


def _note(ratings: Ratings, item: int) -> str:
    if ratings.components[item] < 0:
        return "no votes"
    if ratings.undefeated[item]:
        return "won every vote: no upper bound"
    if ratings.winless[item]:
        return "lost every vote: no lower bound"
    if np.isposinf(ratings.elo[item]):
        return "its group never lost to the rest: no upper bound"
    if np.isneginf(ratings.elo[item]):
        return "its group never beat the rest: no lower bound"
    if np.isnan(ratings.elo[item]):
        return "not linked to the rest by wins both ways: cannot be compared"
    if np.isinf(ratings.se_elo[item]):
        return "judged by a single annotator: no error can be given"
    return ""
