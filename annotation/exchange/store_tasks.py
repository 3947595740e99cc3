"""Records become tasks of one new round: with the labels they brought, or open for labelers."""

import random
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from uuid import UUID, uuid4, uuid5

from annotation.exchange import round_of_file
from annotation.exchange.format import Holds
from annotation.exchange.record import Record, Report
from annotation.exchange.round_of_file import Plan
from annotation.exchange.store_prompts import PROMPT_COLUMNS
from annotation.exchange.writers import Writers
from annotation.kinds import COMPARE, RANK
from annotation.kinds.ranking import Ranking
from annotation.models import (
    Label,
    Project,
    Prompt,
    Response,
    Task,
    TaskResponse,
    User,
)
from annotation.models.prompt import split_of
from annotation.services import labelers
from annotation.services.bulk import insert_rows, renew_statistics
from annotation.services.queues import end_of

BATCH = 500
# From this many new rows on, PostgreSQL's statistics are worth renewing at once: see tasks.MANY.
MANY = 1000
RESPONSE_COLUMNS = ("id", "prompt_id", "round_id", "text", "source", "checkpoint_id", "index")
TASK_COLUMNS = (
    "id", "round_id", "project_id", "prompt_id", "kind", "labels_wanted", "position", "is_open",
)  # fmt: skip
ENTRY_COLUMNS = ("task_id", "response_id", "index")
LABEL_COLUMNS = (
    "id", "task_id", "labeler_id", "round_id", "project_id", "submission_id", "answer",
)  # fmt: skip


def store(
    project: Project,
    batches: Iterator[list[Record]],
    report: Report,
    *,
    plan: Plan,
    holds: Holds,
    by: User | None,
    tell: Callable[[Report], None],
) -> None:
    """One task per record, in a round that is made for the first new one; `report.round`.

    The same comparison twice in a file is two tasks; the same file twice is stored once: labels
    are known by their content, and tasks without labels by their responses. The caller holds the
    project's lock.
    """
    storing = _Store(project, plan.recipe_for(holds), plan.labels_wanted, by, report)
    for batch in batches:
        storing.add(batch)
        tell(report)
    if report.tasks >= MANY:
        renew_statistics(Prompt, Response, Task, TaskResponse, Label)


@dataclass
class _Rows:
    """Rows of one batch, in the order of the columns above."""

    prompts: list[tuple[object, ...]] = field(default_factory=list)
    responses: list[tuple[object, ...]] = field(default_factory=list)
    tasks: list[tuple[object, ...]] = field(default_factory=list)
    entries: list[tuple[object, ...]] = field(default_factory=list)
    labels: list[tuple[object, ...]] = field(default_factory=list)


Group = frozenset[tuple[str, UUID | None]]


