"""The paired-comparison likelihood with ties and covariates, its derivatives and its maximum.

With d = theta_first - theta_second + x.beta and nu >= 0 (Davidson 1970):

    P(first wins) = e^(d/2) / Z,  P(tie) = nu / Z,  P(first loses) = e^(-d/2) / Z,
    Z = e^(d/2) + e^(-d/2) + nu

It is concave in (theta, log nu, beta). With nu = 0 it is Bradley-Terry, and a tie then counts as
half a win and half a loss because only (wins - losses) / 2 enters the likelihood.
"""

# c cells (votes summed where nothing tells them apart), m items, q covariates

from dataclasses import dataclass

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve

from annotation.aggregation.errors import NotConverged
from annotation.aggregation.votes import FloatArray, IntArray, summed

MAX_STEPS = 200
GRADIENT_TOLERANCE = 1e-9


@dataclass(frozen=True)
class Cells:
    """Summed votes of one ordered pair; `covariates` (c, q) favour the first where positive."""

    first: IntArray
    second: IntArray
    wins: FloatArray
    losses: FloatArray
    ties: FloatArray
    covariates: FloatArray
    n_items: int

    @property
    def total(self) -> FloatArray:
        return self.wins + self.losses + self.ties


@dataclass(frozen=True)
class Penalty:
    """Gaussian priors as precisions in 1 / nats^2: of each strength and of each covariate."""

    strengths: float = 0.0
    covariates: float = 0.0


@dataclass(frozen=True)
class Point:
    """Parameters: theta (m,) nats with mean zero, log_tie = log nu (None: nu = 0), beta (q,)."""

    theta: FloatArray
    log_tie: float | None
    beta: FloatArray

    def moved(self, step: FloatArray) -> "Point":
        m = len(self.theta)
        theta = self.theta + step[:m]
        if self.log_tie is None:
            return Point(theta, None, self.beta + step[m:])
        return Point(theta, self.log_tie + float(step[m]), self.beta + step[m + 1 :])

    @property
    def nu(self) -> float:
        return 0.0 if self.log_tie is None else float(np.exp(self.log_tie))


@dataclass(frozen=True)
class Probabilities:
    """(c,) chances of win, loss and tie, and the log of their common denominator."""

    win: FloatArray
    loss: FloatArray
    tie: FloatArray
    log_z: FloatArray

    @property
    def edge(self) -> FloatArray:
        """E[(win - loss) / 2]: the expected score minus one half."""
        return (self.win - self.loss) / 2


@dataclass(frozen=True)
class Fit:
    point: Point
    information: FloatArray  # (m [+ 1] + q)^2, of the votes alone, without the penalty
    gradient_norm: float
    log_likelihood: float  # without the penalty
    steps: int


def margins(cells: Cells, point: Point) -> FloatArray:
    d = point.theta[cells.first] - point.theta[cells.second]
    return d + cells.covariates @ point.beta if len(point.beta) else d


def probabilities(d: FloatArray, nu: float) -> Probabilities:
    """Outcome chances at margins `d` (nats), computed without overflow."""
    size = np.abs(d)
    near = np.exp(-size)  # the loser's weight once the winner's is 1
    tie = nu * np.exp(-size / 2)
    z = 1.0 + near + tie
    win, loss = np.where(d >= 0, 1.0, near) / z, np.where(d >= 0, near, 1.0) / z
    return Probabilities(win, loss, tie / z, size / 2 + np.log(z))


def log_likelihood(cells: Cells, point: Point, penalty: Penalty) -> float:
    d = margins(cells, point)
    p = probabilities(d, point.nu)
    value = float(((cells.wins - cells.losses) / 2) @ d - cells.total @ p.log_z)
    if point.log_tie is not None:
        value += float(cells.ties.sum()) * point.log_tie
    value -= penalty.strengths / 2 * float(point.theta @ point.theta)
    return value - penalty.covariates / 2 * float(point.beta @ point.beta)


