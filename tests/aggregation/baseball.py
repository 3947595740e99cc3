"""American League East, 1987: wins of the home and the away team (Agresti 1990, table 10.10)."""

import numpy as np
from numpy.typing import NDArray

TEAMS = ("Milwaukee", "Detroit", "Toronto", "New York", "Boston", "Cleveland", "Baltimore")
# row: home team, column: away team; (home wins, away wins)
RECORD = (
    (None, (4, 3), (4, 2), (4, 3), (6, 1), (4, 2), (6, 0)),
    ((3, 3), None, (4, 2), (4, 3), (6, 0), (6, 1), (4, 3)),
    ((2, 5), (4, 3), None, (2, 4), (4, 3), (4, 2), (6, 0)),
    ((3, 3), (5, 1), (2, 5), None, (4, 3), (4, 2), (6, 1)),
    ((5, 1), (2, 5), (3, 3), (4, 2), None, (5, 2), (6, 0)),
    ((2, 5), (3, 3), (3, 4), (4, 3), (4, 2), None, (2, 4)),
    ((2, 5), (1, 5), (1, 6), (2, 4), (1, 6), (3, 4), None),
)


def games() -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """first (home), second (away) and score of every game."""
    first, second, score = [], [], []
    for home, row in enumerate(RECORD):
        for away, cell in enumerate(row):
            if cell is not None:
                won, lost = cell
                first += [home] * (won + lost)
                second += [away] * (won + lost)
                score += [1.0] * won + [0.0] * lost
    return np.array(first), np.array(second), np.array(score)
