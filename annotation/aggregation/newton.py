"""Newton's method for concave likelihoods whose strengths are known only up to a common shift."""

# P parameters: m strengths first, then what else the model has

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve

from annotation.aggregation.errors import NotConverged
from annotation.aggregation.votes import FloatArray

MAX_STEPS = 200
GRADIENT_TOLERANCE = 1e-9

Value = Callable[[FloatArray], float]
Derivatives = Callable[[FloatArray], tuple[FloatArray, FloatArray]]


@dataclass(frozen=True)
class Optimum:
    """Where the penalised log-likelihood is highest.

    `information` (P, P) is minus the second derivative of the votes' log-likelihood alone;
    `precision` (P,) that of the normal priors around zero, 0 where there is none.
    """

    parameters: FloatArray
    n_strengths: int
    information: FloatArray
    precision: FloatArray
    gradient_norm: float
    log_likelihood: float
    steps: int

    @property
    def strengths(self) -> FloatArray:
        """(m,) in nats, mean zero."""
        theta = self.parameters[: self.n_strengths]
        return np.asarray(theta - theta.mean())

    def pinned_information(self) -> FloatArray:
        return pinned(self.information, self.precision, self.n_strengths)


def pinned(information: FloatArray, precision: FloatArray, n_strengths: int) -> FloatArray:
    """The penalised information, made invertible along "all strengths move together".

    Without a prior that direction carries neither information nor gradient; giving it some keeps
    the mean of the strengths where it is and changes nothing else.
    """
    matrix = information + np.diag(precision)
    m = n_strengths
    if not precision[:m].any():
        matrix[:m, :m] += max(float(np.trace(information[:m, :m])), 1e-300) / m**2
    return matrix


def maximise(
    value: Value,
    derivatives: Derivatives,
    start: FloatArray,
    *,
    n_strengths: int,
    precision: FloatArray,
    total: float,
) -> Optimum:
    """Newton steps, halved while they lead down, until no gradient exceeds 1e-9.

    `value` and `derivatives` (gradient, information) are those of the votes alone. `total` is the
    number of votes: where sums over them round by more than 1e-9, the limit is the rounding.
    Raises NotConverged when no maximum is within reach.
    """
    tolerance = max(GRADIENT_TOLERANCE, 4 * np.finfo(float).eps * total)

    def penalised(parameters: FloatArray) -> float:
        return value(parameters) - float(precision @ parameters**2) / 2

    at, height, norm = start, penalised(start), np.inf
    for taken in range(MAX_STEPS):
        gradient, information = derivatives(at)
        gradient = gradient - precision * at
        norm = float(np.abs(gradient).max(initial=0.0))
        if norm <= tolerance:
            alone = height + float(precision @ at**2) / 2
            return Optimum(at, n_strengths, information, precision, norm, alone, taken)
        try:
            factor = cho_factor(pinned(information, precision, n_strengths))
        except (LinAlgError, ValueError) as error:
            raise NotConverged(
                "the votes do not determine every parameter (a covariate that never varies within "
                "a pair, or one that separates the votes): drop it, or give a prior or ridge"
            ) from error
        step = cho_solve(factor, gradient)
        slack = 1e-12 * (1 + abs(height))
        for _ in range(60):
            reached = penalised(at + step)
            if reached >= height - slack:
                at, height = at + step, reached
                break
            step = step / 2
    raise NotConverged(
        f"expected gradients below {tolerance:.1e}, got {norm:.1e} after {MAX_STEPS} steps: "
        "give a prior, or a ridge if there are covariates"
    )
