"""Simulated labelers: the hidden preference, seen through noise, haste and habit.

Each reads a task as the browser shows it and answers as the browser would submit it. The same
labeler gives the same answer to the same task, whatever came before.
"""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import TypedDict

from annotation.kinds.ranking import Ranking
from annotation.simulation.preference import score
from training.contract.records import Message


class Judgement(TypedDict):
    """What a labeler submits for one task, without its `submission_id`."""

    answer: Ranking  # as shown, A first
    comment: str
    active_seconds: float


@dataclass(frozen=True)
class Allowed:
    """What the project's labeling policy lets a labeler say."""

    ties: bool = True
    unrankable: bool = True
    all_bad: bool = True
    strength: bool = True


@dataclass(frozen=True)
class Labeler:
    """A person with a reliability; utilities are those of `preference.score`.

    `noise` is the scale of the Gumbel noise added to each utility, so that a pair is decided by
    a logistic in the difference over `noise` (Bradley and Terry 1952; Luce 1959).
    """

    name: str
    noise: float
    lapse: float  # probability of answering without reading
    first_bonus: float  # how much better whatever is shown first seems
    tie_below: float  # differences smaller than this are called a tie
    bad_below: float = -1.0  # everything seeming worse than this is "all bad"
    words_per_second: float = 4.0
    seed: int = field(default=0, compare=False)

    def judge(
        self,
        prompt: Sequence[Message],
        responses: Sequence[str],
        *,
        task_id: str,
        allowed: Allowed | None = None,
    ) -> Judgement:
        """An answer to the task `task_id`: `responses`, two or more, in the order shown.

        Raises ValueError for fewer than two responses.
        """
        if len(responses) < 2:
            raise ValueError(f"expected two or more responses to judge, got {len(responses)}")
        allowed = allowed or Allowed()
        rng = self._rng(task_id)
        seconds = self._seconds(rng, prompt, responses)
        if rng.random() < self.lapse:
            places = list(range(1, len(responses) + 1))
            rng.shuffle(places)
            strength = rng.randint(1, 3) if len(responses) == 2 and allowed.strength else None
            return _judgement([*places], strength, all_bad=False, seconds=seconds / 4)

        seems = [
            score(prompt, text) + _gumbel(rng) * self.noise + (self.first_bonus if at == 0 else 0.0)
            for at, text in enumerate(responses)
        ]
        unrankable = {at for at, text in enumerate(responses) if not text.strip()}
        if not allowed.unrankable or len(responses) - len(unrankable) < 2:
            unrankable = set()
        ranking = _ranks(seems, self.tie_below if allowed.ties else 0.0, unrankable)
        strength = None
        if len(responses) == 2 and ranking[0] != ranking[1] and allowed.strength:
            difference = abs(seems[0] - seems[1])
            strength = 1 if difference < 1.5 else 2 if difference < 3.5 else 3
        return _judgement(
            ranking,
            strength,
            all_bad=allowed.all_bad and max(seems) < self.bad_below,
            seconds=seconds,
        )

    def _rng(self, task_id: str) -> Random:
        name = f"{self.seed}/{self.name}/{task_id}"
        return Random(hashlib.sha256(name.encode()).digest())

    def _seconds(self, rng: Random, prompt: Sequence[Message], responses: Sequence[str]) -> float:
        read = sum(len(m["content"].split()) for m in prompt) + sum(
            len(t.split()) for t in responses
        )
        return (2.0 + read / self.words_per_second) * rng.lognormvariate(0.0, 0.3)


def _judgement(
    ranking: list[int | None], strength: int | None, *, all_bad: bool, seconds: float
) -> Judgement:
    return {
        "answer": {"ranking": ranking, "strength": strength, "all_bad": all_bad},
        "comment": "",
        "active_seconds": round(seconds, 1),
    }


def _ranks(seems: Sequence[float], tie_below: float, unrankable: set[int]) -> list[int | None]:
    """Ranks without gaps, 1 best; whoever is within `tie_below` of a rank's best shares it."""
    best_first = sorted(
        (at for at in range(len(seems)) if at not in unrankable), key=lambda at: -seems[at]
    )
    ranking: list[int | None] = [None] * len(seems)
    rank, top = 0, math.inf
    for at in best_first:
        if rank == 0 or top - seems[at] >= tie_below:
            rank, top = rank + 1, seems[at]
        ranking[at] = rank
    return ranking


def _gumbel(rng: Random) -> float:
    return -math.log(rng.expovariate(1.0))


CAREFUL = Labeler("careful", noise=0.3, lapse=0.01, first_bonus=0.0, tie_below=0.25)
AVERAGE = Labeler(
    "average", noise=0.7, lapse=0.05, first_bonus=0.15, tie_below=0.4, words_per_second=6.0
)
CARELESS = Labeler(
    "careless", noise=1.4, lapse=0.20, first_bonus=0.4, tie_below=0.6, words_per_second=10.0
)
LABELERS = (CAREFUL, AVERAGE, CARELESS)
