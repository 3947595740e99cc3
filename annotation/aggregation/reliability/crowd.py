"""Crowd Bradley-Terry: strengths of items when some annotators vote at random or upside down."""

# n votes, m items, W annotators

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize
from scipy.special import expit, log_expit, logit

from annotation.aggregation.reliability.labels import InvalidLabels, whole_numbers
from annotation.aggregation.votes import check_votes

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

ELO_PER_NAT = 400 / np.log(10)


@dataclass(frozen=True)
class CrowdBradleyTerry:
    """`elo` (m,) with mean 1000, `reliability` (W,), and the standard errors of both.

    Reliability is the chance that an annotator reports the comparison as it truly came out: 1
    always, 0.5 a coin, below 0.5 turned around. `log_likelihood` is in nats, without the priors.
    """

    elo: FloatArray
    se_elo: FloatArray
    reliability: FloatArray
    se_reliability: FloatArray
    log_likelihood: float


@dataclass(frozen=True)
class Objective:
    """Negative log-posterior of x = strengths (m,), logits of reliability (W,); and its gradient.

    A vote says the first won with probability P = e p + (1 - e)(1 - p), p = sigmoid(s_i - s_j)
    (Chen et al. 2013, eq. 6). A tie is half a vote each way. `ridge` is the weight of their
    virtual item (eq. 10): one win and one loss of each item against strength 0, times `ridge`.
    `prior` are the a and b of a Beta prior on reliability.
    """

    first: IntArray
    second: IntArray
    score: FloatArray
    worker: IntArray
    n_items: int
    n_workers: int
    ridge: float
    prior: tuple[float, float]

    def __call__(self, x: FloatArray) -> tuple[float, FloatArray]:
        strength, logits = x[: self.n_items], x[self.n_items :]
        p, e, P = self.chances(x)
        loss = -float(np.sum(self.score * np.log(P) + (1 - self.score) * np.log1p(-P)))
        slope = -(self.score - P) / (P * (1 - P))
        by_strength = slope * (2 * e - 1) * p * (1 - p)
        gradient = np.concatenate(
            [
                np.bincount(self.first, by_strength, self.n_items)
                - np.bincount(self.second, by_strength, self.n_items),
                np.bincount(self.worker, slope * (2 * p - 1) * e * (1 - e), self.n_workers),
            ]
        )
        a, b = self.prior
        loss -= self.ridge * float(np.sum(log_expit(strength) + log_expit(-strength)))
        loss -= float(np.sum((a - 1) * log_expit(logits) + (b - 1) * log_expit(-logits)))
        gradient[: self.n_items] += self.ridge * (2 * expit(strength) - 1)
        gradient[self.n_items :] += (a + b - 2) * expit(logits) - (a - 1)
        return loss, gradient

    def information(self, x: FloatArray) -> FloatArray:
        """Expected Fisher information of the votes plus the curvature of the priors."""
        p, e, P = self.chances(x)
        by_strength, by_logit = (2 * e - 1) * p * (1 - p), (2 * p - 1) * e * (1 - e)
        size = self.n_items + self.n_workers
        information = np.zeros((size, size))
        columns = (
            (self.first, by_strength),
            (self.second, -by_strength),
            (self.n_items + self.worker, by_logit),
        )
        for i, di in columns:
            for j, dj in columns:
                cells = np.bincount(i * size + j, di * dj / (P * (1 - P)), size * size)
                information += cells.reshape(size, size)
        s, r = expit(x[: self.n_items]), expit(x[self.n_items :])
        prior = np.concatenate([2 * self.ridge * s * (1 - s), (sum(self.prior) - 2) * r * (1 - r)])
        return information + np.diag(prior)

    def chances(self, x: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Per vote: p that the first truly wins, the annotator's reliability, P of the report."""
        strength, reliability = x[: self.n_items], expit(x[self.n_items :])
        p = expit(strength[self.first] - strength[self.second])
        e = reliability[self.worker]
        return p, e, np.clip(e * p + (1 - e) * (1 - p), 1e-12, 1 - 1e-12)


def crowd_bradley_terry(
    first: ArrayLike,
    second: ArrayLike,
    score: ArrayLike,
    worker: ArrayLike,
    *,
    n_items: int,
    ridge: float = 0.5,
    prior: tuple[float, float] = (10.0, 1.1),
) -> CrowdBradleyTerry:
    """Strengths of items and reliabilities of annotators together (Chen et al. 2013).

    "Pairwise ranking aggregation in a crowdsourced setting", maximum a posteriori by Fisher
    scoring. The votes alone cannot tell (s, e) from (-s, 1 - e): everybody right or
    everybody upside down. We take the side where annotators, weighted by their votes, are right
    more often than wrong; the Beta `prior`, which leans to reliable, and the start at all
    reliable serve the same end. If most votes are malicious, the answer is upside down, and only
    gold can tell.

    `worker` are whole numbers 0..W-1. An item or an annotator with few votes is held by `ridge`
    and `prior`, so nobody undefeated runs away. Standard errors are from the expected
    information, votes independent given the model. Memory is (m + W)^2. Raises InvalidVote,
    NoVotes, InvalidLabels.
    """
    votes = check_votes(first, second, score, n_items=n_items)
    workers = whole_numbers(worker, "worker")
    if len(workers) != len(votes):
        raise InvalidLabels(
            f"expected one annotator per vote, got {len(workers)} for {len(votes)} votes"
        )
    if ridge <= 0 or min(prior) <= 1:
        raise InvalidLabels(
            f"expected ridge > 0 and prior counts > 1, got {ridge} and {prior}: without them an "
            "undefeated item or a flawless annotator has no finite estimate"
        )
    objective = Objective(
        votes.first,
        votes.second,
        votes.outcome / 2,
        workers,
        n_items,
        int(workers.max()) + 1,
        ridge,
        prior,
    )
    x = _minimise(
        objective, np.concatenate([np.zeros(n_items), np.full(objective.n_workers, logit(0.8))])
    )
    if expit(x[n_items:])[workers].mean() < 0.5:
        x = _minimise(objective, -x)
    P = objective.chances(x)[2]
    covariance = np.linalg.inv(objective.information(x))
    se = np.sqrt(np.diag(covariance))
    strength, reliability = x[:n_items], expit(x[n_items:])
    centre = np.eye(n_items) - 1 / n_items
    centred = centre @ covariance[:n_items, :n_items] @ centre
    outcome = objective.score
    return CrowdBradleyTerry(
        elo=1000 + ELO_PER_NAT * (strength - strength.mean()),
        se_elo=ELO_PER_NAT * np.sqrt(np.diag(centred)),
        reliability=reliability,
        se_reliability=se[n_items:] * reliability * (1 - reliability),
        log_likelihood=float(np.sum(outcome * np.log(P) + (1 - outcome) * np.log1p(-P))),
    )


def _minimise(objective: Objective, start: FloatArray) -> FloatArray:
    """Fisher scoring in a trust region: the expected information stands in for the Hessian."""
    result = minimize(
        objective,
        start,
        jac=True,
        hess=objective.information,
        method="trust-exact",
        options={"maxiter": 500, "gtol": 1e-6},
    )
    return np.asarray(result.x, dtype=np.float64)
