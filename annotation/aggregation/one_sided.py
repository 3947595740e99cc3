"""Items that won, or lost, every vote: no finite rating fits them, but a bound does."""

# m items

from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq

from annotation.aggregation.likelihood import probabilities
from annotation.aggregation.pairs import PairCounts
from annotation.aggregation.votes import FloatArray, Votes


@dataclass(frozen=True)
class OneSided:
    """An item that won (sign 1) or lost (sign -1) every vote against rated items.

    `votes` (m,) against each rated item; with annotators, scaled down to one vote per annotator.
    """

    sign: int
    votes: FloatArray

    def log_chance(self, theta: float, opponents: FloatArray) -> float:
        """Log of the chance of such a clean record for an item of strength `theta` (nats)."""
        faced = self.votes > 0
        p = probabilities(self.sign * (theta - opponents[faced]), 0.0)
        return float(self.votes[faced] @ np.log(p.win))

    def bound(self, opponents: FloatArray, chance: float) -> float:
        """The strength at which such a record has just this `chance`; -sign * inf without votes."""
        if not (self.votes > 0).any():
            return -self.sign * np.inf

        def surplus(theta: float) -> float:
            return self.log_chance(theta, opponents) - float(np.log(chance))

        reach = 50.0 + float(np.abs(opponents[self.votes > 0]).max()) - float(np.log(chance))
        reach /= min(1.0, float(self.votes.sum()))
        return float(brentq(surplus, -reach, reach))


def one_sided_records(votes: Votes, pairs: PairCounts, elo: FloatArray) -> dict[int, OneSided]:
    """Records of the items of infinite rating against the rated ones, for one-sided bounds."""
    records = {}
    rated = np.isfinite(elo)
    for item in np.flatnonzero(np.isinf(elo)):
        against = np.zeros(pairs.n_items)
        total = pairs.total
        np.add.at(against, pairs.second[pairs.first == item], total[pairs.first == item])
        np.add.at(against, pairs.first[pairs.second == item], total[pairs.second == item])
        against[~rated] = 0.0
        if pairs.squares is not None and against.any():
            squares = pairs.squares[0] + pairs.squares[1] + pairs.squares[2]
            involved = (pairs.first == item) | (pairs.second == item)
            against *= total[involved].sum() / squares[involved].sum()
        if votes.group is not None and against.any():
            mine = (votes.first == item) | (votes.second == item)
            annotators = len(np.unique(votes.group[mine]))
            against *= min(1.0, annotators / against.sum())
        records[int(item)] = OneSided(1 if elo[item] > 0 else -1, against)
    return records
