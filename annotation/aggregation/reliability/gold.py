"""Reliability against known answers, and what it makes a vote weigh."""

# V labels, I items, W workers

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from annotation.aggregation.estimate import wilson
from annotation.aggregation.reliability.labels import InvalidLabels, whole_numbers

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class GoldAccuracy:
    """Per worker (W,): share of `n` gold items answered right, with its interval.

    `accuracy` is NaN and the interval (0, 1) for a worker who met no gold.
    """

    accuracy: FloatArray
    low: FloatArray
    high: FloatArray
    n: FloatArray


def accuracy_on_gold(
    item: ArrayLike,
    worker: ArrayLike,
    label: ArrayLike,
    gold: ArrayLike,
    *,
    confidence: float = 0.95,
) -> GoldAccuracy:
    """How often each worker gave the known answer, with Wilson intervals.

    `gold` (I,) holds the right label per item, NaN where there is none. `label` may be class
    numbers or scores; right means equal. To hold a model's answer against gold, pass its most
    likely labels as those of one worker 0. Raises InvalidLabels.
    """
    items, workers = whole_numbers(item, "item"), whole_numbers(worker, "worker")
    labels, answers = np.asarray(label, dtype=np.float64), np.asarray(gold, dtype=np.float64)
    if not items.size == workers.size == labels.size:
        raise InvalidLabels(
            f"expected item, worker and label of one length, got {items.size}, {workers.size} and "
            f"{labels.size}"
        )
    if answers.ndim != 1 or answers.size <= items.max():
        raise InvalidLabels(
            f"expected a gold value (or NaN) for each of {items.max() + 1} items, got shape "
            f"{answers.shape}"
        )
    known = ~np.isnan(answers[items])
    right = known & (labels == answers[items])
    n_workers = int(workers.max()) + 1
    n = np.bincount(workers, known.astype(np.float64), n_workers).astype(np.float64)
    successes = np.bincount(workers, right.astype(np.float64), n_workers).astype(np.float64)
    low, high = wilson(successes, n, confidence=confidence)
    accuracy = np.divide(successes, n, out=np.full(n_workers, np.nan), where=n > 0)
    return GoldAccuracy(accuracy, low, high, n)


def vote_weights(reliability: ArrayLike, *, chance: float = 0.5) -> FloatArray:
    """What a vote of each annotator is worth, from 0 (guessing, or worse) to 1 (always right).

    The Fisher information on a pair of equals in a vote that is reported right with probability
    `reliability`, relative to one that always is: ((r - c) / (1 - c))^2, exact for two outcomes
    with chance c = 1/2. Use as `weights` of a Bradley-Terry fit. An annotator below chance gets 0
    rather than a negative weight: turning votes around is a decision for a person.
    """
    r = np.asarray(reliability, dtype=np.float64)
    if not 0 <= chance < 1 or np.any((r < 0) | (r > 1)):
        raise InvalidLabels(
            "expected reliabilities and chance between 0 and 1, with chance below 1"
        )
    return np.asarray(np.clip((r - chance) / (1 - chance), 0, None) ** 2)
