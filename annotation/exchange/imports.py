"""The door in: a file of any kind and format becomes rows of a project, all or reported."""

import json
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import IO

from django.db import transaction

from annotation.errors import InvalidInput
from annotation.exchange import mapping, round_of_file, store_prompts, store_tasks
from annotation.exchange.files import DAMAGE, broken, open_file
from annotation.exchange.files.base import FileKind, Numbered
from annotation.exchange.format import Format, Holds
from annotation.exchange.formats import FORMATS
from annotation.exchange.mapping import Columns
from annotation.exchange.record import Record, Report, Row, check_comparable
from annotation.exchange.round_of_file import Plan
from annotation.happenings import happened
from annotation.models import Project, User
from annotation.sentences import say
from annotation.services.prompts import short

JUDGED = (Holds.COMPARISONS, Holds.PAIRS)
READABLE = (Holds.PROMPTS, Holds.RESPONSES, *JUDGED)
# So many rows are looked at to tell a format and to show what a file holds.
LOOKED_AT = 20
Told = Callable[[Report], None]


@dataclass(frozen=True)
class Source:
    """A file and what is known of it. `file` can be sought in; its end may be missing in a look."""

    file: IO[bytes]
    name: str = ""
    kind: str = "auto"
    format: str = "auto"
    columns: Columns | None = None


@dataclass(frozen=True)
class Look:
    """What a file seems to be, before it is imported."""

    kind: str
    format: str | None
    columns: list[str]
    mapping: dict[str, str | list[str]]
    rows: list[Row] = field(default_factory=list)


def import_file(
    project: Project,
    source: Source,
    *,
    by: User | None = None,
    plan: Plan | None = None,
    strict: bool = False,
    of: Collection[Holds] = READABLE,
    on_progress: Told = lambda report: None,
) -> Report:
    """Store what a file holds: prompts, or a round of tasks, with labels where it has some.

    All in one transaction. A line that cannot be used is reported with its number and left out;
    with `strict` one such line means that nothing is stored. The same file again adds nothing.
    `of` is what the caller takes; `plan` says what is done with the round. Memory does not grow
    with the file. Raises InvalidInput for a file, format or mapping that cannot be used at all,
    InvalidRecipe.
    """
    file, kind = open_file(source.file, name=source.name, kind=source.kind)
    assert kind.read is not None
    try:
        rows = kind.read(file)
        head = list(islice(rows, LOOKED_AT))
        format_, columns = _settle(source, kind, head, of)
        report = Report(format_.name)
        with transaction.atomic():
            # Two imports of the same rows would both find them missing, and the second one die on
            # the unique constraint. The lock lets labels of the project be written meanwhile.
            Project.objects.select_for_update(no_key=True).get(pk=project.pk)
            read = _reader(format_, columns, kind)
            found = _read(chain(head, rows), read, report)
            if format_.holds is Holds.PROMPTS:
                store_prompts.store(
                    project, _ahead(found, store_prompts.BATCH), report, on_progress
                )
            else:
                store_tasks.store(
                    project,
                    _ahead(found, store_tasks.BATCH),
                    report,
                    plan=plan or Plan(),
                    holds=format_.holds,
                    by=by,
                    tell=on_progress,
                )
            on_progress(report)
            if strict and report.bad_lines:
                transaction.set_rollback(True)
                return report.nothing_stored()
            if report.round is not None:
                round_of_file.start(report.round, by=by)
            _tell(project, format_, report, by)
    except DAMAGE as error:
        raise broken(error) from error
    if report.round is not None:
        round_of_file.hand_out(report.round)
    return report


def look(source: Source) -> Look:
    """What a file seems to hold, of its first rows; what is broken there is passed over."""
    file, kind = open_file(source.file, name=source.name, kind=source.kind)
    assert kind.read is not None
    rows: list[Row] = []
    try:
        for _, value in islice(kind.read(file), LOOKED_AT):
            if isinstance(value, dict):
                rows.append(value)
    except DAMAGE:
        # The browser shows the beginning of a large file only.
        pass
    rows = _whole(rows)
    columns = list(dict.fromkeys(name for row in rows for name in row))
    found = mapping.guess(columns)
    format_ = _recognised(set(columns), READABLE) or _recognised(set(found), READABLE)
    return Look(kind.name, format_.name if format_ else None, columns, found, rows[:5])