class _Store:
    """Writes records batch by batch; remembers what spans batches."""

    def __init__(
        self,
        project: Project,
        recipe: object,
        labels_wanted: int,
        by: User | None,
        report: Report,
    ) -> None:
        self.project, self.recipe, self.by, self.report = project, recipe, by, report
        self.labels_wanted = labels_wanted
        self.writers = Writers(project)
        self.annotators: dict[str, UUID] = {}
        self.seen: dict[bytes, int] = {}
        self.positions = count(end_of(project) + 1)

    def add(self, batch: list[Record]) -> None:
        named = [(record, self._submissions(record)) for record in batch]
        here = set(
            Label.objects.filter(
                project=self.project,
                labeler__in=set(self.annotators.values()),
                submission_id__in=[id_ for _, ids in named for id_ in ids],
            ).values_list("submission_id", flat=True)
        )
        asked = self._asked([record for record, ids in named if not ids])
        new = [
            (record, ids)
            for record, ids in named
            if (not here.issuperset(ids) if ids else not self._is_asked(record, asked))
        ]
        self.report.duplicates += len(batch) - len(new)
        if not new:
            return
        if self.report.round is None:
            self.report.round = round_of_file.create(self.project, self.recipe, by=self.by)
        rows = _Rows()
        self._add_prompts(rows, [record for record, _ in new])
        for record, ids in new:
            self._add_task(rows, record, ids)
        insert_rows(Prompt, PROMPT_COLUMNS, rows.prompts)
        insert_rows(Response, RESPONSE_COLUMNS, rows.responses)
        insert_rows(Task, TASK_COLUMNS, rows.tasks)
        insert_rows(TaskResponse, ENTRY_COLUMNS, rows.entries)
        insert_rows(Label, LABEL_COLUMNS, rows.labels)
        self.report.prompts += len(rows.prompts)
        self.report.responses += len(rows.responses)
        self.report.tasks += len(rows.tasks)
        self.report.labels += len(rows.labels)

    def _asked(self, records: list[Record]) -> dict[str, set[Group]]:
        """Which groups of imported responses are tasks already, by the hash of their prompt."""
        if not records:
            return {}
        entries = TaskResponse.objects.filter(
            task__prompt__project=self.project,
            task__prompt__content_hash__in={record.prompt_hash for record in records},
            response__source=Response.Source.IMPORT,
        ).values_list(
            "task_id", "task__prompt__content_hash", "response__text", "response__checkpoint_id"
        )
        groups: dict[tuple[UUID, str], set[tuple[str, UUID | None]]] = defaultdict(set)
        for task, digest, text, writer in entries:
            groups[task, digest].add((text, writer))
        found: dict[str, set[Group]] = defaultdict(set)
        for (_, digest), group in groups.items():
            found[digest].add(frozenset(group))
        return found

    def _is_asked(self, record: Record, asked: dict[str, set[Group]]) -> bool:
        """Whether the record's responses are a task; from now on they are."""
        group = frozenset((text, self.writers.id_of(model)) for text, model in record.responses)
        groups = asked.setdefault(record.prompt_hash, set())
        if group in groups:
            return True
        groups.add(group)
        return False

    def _submissions(self, record: Record) -> list[UUID]:
        """One id per ranking, made of what it says and how often the file said it before."""
        digest = record.digest()
        key = bytes.fromhex(digest)[:16]
        nth = self.seen[key] = self.seen.get(key, 0) + 1
        name = f"{self.report.format}/{digest}/{nth}"
        for annotator, _ in record.rankings:
            if annotator not in self.annotators:
                self.annotators[annotator] = labelers.imported(self.project.team, annotator).pk
        return [uuid5(self.project.pk, f"{name}/{annotator}") for annotator, _ in record.rankings]

    def _add_prompts(self, rows: _Rows, records: list[Record]) -> None:
        by_digest = {one.prompt_hash: one for one in records}
        known = Prompt.objects.filter(project=self.project, content_hash__in=by_digest)
        self.prompts: dict[str, UUID] = dict(known.values_list("content_hash", "id"))
        stored = Response.objects.filter(
            prompt__in=self.prompts.values(), source=Response.Source.IMPORT
        ).values_list("prompt_id", "checkpoint_id", "text", "id")
        self.responses: dict[tuple[UUID, UUID | None, str], UUID] = {
            (prompt, writer, text): id_ for prompt, writer, text, id_ in stored
        }
        self.places: dict[tuple[UUID, UUID | None], int] = {}
        for prompt, writer, _ in self.responses:
            self.places[prompt, writer] = self.places.get((prompt, writer), 0) + 1
        for digest, one in by_digest.items():
            if digest not in self.prompts:
                self.prompts[digest] = uuid4()
                rows.prompts.append(
                    (
                        self.prompts[digest],
                        self.project.pk,
                        one.messages,
                        one.source,
                        one.tags,
                        one.language,
                        digest,
                        str(split_of(digest)),
                    )
                )

    def _add_task(self, rows: _Rows, record: Record, submissions: list[UUID]) -> None:
        assert self.report.round is not None
        round_id, project_id = self.report.round.pk, self.project.pk
        prompt = self.prompts[record.prompt_hash]
        task = uuid4()
        # Files often put the better response first; here its place must tell nothing.
        order = list(range(len(record.responses)))
        random.Random(record.digest()).shuffle(order)
        for index, given in enumerate(order):
            text, model = record.responses[given]
            response = self._response(rows, prompt, text, self.writers.id_of(model))
            rows.entries.append((task, response, index))
        kind = COMPARE.name if len(order) == 2 else RANK.name
        rows.tasks.append(
            (
                task,
                round_id,
                project_id,
                prompt,
                kind,
                len(submissions) or self.labels_wanted,
                next(self.positions),
                not submissions,
            )
        )
        for (annotator, ranks), submission in zip(record.rankings, submissions, strict=True):
            ranking = [ranks[given] for given in order]
            answer: Ranking = {"ranking": ranking, "strength": None, "all_bad": False}
            labeler = self.annotators[annotator]
            rows.labels.append((uuid4(), task, labeler, round_id, project_id, submission, answer))

    def _response(self, rows: _Rows, prompt: UUID, text: str, writer: UUID | None) -> UUID:
        """The same text by the same writer is one response, in however many records."""
        key = (prompt, writer, text)
        if key not in self.responses:
            assert self.report.round is not None
            place = self.places.get((prompt, writer), 0)
            self.places[prompt, writer] = place + 1
            id_ = self.responses[key] = uuid4()
            rows.responses.append(
                (id_, prompt, self.report.round.pk, text, "import", writer, place)
            )
        return self.responses[key]
