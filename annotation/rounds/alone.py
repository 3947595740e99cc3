"""At most one worker at a round."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from uuid import UUID

import psycopg
from django.conf import settings
from django.db import connection


@contextmanager
def alone(id_: UUID) -> Iterator[bool]:
    """Whether nobody else, in any process, is at this id; if so, nobody comes until the end.

    Never waits. The lock belongs to the connection (PostgreSQL's advisory locks) or to the open
    file (beside SQLite, which is one machine's), so it ends with the process that is killed, and
    holding it for minutes costs the database no transaction.
    """
    if connection.vendor == "postgresql":
        key = int.from_bytes(id_.bytes[:8], signed=True)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [key])
            is_mine = bool(cursor.fetchone()[0])
        try:
            yield is_mine
        finally:
            # A connection that is lost has taken the lock with it.
            if is_mine:
                with suppress(psycopg.OperationalError):
                    connection.connection.execute("SELECT pg_advisory_unlock(%s)", [key])
        return
    folder = settings.STORAGE_DIR / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / str(id_)).open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
