"""A number together with its interval, and the jackknife that gives intervals to any statistic."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri, stdtrit

from annotation.aggregation.errors import InvalidInput

FloatArray = NDArray[np.float64]


class TooFewUnits(InvalidInput):
    """An interval was asked for over fewer than two tasks."""


@dataclass(frozen=True)
class Estimate:
    """A value and the interval that covers the truth at the stated confidence.

    `low` and `high` are NaN where the value has no interval; `value` is NaN where the question
    has no answer (each statistic says when). `n` counts the independent units behind it, tasks or
    labelers.
    """

    value: float
    low: float
    high: float
    method: str
    n: int

    def __str__(self) -> str:
        return f"{self.value:.3g} [{self.low:.3g}, {self.high:.3g}]"


def with_interval(
    statistic: Callable[..., float],
    *arrays: NDArray[np.generic],
    axis: int = -1,
    confidence: float = 0.95,
    groups: int = 100,
    upper: float = np.inf,
) -> Estimate:
    """`statistic(*arrays)` with an interval over the tasks, which lie along `axis`.

    Jackknife: leaves out one task at a time or, above `groups` tasks, one of `groups` random groups
    of (nearly) equal size, and uses Student's t with one degree of freedom less than groups (Efron
    and Tibshirani 1993, ch. 11). From 100 tasks per group on, the spread of the statistic over the
    groups themselves says the same for a hundredth of the work (batch means).

    `high` is cut at `upper` (agreement cannot pass 1). Bind the settings of a statistic beforehand:
    `with_interval(partial(krippendorff_alpha, level="nominal"), ratings)`. Where a subset of the
    tasks leaves the statistic undefined (one category left), low and high are NaN. The grouping has
    a fixed seed: the same votes give the same interval. Raises TooFewUnits below two tasks.
    """
    n = arrays[0].shape[axis]
    if n < 2:
        raise TooFewUnits(
            f"expected at least 2 tasks for an interval, got {n}: collect more labels"
        )
    value = float(statistic(*arrays))
    n_groups = min(n, groups)
    group = np.arange(n) % n_groups
    if n_groups < n:
        np.random.default_rng(0).shuffle(group)
    batches = n >= 100 * n_groups
    kept = (group == g if batches else group != g for g in range(n_groups))
    values = np.array(
        [statistic(*(np.compress(keep, array, axis=axis) for array in arrays)) for keep in kept],
        dtype=np.float64,
    )
    scale = 1 / (n_groups * (n_groups - 1)) if batches else (n_groups - 1) / n_groups
    error = np.sqrt(scale * np.sum((values - values.mean()) ** 2))
    half = float(stdtrit(n_groups - 1, 0.5 + confidence / 2) * error)
    method = "batches of tasks" if batches else "jackknife by task"
    return Estimate(value, value - half, min(value + half, upper), method, n)


def wilson(
    successes: FloatArray, n: FloatArray, *, confidence: float = 0.95
) -> tuple[FloatArray, FloatArray]:
    """Interval of a share of independent trials (Wilson 1927), element by element.

    `successes` may count halves. Where n is 0 the interval is (0, 1): nothing is known.
    """
    z = float(ndtri(0.5 + confidence / 2))
    trials = np.maximum(n, 1e-300)
    share = successes / trials
    centre = (successes + z**2 / 2) / (trials + z**2)
    half = z * np.sqrt(trials * share * (1 - share) + z**2 / 4) / (trials + z**2)
    low = np.where(n > 0, np.clip(centre - half, 0, 1), 0.0)
    high = np.where(n > 0, np.clip(centre + half, 0, 1), 1.0)
    return low, high
