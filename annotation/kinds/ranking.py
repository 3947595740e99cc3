"""What `compare` and `rank` have in common: an answer that puts responses in order."""

from collections.abc import Sequence
from typing import TypedDict

from annotation.errors import InvalidRanking
from annotation.kinds.base import MOST_RESPONSES, Asked, Kind, Ranks, Scalar
from annotation.kinds.shapes import Schema, shape
from annotation.sentences import say

STRENGTHS = 3


class Ranking(TypedDict):
    """`ranking` has one rank per response, dense: 1, 2, 2, 3. It is None only when `all_bad`.

    `strength`, 1 to 3, says how much better the winner of a pair is.
    """

    ranking: Ranks | None
    strength: int | None
    all_bad: bool


def ranking_shape(description: str) -> Schema:
    return shape(
        description,
        ranking={
            "type": "array",
            "items": {"type": "integer", "nullable": True, "minimum": 1, "maximum": MOST_RESPONSES},
            "maxItems": MOST_RESPONSES,
            "nullable": True,
            "default": None,
            "description": "One rank per response: 1 is best, equal is a tie, dense; null cannot "
            "be ranked. Null as a whole only with all_bad.",
        },
        strength={
            "type": "integer",
            "minimum": 1,
            "maximum": STRENGTHS,
            "nullable": True,
            "default": None,
            "description": "How much better the winner of a pair is.",
        },
        all_bad={"type": "boolean", "default": False, "description": "None of them is any good."},
    )


class RankingKind(Kind[Ranking]):
    def check(self, answer: Ranking, asked: Asked) -> None:
        ranking = answer["ranking"]
        if ranking is not None:
            _check_ranks(ranking, asked, all_bad=answer["all_bad"])
        elif not answer["all_bad"]:
            raise InvalidRanking(
                say(
                    "ranking_missing",
                    "Rank the {responses} responses, or say that all are bad.",
                    responses=asked.responses,
                )
            )
        if answer["strength"] is not None:
            self.check_strength(answer)

    def check_strength(self, answer: Ranking) -> None:
        raise strength_misplaced()

    def to_canonical(self, answer: Ranking, order: Sequence[int]) -> Ranking:
        """With order [2, 0, 1], ranks [1, 2, 3] become [2, 3, 1]: response 2 was A and won."""
        ranking = answer["ranking"]
        if ranking is None:
            return answer
        canonical: Ranks = [None] * len(order)
        for rank, index in zip(ranking, order, strict=True):
            canonical[index] = rank
        return {**answer, "ranking": canonical}

    def to_shown(self, answer: Ranking, order: Sequence[int]) -> Ranking:
        ranking = answer["ranking"]
        if ranking is None:
            return answer
        return {**answer, "ranking": [ranking[index] for index in order]}

    def columns(self, answer: Ranking) -> dict[str, Scalar]:
        ranking = answer["ranking"]
        ranks = None if ranking is None else " ".join(str(rank or "-") for rank in ranking)
        return {"ranking": ranks, "strength": answer["strength"], "all_bad": answer["all_bad"]}

    def ranks(self, answer: Ranking, responses: int) -> Ranks | None:
        return answer["ranking"]

    def is_all_bad(self, answer: Ranking) -> bool:
        return answer["all_bad"]


def strength_misplaced() -> InvalidRanking:
    return InvalidRanking(
        say("strength_misplaced", "A strength belongs to a comparison that one response won.")
    )


def _check_ranks(ranking: Ranks, asked: Asked, *, all_bad: bool) -> None:
    if len(ranking) != asked.responses:
        raise InvalidRanking(
            say(
                "ranking_wrong_length",
                "Expected {expected} ranks, got {got}.",
                expected=asked.responses,
                got=len(ranking),
            )
        )
    ranks = [rank for rank in ranking if rank is not None]
    if not ranks and not all_bad:
        raise InvalidRanking(
            say("ranking_empty", "At least one response needs a rank, unless all are bad.")
        )
    if sorted(set(ranks)) != list(range(1, len(set(ranks)) + 1)):
        raise InvalidRanking(
            say("ranking_gap", "Expected ranks from 1 without a gap, got {got}.", got=str(ranking))
        )
    if len(set(ranks)) < len(ranks) and not asked.allow_ties:
        raise InvalidRanking(
            say(
                "ranking_ties",
                "This project does not allow ties: give every response its own rank.",
            )
        )
