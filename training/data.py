"""Which rows make up each step: a pure function of seed and step, so a resume needs no state."""

import math
from collections.abc import Sequence
from typing import TypeVar

import numpy as np

from training.contract.errors import SpecError
from training.contract.rows import MessagesRow, PreferenceRow, PromptRow, TextRow
from training.contract.settings import Optimisation

Row = TypeVar("Row", bound=TextRow | MessagesRow | PreferenceRow | PromptRow)


class Batches:
    """The row numbers of every step of a run over rows of the given lengths (tokens).

    Every epoch is a new shuffle. Inside a batch the longest rows come first, so micro-batches of
    similar lengths pad little. Batches themselves stay fair samples: where each holds one length,
    each step teaches one kind of answer (docs/demo.md has a comparison).
    """

    def __init__(self, lengths: Sequence[int], settings: Optimisation, *, seed: int) -> None:
        if not lengths:
            raise SpecError("no training rows are left to learn from")
        self._lengths = np.asarray(lengths)
        self._size = settings.batch_size
        self._seed = seed
        self.per_epoch = math.ceil(len(lengths) / self._size)
        self.total = settings.steps or max(1, round(settings.epochs * self.per_epoch))
        self._epoch: tuple[int, list[list[int]]] = (-1, [])

    def at(self, step: int) -> list[int]:
        """The rows of `step` (1-based), longest first."""
        epoch, place = divmod(step - 1, self.per_epoch)
        if self._epoch[0] != epoch:
            self._epoch = (epoch, self._order(epoch))
        return self._epoch[1][place]

    def _order(self, epoch: int) -> list[list[int]]:
        random = np.random.Generator(np.random.PCG64([self._seed, epoch]))
        shuffled = random.permutation(len(self._lengths))
        parts = (shuffled[i : i + self._size] for i in range(0, len(shuffled), self._size))
        return [part[np.argsort(-self._lengths[part], kind="stable")].tolist() for part in parts]


def micro_batches(rows: Sequence[int], size: int) -> list[Sequence[int]]:
    """`rows` in pieces of at most `size`, in order."""
    return [rows[i : i + size] for i in range(0, len(rows), size)]


def split_rows(rows: Sequence[Row]) -> tuple[list[Row], list[Row]]:
    """(train, eval) rows; a row without a split is for training."""
    train = [row for row in rows if row.get("split", "train") == "train"]
    return train, [row for row in rows if row.get("split") == "eval"]
