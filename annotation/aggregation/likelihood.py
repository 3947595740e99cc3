"""The paired-comparison likelihood with ties and covariates, and its derivatives.

With d = theta_first - theta_second + x.beta and nu >= 0 (Davidson 1970):

    P(first wins) = e^(d/2) / Z,  P(tie) = nu / Z,  P(first loses) = e^(-d/2) / Z,
    Z = e^(d/2) + e^(-d/2) + nu

It is concave in (theta, log nu, beta). With nu = 0 it is Bradley-Terry, and a tie then counts as
half a win and half a loss because only (wins - losses) / 2 enters the likelihood.
"""

# c cells (votes summed where nothing tells them apart), m items, q covariates
# P parameters: theta (m,), log nu if ties are modelled, beta (q,)

from dataclasses import dataclass

import numpy as np

from annotation.aggregation.newton import Optimum, maximise
from annotation.aggregation.pairs import summed
from annotation.aggregation.votes import FloatArray, IntArray


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

    @property
    def has_decided(self) -> bool:
        return bool((self.wins + self.losses).any())


@dataclass(frozen=True)
class Penalty:
    """Gaussian priors as precisions in 1 / nats^2: of each strength and of each covariate."""

    strengths: float = 0.0
    covariates: float = 0.0


@dataclass(frozen=True)
class Point:
    """Parameters by name: theta (m,) nats, log_tie = log nu (None: nu = 0), beta (q,)."""

    theta: FloatArray
    log_tie: float | None
    beta: FloatArray

    @property
    def nu(self) -> float:
        return 0.0 if self.log_tie is None else float(np.exp(self.log_tie))

    @property
    def packed(self) -> FloatArray:
        tie = [] if self.log_tie is None else [self.log_tie]
        return np.concatenate([self.theta, tie, self.beta])


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


def probabilities(d: FloatArray, nu: float) -> Probabilities:
    """Outcome chances at margins `d` (nats), computed without overflow."""
    size = np.abs(d)
    near = np.exp(-size)  # the loser's weight once the winner's is 1
    tie = nu * np.exp(-size / 2)
    z = 1.0 + near + tie
    win, loss = np.where(d >= 0, 1.0, near) / z, np.where(d >= 0, near, 1.0) / z
    return Probabilities(win, loss, tie / z, size / 2 + np.log(z))


def unpack(parameters: FloatArray, m: int, *, davidson: bool) -> Point:
    if davidson:
        return Point(parameters[:m], float(parameters[m]), parameters[m + 1 :])
    return Point(parameters[:m], None, parameters[m:])


def margins(cells: Cells, point: Point) -> FloatArray:
    d = point.theta[cells.first] - point.theta[cells.second]
    return d + cells.covariates @ point.beta if len(point.beta) else d


def log_likelihood(cells: Cells, point: Point) -> float:
    d = margins(cells, point)
    p = probabilities(d, point.nu)
    value = float(((cells.wins - cells.losses) / 2) @ d - cells.total @ p.log_z)
    if point.log_tie is not None:
        value += float(cells.ties.sum()) * point.log_tie
    return value


def gradient_and_information(cells: Cells, point: Point) -> tuple[FloatArray, FloatArray]:
    """(P,) first derivatives and minus the (P, P) second ones."""
    p = probabilities(margins(cells, point), point.nu)
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


def assemble(
    cells: Cells, point: Point, dd: FloatArray, dt: FloatArray, tt: FloatArray
) -> FloatArray:
    """(P, P) sum over cells of the outer products of their effects on margin and log nu.

    `dd`, `dt`, `tt` (c,) weigh margin with margin, margin with tie, tie with tie.
    """
    m, q = cells.n_items, cells.covariates.shape[1]
    tied = point.log_tie is not None
    size = m + tied + q
    matrix = np.zeros((size, size))
    off = summed(cells.first * m + cells.second, dd, m * m).reshape(m, m)
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


def equal_strengths(cells: Cells, *, davidson: bool) -> Point:
    """Where a fit starts: the tie parameter at its estimate for equal strengths.

    Without any tie nu is 0, its estimate, and no parameter.
    """
    tied = float(cells.ties.sum())
    log_tie = None
    if davidson and tied > 0:
        log_tie = float(np.log(2 * tied / float((cells.wins + cells.losses).sum())))
    return Point(np.zeros(cells.n_items), log_tie, np.zeros(cells.covariates.shape[1]))


def most_likely(cells: Cells, start: Point, penalty: Penalty) -> Optimum:
    """The maximum of the penalised likelihood. Raises NotConverged."""
    m, davidson = cells.n_items, start.log_tie is not None
    precision = np.zeros(len(start.packed))
    precision[:m] = penalty.strengths
    precision[m + davidson :] = penalty.covariates
    return maximise(
        lambda x: log_likelihood(cells, unpack(x, m, davidson=davidson)),
        lambda x: gradient_and_information(cells, unpack(x, m, davidson=davidson)),
        start.packed,
        n_strengths=m,
        precision=precision,
        total=float(cells.total.sum()),
    )
