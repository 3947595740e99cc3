"""Votes between checkpoints, read from labels once and brought up to date as labels arrive."""

import threading
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

from annotation.kinds import KINDS, Vote
from annotation.models import Label, Round, TaskResponse

# Commits may become visible out of the order of their times: look this far back for late ones.
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
    chance: list[float | None] = field(default_factory=list)
    labels: set[UUID] = field(default_factory=set)
    newest: datetime = LONG_AGO

    def __len__(self) -> int:
        return len(self.score)

    def add_label(
        self,
        votes: Iterable[Vote],
        writers: Sequence[UUID | None],
        *,
        labeler: UUID,
        task: UUID,
        chance: float | None,
    ) -> None:
        """The votes of one label between responses by different checkpoints.

        `chance` is the probability with which the pair was chosen to be asked; None: it was not
        chosen among others.
        """
        for i, j, score in votes:
            first, second = writers[i], writers[j]
            if first is not None and second is not None and first != second:
                self.first.append(first)
                self.second.append(second)
                self.score.append(score)
                self.labeler.append(labeler)
                self.task.append(task)
                self.chance.append(chance)


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


def votes_of(round: Round) -> Votes:
    """The round's votes as of now; reading a few new labels costs a few milliseconds."""
    return _cache.votes(round)


def _read_new(round: Round, votes: Votes) -> None:
    rows = (
        Label.objects.current()
        .filter(round=round)
        .order_by("created_at", "id")
        .values_list(
            "id",
            "task_id",
            "labeler_id",
            "created_at",
            "task__sampling_probability",
            "task__kind",
            "answer",
        )
    )
    if votes.labels:
        rows = rows.filter(created_at__gt=votes.newest - LOOK_BACK)
    new = [row for row in rows if row[0] not in votes.labels]
    writers = _writers({row[1] for row in new}, round)
    for id_, task, labeler, at, chance, kind, answer in new:
        votes.labels.add(id_)
        votes.newest = max(votes.newest, at)
        written_by = writers.get(task, ())
        found = KINDS[kind].votes(answer, len(written_by))
        votes.add_label(found, written_by, labeler=labeler, task=task, chance=chance)


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
