"""How far labelers agree, raw and beyond chance: Krippendorff's alpha, Cohen's and Fleiss' kappa.

The last three are 1 for perfect agreement and 0 for what chance alone would give; below 0 people
disagree more than chance would. All return NaN, and only then, when chance agreement is already
complete (every rating is the same category) or when no two ratings share a task: the question has
no answer. Intervals: `estimate.with_interval` over tasks.
"""

from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from annotation.aggregation.errors import InvalidInput

FloatArray = NDArray[np.float64]
Level = Literal["nominal", "ordinal", "interval", "ratio"]
Weights = Literal["linear", "quadratic"]


class InvalidRatings(InvalidInput):
    """Ratings of the wrong shape or with values the statistic has no meaning for."""


def krippendorff_alpha(ratings: ArrayLike, *, level: Level) -> float:
    """Krippendorff's alpha of `ratings` (annotators, tasks); NaN marks what was not rated.

    alpha = 1 - observed / expected disagreement, over the pairable values (Krippendorff 2011,
    "Computing Krippendorff's Alpha-Reliability"). `level` is the metric of a disagreement:
    nominal (0 or 1), ordinal (squared difference of mid-ranks among all pairable values, which is
    his formula), interval (squared difference), ratio (squared difference over sum; values must
    not be negative).
    """
    if level not in get_args(Level):
        raise InvalidRatings(f"expected level one of {', '.join(get_args(Level))}, got {level!r}")
    table = np.asarray(ratings, dtype=np.float64)
    if table.ndim != 2:
        raise InvalidRatings(f"expected (annotators, tasks), got shape {table.shape}")
    if np.isinf(table).any():
        raise InvalidRatings(
            "expected finite ratings or NaN, got infinity: use NaN for 'not rated'"
        )
    given = ~np.isnan(table)
    pairable = given & (given.sum(axis=0) >= 2)
    task = np.nonzero(pairable.T)[0]
    value = table.T[pairable.T]
    n = value.size
    if n == 0:
        return float("nan")
    if level == "ratio" and value.min() < 0:
        raise InvalidRatings(f"expected ratings >= 0 on a ratio scale, got {value.min()}")
    ratings_per_task = np.bincount(task, minlength=table.shape[1]).astype(np.float64)
    pair_weight = np.divide(
        1, ratings_per_task - 1, out=np.zeros_like(ratings_per_task), where=ratings_per_task > 1
    )
    values, code, counts = np.unique(value, return_inverse=True, return_counts=True)
    if level == "nominal":
        observed, expected = _nominal_disagreement(
            task, code, counts, ratings_per_task, pair_weight
        )
    elif level == "ratio":
        expected = _ratio_disagreement(values, counts.astype(np.float64)) / (n - 1)
        observed = 0.0
        for size in np.unique(ratings_per_task[ratings_per_task > 1]).astype(int):
            sorted_by_task = value[ratings_per_task[task] == size].reshape(-1, size)
            observed += sum(
                2 * float(_ratio_metric(sorted_by_task[:, i], sorted_by_task[:, j]).sum())
                for i in range(size)
                for j in range(i)
            ) / (size - 1)
    else:
        if level == "ordinal":
            values = np.cumsum(counts) - (counts - 1) / 2
        observed, expected = _squared_disagreement(
            values[code], task, ratings_per_task, pair_weight
        )
    return 1 - observed / expected if expected > 0 else float("nan")


def _nominal_disagreement(
    task: NDArray[np.int64],
    code: NDArray[np.int64],
    counts: NDArray[np.int64],
    ratings_per_task: FloatArray,
    pair_weight: FloatArray,
) -> tuple[float, float]:
    """Observed and expected sums over ordered pairs, each divided as in a coincidence matrix."""
    n = code.size
    cells, same = np.unique(task * counts.size + code, return_counts=True)
    agreeing = np.bincount(
        cells // counts.size, weights=same * (same - 1.0), minlength=ratings_per_task.size
    )
    pairs = ratings_per_task * (ratings_per_task - 1)
    observed = float(np.sum((pairs - agreeing) * pair_weight))
    return observed, float((n * n - np.sum(counts.astype(np.float64) ** 2)) / (n - 1))


def _squared_disagreement(
    value: FloatArray,
    task: NDArray[np.int64],
    ratings_per_task: FloatArray,
    pair_weight: FloatArray,
) -> tuple[float, float]:
    """As _nominal_disagreement for the squared difference, from moments: no pairs are formed.

    Centred on each task first: E[x^2] - E[x]^2 of large values would lose all digits.
    """
    n = value.size
    tasks = ratings_per_task.size
    mean = np.bincount(task, value, tasks) / np.maximum(ratings_per_task, 1)
    within = np.bincount(task, (value - mean[task]) ** 2, tasks)
    observed = float(np.sum(2 * ratings_per_task * within * pair_weight))
    return observed, float(2 * n * np.sum((value - value.mean()) ** 2) / (n - 1))


