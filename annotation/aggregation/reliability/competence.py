"""MACE: every worker either knows the answer or spams, and spams in a habit of their own."""

# I items, W workers, C classes, V labels

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betaln, digamma, gammaln, logsumexp

from annotation.aggregation.reliability.labels import Labels, check_labels

FloatArray = NDArray[np.float64]

COMPETENCE_PRIOR = 0.5  # Beta(0.5, 0.5) on knowing, and
HABIT_PRIOR = 10.0  # Dirichlet(10) on spamming: the values of Hovy et al. 2013, section 4


@dataclass(frozen=True)
class Mace:
    """`posterior` (I, C) of the true class; `competence` (W,): how often a worker does not spam.

    `habit` (W, C) is what the worker says when spamming. `bound` is the best restart's evidence
    lower bound (nats), after each of its iterations in `history`.
    """

    posterior: FloatArray
    competence: FloatArray
    habit: FloatArray
    bound: float
    history: FloatArray


def mace(
    item: ArrayLike,
    worker: ArrayLike,
    label: ArrayLike,
    *,
    n_classes: int,
    restarts: int = 10,
    max_iterations: int = 1000,
    seed: int = 0,
) -> Mace:
    """Competence of workers and posteriors of items by variational Bayes (Hovy et al. 2013).

    "Learning Whom to Trust with MACE": a label is the true class with probability `competence`,
    else drawn from the worker's `habit`; true classes are uniform a priori. The best of
    `restarts` random starts by the evidence lower bound, each run until an iteration gains less
    than 1e-9 of it. Unlike `dawid_skene` it needs few labels per worker, and cannot see which
    classes a worker confuses. Items without labels get the uniform posterior. Raises
    InvalidLabels.
    """
    labels = check_labels(item, worker, label, n_classes=n_classes)
    random = np.random.default_rng(seed)
    runs = [_run(labels, random, max_iterations) for _ in range(max(restarts, 1))]
    return max(runs, key=lambda run: run.bound)


def _run(labels: Labels, random: np.random.Generator, max_iterations: int) -> Mace:
    """One start: known (W,) and spam (W, C) are expected counts of labels known and spammed."""
    W, C = labels.n_workers, labels.n_classes
    per_worker = np.bincount(labels.worker, minlength=W).astype(np.float64)
    known_W = per_worker * random.uniform(0.5, 1.0, W)
    spam_WC = (per_worker - known_W)[:, None] * random.dirichlet(np.ones(C), W)
    history: list[float] = []
    done = False
    while not done:
        beta_known, beta_spam = known_W + COMPETENCE_PRIOR, spam_WC.sum(axis=1) + COMPETENCE_PRIOR
        dirichlet_WC = spam_WC + HABIT_PRIOR
        total = digamma(beta_known + beta_spam)
        log_knows_W, log_spams_W = digamma(beta_known) - total, digamma(beta_spam) - total
        log_habit_WC = digamma(dirichlet_WC) - digamma(dirichlet_WC.sum(axis=1, keepdims=True))

        spammed_V = log_spams_W[labels.worker] + log_habit_WC[labels.worker, labels.label]
        right_V = np.logaddexp(log_knows_W[labels.worker], spammed_V)
        log_joint_IC = np.full((labels.n_items, C), -np.log(C))
        log_joint_IC += np.bincount(labels.item, spammed_V, labels.n_items)[:, None]
        item_cell_V = labels.item * C + labels.label
        log_joint_IC += np.bincount(item_cell_V, right_V - spammed_V, labels.n_items * C).reshape(
            -1, C
        )
        log_evidence_I = logsumexp(log_joint_IC, axis=1)
        posterior_IC = np.exp(log_joint_IC - log_evidence_I[:, None])

        history.append(
            float(log_evidence_I.sum())
            - _divergence(
                beta_known, beta_spam, dirichlet_WC, log_knows_W, log_spams_W, log_habit_WC
            )
        )
        knows_V = posterior_IC[labels.item, labels.label] * np.exp(
            log_knows_W[labels.worker] - right_V
        )
        known_W = np.bincount(labels.worker, knows_V, W).astype(np.float64)
        cell_V = labels.worker * C + labels.label
        spam_WC = np.bincount(cell_V, 1 - knows_V, W * C).astype(np.float64).reshape(W, C)
        done = len(history) >= max_iterations or (
            len(history) > 1 and history[-1] - history[-2] < 1e-9 * (1 + abs(history[-1]))
        )
    return Mace(
        posterior_IC,
        beta_known / (beta_known + beta_spam),
        dirichlet_WC / dirichlet_WC.sum(axis=1, keepdims=True),
        history[-1],
        np.array(history),
    )


def _divergence(
    beta_known: FloatArray,
    beta_spam: FloatArray,
    dirichlet_WC: FloatArray,
    log_knows_W: FloatArray,
    log_spams_W: FloatArray,
    log_habit_WC: FloatArray,
) -> float:
    """KL divergence (nats) of the workers' posteriors from their priors: Beta, then Dirichlet."""
    a, d, C = COMPETENCE_PRIOR, HABIT_PRIOR, dirichlet_WC.shape[1]
    beta = (
        betaln(a, a)
        - betaln(beta_known, beta_spam)
        + (beta_known - a) * log_knows_W
        + (beta_spam - a) * log_spams_W
    )
    dirichlet = (
        gammaln(dirichlet_WC.sum(axis=1))
        - gammaln(dirichlet_WC).sum(axis=1)
        - gammaln(C * d)
        + C * gammaln(d)
        + ((dirichlet_WC - d) * log_habit_WC).sum(axis=1)
    )
    return float(np.sum(beta) + np.sum(dirichlet))
