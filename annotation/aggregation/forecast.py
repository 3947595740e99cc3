"""What more labels should bring: a power law through held-out metrics at several data sizes."""

# k measurements, B bootstrap replicates, g exponents tried

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from annotation.aggregation.errors import InvalidInput
from annotation.aggregation.estimate import Estimate

FloatArray = NDArray[np.float64]
Metric = Literal["accuracy", "loss"]

EXPONENTS = np.geomspace(0.05, 2.0, 400)  # learning curves measured so far lie well inside
SCALE = {"accuracy": 100.0, "loss": 1.0}
UNIT = {"accuracy": "points", "loss": "nats"}


class InvalidCurve(InvalidInput):
    """Measurements that are not a learning curve."""


class TooFewSizes(InvalidCurve):
    """Fewer than three data sizes, or no way to tell noise from curve: no forecast."""


@dataclass(frozen=True)
class PowerLaw:
    """metric(n) = limit -+ amplitude * n ** -exponent; minus for accuracy, plus for loss.

    `replicates` (B, 3) are limit, amplitude and exponent refitted to resampled measurements: the
    spread of what the data would equally have said.
    """

    metric: Metric
    limit: float
    amplitude: float
    exponent: float
    replicates: FloatArray
    largest: int

    def at(self, n: ArrayLike) -> FloatArray:
        """The fitted curve at data sizes `n`, in the unit of the measurements."""
        parameters = np.array([[self.limit, self.amplitude, self.exponent]])
        return np.asarray(_curve(self.metric, parameters, n)[0])

    def gain(self, now: int, more: int, *, confidence: float = 0.95) -> Estimate:
        """Improvement of the curve from `now` to `now + more` comparisons, positive is better.

        In points (hundredths) for accuracy and nats for loss. The interval is of the curve: one
        measured checkpoint scatters around it. `n` is the largest size measured; beyond about ten
        times that a power law is a guess, and InvalidCurve says so.
        """
        if now < 1 or more < 0:
            raise InvalidCurve(f"expected now >= 1 and more >= 0, got {now} and {more}")
        if now + more > 10 * self.largest:
            raise InvalidCurve(
                f"expected a forecast to at most ten times the {self.largest:,} comparisons "
                f"measured, got {now + more:,}: train on more of the labels you have first"
            )
        sign = 1 if self.metric == "accuracy" else -1
        ends = [now, now + more]
        value = sign * SCALE[self.metric] * float(np.diff(self.at(ends))[0])
        spread = (
            sign * SCALE[self.metric] * np.diff(_curve(self.metric, self.replicates, ends))[:, 0]
        )
        tail = (1 - confidence) / 2
        low, high = np.quantile(spread, [tail, 1 - tail])
        return Estimate(value, float(low), float(high), "power law, bootstrap", self.largest)

    def sentence(self, now: int, more: int) -> str:
        """The gain as a person would say it."""
        gain = self.gain(now, more)
        half, unit = (gain.high - gain.low) / 2, UNIT[self.metric]
        digits = 1 if self.metric == "accuracy" else 3
        if abs((gain.high + gain.low) / 2 - gain.value) <= 0.25 * half:
            value = f"{gain.value:.{digits}f} ± {half:.{digits}f}"
            return f"{more:,} more labels should bring {value} {unit}."
        return (
            f"{more:,} more labels should bring {gain.value:.{digits}f} {unit}, between "
            f"{gain.low:.{digits}f} and {gain.high:.{digits}f}."
        )


def fit_power_law(
    n: ArrayLike,
    measured: ArrayLike,
    *,
    metric: Metric,
    held_out: ArrayLike | None = None,
    error: ArrayLike | None = None,
    replicates: int = 2000,
    seed: int = 0,
) -> PowerLaw:
    """Learning curve through held-out values `measured` (k,) at `n` (k,) comparisons.

    Weighted least squares for limit and amplitude at each exponent on a grid from 0.05 to 2
    (Cortes et al. 1993; Hestness et al. 2017). Constraints: more data never hurts, accuracy stays
    below 1, loss above 0.

    Noise of a measurement: `error` (k,) standard errors; or, for accuracy, `held_out` comparisons
    it was measured on (binomial); or, with neither, the scatter around the curve itself, which
    needs more measurements than its three parameters. Given errors are scaled up where the
    scatter is larger than they allow. Repeated sizes (several seeds) are welcome. Raises
    TooFewSizes, InvalidCurve.
    """
    sizes, values = np.asarray(n, dtype=np.float64), np.asarray(measured, dtype=np.float64)
    _check_curve(sizes, values, metric)
    distinct = np.unique(sizes).size
    if distinct < 3:
        raise TooFewSizes(
            f"expected at least 3 different data sizes, got {distinct}: a curve cannot be told "
            "from a line; train on a quarter and half of the labels as well"
        )
    noise = _noise(values, metric, held_out, error)
    if noise is None and values.size < 4:
        raise TooFewSizes(
            f"expected `held_out` or `error` with {values.size} measurements: three points fit any "
            "power law exactly and leave no scatter to judge it by"
        )
    weight = np.ones(values.size) if noise is None else 1 / noise**2
    best = _fit(metric, sizes, values[None, :], weight)[0]
    residual = values - _curve(metric, best[None, :], sizes)[0]
    excess = float(np.sum(weight * residual**2)) / max(values.size - 3, 1)
    if noise is None:
        sigma = np.full(values.size, np.sqrt(excess))
    else:
        sigma = noise * np.sqrt(max(excess, 1.0) if values.size > 3 else 1.0)
    random = np.random.default_rng(seed)
    # few residuals know sigma badly: draw it from its own posterior, which gives t-like tails
    freedom = values.size - 3
    if noise is None:
        factor = np.sqrt(freedom / random.chisquare(freedom, replicates))[:, None]
    else:
        factor = np.ones((replicates, 1))
    draws = _curve(metric, best[None, :], sizes)[0] + factor * sigma * random.standard_normal(
        (replicates, values.size)
    )
    limit, amplitude, exponent = best.tolist()
    refitted = _fit(metric, sizes, draws, weight)
    return PowerLaw(metric, limit, amplitude, exponent, refitted, int(sizes.max()))


