"""Many rows at once: COPY on PostgreSQL, executemany on SQLite.

`bulk_create` builds a model instance and prepares every field for every row; at 300,000 rows that
is most of the time. Here the caller hands over plain tuples.
"""

import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any
from uuid import UUID

from django.db import connection, models
from django.utils import timezone

Convert = Callable[[Any], Any]


def insert_rows(
    model: type[models.Model], names: Sequence[str], rows: Iterable[Sequence[Any]]
) -> None:
    """Insert rows that hold the named fields in this order; the others get their default.

    Names are those of the columns' attributes (`project_id`). Ids are given as UUID, JSON as
    values. Runs in the caller's transaction; a row that breaks a constraint raises IntegrityError.
    """
    fields = {field.attname: field for field in model._meta.concrete_fields}
    now = timezone.now()
    constants = {
        name: now if getattr(field, "auto_now_add", False) else field.get_default()
        for name, field in fields.items()
        if name not in names and not isinstance(field, models.AutoField)
    }
    columns = [*names, *constants]
    convert = [_converter(fields[name]) for name in columns]
    tail = tuple(
        value if turn is None or value is None else turn(value)
        for value, turn in zip(constants.values(), convert[len(names) :], strict=True)
    )
    turns = [(i, turn) for i, turn in enumerate(convert[: len(names)]) if turn is not None]

    def converted() -> Iterable[list[Any]]:
        for row in rows:
            values = [*row, *tail]
            for i, turn in turns:
                if values[i] is not None:
                    values[i] = turn(values[i])
            yield values

    quote = connection.ops.quote_name
    table = quote(model._meta.db_table)
    target = f"{table} ({', '.join(quote(str(fields[name].column)) for name in columns)})"
    if connection.vendor == "postgresql":
        with (
            connection.cursor() as cursor,
            cursor.copy(f"COPY {target} FROM STDIN") as copy,
        ):
            for values in converted():
                copy.write_row(values)
        return
    marks = ", ".join(["%s"] * len(columns))
    with connection.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO {target} VALUES ({marks})",
            list(converted()),
        )


def renew_statistics(*tables: type[models.Model]) -> None:
    """Let PostgreSQL plan for the rows that are there now, not for the table it last looked at.

    Without it the statements right after a large import read whole tables for a few rows.
    """
    if connection.vendor == "postgresql":
        quote = connection.ops.quote_name
        names = ", ".join(quote(table._meta.db_table) for table in tables)
        with connection.cursor() as cursor:
            cursor.execute(f"ANALYZE {names}")


def random_ids(batch: int = 1000) -> Iterator[UUID]:
    """UUIDv4s without end, as `uuid4` makes them, but one system call gives a whole batch."""
    while True:
        block = os.urandom(16 * batch)
        for start in range(0, len(block), 16):
            yield UUID(bytes=block[start : start + 16], version=4)


def _converter(field: "models.Field[Any, Any]") -> Convert | None:
    """How a value becomes text that this database reads; None where it takes the value itself."""
    if isinstance(field, models.JSONField):
        return json.dumps
    if isinstance(field, models.ForeignKey):
        return _converter(field.target_field)
    if isinstance(field, models.UUIDField):
        return attrgetter("hex")
    if isinstance(field, models.DateTimeField):
        is_postgres = connection.vendor == "postgresql"
        return datetime.isoformat if is_postgres else connection.ops.adapt_datetimefield_value
    return None
