"""Votes drawn from a known truth, for checks against other libraries and brute force."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class RandomVotes:
    first: NDArray[np.int64]
    second: NDArray[np.int64]
    score: NDArray[np.float64]
    annotator: NDArray[np.int64]
    n_items: int


def draw(
    seed: int,
    *,
    n: int = 600,
    m: int = 6,
    ties: float = 0.0,
    annotators: int = 30,
    taste: float = 0,
) -> RandomVotes:
    """n votes on m items of strengths -1..1 nats; `taste` is how annotators differ, in nats."""
    rng = np.random.default_rng(seed)
    annotator = rng.integers(0, annotators, n)
    theta = np.linspace(-1, 1, m) + taste * rng.normal(size=(annotators, m))
    first = rng.integers(0, m, n)
    second = (first + rng.integers(1, m, n)) % m
    edge = theta[annotator, first] - theta[annotator, second]
    score = (rng.random(n) < 1 / (1 + np.exp(-edge))).astype(float)
    score[rng.random(n) < ties] = 0.5
    return RandomVotes(first, second, score, annotator, m)