def _curve(metric: Metric, parameters_B3: FloatArray, n: ArrayLike) -> FloatArray:
    """(B, k) metric at sizes `n` for each row of limit, amplitude, exponent."""
    sign = -1 if metric == "accuracy" else 1
    limit, amplitude, exponent = parameters_B3.T[:, :, None]
    return np.asarray(limit + sign * amplitude * np.asarray(n, dtype=np.float64) ** -exponent)


def _fit(
    metric: Metric, sizes: FloatArray, values_Bk: FloatArray, weight: FloatArray
) -> FloatArray:
    """(B, 3) constrained weighted least squares of each row of values; all rows at once."""
    sign = -1.0 if metric == "accuracy" else 1.0
    total = weight.sum()
    mean_B = values_Bk @ weight / total
    best_B3 = np.empty((len(values_Bk), 3))
    best_loss = np.full(len(values_Bk), np.inf)
    for exponent in EXPONENTS:
        x = sign * sizes**-exponent
        x_mean = float(weight @ x) / total
        centred = x - x_mean
        slope = (values_Bk - mean_B[:, None]) @ (weight * centred) / float(weight @ centred**2)
        slope = np.maximum(slope, 0)
        limit = mean_B - slope * x_mean
        if metric == "accuracy":
            outside = limit > 1
            through = (values_Bk - 1) @ (weight * x) / float(weight @ x**2)
        else:
            outside = limit < 0
            through = values_Bk @ (weight * x) / float(weight @ x**2)
        slope = np.where(outside, np.maximum(through, 0), slope)
        limit = np.where(outside, 1.0 if metric == "accuracy" else 0.0, limit)
        fitted = limit[:, None] + slope[:, None] * x
        loss = (values_Bk - fitted) ** 2 @ weight
        better = loss < best_loss
        best_loss = np.where(better, loss, best_loss)
        best_B3[better] = np.stack(
            [limit[better], slope[better], np.full(better.sum(), exponent)], axis=1
        )
    return best_B3


def _noise(
    values: FloatArray, metric: Metric, held_out: ArrayLike | None, error: ArrayLike | None
) -> FloatArray | None:
    """(k,) standard errors, or None where only the scatter can tell."""
    if error is not None:
        noise = np.broadcast_to(np.asarray(error, dtype=np.float64), values.shape)
        if not (noise > 0).all():
            raise InvalidCurve("expected standard errors above 0 for every measurement")
        return np.asarray(noise)
    if held_out is None:
        return None
    if metric != "accuracy":
        raise InvalidCurve("expected `error` for a loss: its noise does not follow from the count")
    count = np.broadcast_to(np.asarray(held_out, dtype=np.float64), values.shape)
    if not (count >= 1).all():
        raise InvalidCurve("expected at least one held-out comparison behind every accuracy")
    share = (values * count + 1) / (count + 2)
    return np.asarray(np.sqrt(share * (1 - share) / count))


def _check_curve(sizes: FloatArray, values: FloatArray, metric: Metric) -> None:
    if metric not in get_args(Metric):
        raise InvalidCurve(f"expected metric 'accuracy' or 'loss', got {metric!r}")
    if sizes.shape != values.shape or sizes.ndim != 1:
        raise InvalidCurve(
            f"expected one measurement per size, got shapes {sizes.shape} and {values.shape}"
        )
    if not (np.isfinite(sizes).all() and (sizes >= 1).all() and np.isfinite(values).all()):
        raise InvalidCurve("expected sizes of 1 or more and finite measurements")
    if (metric == "accuracy" and ((values < 0) | (values > 1)).any()) or (values < 0).any():
        raise InvalidCurve(f"expected {metric} in its range, got {values.min()} to {values.max()}")
