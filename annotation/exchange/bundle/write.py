"""A project as one file: a zip of JSON lines per table, the files rows name, and a manifest."""

import hashlib
import json
import zipfile
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import IO, Any, cast
from uuid import UUID

from django.utils import timezone

from annotation.exchange.bundle.tables import RUN_FILES, TABLES, Table
from annotation.exchange.format import CHUNK, Scope
from annotation.models import Checkpoint, Dataset, Job, Project

VERSION = 1
BLOCK = 1024 * 1024


def pack(project: Project, scope: Scope) -> Iterator[bytes]:
    """The file, made while it is read. With `scope.with_weights` it holds the checkpoints' files.

    Rows that come in while it is made stay out: what a row of the file names is in the file.
    """
    made_at = timezone.now()
    sink = _Sink()
    files: dict[str, dict[str, Any]] = {}
    with zipfile.ZipFile(cast(IO[bytes], sink), "w", zipfile.ZIP_DEFLATED) as archive:
        for name, table in TABLES.items():
            member = _Member(archive, f"{name}.jsonl", files)
            for lines in _lines(table, project, made_at):
                member.write(b"".join(lines), rows=len(lines))
                yield sink.taken()
            member.close()
        for name, path in _files(project, made_at, with_weights=scope.with_weights):
            member = _Member(archive, name, files)
            with path.open("rb") as file:
                while block := file.read(BLOCK):
                    member.write(block)
                    yield sink.taken()
            member.close()
        archive.writestr("manifest.json", _manifest(project, files, made_at))
    yield sink.taken()


def _manifest(project: Project, files: dict[str, dict[str, Any]], made_at: datetime) -> bytes:
    columns = [
        one.attname
        for one in Project._meta.concrete_fields
        if one.attname not in ("id", "team_id", "archived_at", "deleted_at")
    ]
    value = {
        "whetstone_project": VERSION,
        "made_at": made_at,
        "id": project.pk,
        "project": {name: getattr(project, name) for name in columns},
        "files": files,
    }
    return json.dumps(value, default=plain, indent=1).encode()


def _lines(table: Table, project: Project, made_at: datetime) -> Iterator[list[bytes]]:
    rows = table.rows(project).order_by("pk")
    if table.made:
        # What names a row that the walk missed was made after it, and stays out as well.
        rows = rows.filter(**{f"{table.made}__lte": made_at})
    names = table.columns
    last: Any = None
    while True:
        rest = rows if last is None else rows.filter(pk__gt=last)
        chunk = list(rest.values_list("pk", *names)[:CHUNK])
        if not chunk:
            return
        last = chunk[-1][0]
        yield [_line(table, dict(zip(names, values[1:], strict=True))) for values in chunk]


def _line(table: Table, row: dict[str, Any]) -> bytes:
    text = json.dumps(table.settle(row), ensure_ascii=False, default=plain)
    return text.encode() + b"\n"


def plain(value: object) -> str:
    """A value that JSON does not know, with all its digits."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(f"{type(value).__name__} does not travel")


def _files(
    project: Project, made_at: datetime, *, with_weights: bool
) -> Iterator[tuple[str, Path]]:
    for dataset in Dataset.objects.filter(project=project, created_at__lte=made_at):
        if Path(dataset.path).is_file():
            yield f"datasets/{dataset.pk}.jsonl", Path(dataset.path)
    for job in Job.objects.filter(project=project, created_at__lte=made_at).exclude(run_dir=""):
        for name in RUN_FILES:
            if (path := Path(job.run_dir) / name).is_file():
                yield f"runs/{job.pk}/{name}", path
    if not with_weights:
        return
    for checkpoint in Checkpoint.objects.filter(project=project, created_at__lte=made_at):
        folder = Path(checkpoint.path) if checkpoint.path else None
        if folder is not None and folder.is_dir():
            for path in sorted(one for one in folder.rglob("*") if one.is_file()):
                yield f"checkpoints/{checkpoint.pk}/{path.relative_to(folder).as_posix()}", path


class _Member:
    """A file of the archive, counted and fingerprinted as it is written."""

    def __init__(
        self, archive: zipfile.ZipFile, name: str, files: dict[str, dict[str, Any]]
    ) -> None:
        self.file: IO[bytes] = archive.open(name, "w", force_zip64=True)
        self.digest = hashlib.sha256()
        self.name, self.files, self.rows = name, files, 0

    def write(self, content: bytes, *, rows: int = 0) -> None:
        self.rows += rows
        self.digest.update(content)
        self.file.write(content)

    def close(self) -> None:
        self.file.close()
        self.files[self.name] = {"sha256": self.digest.hexdigest(), "rows": self.rows}


class _Sink:
    """What the archive is written to; its bytes are taken away as they come."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []

    def write(self, content: bytes) -> int:
        self.parts.append(bytes(content))
        return len(content)

    def flush(self) -> None:
        """Nothing is kept back."""

    def taken(self) -> bytes:
        parts, self.parts = self.parts, []
        return b"".join(parts)
