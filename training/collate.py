"""Rows of different lengths as one rectangular batch."""

# B rows, T tokens

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from training.chat import Encoded


@dataclass(frozen=True)
class Batch:
    """`ids_BT`: tokens; `real_BT`: 1 where not padding; `answer_BT`: 1 where to be learned."""

    ids_BT: Tensor
    real_BT: Tensor
    answer_BT: Tensor

    def to(self, device: str) -> "Batch":
        return Batch(self.ids_BT.to(device), self.real_BT.to(device), self.answer_BT.to(device))


def pad_right(rows: Sequence[Encoded], *, pad: int, max_length: int) -> Batch:
    """Training rows, padded at the end and cut at `max_length`.

    >>> question_and_answer = Encoded([7, 8, 9, 1], answer=[0, 0, 1, 1])
    >>> shorter = Encoded([7, 9, 1], answer=[0, 1, 1])
    >>> batch = pad_right([question_and_answer, shorter], pad=0, max_length=16)
    >>> batch.ids_BT.tolist()
    [[7, 8, 9, 1], [7, 9, 1, 0]]
    >>> batch.real_BT.tolist()
    [[1, 1, 1, 1], [1, 1, 1, 0]]
    >>> batch.answer_BT.tolist()
    [[0, 0, 1, 1], [0, 1, 1, 0]]
    """
    longest = min(max(len(row.ids) for row in rows), max_length)
    ids = torch.full((len(rows), longest), pad, dtype=torch.long)
    real = torch.zeros(len(rows), longest, dtype=torch.long)
    answer = torch.zeros(len(rows), longest, dtype=torch.long)
    for i, row in enumerate(rows):
        kept = min(len(row.ids), longest)
        ids[i, :kept] = torch.tensor(row.ids[:kept])
        real[i, :kept] = 1
        answer[i, :kept] = torch.tensor(row.answer[:kept])
    return Batch(ids, real, answer)


def pad_left(rows: Sequence[Sequence[int]], *, pad: int) -> tuple[Tensor, Tensor]:
    """Prompts ending at the same place, ready to be continued: (ids_BT, real_BT).

    >>> ids_BT, real_BT = pad_left([[5, 6, 7], [5]], pad=0)
    >>> ids_BT.tolist(), real_BT.tolist()
    ([[5, 6, 7], [0, 0, 5]], [[1, 1, 1], [0, 0, 1]])
    """
    longest = max(len(row) for row in rows)
    ids = torch.full((len(rows), longest), pad, dtype=torch.long)
    real = torch.zeros(len(rows), longest, dtype=torch.long)
    for i, row in enumerate(rows):
        ids[i, longest - len(row) :] = torch.tensor(row, dtype=torch.long)
        real[i, longest - len(row) :] = 1
    return ids, real
