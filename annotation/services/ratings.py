"""From labels to the ladder: votes between checkpoints, strengths, what is settled and what not.

Votes of earlier rounds count too: a checkpoint that writes in several rounds is the anchor that
links them, and its rating is fitted once over all of them.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TypedDict
from uuid import UUID

import numpy as np
from django.db import transaction
from django.utils import timezone

from annotation.aggregation import bradley_terry, choice, elo, ranks
from annotation.aggregation.errors import InvalidInput
from annotation.aggregation.ratings import Ratings
from annotation.aggregation.standings import by_rating
from annotation.aggregation.votes import FloatArray, IntArray
from annotation.happenings import happened
from annotation.models import Checkpoint, Round
from annotation.sentences import Sentence, SentenceJson, say
from annotation.services import outlook
from annotation.services.outlook import Duel
from annotation.services.votes import Votes, votes_of

# With fewer annotators, errors clustered by annotator are themselves mostly noise.
LEAST_ANNOTATORS = 8
ORDERS = 100
ORDERED_VOTES = 20_000


class NamedCheckpoint(TypedDict):
    id: str
    name: str
    kind: str


class Entry(TypedDict):
    """One checkpoint's place. Points are on the 400 scale, null where the votes give no number."""

    checkpoint: NamedCheckpoint
    elo: float | None
    low: float | None
    high: float | None
    se: float | None
    rank_low: int
    rank_high: int
    votes: int
    wins: int
    ties: int
    losses: int
    win_rate: float | None
    anchored: bool
    estimable: bool
    component: int


class Undecided(TypedDict):
    """Two checkpoints that the votes cannot tell apart; `more` votes would, null: none known."""

    first: str
    second: str
    more: float | None


class Live(TypedDict):
    checkpoint: str
    elo: float
    spread: float


class LadderJson(TypedDict):
    """A ladder as stored in `Round.ladder` and sent."""

    computed_at: str
    votes: int
    labelers: int
    method: SentenceJson
    entries: list[Entry]
    order: list[str]
    win_matrix: list[list[float | None]]
    indistinguishable: list[Undecided]
    components: list[list[str]]
    duel: Duel | None
    live_elo: list[Live]


class CurrentLadder(LadderJson):
    final: bool


@dataclass(frozen=True)
class Ladder:
    """What the votes say about the checkpoints that met; `ratings` is None without votes."""

    checkpoints: list[Checkpoint]
    first: IntArray
    second: IntArray
    score: FloatArray
    task: list[UUID]
    votes: int
    labelers: int
    method: Sentence
    ratings: Ratings | None
    record: dict[UUID, tuple[int, int, int]]
    win_rate: list[float | None]
    live: elo.OrderAveraged | None


def ladder(round: Round) -> Ladder:
    """The ladder over this round and the rounds before it that are done."""
    parts = [votes_of(one) for one in Round.objects.behind(round)]
    first = [id_ for part in parts for id_ in part.first]
    second = [id_ for part in parts for id_ in part.second]
    score = np.array([value for part in parts for value in part.score])
    met = set(first) | set(second)
    own = set(
        round.responses.exclude(checkpoint=None).values_list("checkpoint_id", flat=True).distinct()
    )
    checkpoints = list(Checkpoint.objects.filter(pk__in=met | own).order_by("created_at", "name"))
    number = {checkpoint.pk: i for i, checkpoint in enumerate(checkpoints)}
    a = np.array([number[id_] for id_ in first], dtype=np.int64)
    b = np.array([number[id_] for id_ in second], dtype=np.int64)
    labelers = {id_ for part in parts for id_ in part.labeler}
    by_labeler = len(labelers) >= LEAST_ANNOTATORS
    groups = [id_ for part in parts for id_ in (part.labeler if by_labeler else part.task)]
    method = (
        say(
            "ladder_by_labeler",
            "Bradley-Terry, ties as half wins, 95 % intervals clustered by labeler",
        )
        if by_labeler
        else say(
            "ladder_by_prompt",
            "Bradley-Terry, ties as half wins, 95 % intervals clustered by prompt ({labelers} "
            "labelers are too few to cluster by)",
            labelers=len(labelers),
        )
    )
    ratings = None
    if len(score):
        ratings = bradley_terry.fit(
            a, b, score, n_items=len(checkpoints), groups=_codes(groups), ties="half"
        )
    return Ladder(
        checkpoints=checkpoints,
        first=a,
        second=b,
        score=score,
        task=[id_ for part in parts for id_ in part.task],
        votes=len(score),
        labelers=len(labelers),
        method=method,
        ratings=ratings,
        record=_record(checkpoints, a, b, score),
        win_rate=_win_rates(parts, a, b, score, len(checkpoints)),
        live=_live(a, b, score, len(checkpoints)),
    )


