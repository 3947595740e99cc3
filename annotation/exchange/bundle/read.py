"""A whole project comes in: checked, with new ids, all of it or nothing.

Nothing in the file is believed: digests are checked, every id that a row names must be in the file
itself, and no path comes from it.
"""

import hashlib
import json
import re
import shutil
import zipfile
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import IO, Any
from uuid import UUID, uuid4

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import DataError, IntegrityError, models, transaction

from annotation.errors import InvalidInput
from annotation.exchange.bundle.tables import CONTENT, OWN_IDS, TABLES, Row, Table
from annotation.exchange.bundle.write import BLOCK, VERSION
from annotation.exchange.format import CHUNK
from annotation.happenings import happened
from annotation.models import Checkpoint, Labeler, Project, Team, User
from annotation.sentences import say
from annotation.services import labelers
from annotation.services.bulk import insert_rows, renew_statistics
from annotation.services.checkpoints import check_folder
from annotation.services.projects import create_project
from annotation.services.prompts import check_text, short
from training.contract import records

ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
Ids = dict[str, str]


def unpack(file: IO[bytes], team: Team, name: str, by: User | None) -> UUID:
    """The id of the project that the file becomes in the team, under its own or another name.

    Rounds that were under way arrive cancelled, checkpoints without their weights as external
    ones. Raises InvalidInput for a file that is damaged or not of this kind, Conflict where the
    team has a project of the name. Killed at any point, it leaves no row.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            return _Arrival(archive, team, by).run(name)
    except (zipfile.BadZipFile, KeyError, EOFError, OSError) as error:
        raise InvalidInput(
            say(
                "bundle_broken",
                "Expected a project as it is exported, got a file that is damaged: {why}",
                why=str(error),
            )
        ) from error


class _Arrival:
    def __init__(self, archive: zipfile.ZipFile, team: Team, by: User | None) -> None:
        self.archive, self.team, self.by = archive, team, by
        self.manifest = _manifest(archive)
        self.ids: Ids = {}
        self.home = Path(settings.STORAGE_DIR)
        self.placed: list[Path] = []

    def run(self, name: str) -> UUID:
        self._check()
        wanted = self.manifest["project"]
        try:
            with transaction.atomic():
                project = create_project(
                    self.team, by=self.by, settings={"name": name or str(wanted["name"])[:100]}
                )
                self._apply(project, wanted)
                self.ids[str(self.manifest["id"])] = str(project.pk)
                for key, table in TABLES.items():
                    self._store(key, table, project)
                renew_statistics(*(table.model for table in TABLES.values()))
                happened("project.imported", project, by=self.by, title=project.name)
        except BaseException:
            # Files are placed before the commit; without the rows nothing names them.
            for path in self.placed:
                shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
            raise
        return project.pk

    def _apply(self, project: Project, wanted: Row) -> None:
        for one in Project._meta.concrete_fields:
            if one.attname in wanted and one.attname not in ("id", "name", "created_at"):
                setattr(project, one.attname, wanted[one.attname])
        try:
            project.clean_fields()
        except ValidationError as error:
            raise InvalidInput(
                say(
                    "bundle_settings_broken",
                    "The project's settings in the file cannot be used: {why}",
                    why="; ".join(error.messages),
                )
            ) from error
        project.save()

    def _check(self) -> None:
        """Every file against its digest; on the way, a new id for every id there is."""
        for name, told in self.manifest["files"].items():
            digest = hashlib.sha256()
            with self.archive.open(name) as file:
                if "/" in name:
                    while block := file.read(BLOCK):
                        digest.update(block)
                else:
                    key = name.removesuffix(".jsonl")
                    for line in file:
                        digest.update(line)
                        self._meet(key, line)
            if digest.hexdigest() != told["sha256"]:
                raise InvalidInput(
                    say(
                        "bundle_digest_differs",
                        "{name} is not as it was written: its digest differs.",
                        name=name,
                    )
                )

    def _meet(self, key: str, line: bytes) -> None:
        row = _parsed(key, line)
        for column in ("id", OWN_IDS.get(key, "id")):
            if isinstance(old := row.get(column), str) and old not in self.ids:
                self.ids[old] = str(uuid4())

    def _store(self, key: str, table: Table, project: Project) -> None:
        name = f"{key}.jsonl"
        if name not in self.manifest["files"]:
            return
        with self.archive.open(name) as file:
            rows = (self._row(key, table, _parsed(key, line), project) for line in file)
            found = (row for row in rows if row is not None)
            columns = [
                *table.columns,
                *(name for name in ("path", "run_dir") if name in table.left),
            ]
            if key == "labelers":
                columns.append("team_id")
            while chunk := list(islice(found, CHUNK)):
                try:
                    with transaction.atomic():
                        insert_rows(
                            table.model, columns, ([row[one] for one in columns] for row in chunk)
                        )
                except (DataError, IntegrityError, ValueError, TypeError) as error:
                    raise InvalidInput(
                        say(
                            "bundle_rows_broken",
                            "{name} holds rows that cannot be stored: {why}",
                            name=name,
                            why=str(error).splitlines()[0],
                        )
                    ) from error

    def _row(self, key: str, table: Table, given: Row, project: Project) -> Row | None:
        """A row as it is stored here; None for a labeler whom the team knows already."""
        row = table.settle(given)
        if key == "labelers" and row["kind"] == Labeler.Kind.IMPORT:
            # Who is called the same in another import of the team is the same.
            self.ids[given["id"]] = str(labelers.imported(self.team, row["name"]).pk)
            return None
        found: Row = {}
        for one in table.model._meta.concrete_fields:
            if one.attname in table.columns:
                found[one.attname] = self._value(key, one, row)
        if key == "labelers":
            found["team_id"] = self.team.pk
        if key == "datasets":
            found["path"] = str(self._place_dataset(given["id"], found))
        elif key == "checkpoints":
            self._place_checkpoint(given["id"], found)
        elif key == "jobs":
            found["run_dir"] = str(self._place_run(given["id"], found))
        return found

    def _value(self, key: str, one: "models.Field[Any, Any]", row: Row) -> object:
        if one.attname not in row:
            return one.get_default()
        value = row[one.attname]
        if value is None:
            return None
        if isinstance(one, models.ForeignKey) or one.primary_key or one.attname == OWN_IDS.get(key):
            return UUID(self._new(key, one.attname, value))
        if isinstance(one, models.JSONField):
            return value if one.attname in CONTENT else self._renamed(value)
        if isinstance(value, str) and one.attname not in CONTENT:
            value = self._renamed(value)
        try:
            found: object = one.to_python(value)
        except ValidationError as error:
            raise self._refused(key, one.attname, value) from error
        if isinstance(found, str):
            check_text(found)
            if one.max_length is not None and len(found) > one.max_length:
                raise self._refused(key, one.attname, value)
        return found

    def _new(self, key: str, column: str, value: object) -> str:
        """The new id of a row that is in the file itself; anything else is refused."""
        if not isinstance(value, str) or value not in self.ids:
            raise self._refused(key, column, value)
        return self.ids[value]

    def _refused(self, key: str, column: str, value: object) -> InvalidInput:
        return InvalidInput(
            say(
                "bundle_value_refused",
                "{name}: {column} cannot be {got}.",
                name=f"{key}.jsonl",
                column=column,
                got=short(value),
            )
        )

    def _renamed(self, value: Any) -> Any:
        """A value with every id in it that the file makes anew, keys of objects too."""
        if isinstance(value, str):
            return ID.sub(lambda found: self.ids.get(found[0], found[0]), value)
        if isinstance(value, list):
            return [self._renamed(one) for one in value]
        if isinstance(value, dict):
            return {self._renamed(name): self._renamed(one) for name, one in value.items()}
        return value

    def _place_dataset(self, old: str, row: Row) -> Path:
        path = self.home / "datasets" / f"{row['id']}.jsonl"
        name = f"datasets/{old}.jsonl"
        if name in self.manifest["files"]:
            self._copy(name, path)
            if records.file_digest(path) != row["digest"]:
                raise self._refused("datasets", "digest", row["digest"])
        return path

    def _place_checkpoint(self, old: str, row: Row) -> None:
        folder = self.home / "checkpoints" / str(row["id"])
        names = [name for name in self.manifest["files"] if name.startswith(f"checkpoints/{old}/")]
        for name in names:
            inner = PurePosixPath(name).relative_to(f"checkpoints/{old}")
            if inner.is_absolute() or ".." in inner.parts:
                raise self._refused("manifest", "files", name)
            self._copy(name, folder / inner, placed=folder)
        if not names:
            # Its weights are not here: exactly what an external checkpoint is.
            row["path"] = ""
            row["kind"] = Checkpoint.Kind.EXTERNAL
            return
        check_folder(folder)
        if row["digest"] and records.folder_digest(folder) != row["digest"]:
            raise self._refused("checkpoints", "digest", row["digest"])
        row["path"] = str(folder)

    def _place_run(self, old: str, row: Row) -> Path:
        folder = self.home / "runs" / str(row["id"])
        folder.mkdir(parents=True)
        self.placed.append(folder)
        for name in self.manifest["files"]:
            if name.startswith(f"runs/{old}/"):
                self._copy(name, folder / PurePosixPath(name).name, placed=folder)
        return folder

    def _copy(self, name: str, path: Path, *, placed: Path | None = None) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.placed.append(placed or path)
        with self.archive.open(name) as source, path.open("wb") as target:
            shutil.copyfileobj(source, target, BLOCK)


def _manifest(archive: zipfile.ZipFile) -> Row:
    try:
        found = json.loads(archive.read("manifest.json"))
        version = found["whetstone_project"]
        is_whole = all(isinstance(found[name], dict) for name in ("project", "files"))
    except (ValueError, KeyError, TypeError) as error:
        raise InvalidInput(
            say("bundle_wanted", "Expected a project as it is exported: a zip with a manifest.")
        ) from error
    if version != VERSION or not is_whole:
        raise InvalidInput(
            say(
                "bundle_version",
                "Expected a project of version {version}, got {got}.",
                version=VERSION,
                got=short(version),
            )
        )
    checked: Row = found
    return checked


def _parsed(key: str, line: bytes) -> Row:
    try:
        row = json.loads(line)
    except ValueError as error:
        raise InvalidInput(
            say("bundle_line_broken", "{name} holds a line that is no JSON.", name=f"{key}.jsonl")
        ) from error
    if not isinstance(row, dict):
        raise InvalidInput(
            say("bundle_row_wanted", "{name} holds a line that is no row.", name=f"{key}.jsonl")
        )
    return row
