"""Votes in a CSV file, as people export them from spreadsheets and other tools."""

# n votes

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from annotation.aggregation.errors import InvalidInput
from annotation.aggregation.votes import FloatArray, IntArray

COLUMNS = ("first", "second", "score", "winner", "annotator", "prompt", "weight")
_SCORES = {"first": 1.0, "second": 0.0, "tie": 0.5, "draw": 0.5, "both": 0.5, "neither": 0.5}


class InvalidTable(InvalidInput):
    """The file cannot be read as votes; the message begins with the line."""


@dataclass(frozen=True)
class VoteTable:
    """Votes with items as numbers; `names` in the order of their first appearance.

    `annotator` and `prompt` are codes, None where the file has no such column.
    """

    names: tuple[str, ...]
    first: IntArray
    second: IntArray
    score: FloatArray
    weight: FloatArray | None
    annotator: IntArray | None
    prompt: IntArray | None


def read_votes(lines: Iterable[str]) -> VoteTable:
    """The votes of a CSV file with a header.

    Columns `first` and `second` name the items; `score` is 1, 0.5 or 0 for the first, or else
    `winner` is one of the two names, "first", "second" or "tie". Optional: `annotator`, `prompt`,
    `weight`. Other columns are ignored. Raises InvalidTable, naming the line.
    """
    reader = csv.reader(lines, strict=True)
    columns = _columns(next(_rows(reader), None))
    names: dict[str, int] = {}
    codes: dict[str, dict[str, int]] = {"annotator": {}, "prompt": {}}
    found: dict[str, list[Any]] = {name: [] for name in COLUMNS}
    for row in _rows(reader):
        line = reader.line_num
        if len(row) != columns.width:
            raise InvalidTable(
                f"line {line}: expected {columns.width} columns as in the header, got {len(row)}"
            )
        pair = [_text(row, columns, side, line) for side in ("first", "second")]
        if pair[0] == pair[1]:
            raise InvalidTable(f"line {line}: {pair[0]!r} is compared with itself: drop the line")
        for side, name in zip(("first", "second"), pair, strict=True):
            found[side].append(names.setdefault(name, len(names)))
        found["score"].append(_score(row, columns, pair, line))
        for column, known in codes.items():
            if columns.has(column):
                name = _text(row, columns, column, line)
                found[column].append(known.setdefault(name, len(known)))
        if columns.has("weight"):
            found["weight"].append(_weight(_text(row, columns, "weight", line), line))
    if not names:
        raise InvalidTable("line 2: expected a vote, got the end of the file")
    return VoteTable(
        names=tuple(names),
        first=np.array(found["first"], np.int64),
        second=np.array(found["second"], np.int64),
        score=np.array(found["score"], np.float64),
        weight=np.array(found["weight"], np.float64) if columns.has("weight") else None,
        annotator=np.array(found["annotator"], np.int64) if columns.has("annotator") else None,
        prompt=np.array(found["prompt"], np.int64) if columns.has("prompt") else None,
    )


@dataclass(frozen=True)
class _Columns:
    place: dict[str, int]
    width: int

    def has(self, name: str) -> bool:
        return name in self.place


def _columns(header: list[str] | None) -> _Columns:
    if header is None:
        raise InvalidTable("line 1: expected a header with first, second and score or winner")
    titles = [title.strip().lower().removeprefix("\ufeff") for title in header]
    place = {name: titles.index(name) for name in COLUMNS if name in titles}
    for name in place:
        if titles.count(name) > 1:
            raise InvalidTable(f"line 1: column {name!r} appears twice: keep one")
    missing = [name for name in ("first", "second") if name not in place]
    if not {"score", "winner"} & place.keys():
        missing.append("score (or winner)")
    if missing:
        raise InvalidTable(
            f"line 1: expected column {' and '.join(missing)}, got {', '.join(titles)}: "
            "rename the columns"
        )
    if {"score", "winner"} <= place.keys():
        raise InvalidTable("line 1: expected score or winner, got both: keep one")
    return _Columns(place, len(header))


def _rows(reader: Any) -> Iterator[list[str]]:
    """Rows that are not empty, with the CSV parser's complaints as errors of ours."""
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                yield row
    except (csv.Error, UnicodeDecodeError) as error:
        raise InvalidTable(
            f"line {reader.line_num + 1}: not readable as UTF-8 CSV ({error})"
        ) from error


def _text(row: list[str], columns: _Columns, name: str, line: int) -> str:
    text = row[columns.place[name]].strip()
    if not text:
        raise InvalidTable(f"line {line}: column {name!r} is empty: fill it in or drop the line")
    return text


def _score(row: list[str], columns: _Columns, pair: list[str], line: int) -> float:
    if columns.has("score"):
        text = _text(row, columns, "score", line)
        try:
            score = float(text)
        except ValueError:
            score = float("nan")
        if score not in (0.0, 0.5, 1.0):
            raise InvalidTable(f"line {line}: expected a score of 1, 0.5 or 0, got {text!r}")
        return score
    winner = _text(row, columns, "winner", line)
    if winner in pair:
        return 1.0 if winner == pair[0] else 0.0
    if winner.lower() in _SCORES:
        return _SCORES[winner.lower()]
    raise InvalidTable(
        f"line {line}: expected the winner to be {pair[0]!r}, {pair[1]!r}, first, second or tie, "
        f"got {winner!r}"
    )


def _weight(text: str, line: int) -> float:
    try:
        weight = float(text)
    except ValueError:
        weight = float("nan")
    if not (np.isfinite(weight) and weight >= 0):
        raise InvalidTable(f"line {line}: expected a weight of at least 0, got {text!r}")
    return weight
