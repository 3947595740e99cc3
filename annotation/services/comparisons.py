"""Preferences that people expressed elsewhere become prompts, responses, tasks and labels here."""

import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from uuid import UUID, uuid4, uuid5

from django.db import transaction

from annotation import events
from annotation.errors import InvalidInput
from annotation.models import (
    Label,
    Membership,
    Project,
    Prompt,
    Response,
    Role,
    Round,
    Task,
    TaskKind,
    TaskResponse,
    User,
)
from annotation.models.prompt import content_hash, split_of
from annotation.rounds import drafts
from annotation.services.bulk import insert_rows
from annotation.services.formats import Comparison, read_comparisons
from annotation.services.prompts import MOST_ERRORS, PROMPT_COLUMNS, LineError, Writers
from annotation.services.queues import end_of

BATCH = 500


@dataclass
class ComparisonReport:
    """What an import did; `duplicates` are comparisons that were here already."""

    format: str
    comparisons: int = 0
    prompts: int = 0
    responses: int = 0
    tasks: int = 0
    labels: int = 0
    duplicates: int = 0
    bad_lines: int = 0
    errors: list[LineError] = field(default_factory=list)
    round: Round | None = None


@dataclass
class _Rows:
    """Rows of one batch, in the order of the columns below."""

    prompts: list[tuple[Any, ...]] = field(default_factory=list)
    responses: list[tuple[Any, ...]] = field(default_factory=list)
    tasks: list[tuple[Any, ...]] = field(default_factory=list)
    entries: list[tuple[Any, ...]] = field(default_factory=list)
    labels: list[tuple[Any, ...]] = field(default_factory=list)


RESPONSE_COLUMNS = ("id", "prompt_id", "round_id", "text", "source", "checkpoint_id", "index")
TASK_COLUMNS = (
    "id", "round_id", "project_id", "prompt_id", "kind", "labels_wanted", "position", "is_open",
)  # fmt: skip
ENTRY_COLUMNS = ("task_id", "response_id", "index")
LABEL_COLUMNS = (
    "id", "task_id", "labeler_id", "round_id", "project_id", "submission_id", "ranking",
)  # fmt: skip


def import_comparisons(
    project: Project,
    lines: Iterable[bytes],
    *,
    recipe: dict[str, Any],
    by: User | None = None,
    format_: str = "auto",
    strict: bool = False,
    on_progress: Callable[[ComparisonReport], None] = lambda report: None,
) -> ComparisonReport:
    """Store the preferences of a file in one new round, which has all its labels and can go on.

    All in one transaction. A line that cannot be used is reported and left out; with `strict` one
    such line means that nothing is stored. The same comparison twice in a file is two; the same
    file twice is stored once: labels are known by their content, and a round without new ones is
    not made. Annotators become members who can never sign in, models become checkpoints that
    cannot be run. Raises InvalidInput for an unknown format, InvalidRecipe.
    """
    format_, found = read_comparisons(lines, format_)
    report = ComparisonReport(format_)
    with transaction.atomic():
        # Two imports at once would both miss what the other is about to store.
        Project.objects.select_for_update(no_key=True).get(pk=project.pk)
        store = _Store(project, recipe, by, report)
        for batch in _batches(_usable(found, report)):
            store.add(batch)
            on_progress(report)
        if strict and report.bad_lines:
            transaction.set_rollback(True)
            return ComparisonReport(format_, bad_lines=report.bad_lines, errors=report.errors)
        if report.round is not None:
            events.record(
                "comparisons.imported",
                team=project.team,
                project=project,
                actor=by,
                object_id=report.round.pk,
                format=format_,
                tasks=report.tasks,
                labels=report.labels,
                bad_lines=report.bad_lines,
            )
            drafts.start_round(report.round, by=by)
            events.tell(f"project:{project.pk}", "prompt.changed", project.pk)
    return report


def _usable(
    found: Iterable[tuple[int, list[Comparison] | InvalidInput]], report: ComparisonReport
) -> Iterator[Comparison]:
    for number, comparisons in found:
        if isinstance(comparisons, InvalidInput):
            report.bad_lines += 1
            if len(report.errors) < MOST_ERRORS:
                report.errors.append(LineError(number, comparisons.message))
            continue
        report.comparisons += len(comparisons)
        yield from comparisons


def _batches(comparisons: Iterator[Comparison]) -> Iterator[list[Comparison]]:
    batch: list[Comparison] = []
    for comparison in comparisons:
        batch.append(comparison)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


