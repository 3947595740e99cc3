"""Dawid and Skene's model: every worker has a confusion matrix, every item a true class."""

# I items, W workers, C classes

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import logsumexp

from annotation.aggregation.reliability.labels import Labels, check_labels

FloatArray = NDArray[np.float64]

TINY = 1e-300  # keeps log finite; e ** -690 times any count still decides nothing


@dataclass(frozen=True)
class DawidSkene:
    """`posterior` (I, C) of the true class; `confusion` (W, C, C): rows true, columns given.

    `prior` (C,) is how common the classes are. `log_likelihood` is in nats, after each iteration
    in `history`. `converged` is False where the iterations ran out first.
    """

    posterior: FloatArray
    confusion: FloatArray
    prior: FloatArray
    log_likelihood: float
    history: FloatArray
    converged: bool

    @property
    def accuracy(self) -> FloatArray:
        """(W,) how often a worker names the true class, on items as common as they are here."""
        return np.asarray(np.einsum("c,wcc->w", self.prior, self.confusion))


def dawid_skene(
    item: ArrayLike,
    worker: ArrayLike,
    label: ArrayLike,
    *,
    n_classes: int,
    smoothing: float = 0.0,
    max_iterations: int = 10_000,
) -> DawidSkene:
    """Maximum-likelihood error rates of the workers and posteriors of the items (EM).

    Dawid and Skene 1979, eqs. 2.3 to 2.5, started as theirs from the shares of the labels. Runs
    until an iteration changes the log-likelihood by less than 1e-12 of itself and no posterior by
    1e-7, not for a fixed number of rounds. The likelihood can have other maxima; this start finds
    the one where most labels are right.

    `smoothing` adds that many imagined labels to each cell of each confusion matrix (a Dirichlet
    prior; 0 is the paper): use 0.1 to 1 where workers have given few labels. A worker who never
    met a class has the uniform row there. Items are numbered 0..max; one without labels gets the
    prior. Raises InvalidLabels.
    """
    labels = check_labels(item, worker, label, n_classes=n_classes)
    table_I_WC = labels.table_I_WC
    posterior_IC = labels.shares_IC
    history: list[float] = []
    converged = False
    while not converged and len(history) < max_iterations:
        prior_C = posterior_IC.mean(axis=0)
        counts_WCC = _counts(labels, table_I_WC.T @ posterior_IC) + smoothing
        confusion_WCC = _rows_that_sum_to_one(counts_WCC)
        log_confusion_WCC = np.log(np.maximum(confusion_WCC, TINY))
        log_joint_IC = np.log(np.maximum(prior_C, TINY)) + table_I_WC @ (
            log_confusion_WCC.transpose(0, 2, 1).reshape(-1, n_classes)
        )
        log_evidence_I = logsumexp(log_joint_IC, axis=1)
        before, posterior_IC = posterior_IC, np.exp(log_joint_IC - log_evidence_I[:, None])
        history.append(float(log_evidence_I.sum() + smoothing * log_confusion_WCC.sum()))
        converged = (
            len(history) > 1
            and abs(history[-1] - history[-2]) <= 1e-12 * (1 + abs(history[-1]))
            and float(np.abs(posterior_IC - before).max()) < 1e-7
        )
    return DawidSkene(
        posterior_IC,
        confusion_WCC,
        prior_C,
        float(log_evidence_I.sum()),
        np.array(history),
        converged,
    )


def _counts(labels: Labels, sums_WC_C: FloatArray) -> FloatArray:
    """(W * C given, C true) to (W, C true, C given)."""
    return sums_WC_C.reshape(labels.n_workers, labels.n_classes, labels.n_classes).transpose(
        0, 2, 1
    )


def _rows_that_sum_to_one(counts_WCC: FloatArray) -> FloatArray:
    total = counts_WCC.sum(axis=2, keepdims=True)
    uniform = np.full_like(counts_WCC, 1 / counts_WCC.shape[2])
    return np.asarray(np.divide(counts_WCC, total, out=uniform, where=total > 0))
