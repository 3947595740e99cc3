"""CSV: a row of column names, then a row of cells each. What is no text or number is JSON in it."""

import csv
import io
import json
from collections.abc import Iterator, Mapping
from typing import IO

from annotation.errors import InvalidInput
from annotation.exchange.files.base import BrokenFile, FileKind, Numbered
from annotation.exchange.format import Shape
from annotation.exchange.record import Row
from annotation.sentences import say
from annotation.services.prompts import check_text, short

MOST_CELL = 10_000_000
PLAIN = (Shape.TEXT, Shape.WHOLE, Shape.NUMBER)


def read(file: IO[bytes]) -> Numbered:
    """(line on which the row begins, {column: text} or InvalidInput); empty cells are left out."""
    csv.field_size_limit(MOST_CELL)
    # What is not UTF-8 is refused with its line, as text that is not whole.
    text = io.TextIOWrapper(file, "utf-8-sig", errors="surrogateescape", newline="")
    head = text.readline()
    names = next(csv.reader([head], delimiter=(mark := _delimiter(head))), [])
    names = [name.strip() for name in names]
    check_text(*names)
    if not any(names) or len(set(names)) < len(names):
        raise BrokenFile(
            say(
                "csv_columns_wanted",
                "Expected a first line that names every column once, got {got}.",
                got=short(head.strip()),
            )
        )
    rows = csv.reader(text, delimiter=mark, strict=True)
    while True:
        line = rows.line_num + 2
        try:
            cells = next(rows, None)
        except csv.Error as error:
            yield (
                line,
                InvalidInput(
                    say("csv_row_broken", "expected a row of CSV, got {why}", why=str(error))
                ),
            )
            continue
        if cells is None:
            # The caller's file stays open when this reader of it goes.
            text.detach()
            return
        if not cells:
            continue
        if len(cells) > len(names):
            yield (
                line,
                InvalidInput(
                    say(
                        "csv_row_too_long",
                        "expected {n} cells as in the first line, got {got}",
                        n=len(names),
                        got=len(cells),
                    )
                ),
            )
            continue
        yield line, {name: cell for name, cell in zip(names, cells, strict=False) if cell}


def _delimiter(head: str) -> str:
    return max(",;\t", key=head.count)


def write(chunks: Iterator[list[Row]], fields: Mapping[str, Shape]) -> Iterator[bytes]:
    buffer = io.StringIO()
    table = csv.writer(buffer)
    table.writerow(fields)
    for chunk in chunks:
        table.writerows(
            [_cell(row.get(name), shape) for name, shape in fields.items()] for row in chunk
        )
        yield _taken(buffer)
    yield _taken(buffer)


def _cell(value: object, shape: Shape) -> object:
    if value is None or (isinstance(value, str) and shape in PLAIN):
        return value
    return json.dumps(value, ensure_ascii=False)


def _taken(buffer: io.StringIO) -> bytes:
    found = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return found.encode()


def meant(cell: str, shape: Shape) -> object:
    """What the text of a cell means in a field of this shape; InvalidInput where it is broken."""
    if shape == Shape.TEXT:
        return cell
    is_json = cell.lstrip()[:1] in ("[", "{")
    if shape in (Shape.MESSAGES, Shape.JSON, Shape.TEXTS, Shape.WHOLES) and not is_json:
        # One text where a list is wanted is a list of one; a conversation may be one text.
        return cell if shape == Shape.MESSAGES else [cell]
    try:
        found: object = json.loads(cell)
    except (ValueError, RecursionError) as error:
        raise InvalidInput(
            say(
                "csv_cell_wanted",
                "expected {shape} in a cell, got {got}",
                shape=shape.value,
                got=short(cell),
            )
        ) from error
    return found


CSV = FileKind("csv", (".csv", ".tsv"), "text/csv", read, write, is_table=True)
