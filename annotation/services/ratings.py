"""From labels to the ladder: votes between checkpoints, strengths, what is settled and what not.

Votes of earlier rounds count too: a checkpoint that writes in several rounds is the anchor that
links them, and its rating is fitted once over all of them.
"""

import threading
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np
from django.db import transaction
from django.utils import timezone

from annotation import events
from annotation.aggregation import bradley_terry, elo, ranks
from annotation.aggregation.errors import InvalidInput
from annotation.aggregation.ratings import Ratings
from annotation.models import Checkpoint, Label, Rating, Round, TaskResponse

# With fewer annotators, errors clustered by annotator are themselves mostly noise.
LEAST_ANNOTATORS = 8
ORDERS = 100
ORDERED_VOTES = 20_000
LOOK_BACK = timedelta(minutes=2)
LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass
class Votes:
    """Comparisons between checkpoints as parallel lists; 1 the first won, 0.5 tie, 0 it lost."""

    first: list[UUID] = field(default_factory=list)
    second: list[UUID] = field(default_factory=list)
    score: list[float] = field(default_factory=list)
    labeler: list[UUID] = field(default_factory=list)
    task: list[UUID] = field(default_factory=list)
    labels: set[UUID] = field(default_factory=set)
    newest: datetime = LONG_AGO

    def __len__(self) -> int:
        return len(self.score)

    def add_label(
        self,
        ranking: list[int | None],
        writers: list[UUID | None],
        *,
        labeler: UUID,
        task: UUID,
    ) -> None:
        """Every pair of responses by different checkpoints that the ranking orders or ties."""
        for i, (mine, mine_by) in enumerate(zip(ranking, writers, strict=True)):
            for other, other_by in zip(ranking[i + 1 :], writers[i + 1 :], strict=True):
                if mine is None or other is None or mine_by is None or other_by is None:
                    continue
                if mine_by != other_by:
                    self.first.append(mine_by)
                    self.second.append(other_by)
                    self.score.append(0.5 + 0.5 * ((mine < other) - (mine > other)))
                    self.labeler.append(labeler)
                    self.task.append(task)


class _Cache:
    """Votes of the last few rounds looked at, in this process, brought up to date by new labels.

    A label never changes, so what was read stays true; an amendment (a label that supersedes)
    makes the round be read afresh.
    """

    SIZE = 16

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.rounds: OrderedDict[UUID, tuple[int, Votes]] = OrderedDict()

    def votes(self, round: Round) -> Votes:
        with self.lock:
            amended = Label.objects.filter(round=round, supersedes__isnull=False).count()
            seen, votes = self.rounds.pop(round.pk, (amended, Votes()))
            if seen != amended:
                votes = Votes()
            total = Label.objects.filter(round=round).count() - amended
            if total != len(votes.labels):
                _read_new(round, votes)
            self.rounds[round.pk] = (amended, votes)
            while len(self.rounds) > self.SIZE:
                self.rounds.popitem(last=False)
            return votes


_cache = _Cache()


def _read_new(round: Round, votes: Votes) -> None:
    rows = (
        Label.objects.current()
        .filter(round=round)
        .order_by("created_at", "id")
        .values_list("id", "task_id", "labeler_id", "ranking", "created_at")
    )
    if votes.labels:
        # Commits may become visible out of the order of their times, so look back a little.
        rows = rows.filter(created_at__gt=votes.newest - LOOK_BACK)
    new = [row for row in rows if row[0] not in votes.labels]
    writers = _writers({row[1] for row in new}, round)
    for id_, task, labeler, ranking, at in new:
        votes.labels.add(id_)
        votes.newest = max(votes.newest, at)
        if ranking is not None:
            votes.add_label(ranking, writers[task], labeler=labeler, task=task)


def _writers(tasks: set[UUID], round: Round) -> dict[UUID, list[UUID | None]]:
    """Per task, who wrote its responses, in canonical order."""
    entries = TaskResponse.objects.order_by("task_id", "index")
    if len(tasks) <= 500:
        entries = entries.filter(task_id__in=tasks)
    else:
        entries = entries.filter(task__round=round)
    found: dict[UUID, list[UUID | None]] = {}
    for task, writer in entries.values_list("task_id", "response__checkpoint_id"):
        found.setdefault(task, []).append(writer)
    return found