def _win_rates(parts: list[Votes], a: Any, b: Any, score: Any, n: int) -> list[float | None]:
    """Each checkpoint's share of its votes, ties half, as if pairs had been asked evenly.

    Pairs that were chosen because they teach most are over-represented; each vote is weighed by
    one over the chance of its pair (Horvitz and Thompson 1952), per round on average 1.
    """
    weights: list[Any] = [np.zeros(0)]
    for part in parts:
        chances = np.array([1.0 if chance is None else chance for chance in part.chance])
        chosen = np.array([chance is not None for chance in part.chance], dtype=bool)
        weight = np.ones(len(chances))
        if chosen.any():
            inverse = choice.inverse_propensity_weights(chances[chosen], n_pairs=1)
            weight[chosen] = inverse / inverse.mean()
        weights.append(weight)
    weight = np.concatenate(weights)
    if not len(score):
        return [None] * n
    won = np.bincount(a, weight * score, n) + np.bincount(b, weight * (1 - score), n)
    total = np.bincount(a, weight, n) + np.bincount(b, weight, n)
    return [float(w / t) if t else None for w, t in zip(won, total, strict=True)]


def beliefs(round: Round) -> tuple[list[UUID], FloatArray, FloatArray]:
    """What earlier rounds say of this round's writers: ids, strengths and covariance in nats.

    Fitted with a prior of one nat, so that a new checkpoint has a place too: average, unsure.
    """
    found = ladder(round)
    n = len(found.checkpoints)
    own = set(
        round.responses.exclude(checkpoint=None).values_list("checkpoint_id", flat=True).distinct()
    )
    keep = [i for i, one in enumerate(found.checkpoints) if one.pk in own]
    strength, covariance = np.zeros(n), np.eye(n)
    if found.first.size:
        fitted = bradley_terry.fit(
            found.first, found.second, found.score, n_items=n, prior=1.0, ties="half"
        )
        strength = fitted.nats
        covariance = choice.posterior_covariance(strength, found.first, found.second, prior=1.0)
    writers = [found.checkpoints[i].pk for i in keep]
    return writers, strength[keep], covariance[np.ix_(keep, keep)]


def _codes(values: Iterable[Any]) -> IntArray:
    number: dict[Any, int] = {}
    return np.array([number.setdefault(value, len(number)) for value in values], dtype=np.int64)


