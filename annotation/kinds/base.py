"""What a kind of task is: what it needs, what an answer to it is, and what an answer yields.

A kind is one file with one `Kind`, listed in `annotation.kinds.KINDS`. Whoever stores, shows,
counts, learns from or exports answers asks that table and knows no kind by name.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from string import ascii_uppercase
from typing import ClassVar, Generic, NamedTuple, TypeVar, cast

from annotation.kinds.shapes import Schema, fit
from annotation.sentences import Sentence

# Nobody compares more texts than this at once, and an exact consensus of more is out of reach.
MOST_RESPONSES = 9
LETTERS = ascii_uppercase[:MOST_RESPONSES]

# One rank per response: 1 is best, equal is a tie, None was not ranked.
Ranks = list[int | None]
# As it travels and is stored: what a kind's schema describes.
Answer = Mapping[str, object]
Scalar = str | int | float | bool | None
AnswerT = TypeVar("AnswerT")


@dataclass(frozen=True, slots=True)
class Asked:
    """What an answer answers: so many responses, under the project's policy."""

    responses: int
    allow_ties: bool = True


class Vote(NamedTuple):
    """Of the responses at two canonical indices: 1 the first is better, 0.5 tie, 0 the second."""

    first: int
    second: int
    score: float


class Kind(ABC, Generic[AnswerT]):
    """One kind of task. `AnswerT` is its answer, the typed form of `answer`, a JSON schema.

    An answer is shown and sent in the order in which the labeler saw the responses, and stored in
    the canonical order of the task. What an answer yields is nothing unless the kind says so.
    """

    name: ClassVar[str]
    # How many responses a task of this kind has, 0 to MOST_RESPONSES.
    least: ClassVar[int]
    most: ClassVar[int]
    # The answer's name and schema in OpenAPI and TypeScript.
    answer_name: ClassVar[str]
    answer: ClassVar[Schema]
    # What the desk offers: leaving a response without a rank, grades of "better".
    allow_unrankable: ClassVar[bool] = False
    strengths: ClassVar[int] = 0
    # Whether an answer holds `texts`.
    writes: ClassVar[bool] = False

    def parse(self, value: object) -> AnswerT:
        """The answer in a body, defaults filled in. Raises InvalidInput for what does not fit."""
        return cast(AnswerT, fit(self.answer, value, "answer"))

    def check(self, answer: AnswerT, asked: Asked) -> None:
        """Raise InvalidInput, or a class of it, where the answer does not answer what was asked."""

    def to_canonical(self, answer: AnswerT, order: Sequence[int]) -> AnswerT:
        """From the order shown; `order` has the canonical index at each shown place."""
        return answer

    def to_shown(self, answer: AnswerT, order: Sequence[int]) -> AnswerT:
        """The inverse of `to_canonical`."""
        return answer

    @abstractmethod
    def words(self, answer: AnswerT, names: Sequence[str]) -> Sentence:
        """What the answer says; `names` are the responses', at least one for each, in its order."""

    @abstractmethod
    def columns(self, answer: AnswerT) -> dict[str, Scalar]:
        """The answer in columns of a table, for who exports labels; none of Label's own names."""

    def ranks(self, answer: AnswerT, responses: int) -> Ranks | None:
        """How it orders the responses: what consensus, preference rows and pairs come from."""
        return None

    def is_all_bad(self, answer: AnswerT) -> bool:
        """Whether it says that no response is any good; unless it has `ranks`, all tie then."""
        return False

    def votes(self, answer: AnswerT, responses: int) -> Iterator[Vote]:
        """Every pair of responses that it orders or ties: what ratings are made of."""
        ranks = self.ranks(answer, responses)
        if ranks is None:
            return
        for i, j in combinations(range(len(ranks)), 2):
            a, b = ranks[i], ranks[j]
            if a is not None and b is not None:
                yield Vote(i, j, 0.5 + 0.5 * ((a < b) - (a > b)))

    def texts(self, answer: AnswerT) -> Sequence[str]:
        """What the labeler wrote for the prompt: each becomes a response of the round."""
        return ()