@dataclass(frozen=True)
class Ladder:
    """What the votes say about the checkpoints that met; `ratings` is None without votes."""

    checkpoints: list[Checkpoint]
    votes: int
    labelers: int
    method: str
    ratings: Ratings | None
    record: dict[UUID, tuple[int, int, int]]
    live: elo.OrderAveraged | None


def ladder(round: Round) -> Ladder:
    """The ladder over this round and the rounds before it."""
    parts = [
        _cache.votes(one)
        for one in Round.objects.filter(project=round.project, number__lte=round.number).exclude(
            state=Round.State.CANCELLED
        )
    ]
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
    clusters = "labeler" if by_labeler else "prompt"
    method = f"Bradley-Terry, ties as half wins, 95 % intervals clustered by {clusters}"
    if not by_labeler:
        method += f" ({len(labelers)} labelers are too few to cluster by)"
    ratings = None
    if len(score):
        ratings = bradley_terry.fit(
            a, b, score, n_items=len(checkpoints), groups=_codes(groups), ties="half"
        )
    return Ladder(
        checkpoints=checkpoints,
        votes=len(score),
        labelers=len(labelers),
        method=method,
        ratings=ratings,
        record=_record(checkpoints, a, b, score),
        live=_live(a, b, score, len(checkpoints)),
    )


def _codes(values: Iterable[Any]) -> np.ndarray[Any, np.dtype[np.int64]]:
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


def describe(ladder: Ladder) -> dict[str, Any]:
    """The ladder as JSON: numbers with intervals, null where the votes give no answer."""
    entries = []
    ratings = ladder.ratings
    if ratings is not None:
        low, high = ratings.interval(0.95)
        rank = ranks.rank_intervals(ratings)
    for i, checkpoint in enumerate(ladder.checkpoints):
        wins, ties, losses = ladder.record[checkpoint.pk]
        entry: dict[str, Any] = {
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
            "anchored": checkpoint.kind == Checkpoint.Kind.BASE,
            "estimable": False,
            "component": -1,
        }
        if ratings is not None:
            entry |= {
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
    entries.sort(key=lambda entry: -(entry["elo"] if entry["elo"] is not None else -1e9))
    return {
        "computed_at": timezone.now().isoformat(),
        "votes": ladder.votes,
        "labelers": ladder.labelers,
        "method": ladder.method,
        "entries": entries,
        **_relations(ladder),
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


def _relations(ladder: Ladder) -> dict[str, Any]:
    ratings, ids = ladder.ratings, [str(one.pk) for one in ladder.checkpoints]
    if ratings is None:
        return {"order": ids, "win_matrix": [], "indistinguishable": [], "components": []}
    settled = ranks.distinguishable(ratings)
    pairs = [
        [ids[i], ids[j], _finite(ranks.votes_to_settle(ratings, i, j))]
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


def current(round: Round) -> dict[str, Any]:
    """The stored ladder of a round that has aggregated, else the live one."""
    if round.ladder is not None:
        return {**round.ladder, "final": True}
    return {**describe(ladder(round)), "final": False}


def close(round: Round) -> None:
    """Fit the round's ladder in full and store it, with one Rating per checkpoint.

    Rounds whose responses have no known writers (or no votes) get an empty ladder.
    """
    try:
        value = describe(ladder(round))
    except InvalidInput as error:
        value = {
            "computed_at": timezone.now().isoformat(),
            "votes": 0,
            "labelers": 0,
            "method": str(error),
            "entries": [],
            "order": [],
            "win_matrix": [],
            "indistinguishable": [],
            "components": [],
            "live_elo": [],
        }
    rows = [
        Rating(
            round=round,
            checkpoint_id=entry["checkpoint"]["id"],
            elo=entry["elo"],
            low=entry["low"],
            high=entry["high"],
            se=entry["se"],
            rank_low=entry["rank_low"],
            rank_high=entry["rank_high"],
            wins=entry["wins"],
            ties=entry["ties"],
            losses=entry["losses"],
            votes=entry["votes"],
            component=max(entry["component"], 0),
            is_anchor=entry["anchored"],
        )
        for entry in value["entries"]
    ]
    with transaction.atomic():
        Rating.objects.filter(round=round).delete()
        Rating.objects.bulk_create(rows)
        Round.objects.filter(pk=round.pk).update(ladder=value)
        events.tell(f"round:{round.pk}", "ladder.changed", round.pk)
    round.ladder = value
