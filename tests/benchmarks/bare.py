"""The least a labeler's answer can cost: two statements, alone and behind a bare Django view.

The two are: take one open task, and store a label for it. No session, no permission, no seat, no
order, no prompt text, no idempotency. `application` is Django as it comes, without middleware.
"""

import json
import os
import random
import threading
import time
import uuid
from datetime import UTC, datetime

TAKE = """
UPDATE annotation_task SET is_open = %s WHERE id = (
    SELECT id FROM annotation_task
    WHERE project_id = %s AND is_open AND position > %s
    ORDER BY position LIMIT 1 {lock})
RETURNING id, position"""
STORE = """
INSERT INTO annotation_label
    (id, created_at, submission_id, answer, flags, comment,
     active_seconds, guideline_version, labeler_id, project_id, round_id, task_id)
VALUES (%s, %s, %s, %s, '[]', '', 1.0, 0, %s, %s, %s, %s)"""
ANSWER = '{"ranking": [1, 2], "strength": null, "all_bad": false}'
POSTGRESQL = TAKE.format(lock="FOR UPDATE SKIP LOCKED"), STORE.format()
SQLITE = tuple(text.replace("%s", "?") for text in (TAKE.format(lock=""), STORE.format()))


def postgresql_answers(url: str, ids: dict, threads: int, seconds: float) -> list[float]:
    """Seconds of each answer, by psycopg alone."""
    import psycopg

    def connect():
        connection = psycopg.connect(url, prepare_threshold=2)

        def answer(cursor_position: int) -> int:
            with connection.transaction():
                found = connection.execute(
                    POSTGRESQL[0], (False, ids["project"], cursor_position)
                ).fetchone()
                if found is None:
                    return -1
                task, position = found
                connection.execute(POSTGRESQL[1], _label(ids, task))
            return position

        return answer

    return _drive(connect, threads, seconds)


def sqlite_answers(path: str, ids: dict, threads: int, seconds: float) -> list[float]:
    """Seconds of each answer, by sqlite3 alone; one writer at a time."""
    import sqlite3

    one_writer = threading.Lock()
    hexed = {name: uuid.UUID(value).hex for name, value in ids.items() if name != "labelers"}
    hexed["labelers"] = [uuid.UUID(value).hex for value in ids["labelers"]]

    def connect():
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")

        def answer(cursor_position: int) -> int:
            with one_writer:
                connection.execute("BEGIN IMMEDIATE")
                found = connection.execute(
                    SQLITE[0], (False, hexed["project"], cursor_position)
                ).fetchone()
                if found is not None:
                    values = _label(hexed, found[0])
                    connection.execute(
                        SQLITE[1],
                        [
                            v.hex
                            if isinstance(v, uuid.UUID)
                            else str(v)
                            if isinstance(v, datetime)
                            else v
                            for v in values
                        ],
                    )
                connection.execute("COMMIT")
            return found[1] if found else -1

        return answer

    return _drive(connect, threads, seconds)


def _label(ids: dict, task: object) -> tuple:
    labeler = random.choice(ids["labelers"])
    now = datetime.now(UTC)
    return uuid.uuid4(), now, uuid.uuid4(), ANSWER, labeler, ids["project"], ids["round"], task


def _drive(connect, threads: int, seconds: float) -> list[float]:
    taken: list[float] = []
    until = time.perf_counter() + seconds

    def work() -> None:
        answer = connect()
        position = -1
        while time.perf_counter() < until:
            began = time.perf_counter()
            position = answer(position)
            if position < 0:
                return
            taken.append(time.perf_counter() - began)

    running = [threading.Thread(target=work) for _ in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    return taken


def _application():
    from django.conf import settings
    from django.core.asgi import get_asgi_application

    get_asgi_application()
    settings.MIDDLEWARE = []
    settings.ROOT_URLCONF = __name__
    return get_asgi_application()


def view(request, id_):
    """Take and store in one call; speaks as much of the API as `load.py` needs."""
    from django.db import connection, transaction

    ids = IDS or _load_ids()
    lease = {"id": str(uuid.uuid4()), "responses": [{}, {}]}
    if request.path.endswith("/assignments/"):
        return _sent({"assignments": [lease]}, 200)
    json.loads(request.body)
    with transaction.atomic(), connection.cursor() as cursor:
        is_sqlite = connection.vendor == "sqlite"
        hexed = (lambda value: uuid.UUID(str(value)).hex) if is_sqlite else (lambda value: value)
        take = TAKE.format(lock="" if is_sqlite else "FOR UPDATE SKIP LOCKED")
        found = None
        while found is None:
            cursor.execute(take, [False, hexed(ids["project"]), ids["position"]])
            found = cursor.fetchone()
        task, position = found
        ids["position"] = max(position, ids["position"])
        key, now, submission, said, labeler, project, round_, task = _label(ids, task)
        values = [hexed(v) for v in (key, submission, labeler, project, round_, task)]
        cursor.execute(
            STORE.format(), [values[0], now, values[1], said, values[2], values[3], *values[4:]]
        )
    return _sent({"label": {"id": str(key)}, "assignments": [lease]}, 201)


def _sent(content: dict, status: int):
    from django.http import HttpResponse

    text = json.dumps(content).encode()
    return HttpResponse(
        text,
        status=status,
        content_type="application/json",
        headers={"Content-Length": str(len(text))},
    )


IDS: dict = {}


def _load_ids() -> dict:
    IDS.update(json.loads(os.environ["BENCHMARK_IDS"]), position=-1)
    return IDS


if os.environ.get("BENCHMARK_IDS"):
    from django.urls import path

    urlpatterns = [
        path("api/projects/<uuid:id_>/assignments/", view),
        path("api/assignments/<uuid:id_>/label/", view),
    ]
    application = _application()
