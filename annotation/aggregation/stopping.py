"""When to stop asking: intervals for a win rate that hold however often they are looked at."""

# t votes so far, M candidate means on a grid

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from annotation.aggregation.errors import InvalidInput
from annotation.aggregation.estimate import Estimate

FloatArray = NDArray[np.float64]

TRUNCATION = 0.5  # share of the capital that one bet may risk at most
NEVER = 1_000_000  # votes: beyond this, "not within reach" is the honest answer


class InvalidScores(InvalidInput):
    """Scores outside 0 to 1, or settings without meaning."""


@dataclass(frozen=True)
class ConfidenceSequence:
    """Bounds on the mean after each observation, (t,) each; all hold at once with the confidence.

    The mean lies strictly between them.     NaN from where the observations contradict every
    mean: the rate has moved, or they depend on one another.
    """

    low: FloatArray
    high: FloatArray
    confidence: float

    @property
    def decided_at(self) -> int | None:
        """How many observations it took until even odds, 1/2, were excluded; None: not yet."""
        outside = (self.low >= 0.5) | (self.high <= 0.5)
        return int(outside.argmax()) + 1 if outside.any() else None


def confidence_sequence(
    scores: ArrayLike, *, confidence: float = 0.95, resolution: int = 1000
) -> ConfidenceSequence:
    """Anytime-valid bounds on a win rate, from scores in [0, 1] as they came; ties are 0.5.

    Looking after every vote and stopping at will keeps the error below 1 - confidence: a gambler
    who bets against a candidate mean multiplies the stake by 20 with chance at most 1 in 20 if it
    is true (Waudby-Smith and Ramdas 2024, "Estimating means of bounded random variables by
    betting": hedged capital, theorem 3, bets of eq. 26). Near even odds the price is about twice
    the votes of a single look at a size fixed beforehand; for clear differences, nothing
    (docs/statistics.md).

    Each score must have the same mean given those before. Votes of one opinionated labeler do
    not: feed `annotator_blocks` where labelers differ. Bounds are rounded outward to 1 /
    `resolution`. Raises InvalidScores.
    """
    x = _checked(scores, confidence)
    bet = _bets(x, confidence)
    threshold = math.log(2 / (1 - confidence))
    means = np.linspace(0, 1, resolution + 1)
    low, high = np.zeros(x.size), np.ones(x.size)
    up, down = np.zeros(means.size), np.zeros(means.size)
    start = 0
    while start < x.size:
        rows = slice(start, start + max(1, 1_000_000 // means.size))
        gain, loss = _log_returns(x[rows, None], bet[rows, None], means)
        up_tM, down_tM = up + np.cumsum(gain, axis=0), down + np.cumsum(loss, axis=0)
        # a mean is too low once betting on more has paid, and then so is every lower one
        too_low_t = np.maximum.accumulate((up_tM >= threshold).sum(axis=1))
        too_high_t = np.maximum.accumulate((down_tM >= threshold).sum(axis=1))
        low[rows] = np.concatenate([[0.0], means])[too_low_t]
        high[rows] = np.append(means, 1.0)[means.size - too_high_t]
        # the last rejected mean on either side stays, as the bound; rejected once is for good
        n_low, n_high = int(too_low_t[-1]), int(too_high_t[-1])
        up, down = up_tM[-1], down_tM[-1]
        up[:n_low], down[down.size - n_high :] = np.inf, np.inf
        kept = slice(max(n_low - 1, 0), means.size - max(n_high - 1, 0))
        if kept.start >= kept.stop:
            low[rows.stop :], high[rows.stop :] = np.nan, np.nan
            break
        means, up, down = means[kept], up[kept], down[kept]
        start = rows.stop
    empty = np.logical_or.accumulate(~(low < high))
    return ConfidenceSequence(
        np.where(empty, np.nan, low), np.where(empty, np.nan, high), confidence
    )


def annotator_blocks(score: ArrayLike, worker: ArrayLike, *, size: int) -> FloatArray:
    """Mean score of each annotator's first `size` votes, in the order in which they got there.

    One observation per annotator, so that annotators count as often as there are of them, not as
    often as they vote, and a `confidence_sequence` of the blocks holds for the people one could
    have asked. Annotators with fewer votes are left out. Raises InvalidScores.
    """
    scores, workers = np.asarray(score, dtype=np.float64), np.asarray(worker)
    if scores.shape != workers.shape or scores.ndim != 1 or size < 1:
        raise InvalidScores(
            f"expected one annotator per score and size >= 1, got shapes {scores.shape}, "
            f"{workers.shape} and size {size}"
        )
    codes, numbers = np.unique(workers, return_inverse=True)
    order = np.argsort(numbers, kind="stable")
    counts = np.bincount(numbers, minlength=codes.size)
    position = np.arange(scores.size) - np.repeat(np.cumsum(counts) - counts, counts)
    used = order[position < size]
    total = np.bincount(numbers[used], scores[used], codes.size)
    complete = order[position == size - 1]
    return np.asarray(total[numbers[np.sort(complete)]] / size, dtype=np.float64)


def votes_still_needed(scores: ArrayLike, *, confidence: float = 0.95) -> Estimate:
    """How many more scores until the sequence excludes even odds, if they go on as so far.

    Follows the mean path of the bet from where it stands; nearly half of all streams take longer,
    and one in five more than twice as long. `low` and `high` are the same for a mean one standard
    error further from and nearer to 1/2; inf means not within a million. 0 once decided. Nobody
    can promise this number: the votes so far choose it, and early ones choose it badly. Raises
    InvalidScores; needs 2 scores.
    """
    x = _checked(scores, confidence)
    if x.size < 2:
        raise InvalidScores(f"expected at least 2 scores to look ahead from, got {x.size}")
    threshold = math.log(2 / (1 - confidence))
    gain, loss = _log_returns(x, _bets(x, confidence), np.array(0.5))
    up, down = np.cumsum(gain), np.cumsum(loss)
    if max(up.max(), down.max()) >= threshold:
        return Estimate(0.0, 0.0, 0.0, "decided", x.size)
    capital = float(up[-1] if x.mean() > 0.5 else down[-1])
    # one imagined tie keeps a short unanimous start from claiming certainty
    values, counts = np.unique(np.append(x, 0.5), return_counts=True)
    share = counts / counts.sum()
    mean = float(share @ values)
    error = float(np.sqrt(share @ (values - mean) ** 2 / x.size))
    side = 1.0 if x.mean() > 0.5 else -1.0
    nearer, expected, further = (
        _crossing(np.clip(values + side * shift, 0, 1), share, x.size, capital, side, confidence)
        for shift in (-error, 0.0, error)
    )
    return Estimate(expected, further, nearer, "mean path, one standard error", x.size)


def typical_votes(win_rate: float, *, tie_rate: float = 0.0, confidence: float = 0.95) -> float:
    """Independent votes until a `confidence_sequence` typically excludes 1/2; inf over a million.

    From the mean path of the bet: between the median and the mean over streams. One stream in
    five takes more than twice as long (docs/statistics.md). `win_rate` counts a tie as half a
    win. Raises InvalidScores where the two cannot go together.
    """
    win = win_rate - tie_rate / 2
    shares = np.array([1 - win - tie_rate, tie_rate, win])
    if not (shares >= -1e-12).all():
        raise InvalidScores(
            f"expected rates of wins, ties and losses between 0 and 1, got win rate {win_rate} "
            f"(ties half) with tie rate {tie_rate}"
        )
    side = 1.0 if win_rate > 0.5 else -1.0
    return _crossing(np.array([0.0, 0.5, 1.0]), shares, 0, 0.0, side, confidence)


def _crossing(
    values: FloatArray,
    share: FloatArray,
    seen: int,
    capital: float,
    side: float,
    confidence: float,
) -> float:
    """Further scores until the mean path of the log-capital against 1/2 reaches the threshold."""
    mean = float(share @ values)
    if (mean - 0.5) * side <= 0:
        return math.inf
    variance = max(float(share @ (values - mean) ** 2), 1e-4)
    threshold = math.log(2 / (1 - confidence))
    t = np.arange(seen + 1, seen + NEVER + 1, dtype=np.float64)
    # the plug-in variance starts at 1/4 with the weight of one score
    plug_in = (0.25 + variance * (t - 1)) / t
    bet = np.minimum(np.sqrt(2 * threshold / (plug_in * t * np.log1p(t))), TRUNCATION / 0.5)
    growth = sum(
        w * np.log1p(side * bet * (v - 0.5)) for w, v in zip(share, values, strict=True) if w > 0
    )
    path = capital + np.cumsum(growth)
    crossed = path >= threshold
    return float(crossed.argmax() + 1) if crossed.any() else math.inf


def _bets(x: FloatArray, confidence: float) -> FloatArray:
    """Stakes lambda_t from the scores before t: predictable plug-in, eq. 26 of the paper."""
    t = np.arange(1, x.size + 1)
    mean = (0.5 + np.cumsum(x)) / (t + 1)
    variance = (0.25 + np.cumsum((x - mean) ** 2)) / (t + 1)
    before = np.concatenate([[0.25], variance[:-1]])
    return np.asarray(np.sqrt(2 * math.log(2 / (1 - confidence)) / (before * t * np.log1p(t))))


def _log_returns(x: FloatArray, bet: FloatArray, mean: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Log of what a unit stake becomes that bets on more than `mean`, and on less."""
    with np.errstate(divide="ignore"):
        up = np.minimum(bet, TRUNCATION / mean)
        down = np.minimum(bet, TRUNCATION / (1 - mean))
    return np.log1p(up * (x - mean)), np.log1p(-down * (x - mean))


def _checked(scores: ArrayLike, confidence: float) -> FloatArray:
    x = np.asarray(scores, dtype=np.float64)
    if x.ndim != 1 or x.size == 0:
        raise InvalidScores(f"expected scores in a row, at least one, got shape {x.shape}")
    if not ((x >= 0) & (x <= 1)).all():
        row = int((~((x >= 0) & (x <= 1))).argmax())
        raise InvalidScores(f"expected scores from 0 to 1, got {x[row]} in row {row}")
    if not 0 < confidence < 1:
        raise InvalidScores(f"expected a confidence between 0 and 1, got {confidence}")
    return x
