"""What a format is: what its rows say, and how they become records and come from a project."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import IO
from uuid import UUID

from annotation.exchange.record import Record, Row
from annotation.models import Project, Round, Team, User

CHUNK = 1000


class Holds(Enum):
    """What the rows of a file are about; it decides what an import makes of them."""

    PROMPTS = "prompts"
    # Several responses to a prompt that nobody has judged yet: tasks of a round for labelers.
    RESPONSES = "responses"
    # Responses with what people said of them: tasks with their labels.
    COMPARISONS = "comparisons"
    LABELS = "labels"
    PAIRS = "pairs"
    COMPLETIONS = "completions"
    PROJECT = "project"


class Shape(Enum):
    """The type of a field. A table has cells for texts and numbers; the others are JSON in them."""

    TEXT = "text"
    WHOLE = "whole"
    NUMBER = "number"
    FLAG = "flag"
    TEXTS = "texts"
    WHOLES = "wholes"
    MESSAGES = "messages"
    JSON = "json"


@dataclass(frozen=True)
class Scope:
    """Which part of a project goes out; None is all of it."""

    round: Round | None = None
    split: str | None = None
    with_weights: bool = False


@dataclass(frozen=True)
class Format:
    """A way of writing things down.

    `telling` are sets of fields, each of which tells a file of this format; none: it has to be
    named. `read` turns one row into records, raising InvalidInput; `write` gives a
    project's rows in chunks. `encode` gives the same rows as JSON lines, where they need not be
    taken apart for that. `pack` and `unpack` are for a format that is a whole file by itself.
    """

    name: str
    holds: Holds
    fields: Mapping[str, Shape]
    telling: tuple[frozenset[str], ...] = ()
    by_round: bool = True
    # Fields that depend on what the project has.
    more_fields: Callable[[Project, Scope], Mapping[str, Shape]] | None = None
    read: Callable[[Row], list[Record]] | None = None
    write: Callable[[Project, Scope], Iterator[list[Row]]] | None = None
    encode: Callable[[Project, Scope], Iterator[list[bytes]]] | None = None
    pack: Callable[[Project, Scope], Iterator[bytes]] | None = None
    unpack: Callable[[IO[bytes], Team, str, User | None], UUID] | None = None
