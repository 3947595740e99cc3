"""Three and more responses in order, ties allowed, some perhaps left out."""

from collections.abc import Sequence

from annotation.kinds.base import MOST_RESPONSES
from annotation.kinds.ranking import Ranking, RankingKind, ranking_shape
from annotation.sentences import Sentence, say


class Rank(RankingKind):
    name = "rank"
    least = 3
    most = MOST_RESPONSES
    answer_name = "RankAnswer"
    answer = ranking_shape("Responses from best to worst; a ranking has no strength.")
    allow_unrankable = True

    def words(self, answer: Ranking, names: Sequence[str]) -> Sentence:
        tiers: dict[int, list[str]] = {}
        rest = []
        for name, rank in zip(names, answer["ranking"] or (), strict=False):
            if rank is None:
                rest.append(name)
            else:
                tiers.setdefault(rank, []).append(name)
        if not tiers:
            return say("said_all_bad", "All of them are bad.")
        order = " > ".join(" = ".join(tiers[rank]) for rank in sorted(tiers))
        if rest:
            return say(
                "said_order_rest", "{order}; not ranked: {rest}", order=order, rest=", ".join(rest)
            )
        return say("said_order", "{order}", order=order)


RANK = Rank()