class _Store:
    """Writes comparisons batch by batch; remembers what spans batches."""

    def __init__(
        self, project: Project, recipe: dict[str, Any], by: User | None, report: ComparisonReport
    ) -> None:
        self.project, self.recipe, self.by, self.report = project, recipe, by, report
        self.writers = Writers(project)
        self.annotators: dict[str, UUID] = {}
        self.seen: dict[bytes, int] = {}
        self.positions = count(end_of(project) + 1)

    def add(self, batch: list[Comparison]) -> None:
        named = [(comparison, self._submissions(comparison)) for comparison in batch]
        here = set(
            Label.objects.filter(
                project=self.project,
                labeler__in=set(self.annotators.values()),
                submission_id__in=[id_ for _, ids in named for id_ in ids],
            ).values_list("submission_id", flat=True)
        )
        new = [(comparison, ids) for comparison, ids in named if not here.issuperset(ids)]
        self.report.duplicates += len(batch) - len(new)
        if not new:
            return
        if self.report.round is None:
            self.report.round = drafts.create_round(self.project, recipe=self.recipe, by=self.by)
        rows = _Rows()
        self._add_prompts(rows, [comparison for comparison, _ in new])
        for comparison, ids in new:
            self._add_task(rows, comparison, ids)
        insert_rows(Prompt, PROMPT_COLUMNS, rows.prompts)
        insert_rows(Response, RESPONSE_COLUMNS, rows.responses)
        insert_rows(Task, TASK_COLUMNS, rows.tasks)
        insert_rows(TaskResponse, ENTRY_COLUMNS, rows.entries)
        insert_rows(Label, LABEL_COLUMNS, rows.labels)
        self.report.prompts += len(rows.prompts)
        self.report.responses += len(rows.responses)
        self.report.tasks += len(rows.tasks)
        self.report.labels += len(rows.labels)

    def _submissions(self, comparison: Comparison) -> list[UUID]:
        """One id per ranking, made of what it says and how often the file said it before."""
        digest = comparison.digest()
        key = bytes.fromhex(digest)[:16]
        nth = self.seen[key] = self.seen.get(key, 0) + 1
        name = f"{self.report.format}/{digest}/{nth}"
        for annotator, _ in comparison.rankings:
            if annotator not in self.annotators:
                self.annotators[annotator] = self._annotator(annotator).pk
        return [
            uuid5(self.project.pk, f"{name}/{annotator}") for annotator, _ in comparison.rankings
        ]

    def _annotator(self, name: str) -> User:
        """Who stands for an annotator of the file: an account of this team that cannot sign in."""
        address = f"{name.lower().replace(' ', '-')}.{self.project.team_id}@imported.invalid"
        user, made = User.objects.get_or_create(
            email=address, defaults={"name": name, "is_active": False}
        )
        if made:
            user.set_unusable_password()
            user.save(update_fields=["password"])
        Membership.objects.get_or_create(
            team_id=self.project.team_id,
            user=user,
            defaults={"role": Role.LABELER, "status": Membership.Status.SUSPENDED},
        )
        return user

    def _add_prompts(self, rows: _Rows, comparisons: list[Comparison]) -> None:
        by_digest = {content_hash(one.messages): one for one in comparisons}
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
                        self.report.format,
                        [],
                        one.language,
                        digest,
                        str(split_of(digest)),
                    )
                )

    def _add_task(self, rows: _Rows, comparison: Comparison, submissions: list[UUID]) -> None:
        assert self.report.round is not None
        round_id, project_id = self.report.round.pk, self.project.pk
        prompt = self.prompts[content_hash(comparison.messages)]
        task = uuid4()
        # Files often put the better response first; here its place must tell nothing.
        order = list(range(len(comparison.responses)))
        random.Random(comparison.digest()).shuffle(order)
        for index, given in enumerate(order):
            text, model = comparison.responses[given]
            response = self._response(rows, prompt, text, self.writers.id_of(model))
            rows.entries.append((task, response, index))
        kind = TaskKind.COMPARE if len(order) == 2 else TaskKind.RANK
        rows.tasks.append(
            (
                task,
                round_id,
                project_id,
                prompt,
                str(kind),
                len(submissions),
                next(self.positions),
                False,
            )
        )
        for (annotator, ranks), submission in zip(comparison.rankings, submissions, strict=True):
            ranking = [ranks[given] for given in order]
            labeler = self.annotators[annotator]
            rows.labels.append((uuid4(), task, labeler, round_id, project_id, submission, ranking))

    def _response(self, rows: _Rows, prompt: UUID, text: str, writer: UUID | None) -> UUID:
        """The same text by the same writer is one response, in however many comparisons."""
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
