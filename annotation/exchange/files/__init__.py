"""FILES: every kind of file there is, and how one is told by its name and its first bytes."""

import gzip
import zlib
from pathlib import PurePath
from typing import IO, cast

from annotation.errors import InvalidInput
from annotation.exchange.files.base import FileKind
from annotation.exchange.files.csv_table import CSV
from annotation.exchange.files.json_lines import JSON_LINES, PACKED
from annotation.exchange.files.parquet import PARQUET
from annotation.sentences import say

FILES: dict[str, FileKind] = {kind.name: kind for kind in (JSON_LINES, CSV, PARQUET, PACKED)}
MOST_LOOKED_AT = 4096
# What reading a file raises that breaks off or is damaged.
DAMAGE = (EOFError, OSError, zlib.error)


def open_file(file: IO[bytes], *, name: str = "", kind: str = "auto") -> tuple[IO[bytes], FileKind]:
    """The file, unpacked where it is gzip, and its kind: the one named, or by name and content.

    `file` can be sought in. Raises InvalidInput for a kind that is not known.
    """
    path = PurePath(name.lower())
    if _head(file).startswith(b"\x1f\x8b"):
        file = cast(IO[bytes], gzip.GzipFile(fileobj=file))
        path = path.with_suffix("") if path.suffix == ".gz" else path
    if kind != "auto":
        if kind not in FILES or FILES[kind].read is None:
            readable = ", ".join(one.name for one in FILES.values() if one.read)
            raise InvalidInput(
                say(
                    "file_kind_unknown",
                    "Expected a file of {known}, got {got}.",
                    known=readable,
                    got=repr(kind),
                )
            )
        return file, FILES[kind]
    for found in FILES.values():
        if path.suffix and path.suffix in found.suffixes and found is not JSON_LINES:
            return file, found
    return file, _by_content(_head(file), is_named=path.suffix in JSON_LINES.suffixes)


def _by_content(head: bytes, *, is_named: bool) -> FileKind:
    if head.startswith(b"PAR1"):
        return PARQUET
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    return JSON_LINES if is_named or not start or start[:1] in b"[{" else CSV


def broken(error: Exception) -> InvalidInput:
    return InvalidInput(
        say("file_broken", "The file breaks off or is damaged: {why}", why=str(error))
    )


def _head(file: IO[bytes]) -> bytes:
    try:
        head = file.read(MOST_LOOKED_AT)
    except DAMAGE as error:
        raise broken(error) from error
    file.seek(0)
    return head