def assemble(
    cells: Cells, point: Point, dd: FloatArray, dt: FloatArray, tt: FloatArray
) -> FloatArray:
    """Sum over cells of the outer products of (d, log nu) effects, as one matrix of parameters.

    `dd`, `dt`, `tt` (c,) weigh margin with margin, margin with tie, tie with tie.
    """
    m, q = cells.n_items, cells.covariates.shape[1]
    tied = point.log_tie is not None
    size = m + tied + q
    matrix = np.zeros((size, size))
    if m * m <= 16 * len(dd) + (1 << 16):
        off = summed(cells.first * m + cells.second, dd, m * m).reshape(m, m)
    else:
        off = np.zeros((m, m))
        np.add.at(off, (cells.first, cells.second), dd)
    off += off.T
    matrix[:m, :m] = -off
    matrix[np.arange(m), np.arange(m)] += off.sum(axis=1)
    if tied:
        matrix[:m, m] = matrix[m, :m] = scatter(cells, dt)
        matrix[m, m] = tt.sum()
    for k in range(q):
        x = cells.covariates[:, k]
        at = m + tied + k
        matrix[:m, at] = matrix[at, :m] = scatter(cells, dd * x)
        if tied:
            matrix[m, at] = matrix[at, m] = float(dt @ x)
        matrix[at, m + tied :] = (dd * x) @ cells.covariates
    return matrix


def scatter(cells: Cells, values: FloatArray) -> FloatArray:
    """(m,) what each item gains when `values` (c,) flow from the second item to the first."""
    gained = summed(cells.first, values, cells.n_items)
    return gained - summed(cells.second, values, cells.n_items)


def gradient_and_information(
    cells: Cells, point: Point, p: Probabilities
) -> tuple[FloatArray, FloatArray]:
    """First derivatives and minus the second ones, of the votes alone."""
    n = cells.total
    slope = (cells.wins - cells.losses) / 2 - n * p.edge
    parts = [scatter(cells, slope)]
    if point.log_tie is not None:
        parts.append(np.array([float(cells.ties.sum() - n @ p.tie)]))
    parts.append(cells.covariates.T @ slope)
    information = assemble(
        cells,
        point,
        n * ((p.win + p.loss) / 4 - p.edge**2),
        -n * p.tie * p.edge,
        n * p.tie * (1 - p.tie),
    )
    return np.concatenate(parts), information


def prior_precision(point: Point, penalty: Penalty) -> FloatArray:
    """Diagonal of the penalty's second derivatives, in the order of the parameters."""
    return np.concatenate(
        [
            np.full(len(point.theta), penalty.strengths),
            np.zeros(0 if point.log_tie is None else 1),
            np.full(len(point.beta), penalty.covariates),
        ]
    )


def pinned(information: FloatArray, point: Point, penalty: Penalty) -> FloatArray:
    """The penalised information, made invertible along "all strengths move together".

    Without a prior that direction carries no information and no gradient; giving it some keeps
    the mean of the strengths where it is and changes nothing else.
    """
    matrix = information + np.diag(prior_precision(point, penalty))
    m = len(point.theta)
    if penalty.strengths == 0 and m:
        matrix[:m, :m] += max(float(np.trace(information[:m, :m])), 1e-300) / m**2
    return matrix


def maximise(cells: Cells, start: Point, penalty: Penalty) -> Fit:
    """Newton's method with step halving, until no gradient exceeds 1e-9.

    Where the sums are so large that rounding alone exceeds that, the limit is the rounding.
    Raises NotConverged when the likelihood has no maximum within reach.
    """
    heaviest = float(cells.total.sum())
    tolerance = max(GRADIENT_TOLERANCE, 4 * np.finfo(float).eps * heaviest)
    point, value = start, log_likelihood(cells, start, penalty)
    norm = np.inf
    for taken in range(MAX_STEPS):
        p = probabilities(margins(cells, point), point.nu)
        gradient, information = gradient_and_information(cells, point, p)
        values = np.concatenate(
            [
                point.theta,
                [] if point.log_tie is None else [point.log_tie],
                point.beta,
            ]
        )
        gradient -= prior_precision(point, penalty) * values
        norm = float(np.abs(gradient).max(initial=0.0))
        if norm <= tolerance:
            unpenalised = log_likelihood(cells, point, Penalty())
            return Fit(point, information, norm, unpenalised, taken)
        try:
            step = cho_solve(cho_factor(pinned(information, point, penalty)), gradient)
        except LinAlgError as error:
            raise NotConverged(
                "the votes do not determine every parameter (a covariate that never varies within "
                "a pair, or one that separates the votes): drop it or give a ridge"
            ) from error
        point, value = _uphill(cells, point, value, step, penalty)
    raise NotConverged(
        f"expected gradients below {tolerance:.1e}, got {norm:.1e} after {MAX_STEPS} steps: "
        "give a prior, or a ridge if there are covariates"
    )


def _uphill(
    cells: Cells, point: Point, value: float, step: FloatArray, penalty: Penalty
) -> tuple[Point, float]:
    slack = 1e-12 * (1 + abs(value))
    for _ in range(60):
        trial = point.moved(step)
        reached = log_likelihood(cells, trial, penalty)
        if reached >= value - slack:
            return trial, reached
        step = step / 2
    return point, value
