"""Chocolate puddings compared in pairs, "no preference" allowed (Davidson 1970, table 1).

The strengths that tests expect are those printed for these data by Turner, van Etten, Firth and
Kosmidis (2020), after as many iterations as Davidson made.
"""

import numpy as np
from numpy.typing import NDArray

# i, j, prefer i, prefer j, no preference
RECORD = (
    (1, 2, 19, 22, 16),
    (1, 3, 16, 19, 12),
    (2, 3, 19, 19, 10),
    (1, 4, 18, 23, 13),
    (2, 4, 23, 19, 9),
    (3, 4, 19, 20, 15),
    (1, 5, 13, 19, 18),
    (2, 5, 16, 20, 12),
    (3, 5, 16, 15, 17),
    (4, 5, 17, 14, 16),
    (1, 6, 18, 21, 12),
    (2, 6, 22, 20, 12),
    (3, 6, 13, 18, 10),
    (4, 6, 14, 19, 18),
    (5, 6, 11, 21, 12),
)


def pudding_votes() -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """first, second and score of every comparison, puddings numbered from 0."""
    first, second, score = [], [], []
    for i, j, better, worse, same in RECORD:
        n = better + worse + same
        first += [i - 1] * n
        second += [j - 1] * n
        score += [1.0] * better + [0.0] * worse + [0.5] * same
    return np.array(first), np.array(second), np.array(score)
