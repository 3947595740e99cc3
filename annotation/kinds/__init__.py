"""The kinds of task, one file each, and the table that everything else asks.

Pure: no Django, no database. A new kind is a file here, a row in `KINDS`, and its folder in the
front end.
"""

from typing import Any

from annotation.kinds.base import LETTERS, MOST_RESPONSES, Answer, Asked, Kind, Ranks, Scalar, Vote
from annotation.kinds.compare import COMPARE
from annotation.kinds.rank import RANK

KINDS: dict[str, Kind[Any]] = {kind.name: kind for kind in (COMPARE, RANK)}

__all__ = [
    "COMPARE",
    "KINDS",
    "LETTERS",
    "MOST_RESPONSES",
    "RANK",
    "Answer",
    "Asked",
    "Kind",
    "Ranks",
    "Scalar",
    "Vote",
]