def _live(a: Any, b: Any, score: Any, n: int) -> elo.OrderAveraged | None:
    """Online Elo over the newest votes, averaged over orders of arrival."""
    if len(score) == 0:
        return None
    recent = slice(-ORDERED_VOTES, None)
    orders = max(2, min(ORDERS, 200_000 // len(score)))
    return elo.average_over_orders(a[recent], b[recent], score[recent], n_items=n, orders=orders)


def _record(
    checkpoints: list[Checkpoint], a: Any, b: Any, score: Any
) -> dict[UUID, tuple[int, int, int]]:
    """Wins, ties and losses of each checkpoint."""
    record = {}
    for i, checkpoint in enumerate(checkpoints):
        mine = np.concatenate([score[a == i], 1 - score[b == i]])
        record[checkpoint.pk] = (
            int((mine == 1).sum()),
            int((mine == 0.5).sum()),
            int((mine == 0).sum()),
        )
    return record


def describe(ladder: Ladder) -> LadderJson:
    """The ladder as JSON: numbers with intervals, null where the votes give no answer."""
    entries: list[Entry] = []
    ratings = ladder.ratings
    if ratings is not None:
        low, high = ratings.interval(0.95)
        rank = ranks.rank_intervals(ratings)
    for i, checkpoint in enumerate(ladder.checkpoints):
        wins, ties, losses = ladder.record[checkpoint.pk]
        entry: Entry = {
            "checkpoint": {
                "id": str(checkpoint.pk),
                "name": checkpoint.name,
                "kind": checkpoint.kind,
            },
            "elo": None,
            "low": None,
            "high": None,
            "se": None,
            "rank_low": 1,
            "rank_high": len(ladder.checkpoints),
            "votes": wins + ties + losses,
            "wins": wins,
            "ties": ties,
            "losses": losses,
            "win_rate": ladder.win_rate[i],
            "anchored": checkpoint.kind == Checkpoint.Kind.BASE,
            "estimable": False,
            "component": -1,
        }
        if ratings is not None:
            entry = {
                **entry,
                "elo": _finite(ratings.elo[i]),
                "low": _finite(low[i]),
                "high": _finite(high[i]),
                "se": _finite(ratings.se_elo[i]),
                "rank_low": int(rank.best[i]),
                "rank_high": int(rank.worst[i]),
                "estimable": bool(ratings.rated[i]),
                "component": int(ratings.components[i]),
            }
        entries.append(entry)
    if ratings is not None:
        entries = [entries[i] for i in by_rating(ratings)]
    return {
        "computed_at": timezone.now().isoformat(),
        "votes": ladder.votes,
        "labelers": ladder.labelers,
        "method": ladder.method.to_json(),
        "entries": entries,
        **_relations(ladder),
        "duel": _duel(ladder),
        "live_elo": []
        if ladder.live is None
        else [
            {
                "checkpoint": str(checkpoint.pk),
                "elo": float(ladder.live.elo[i]),
                "spread": float(ladder.live.spread[i]),
            }
            for i, checkpoint in enumerate(ladder.checkpoints)
        ],
    }


def _duel(ladder: Ladder) -> Duel | None:
    policies = [one for one in ladder.checkpoints if one.kind == Checkpoint.Kind.POLICY]
    bases = [one for one in ladder.checkpoints if one.kind == Checkpoint.Kind.BASE]
    if not policies or not bases:
        return None
    ids = [one.pk for one in ladder.checkpoints]
    votes = [
        (ids[a], ids[b], score, task)
        for a, b, score, task in zip(
            ladder.first.tolist(),
            ladder.second.tolist(),
            ladder.score.tolist(),
            ladder.task,
            strict=True,
        )
    ]
    return outlook.duel(policies[-1].pk, bases[0].pk, votes)


class Relations(TypedDict):
    order: list[str]
    win_matrix: list[list[float | None]]
    indistinguishable: list[Undecided]
    components: list[list[str]]


def _relations(ladder: Ladder) -> Relations:
    ratings, ids = ladder.ratings, [str(one.pk) for one in ladder.checkpoints]
    if ratings is None:
        return {"order": ids, "win_matrix": [], "indistinguishable": [], "components": []}
    settled = ranks.distinguishable(ratings)
    pairs: list[Undecided] = [
        {"first": ids[i], "second": ids[j], "more": _finite(ranks.votes_to_settle(ratings, i, j))}
        for i in range(len(ids))
        for j in range(i + 1, len(ids))
        if not settled[i, j]
    ]
    components: dict[int, list[str]] = {}
    for id_, component in zip(ids, ratings.components, strict=True):
        components.setdefault(int(component), []).append(id_)
    return {
        "order": ids,
        "win_matrix": [[_finite(p) for p in row] for row in ratings.win_probability()],
        "indistinguishable": pairs,
        "components": list(components.values()),
    }


def _finite(value: Any) -> float | None:
    return float(value) if np.isfinite(value) else None


def current(round: Round) -> CurrentLadder:
    """The stored ladder of a round that has aggregated, else the live one."""
    if round.ladder is not None:
        stored: LadderJson = round.ladder
        return {**stored, "final": True}
    return {**describe(ladder(round)), "final": False}


def close(round: Round) -> None:
    """Fit the round's ladder in full and store it.

    Rounds whose responses have no known writers (or no votes) get an empty ladder.
    """
    try:
        value = describe(ladder(round))
    except InvalidInput as error:
        value = _empty(say("ladder_impossible", "{reason}", reason=str(error)))
    with transaction.atomic():
        Round.objects.filter(pk=round.pk).update(ladder=value)
        happened("ladder.fitted", round)
    round.ladder = value


def _empty(method: Sentence) -> LadderJson:
    return {
        "computed_at": timezone.now().isoformat(),
        "votes": 0,
        "labelers": 0,
        "method": method.to_json(),
        "entries": [],
        "order": [],
        "win_matrix": [],
        "indistinguishable": [],
        "components": [],
        "duel": None,
        "live_elo": [],
    }
