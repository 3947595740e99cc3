"""How rows stand in a file."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import IO

from annotation.errors import InvalidInput
from annotation.exchange.format import Shape
from annotation.exchange.record import Row

# (line, what stands there or why it cannot be read)
Numbered = Iterator[tuple[int, object]]


@dataclass(frozen=True)
class FileKind:
    """`is_table`: cells under a row of column names, instead of values that name their parts."""

    name: str
    suffixes: tuple[str, ...]
    media_type: str
    read: Callable[[IO[bytes]], Numbered] | None = None
    write: Callable[[Iterator[list[Row]], Mapping[str, Shape]], Iterator[bytes]] | None = None
    is_table: bool = False


class BrokenFile(InvalidInput):
    """The file cannot be read at all."""
