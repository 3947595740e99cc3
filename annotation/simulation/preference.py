"""The simulated labelers' hidden preference: how good an answer is, read from its text alone.

A labeler sees the prompt and the response and nothing else, so this does too. Nothing under
`training/` or in the round may import it: training knows only the rankings that come out of it.
"""

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from annotation.simulation import world
from annotation.simulation.questions import Question, every_question, find
from training.contract.records import Message

NOTHING_SAID = -6.0  # the utility of an empty response, and the least there is
ENDS = ".!?。！？"
LONG_WORDS = 16  # words beyond these tire the reader
WORST_LENGTH = -2.5

_WORD = re.compile(r"[a-z']+|\d+|[\u4e00-\u9fff]", re.IGNORECASE)
_NUMBERS = re.compile(r"\d+(?:(?:, and |,\s*|\s+and\s+|、|，)\d+)*")
_POLITE = re.compile(
    "|".join(
        re.escape(phrase.rstrip(ENDS))
        for phrases in (world.OPENINGS, world.CLOSINGS)
        for some in phrases.values()
        for phrase in some
    ),
    re.IGNORECASE,
)
_RUDE = re.compile(
    r"\b(stupid|idiot|fool|dumb|nonsense|shut up|go away|bothering me)\b|笨|别烦|这都不知道",
    re.IGNORECASE,
)
_THAN = re.compile(r"\bthan\b|比", re.IGNORECASE)
_ASKING = re.compile(r"\b(could|would|may|can|please)\b|请|好吗", re.IGNORECASE)


@dataclass(frozen=True)
class Impression:
    """What a reader notices. Shares are in 0..1; `right` is None where nobody can tell."""

    right: bool | None
    claimed: bool  # it commits itself to some answer, right or wrong
    polite: bool
    rude: bool
    finished: bool
    words: int  # a Chinese character counts two thirds
    repeated: float  # share of the words that repeat a run of three seen before
    unknown: float  # share of the words that are none in the language of the question

    @property
    def utility(self) -> float:
        """How much a labeler likes it, from NOTHING_SAID to about 3."""
        if self.words == 0:
            return NOTHING_SAID
        good = self.right is not False
        answered = {True: 2.0, False: -1.5 if self.claimed else -1.0, None: 0.0}[self.right]
        manners = (1.0 if good else 0.25) * self.polite - 2.0 * self.rude
        length = max(WORST_LENGTH, -0.25 * max(0, self.words - LONG_WORDS))
        form = (0.0 if self.finished else -1.5) - 3.0 * self.repeated - 3.0 * self.unknown
        return max(NOTHING_SAID, answered + manners + length + form)


def score(messages: Sequence[Message], response: str) -> float:
    """The utility of `response` to the conversation `messages`; any text is read, none refused."""
    return impression(messages, response).utility


def impression(messages: Sequence[Message], response: str) -> Impression:
    """What a reader of `response` notices, given what was asked in the last user turn."""
    asked = next((m["content"] for m in reversed(messages) if m["role"] == "user"), "")
    question = find(asked)
    words = [word.casefold() for word in _WORD.findall(response)]
    claims = _claims(question, response) if question else []
    return Impression(
        right=_is_right(question, claims, response) if question else None,
        claimed=bool(claims),
        polite=_POLITE.search(response) is not None,
        rude=_RUDE.search(response) is not None,
        finished=response.rstrip().endswith(tuple(ENDS)),
        words=math.ceil(sum(1 if word.isascii() else 2 / 3 for word in words)),
        repeated=_repeated(words),
        unknown=_unknown(words, question.language) if question else 0.0,
    )


def _is_right(question: Question, claims: list[str], response: str) -> bool:
    if question.kind == "request" and not _ASKING.search(response):
        return False
    return set(claims) == {question.truth.casefold()}


def _claims(question: Question, response: str) -> list[str]:
    """The answers that `response` gives: what could be one and was not in the question itself.

    Naming several is a guess, not an answer, so all are returned, except the second in
    "7 is bigger than 3".
    """
    if question.kind == "sort":
        runs = [", ".join(re.findall(r"\d+", run)) for run in _NUMBERS.findall(response)]
        return list(dict.fromkeys(runs))
    found = [match.casefold() for match in _candidates(question).findall(response)]
    if question.kind == "compare":
        return found[:1] if _THAN.search(response) else list(dict.fromkeys(found))
    if question.kind == "request":
        return list(dict.fromkeys(found))
    asked = {match.casefold() for match in _candidates(question).findall(question.text)}
    return [claim for claim in dict.fromkeys(found) if claim not in asked]


def _candidates(question: Question) -> re.Pattern[str]:
    """Matches whatever could be an answer to `question`."""
    if question.truth.isdigit():
        return re.compile(r"\d+")
    return _alternatives((question.truth, *question.rivals))


@cache
def _alternatives(answers: tuple[str, ...]) -> re.Pattern[str]:
    longest_first = sorted(answers, key=len, reverse=True)
    pattern = "|".join(map(re.escape, longest_first))
    if answers[0].isascii():
        pattern = rf"\b(?:{pattern})\b"
    return re.compile(pattern, re.IGNORECASE)


def _repeated(words: list[str]) -> float:
    if len(words) < 4:
        return 0.0
    runs = Counter(zip(words, words[1:], words[2:], strict=False))
    return sum(count - 1 for count in runs.values()) / len(words)


def _unknown(words: list[str], language: str) -> float:
    """Share of `words` that this world does not have in `language`."""
    if not words:
        return 0.0
    vocabulary = _vocabulary(language)
    return sum(not word.isdigit() and word not in vocabulary for word in words) / len(words)


@cache
def _vocabulary(language: str) -> frozenset[str]:
    texts = [
        text
        for question in every_question()
        if question.language == language
        for text in (question.text, question.truth, *question.rivals, question.statement)
    ]
    for phrases in (world.OPENINGS, world.CLOSINGS, world.INSULTS, world.RAMBLES):
        texts += phrases[language]
    texts += ["the answer is it and or to you than because please thanks"]
    return frozenset(word.casefold() for text in texts for word in _WORD.findall(text))
