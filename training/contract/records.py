"""Dataset rows: how they look, how they are read, written and fingerprinted.

One JSON object per line. Kinds: `text` (pretrain), `messages` (sft), `preference` (reward, dpo,
rrhf, evaluate), `prompts` (ppo, generate, evaluate). Standard library only.
"""

import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, overload

from training.contract.errors import SpecError
from training.contract.files import sync_directory
from training.contract.rows import (
    Message,
    MessagesRow,
    PreferenceRow,
    PromptRow,
    TextRow,
    parse_row,
)


@dataclass(frozen=True)
class Pair:
    """`chosen` beat `rejected`; i and j are their places in the row's responses.

    `margin` is how many ranks apart the two are (0.0 where the ranks do not say), `weight` how
    much the pair counts.
    """

    prompt: list[Message]
    chosen: str
    rejected: str
    margin: float
    weight: float
    i: int
    j: int


@dataclass(frozen=True)
class KtoRow:
    """One completion and whether it is desirable."""

    prompt: list[Message]
    completion: str
    label: bool


def pairs(row: PreferenceRow) -> list[Pair]:
    """The comparisons in a preference row, winners first; ties and null ranks give none.

    >>> row = {"prompt": [], "responses": ["a", "b", "c"], "ranks": [2, 1, 2]}
    >>> [(pair.chosen, pair.rejected, pair.margin) for pair in pairs(row)]
    [('b', 'a', 1.0), ('b', 'c', 1.0)]
    """
    ranks, weights = row["ranks"], row.get("weights")
    if weights is None:
        votes = [
            (i, j, 1.0)
            for i, mine in enumerate(ranks)
            for j, other in enumerate(ranks)
            if mine is not None and other is not None and mine < other
        ]
    else:
        votes = [(int(i), int(j), w) for i, j, w in weights if w > 0]
    responses = row["responses"]
    return [
        Pair(row["prompt"], responses[i], responses[j], _margin(ranks[i], ranks[j]), w, i, j)
        for i, j, w in votes
    ]


def kto_rows(row: PreferenceRow) -> list[KtoRow]:
    """Desirable where a response beats more than it loses to, undesirable where fewer.

    Where most votes found all responses bad, all are undesirable, whatever their order.

    >>> row = {"prompt": [], "responses": ["a", "b", "c"], "ranks": [1, 2, 3]}
    >>> [(kto.completion, kto.label) for kto in kto_rows(row)]
    [('a', True), ('c', False)]
    """
    if 2 * row.get("all_bad", 0) > row.get("votes", 0):
        return [KtoRow(row["prompt"], text, False) for text in row["responses"]]
    balance = [0.0] * len(row["responses"])
    for pair in pairs(row):
        balance[pair.i] += pair.weight
        balance[pair.j] -= pair.weight
    return [
        KtoRow(row["prompt"], text, score > 0)
        for text, score in zip(row["responses"], balance, strict=True)
        if score != 0
    ]


@overload
def read_rows(path: Path | str, kind: Literal["text"]) -> Iterator[TextRow]: ...
@overload
def read_rows(path: Path | str, kind: Literal["messages"]) -> Iterator[MessagesRow]: ...
@overload
def read_rows(path: Path | str, kind: Literal["preference"]) -> Iterator[PreferenceRow]: ...
@overload
def read_rows(path: Path | str, kind: Literal["prompts"]) -> Iterator[PromptRow]: ...
@overload
def read_rows(path: Path | str, kind: str) -> Iterator[Any]: ...
def read_rows(path: Path | str, kind: str) -> Iterator[Any]:
    """The rows of a dataset, one at a time; SpecError names the line and what was expected."""
    with Path(path).open(encoding="utf-8") as file:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except json.JSONDecodeError as error:
                raise SpecError(f"{path}, line {number}: not JSON ({error.msg})") from error
            try:
                checked = parse_row(kind, row, "row")
            except ValueError as error:
                raise SpecError(f"{path}, line {number}: {error}") from error
            yield checked


def write_rows(path: Path | str, rows: Iterable[object]) -> str:
    """Write rows as JSONL, atomically and durably; returns the file's digest."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(path.name + ".tmp")
    digest = hashlib.sha256()
    with draft.open("wb") as file:
        for row in rows:
            line = json.dumps(row, ensure_ascii=False, allow_nan=False).encode() + b"\n"
            digest.update(line)
            file.write(line)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    sync_directory(path.parent)
    return f"sha256:{digest.hexdigest()}"


def file_digest(path: Path | str) -> str:
    """ "sha256:<hex>" of a file's bytes."""
    with Path(path).open("rb") as file:
        return f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"


def folder_digest(path: Path | str) -> str:
    """One "sha256:<hex>" for all files of a folder: the hash of its sorted lines `path NUL hash`.

    README.md is left out: the model card may be edited without making it another model.
    """
    folder = Path(path)
    total = hashlib.sha256()
    names = sorted(
        item.relative_to(folder).as_posix() for item in folder.rglob("*") if item.is_file()
    )
    for name in names:
        if name != "README.md":
            total.update(f"{name}\0{file_digest(folder / name).removeprefix('sha256:')}\n".encode())
    return f"sha256:{total.hexdigest()}"


def _margin(better: int | None, worse: int | None) -> float:
    if better is None or worse is None or worse <= better:
        return 0.0
    return float(worse - better)
