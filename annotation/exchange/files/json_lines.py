"""JSON: one object per line, or one array of objects."""

import json
import re
import zlib
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import IO

from annotation.errors import InvalidInput
from annotation.exchange.files.base import FileKind, Numbered
from annotation.exchange.format import Shape
from annotation.exchange.record import Row
from annotation.sentences import say
from annotation.services.prompts import short

# An array has to be held at once, since a broken entry may be anywhere in it; lines have not.
MOST_ARRAY_BYTES = 256 * 1024 * 1024


def read(file: IO[bytes]) -> Numbered:
    """(line, value or InvalidInput).

    The entries of an array go by the line on which they begin, or by their number where the whole
    array is one line.
    """
    numbered = enumerate(file, start=1)
    is_first = True
    for number, line in numbered:
        if not line.strip():
            continue
        if is_first and line.lstrip().startswith(b"["):
            yield from _entries(_limited(chain([line], (more for _, more in numbered))), number)
            return
        is_first = False
        yield number, parse_json(line)


def parse_json(line: bytes) -> object:
    """What a line says, or InvalidInput."""
    try:
        found: object = json.loads(line)
    except ValueError:
        return InvalidInput(
            say(
                "json_line_wanted",
                "expected one JSON object per line, got {got}",
                got=short(line.strip()),
            )
        )
    except RecursionError:
        return InvalidInput(
            say("json_too_deep", "expected a JSON object, got one nested too deeply")
        )
    return found


def _limited(lines: Iterator[bytes]) -> bytes:
    found, size = [], 0
    for line in lines:
        size += len(line)
        if size > MOST_ARRAY_BYTES:
            raise InvalidInput(
                say(
                    "array_too_large",
                    "Expected a JSON array of at most {most} MB. Write one object per line.",
                    most=MOST_ARRAY_BYTES // 1024**2,
                )
            )
        found.append(line)
    return b"".join(found)


def _entries(content: bytes, first_line: int) -> Numbered:
    """The entries of a JSON array with their lines.

    After a broken entry reading goes on at the next line that is indented like the first entry
    and opens an object, as pretty-printed files are.
    """
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        why = say("utf8_wanted", "expected UTF-8, got {reason}", reason=error.reason)
        yield first_line, InvalidInput(why)
        return
    decoder = json.JSONDecoder()
    opening = re.compile(r"^[ \t]*(?=\{)", re.MULTILINE)
    first = opening.search(text, text.index("[") + 1)
    at_entry = re.compile(rf"^{first[0]}(?=\{{)", re.MULTILINE) if first else opening
    place, nth = text.index("[") + 1, 0
    line, counted, is_one_line = first_line, 0, "\n" not in text.strip()
    while (begin := _skip_between(text, place)) < len(text) and text[begin] != "]":
        line, counted = line + text.count("\n", counted, begin), begin
        nth += 1
        try:
            value, place = decoder.raw_decode(text, begin)
            yield nth if is_one_line else line, value
        except ValueError as error:
            yield (
                nth if is_one_line else line,
                InvalidInput(
                    say(
                        "json_entry_breaks_off",
                        "expected a JSON object, got an entry that breaks off: {why}",
                        why=str(error),
                    )
                ),
            )
            next_entry = at_entry.search(text, begin + 1)
            if next_entry is None:
                return
            place = next_entry.start()


def _skip_between(text: str, place: int) -> int:
    while place < len(text) and text[place] in " \t\r\n,":
        place += 1
    return place


def write(chunks: Iterator[list[Row]], fields: Mapping[str, Shape]) -> Iterator[bytes]:
    encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode
    for chunk in chunks:
        yield "".join(encode(row) + "\n" for row in chunk).encode()


def packed(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The same bytes as gzip; each chunk goes out at once."""
    squeeze = zlib.compressobj(wbits=31)
    for chunk in chunks:
        yield squeeze.compress(chunk) + squeeze.flush(zlib.Z_SYNC_FLUSH)
    yield squeeze.flush()


def _write_packed(chunks: Iterator[list[Row]], fields: Mapping[str, Shape]) -> Iterator[bytes]:
    return packed(write(chunks, fields))


JSON_LINES = FileKind(
    "jsonl", (".jsonl", ".ndjson", ".json", ".txt"), "application/x-ndjson", read, write
)
PACKED = FileKind("jsonl.gz", (), "application/gzip", write=_write_packed)
