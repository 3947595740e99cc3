"""Pictures of a ladder: intervals and chances of winning. matplotlib is loaded when drawing."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from annotation.aggregation.ratings import Ratings
from annotation.aggregation.standings import Standing, by_rating

SHOWN_AT_MOST = 60  # rows beyond this are unreadable; the table has them all


def draw_ladder(
    path: Path, names: Sequence[str], ratings: Ratings, rows: Sequence[Standing], *, level: float
) -> None:
    """Writes a PNG: Elo with intervals on the left, the matrix of win probabilities on the right.

    An arrow at the edge marks an end without a bound; items without a rating have no dot.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    rows = rows[:SHOWN_AT_MOST]
    order = by_rating(ratings)[:SHOWN_AT_MOST]
    height = max(3.0, 0.32 * len(rows) + 1.5)
    figure = Figure(figsize=(7.5 + height, height), layout="constrained")
    FigureCanvasAgg(figure)
    intervals, matrix = figure.subplots(1, 2, width_ratios=(7.5, height))
    left, right = _range(rows)
    for y, row in enumerate(rows):
        low, high = max(row.low, left), min(row.high, right)
        intervals.plot([low, high], [y, y], color="tab:blue", linewidth=2)
        for end, bound, marker in ((low, row.low, "<"), (high, row.high, ">")):
            if np.isinf(bound):
                intervals.plot(end, y, marker=marker, color="tab:blue", markersize=7)
        if np.isfinite(row.elo):
            intervals.plot(row.elo, y, "o", color="black", markersize=5)
    intervals.set_yticks(range(len(rows)), [row.name for row in rows])
    intervals.set_ylim(len(rows) - 0.5, -0.5)
    intervals.set_xlabel(f"Elo, {100 * level:g} % interval (arrow: no bound)")
    intervals.grid(axis="x", alpha=0.3)
    win = ratings.win_probability()[np.ix_(order, order)]
    image = matrix.imshow(win, cmap="RdBu", vmin=0, vmax=1)
    matrix.set_xticks(range(len(order)), [names[i] for i in order], rotation=90)
    matrix.set_yticks(range(len(order)), [names[i] for i in order])
    matrix.set_title("Chance that the row beats the column")
    if len(order) <= 12:
        for y, x in np.argwhere(np.isfinite(win)):
            strong = abs(win[y, x] - 0.5) > 0.3
            color = "white" if strong else "black"
            matrix.text(x, y, f"{100 * win[y, x]:.0f}", ha="center", va="center", color=color)
    figure.colorbar(image, ax=matrix, shrink=0.8)
    figure.savefig(path, dpi=120, format="png")


def _range(rows: Sequence[Standing]) -> tuple[float, float]:
    ends = [v for row in rows for v in (row.elo, row.low, row.high) if np.isfinite(v)]
    if not ends:
        return 900.0, 1100.0
    margin = 0.08 * (max(ends) - min(ends)) + 10.0
    return min(ends) - margin, max(ends) + margin
