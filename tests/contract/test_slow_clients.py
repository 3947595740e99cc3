"""Two hundred clients who ask for much and read nothing: nobody else may notice.

A real server and real sockets. `EXPORT_PROMPTS=100000` makes the export as large as the largest
we speak of; `pytest -s` shows what was measured.
"""

import contextlib
import json
import os
import select
import socket
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import httpx
import psycopg
import pytest

from tests.site import Site

PROMPTS = int(os.environ.get("EXPORT_PROMPTS", "20000"))
SLOW = 100
# States of a connection in /proc/net/tcp
ESTABLISHED, CLOSE_WAIT = "01", "08"
CUT_SECONDS = 5.0
MB = 1024 * 1024
# There on every machine, whether the front end is built or not.
STATIC = "/static/drf_spectacular_sidecar/redoc/bundles/redoc.standalone.js"

SET_UP = """
import io, json, sys
from annotation.exchange.imports import Source, import_file
from annotation.models import User
from annotation.services import accounts, projects, teams

alice = User.objects.create_user("alice@example.com", "correct horse", name="Alice")
team = teams.create_team(name="Exporters", by=alice)
project = projects.create_project(team, by=alice, settings={"name": "Large"})
lines = [
    json.dumps({"prompt": f"{n}: " + "why? " * 60, "responses": ["a " * 100, "b " * 100]})
    for n in range(int(sys.argv[1]))
]
file = io.BytesIO("\\n".join(lines).encode())
import_file(project, Source(file, format="prompts"), by=alice, strict=True)
_, key = accounts.make_token(alice, name="script")
print(json.dumps({"project": str(project.pk), "key": key}))
"""

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks at the server in /proc")


@dataclass(frozen=True)
class Paths:
    export: str
    key: str


@pytest.fixture(scope="module")
def database():
    """A database of its own on the PostgreSQL under test; None stands for SQLite."""
    address = os.environ.get("DATABASE_URL")
    if not address:
        yield None
        return
    name = f"slow_clients_{os.getpid()}"
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
        yield f"{address.rsplit('/', 1)[0]}/{name}"
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture(scope="module")
def filled(tmp_path_factory, database):
    site = Site(tmp_path_factory.mktemp("site"), database)
    site.env["WHETSTONE_WRITE_SECONDS"] = str(CUT_SECONDS)
    site.manage("migrate", "--verbosity", "0")
    made = json.loads(site.script(SET_UP, str(PROMPTS)))
    return site, Paths(f"/api/projects/{made['project']}/export/", made["key"])


@pytest.fixture
def site(filled):
    """A process that has done nothing yet."""
    site, _ = filled
    site.start()
    yield site
    site.process.terminate()
    site.process.wait(timeout=30)


@pytest.fixture
def paths(filled):
    return filled[1]


def resident(site):
    """Bytes of memory the server has in use."""
    status = Path(f"/proc/{site.process.pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) * 1024


def connected(site):
    """How many clients the server has a connection with."""
    here = f"0100007F:{site.port:04X}"
    lines = Path(f"/proc/{site.process.pid}/net/tcp").read_text().splitlines()[1:]
    ends = (line.split()[1:4] for line in lines)
    return sum(local == here and state in (ESTABLISHED, CLOSE_WAIT) for local, _, state in ends)


def ask(site, path, key):
    line = socket.create_connection(("127.0.0.1", site.port), timeout=30)
    line.sendall(
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {key}\r\n\r\n".encode()
    )
    return line


def read_rest(line):
    """What comes before the end of the connection."""
    content = b""
    with contextlib.suppress(ConnectionError):
        while part := line.recv(1 << 20):
            content += part
    return content


def in_ms(ordered):
    return f"{1e3 * ordered[len(ordered) // 2]:.0f} ms (longest {1e3 * ordered[-1]:.0f})"


def session_seconds(client):
    began = time.monotonic()
    answer = client.get("/api/session/")
    assert answer.status_code == 200
    assert answer.json()["user"]["email"] == "alice@example.com"
    return time.monotonic() - began


def test_an_export_is_sent_as_it_is_made(site, paths, capsys):
    headers = {"Authorization": f"Bearer {paths.key}"}
    with httpx.Client(base_url=site.url, headers=headers, timeout=60) as client:
        session_seconds(client)
        with client.stream("GET", paths.export) as warm_up:
            next(warm_up.iter_bytes())
        before, most, lines, first = resident(site), 0, 0, None
        began = time.monotonic()
        with client.stream("GET", paths.export) as answer:
            for part in answer.iter_bytes():
                first = first or time.monotonic() - began
                lines += part.count(b"\n")
                most = max(most, resident(site))

    grown = (most - before) / MB
    with capsys.disabled():
        print(f"\n{PROMPTS:,} prompts: first byte {first:.3f} s, memory + {grown:.1f} MB")
    assert lines == PROMPTS
    assert first < 5
    assert grown < 40


def test_who_never_reads_stops_nobody_and_is_cut_off(site, paths, database, capsys):
    headers = {"Authorization": f"Bearer {paths.key}"}
    with httpx.Client(base_url=site.url, headers=headers, timeout=30) as client:
        whole = client.get(STATIC, headers={"Accept-Encoding": "identity"}).content
        session_seconds(client)
        alone, before = connected(site), resident(site)
        lines = [ask(site, path, paths.key) for path in (STATIC, paths.export) for _ in range(SLOW)]
        arriving = sorted(session_seconds(client) for _ in range(20))
        for line in lines:
            select.select([line], [], [], 30)
        seconds = sorted(session_seconds(client) for _ in range(20))
        if database:
            held = connections_held(database)
            assert held < 24, f"{held} connections are in use"
        grown = (resident(site) - before) / MB
        site.wait(lambda: connected(site) <= alone, "the slow ones to be cut off", 60)

    with capsys.disabled():
        print(
            f"\n{len(lines)} who never read: /api/session/ answers in {in_ms(arriving)} while they"
            f" arrive, in {in_ms(seconds)} while they wait; memory + {grown:.0f} MB"
        )
    assert arriving[-1] < 5
    assert seconds[-1] < 2
    assert all(len(read_rest(line)) < len(whole) for line in lines[:SLOW])
    assert not any(read_rest(line).endswith(b"0\r\n\r\n") for line in lines[SLOW:])
    for line in lines:
        line.close()


def connections_held(database):
    with psycopg.connect(database) as connection:
        (count,) = connection.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND state <> 'idle' AND pid <> pg_backend_pid()"
        ).fetchone()
    return count


def test_who_reads_slowly_but_reads_is_served(site, paths):
    line = ask(site, STATIC, paths.key)
    line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 1024)
    content = line.recv(4096)
    length = int(content.partition(b"content-length: ")[2].split(b"\r\n")[0])
    began, pause = time.monotonic(), threading.Event()
    while len(content) < length:
        # Twice as long in all as somebody who reads nothing may take.
        pause.wait(CUT_SECONDS * 2 / (length / (32 * 1024)))
        part = line.recv(32 * 1024)
        assert part, f"cut off after {len(content)} of {length} bytes"
        content += part

    assert time.monotonic() - began > CUT_SECONDS
    line.close()