def _whole(rows: list[Row]) -> list[Row]:
    """Rows as JSON can carry them: broken characters as question marks, what is no JSON as text."""
    text = json.dumps(rows, ensure_ascii=False, default=str).encode(errors="replace")
    found: list[Row] = json.loads(text, parse_constant=str)
    return found


def _settle(
    source: Source, kind: FileKind, head: list[tuple[int, object]], of: Collection[Holds]
) -> tuple[Format, Columns | None]:
    """The format that is named or recognised, and how its fields are found in the rows."""
    rows = [value for _, value in head if isinstance(value, dict)]
    # In the order of the file: a response and its model are paired by their places.
    there = list(dict.fromkeys(name for row in rows for name in row)) if kind.is_table else []
    names = set(there) if kind.is_table else set(rows[0] if rows else ())
    columns = source.columns
    if source.format != "auto":
        format_ = FORMATS.get(source.format)
        if format_ is None or format_.read is None or format_.holds not in of:
            raise InvalidInput(
                say(
                    "format_unknown",
                    "Expected a format of {known}, got {got}.",
                    known=", ".join(_known(of)),
                    got=repr(source.format),
                )
            )
    else:
        if columns is None and kind.is_table and _recognised(names, of) is None:
            columns = mapping.guess(there)
        known = names | set(columns or ())
        format_ = _recognised(known, of)
        if format_ is None:
            raise InvalidInput(
                say(
                    "format_not_recognised",
                    "Expected a file of {known}, got one with the fields {got}. "
                    "Name the format, or say which column is what.",
                    known=", ".join(_known(of)),
                    got=", ".join(map(short, sorted(names))) or "none",
                )
            )
    if columns is None and kind.is_table:
        columns = (
            {
                name: column
                for name, column in mapping.guess(there).items()
                if name in format_.fields
            }
            if format_.holds in (Holds.PROMPTS, Holds.RESPONSES)
            else {}
        )
    if columns is not None:
        mapping.check_mapping(columns, format_.fields)
    return format_, columns


def _known(of: Collection[Holds]) -> list[str]:
    return [one.name for one in FORMATS.values() if one.read is not None and one.holds in of]


def _recognised(names: set[str], of: Collection[Holds]) -> Format | None:
    for format_ in FORMATS.values():
        is_taken = format_.read is not None and format_.holds in of
        if is_taken and any(telling <= names for telling in format_.telling):
            return format_
    return None


def _reader(
    format_: Format, columns: Columns | None, kind: FileKind
) -> Callable[[Row], list[Record]]:
    read = format_.read
    assert read is not None
    if format_.holds in JUDGED:

        def checked(row: Row) -> list[Record]:
            found = read(row)
            for record in found:
                check_comparable(record)
            return found

        inner: Callable[[Row], list[Record]] = checked
    else:
        inner = read
    if columns is None:
        return inner
    return lambda row: inner(mapping.arrange(row, columns, format_.fields, is_table=kind.is_table))


def _read(rows: Numbered, read: Callable[[Row], list[Record]], report: Report) -> Iterator[Record]:
    for number, value in rows:
        report.lines += 1
        try:
            if isinstance(value, InvalidInput):
                raise value
            if not isinstance(value, dict):
                raise InvalidInput(
                    say("row_wanted", "expected a JSON object, got {got}", got=short(value))
                )
            yield from read(value)
        except InvalidInput as error:
            report.reject(number, error)


def _ahead(records: Iterator[Record], size: int) -> Iterator[list[Record]]:
    """Batches of records; the next one is parsed while the database takes the one before."""
    with ThreadPoolExecutor(1, thread_name_prefix="parse") as parser:
        following = parser.submit(lambda: list(islice(records, size)))
        while batch := following.result():
            following = parser.submit(lambda: list(islice(records, size)))
            yield batch


def _tell(project: Project, format_: Format, report: Report, by: User | None) -> None:
    if format_.holds is Holds.PROMPTS:
        happened(
            "prompts.imported",
            project,
            by=by,
            created=report.prompts,
            duplicates=report.duplicates,
            responses=report.responses,
            bad_lines=report.bad_lines,
        )
    elif report.round is not None:
        happened(
            "comparisons.imported",
            report.round,
            by=by,
            format=report.format,
            tasks=report.tasks,
            labels=report.labels,
            bad_lines=report.bad_lines,
        )
