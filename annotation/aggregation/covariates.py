"""What else moves a vote besides quality: style of the text and the place it was shown in.

Style control: the differences in length and markup of the two responses enter the model as
covariates, so that strengths compare responses of equal style.
"""

# n votes

import re
from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields

import numpy as np

from annotation.aggregation.errors import InvalidInput
from annotation.aggregation.votes import FloatArray

_FENCED_CODE = re.compile(r"^(```|~~~).*?^\1", re.DOTALL | re.MULTILINE)
_HEADING = re.compile(r"^ {0,3}#{1,6}\s", re.MULTILINE)
_LIST_LINE = re.compile(r"^\s*(?:[-*+]|\d{1,3}[.)])\s", re.MULTILINE)
_BOLD = re.compile(r"\*\*(?=\S).+?(?<=\S)\*\*|__(?=\S).+?(?<=\S)__", re.DOTALL)
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|[^\W\u3040-\uffff]+")


@dataclass(frozen=True)
class Style:
    """Counts in one text: words (a Chinese character is one), list lines, headings, bold spans.

    Markup inside fenced code does not count; its words do.
    """

    length: int
    lists: int
    headings: int
    bold: int


STYLE_NAMES = tuple(field.name for field in fields(Style))


def style_of(text: str) -> Style:
    prose = _FENCED_CODE.sub("", text)
    return Style(
        length=len(_WORD.findall(text)),
        lists=len(_LIST_LINE.findall(prose)),
        headings=len(_HEADING.findall(prose)),
        bold=len(_BOLD.findall(prose)),
    )


def style_differences(first: Sequence[str], second: Sequence[str]) -> FloatArray:
    """(n, 4) relative style differences (a - b) / (a + b), divided by each column's scale.

    Columns as STYLE_NAMES; 0 where both texts have none. The scale is the root mean square, so a
    coefficient is nats per typical difference; nothing is centred, so swapping sides flips signs.
    """
    if len(first) != len(second):
        raise InvalidInput(f"expected as many texts on both sides, got {len(first)}, {len(second)}")
    if len(first) == 0:
        return np.zeros((0, len(STYLE_NAMES)))
    a = np.array([astuple(style_of(text)) for text in first], dtype=np.float64)
    b = np.array([astuple(style_of(text)) for text in second], dtype=np.float64)
    relative = (a - b) / np.maximum(a + b, 1.0)
    scale = np.sqrt((relative**2).mean(axis=0))
    return np.asarray(relative / np.where(scale > 0, scale, 1.0))


def shown_first(n: int) -> FloatArray:
    """(n, 1) ones: the effect is the advantage, in nats, of the first place (home, left, top)."""
    return np.ones((n, 1))