def _ratio_metric(a: FloatArray, b: FloatArray) -> FloatArray:
    total = a + b
    return np.asarray(np.divide(a - b, total, out=np.zeros_like(total), where=total > 0) ** 2)


def _ratio_disagreement(values: FloatArray, counts: FloatArray) -> float:
    """Sum over ordered pairs of all ratings; by rows, so that many distinct values fit."""
    return float(
        sum(
            count * (_ratio_metric(np.broadcast_to(value, values.shape), values) @ counts)
            for value, count in zip(values, counts, strict=True)
        )
    )


def cohen_kappa(a: ArrayLike, b: ArrayLike, *, weights: Weights | None = None) -> float:
    """Cohen's kappa between two labelers who rated the same tasks (Cohen 1960; weighted: 1968).

    `weights` says how disagreements between ordered categories count: by distance ("linear") or
    squared distance ("quadratic") in the sorted order of the categories seen; None: all the same.
    Tasks where either is NaN are left out.
    """
    if weights not in (None, *get_args(Weights)):
        raise InvalidRatings(f"expected weights None, 'linear' or 'quadratic', got {weights!r}")
    first, second = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    if first.shape != second.shape or first.ndim != 1:
        raise InvalidRatings(
            f"expected two ratings of the same tasks, got shapes {first.shape} and {second.shape}"
        )
    both = ~(np.isnan(first) | np.isnan(second))
    if not both.any():
        return float("nan")
    categories, code = np.unique(np.concatenate([first[both], second[both]]), return_inverse=True)
    k = categories.size
    one, two = code[: both.sum()], code[both.sum() :]
    joint = np.bincount(one * k + two, minlength=k * k).reshape(k, k) / both.sum()
    distance = np.abs(np.subtract.outer(np.arange(k), np.arange(k))).astype(np.float64)
    cost = {None: distance > 0, "linear": distance, "quadratic": distance**2}[weights]
    expected = float(np.sum(cost * np.outer(joint.sum(axis=1), joint.sum(axis=0))))
    return 1 - float(np.sum(cost * joint)) / expected if expected > 0 else float("nan")


def fleiss_kappa(counts: ArrayLike) -> float:
    """Fleiss' kappa (1971) from `counts` (tasks, categories): how many chose each category.

    Every task must have the same number of ratings, at least 2; for unequal numbers use
    `krippendorff_alpha`.
    """
    table = np.asarray(counts, dtype=np.float64)
    if table.ndim != 2 or table.size == 0:
        raise InvalidRatings(f"expected counts (tasks, categories), got shape {table.shape}")
    if not np.isfinite(table).all() or (table < 0).any():
        raise InvalidRatings("expected counts of 0 or more, got a negative or missing count")
    ratings = table.sum(axis=1)
    if ratings[0] < 2 or (ratings != ratings[0]).any():
        raise InvalidRatings(
            f"expected the same number (2 or more) of ratings for every task, got "
            f"{ratings.min():g} to {ratings.max():g}: use krippendorff_alpha for unequal numbers"
        )
    n = ratings[0]
    observed = float(np.mean(np.sum(table * (table - 1), axis=1) / (n * (n - 1))))
    expected = float(np.sum((table.sum(axis=0) / table.sum()) ** 2))
    return (observed - expected) / (1 - expected) if expected < 1 else float("nan")


def raw_agreement(ratings: ArrayLike, *, without: float | None = None) -> float:
    """Share of labeler pairs on a task that said the same; each task counts equally.

    `ratings` (annotators, tasks), NaN where not rated. `without` leaves out ratings of that
    value: pass the code of a tie to ask how often two people who both decided agree. Not
    corrected for chance.
    """
    table = np.asarray(ratings, dtype=np.float64)
    if table.ndim != 2:
        raise InvalidRatings(f"expected (annotators, tasks), got shape {table.shape}")
    if without is not None:
        table = np.where(table == without, np.nan, table)
    given = ~np.isnan(table)
    task = np.nonzero(given.T)[0]
    values, code = np.unique(table.T[given.T], return_inverse=True)
    rated = np.bincount(task, minlength=table.shape[1]).astype(np.float64)
    cells, same = np.unique(task * max(values.size, 1) + code, return_counts=True)
    agreeing = np.bincount(
        cells // max(values.size, 1), same * (same - 1.0), minlength=table.shape[1]
    )
    paired = rated >= 2
    if not paired.any():
        return float("nan")
    return float(np.mean(agreeing[paired] / (rated[paired] * (rated[paired] - 1))))
