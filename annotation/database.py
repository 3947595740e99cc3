"""Hand-written statements, for the one path that must be fast: handing out and taking in labels.

The ORM compiles its SQL anew at every call, which costs more than the database's own work. Here
the text is fixed, the same on both databases, and PostgreSQL keeps it prepared. Values go in as
Python objects; `Columns` turns what comes out into model rows.
"""

import json
import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from datetime import datetime
from functools import lru_cache
from typing import Any, Generic, TypeVar
from uuid import UUID

import psycopg
from django.db import DEFAULT_DB_ALIAS, connection, connections, models, transaction
from django.db.backends.utils import CursorWrapper

Row = TypeVar("Row", bound=models.Model)

# SQLite lets one transaction write at a time, and those that wait look again after ever longer
# sleeps. Waiting here instead, a thread goes on at the moment the one before it is done.
_one_writer = threading.Lock()


@contextmanager
def writing() -> Iterator[None]:
    """One transaction. Inside another one, `transaction.atomic` and nothing more."""
    # Who is inside another transaction holds SQLite's write lock already; to wait here for a
    # thread that waits for that lock would be a deadlock.
    alone = connection.vendor == "sqlite" and not connection.in_atomic_block
    with _one_writer if alone else nullcontext(), transaction.atomic():
        yield


def fetch(sql: str, *values: Any) -> list[tuple[Any, ...]]:
    """All rows of a statement with `%s` in place of the values."""
    with _execute(sql, values) as cursor:
        return list(cursor.fetchall())


def change(sql: str, *values: Any) -> int:
    """Run an INSERT, UPDATE or DELETE; the number of rows it changed."""
    with _execute(sql, values) as cursor:
        return int(cursor.rowcount)


def insert(row: models.Model) -> None:
    """Insert a row as `save(force_insert=True)` would, without signals. Raises IntegrityError."""
    text, fields = _insert_plan(type(row))
    values = []
    for field, is_json in fields:
        value = field.pre_save(row, True)
        values.append(json.dumps(value) if is_json and value is not None else value)
    change(text, *values)
    row._state.adding = False
    row._state.db = connection.alias


@lru_cache
def _insert_plan(model: type[models.Model]) -> tuple[str, list[tuple[Any, bool]]]:
    fields = model._meta.local_concrete_fields
    names = ", ".join(f'"{field.column}"' for field in fields)
    marks = ", ".join(["%s"] * len(fields))
    text = f'INSERT INTO "{model._meta.db_table}" ({names}) VALUES ({marks})'  # noqa: S608
    return text, [(field, isinstance(field, models.JSONField)) for field in fields]


def _execute(sql: str, values: Sequence[Any]) -> CursorWrapper:
    # Asked for once: `django.db.connection` finds the thread's connection anew at every use.
    here: Any = connections[DEFAULT_DB_ALIAS]
    if here.vendor == "sqlite":
        cursor: CursorWrapper = here.cursor()
        cursor.execute(_without_locks(sql), [_for_sqlite(value) for value in values])
        return cursor
    here.ensure_connection()
    # Django's own cursors write the values into the text, so the text is never the same twice.
    here.connection.prepare_threshold = 2
    cursor = here._prepare_cursor(psycopg.Cursor(here.connection))
    cursor.execute(sql, values)
    return cursor


@lru_cache
def _without_locks(sql: str) -> str:
    """SQLite has no row locks and needs none: a transaction that writes is alone."""
    return re.sub(r"FOR (NO KEY UPDATE|SHARE)( OF \w+)?( SKIP LOCKED)?", "", sql)


def _for_sqlite(value: Any) -> Any:
    if isinstance(value, UUID):
        return value.hex
    if isinstance(value, datetime):
        return connection.ops.adapt_datetimefield_value(value)
    return value


def as_uuid(value: UUID | str) -> UUID:
    """An id as it comes out of `fetch`: SQLite stores the 32 digits."""
    return value if isinstance(value, UUID) else UUID(hex=value)


class Columns(Generic[Row]):
    """Some columns of a table in a joined statement, and the rows they become.

    `Columns(Task, "t", "id", "kind").sql` is `t."id", t."kind"`; `build` takes as many values of a
    fetched tuple, from `start`, as there are columns. Fields left out load when they are used.
    """

    def __init__(self, model: type[Row], alias: str, *names: str) -> None:
        wanted = set(names)
        self.model = model
        self.fields = [field for field in model._meta.concrete_fields if field.attname in wanted]
        assert len(self.fields) == len(names), f"{model.__name__} lacks one of {names}"
        self.names = [field.attname for field in self.fields]
        self.sql = ", ".join(f'{alias}."{field.column}"' for field in self.fields)
        self._converters: dict[str, list[tuple[int, Any, list[Any]]]] = {}

    def build(self, fetched: Sequence[Any], start: int = 0) -> Row:
        return self.model.from_db(DEFAULT_DB_ALIAS, self.names, self.values(fetched, start))

    def values(self, fetched: Sequence[Any], start: int = 0) -> list[Any]:
        """The values that `build` puts into a row, in the order of the model's fields."""
        part = list(fetched[start : start + len(self.fields)])
        for i, expression, converters in self._for_vendor():
            for convert in converters:
                part[i] = convert(part[i], expression, connection)
        return part

    def __len__(self) -> int:
        return len(self.fields)

    def _for_vendor(self) -> list[tuple[int, Any, list[Any]]]:
        found = self._converters.get(connection.vendor)
        if found is None:
            found = []
            for i, field in enumerate(self.fields):
                expression = field.get_col(self.model._meta.db_table)
                converters = [
                    *connection.ops.get_db_converters(expression),
                    *expression.get_db_converters(connection),
                ]
                if converters:
                    found.append((i, expression, converters))
            self._converters[connection.vendor] = found
        return found
