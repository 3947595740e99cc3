"""The door out: what a project has, in any format and kind of file, as it is asked for."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from annotation.errors import InvalidInput
from annotation.exchange.files import FILES
from annotation.exchange.files.json_lines import JSON_LINES, PACKED, packed
from annotation.exchange.format import Format, Scope
from annotation.exchange.formats import FORMATS
from annotation.models import Project
from annotation.sentences import say

PACK = "zip"
Counted = Callable[[int], None]


@dataclass(frozen=True)
class Export:
    """A file that is made while it is read. `chunks` can be read once."""

    filename: str
    media_type: str
    chunks: Iterator[bytes]


def export(
    project: Project,
    *,
    format: str,  # noqa: A002  the product's word
    kind: str = "jsonl",
    scope: Scope | None = None,
    count: Counted = lambda rows: None,
) -> Export:
    """A project's rows as a file. `count` is told how many rows each chunk has.

    Raises InvalidInput for a format or a kind of file that is not written, or for one round of
    what belongs to the whole project.
    """
    scope = scope or Scope()
    found = FORMATS.get(format)
    if found is None or not kinds_of(found):
        raise InvalidInput(
            say(
                "export_format_unknown",
                "Expected a format of {known}, got {got}.",
                known=", ".join(one.name for one in FORMATS.values() if kinds_of(one)),
                got=repr(format),
            )
        )
    if kind not in kinds_of(found):
        raise InvalidInput(
            say(
                "export_file_unknown",
                "{format} is written as {known}, not as {got}.",
                format=found.name,
                known=", ".join(kinds_of(found)),
                got=repr(kind),
            )
        )
    if scope.round is not None and not found.by_round:
        raise InvalidInput(
            say(
                "export_not_of_a_round",
                "{format} belongs to the project, not to a round: leave the round away.",
                format=found.name,
            )
        )
    filename = f"{found.name}-{project.pk}.{kind}"
    if found.pack is not None:
        return Export(filename, "application/zip", found.pack(project, scope))
    return Export(filename, FILES[kind].media_type, _chunks(project, found, kind, scope, count))


def kinds_of(format_: Format) -> tuple[str, ...]:
    """The kinds of file that a format is written as."""
    if format_.pack is not None:
        return (PACK,)
    return tuple(FILES) if format_.write is not None else ()


def _chunks(
    project: Project, format_: Format, kind: str, scope: Scope, count: Counted
) -> Iterator[bytes]:
    assert format_.write is not None
    if format_.encode is not None and kind in (JSON_LINES.name, PACKED.name):
        lines = _encoded(format_.encode(project, scope), count)
        return packed(lines) if kind == PACKED.name else lines
    write = FILES[kind].write
    assert write is not None

    def counted() -> Iterator[list[dict[str, object]]]:
        assert format_.write is not None
        for chunk in format_.write(project, scope):
            count(len(chunk))
            yield chunk

    more = format_.more_fields(project, scope) if format_.more_fields else {}
    return write(counted(), {**format_.fields, **more})


def _encoded(chunks: Iterator[list[bytes]], count: Counted) -> Iterator[bytes]:
    for lines in chunks:
        count(len(lines))
        yield b"".join(lines)


def write_file(path: Path, chunks: Iterator[bytes]) -> str:
    """Write a file that appears when it is whole; returns its digest."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(path.name + ".tmp")
    digest = hashlib.sha256()
    with draft.open("wb") as file:
        for chunk in chunks:
            digest.update(chunk)
            file.write(chunk)
    draft.replace(path)
    return f"sha256:{digest.hexdigest()}"
