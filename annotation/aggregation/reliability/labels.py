"""Labels of items by workers, checked once, as the sparse table that the models multiply with."""

# V labels, I items, W workers, C classes

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array

from annotation.aggregation.errors import InvalidInput

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


class InvalidLabels(InvalidInput):
    """Labels that do not name an item, a worker and one of the classes."""


@dataclass(frozen=True)
class Labels:
    """`item`, `worker`, `label`: (V,) whole numbers from 0. A worker may label an item twice."""

    item: IntArray
    worker: IntArray
    label: IntArray
    n_items: int
    n_workers: int
    n_classes: int

    @property
    def table_I_WC(self) -> csr_array:  # noqa: N802
        """How often a worker gave an item a label; column worker * C + label."""
        column = self.worker * self.n_classes + self.label
        shape = (self.n_items, self.n_workers * self.n_classes)
        return csr_array((np.ones(len(self.item)), (self.item, column)), shape=shape)

    @property
    def shares_IC(self) -> FloatArray:  # noqa: N802
        """Per item, the share of its labels in each class: majority vote before the majority."""
        cells = np.bincount(
            self.item * self.n_classes + self.label, minlength=self.n_items * self.n_classes
        ).reshape(self.n_items, self.n_classes)
        total = cells.sum(axis=1, keepdims=True)
        return np.where(total > 0, cells / np.maximum(total, 1), 1 / self.n_classes)


def check_labels(item: ArrayLike, worker: ArrayLike, label: ArrayLike, *, n_classes: int) -> Labels:
    """The three columns as whole numbers of one length. Raises InvalidLabels."""
    if n_classes < 2:
        raise InvalidLabels(f"expected at least 2 classes, got {n_classes}")
    items, workers, labels = (
        whole_numbers(column, name)
        for column, name in ((item, "item"), (worker, "worker"), (label, "label"))
    )
    if not items.size == workers.size == labels.size:
        raise InvalidLabels(
            f"expected item, worker and label of one length, got {items.size}, {workers.size} and "
            f"{labels.size}"
        )
    if labels.max() >= n_classes:
        row = int((labels >= n_classes).argmax())
        raise InvalidLabels(
            f"expected labels 0..{n_classes - 1}, got {labels[row]} in row {row}: raise n_classes "
            "or correct the row"
        )
    return Labels(items, workers, labels, int(items.max()) + 1, int(workers.max()) + 1, n_classes)


def whole_numbers(column: ArrayLike, name: str) -> IntArray:
    """(V,) whole numbers from 0; InvalidLabels for anything else, and for none at all."""
    values = np.asarray(column)
    if values.size == 0:
        raise InvalidLabels(
            f"expected at least one row in `{name}`, got none: collect labels first"
        )
    if values.ndim != 1 or values.dtype.kind not in "iu":
        raise InvalidLabels(
            f"expected whole numbers from 0 in `{name}`, got {values.dtype} of shape {values.shape}"
        )
    if values.min() < 0:
        raise InvalidLabels(f"expected numbers from 0 in `{name}`, got {values.min()}")
    return values.astype(np.int64)
