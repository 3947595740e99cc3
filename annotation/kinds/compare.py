"""Two responses side by side: which one is better, and by how much."""

from collections.abc import Sequence

from annotation.errors import InvalidRanking
from annotation.kinds.base import Asked
from annotation.kinds.ranking import (
    STRENGTHS,
    Ranking,
    RankingKind,
    ranking_shape,
    strength_misplaced,
)
from annotation.sentences import Sentence, say


class Compare(RankingKind):
    name = "compare"
    least = most = 2
    answer_name = "CompareAnswer"
    answer = ranking_shape("Which of two responses is better, and by how much.")
    strengths = STRENGTHS

    def check(self, answer: Ranking, asked: Asked) -> None:
        ranking = answer["ranking"]
        if ranking is not None and len(ranking) == asked.responses and None in ranking:
            raise InvalidRanking(
                say(
                    "comparison_half",
                    "A comparison ranks both responses; skip it or say that both are bad.",
                )
            )
        super().check(answer, asked)

    def check_strength(self, answer: Ranking) -> None:
        if answer["ranking"] is None or len(set(answer["ranking"])) < 2:
            raise strength_misplaced()

    def words(self, answer: Ranking, names: Sequence[str]) -> Sentence:
        if answer["ranking"] is None:
            return say("said_both_bad", "Both are bad.")
        first, second = answer["ranking"]
        assert first is not None
        assert second is not None
        if first == second:
            return say(
                "said_tie", "{first} and {second} are alike.", first=names[0], second=names[1]
            )
        better, worse = names[:2] if first < second else (names[1], names[0])
        match answer["strength"]:
            case 1:
                return say(
                    "said_slightly_better",
                    "{better} is slightly better than {worse}.",
                    better=better,
                    worse=worse,
                )
            case 2:
                return say(
                    "said_clearly_better",
                    "{better} is clearly better than {worse}.",
                    better=better,
                    worse=worse,
                )
            case 3:
                return say(
                    "said_much_better",
                    "{better} is much better than {worse}.",
                    better=better,
                    worse=worse,
                )
        return say("said_better", "{better} is better than {worse}.", better=better, worse=worse)


COMPARE = Compare()
