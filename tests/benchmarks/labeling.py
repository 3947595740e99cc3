"""How many answers a second, how quickly, and is any lost or doubled?

    python -m tests.benchmarks.labeling [--quick] [--database postgresql|sqlite] [--tasks N ...]
                                        [--seconds S] [--realtime]

Starts real servers on databases of its own, puts labelers before them (`load.py`) and compares
with the least an answer can cost, measured in the same run (`bare.py`). An answer is a submit
whose response carries the next tasks; every 50th is sent twice and has to be the same label.
"""

import argparse
import http.cookiejar
import json
import os
import platform
import subprocess
import sys
import tempfile
import urllib.request
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.benchmarks import bare
from tests.benchmarks.load import Plan
from tests.benchmarks.site import REPOSITORY, Server, children, database, fill, server

PASSWORD = "correct horse battery staple"
LABELERS = 50
REALTIME = False


@dataclass(frozen=True)
class Cell:
    labelers: int
    think_seconds: float
    seconds: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="under 90 seconds")
    parser.add_argument("--database", choices=["postgresql", "sqlite"], action="append")
    parser.add_argument("--tasks", type=int, action="append")
    parser.add_argument("--seconds", type=float, default=6)
    parser.add_argument(
        "--realtime",
        action="store_true",
        help="servers, their database processes and labelers go before everything else on a busy "
        "machine while they are measured (Linux, root)",
    )
    options = parser.parse_args()
    global REALTIME
    REALTIME = options.realtime
    sizes = options.tasks or ([10_000] if options.quick else [1_000, 10_000, 100_000])
    short = 3 if options.quick else options.seconds
    long = 8 if options.quick else 20
    cells = [Cell(n, 0, short) for n in ((10,) if options.quick else (1, 10, 50))]
    cells += [Cell(n, 5, long) for n in ((50,) if options.quick else (10, 50))]
    print(f"{platform.python_version()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    print(HEAD)
    for vendor in options.database or ["postgresql", "sqlite"]:
        for tasks in sizes:
            measure_site(vendor, tasks, cells, bare_too=tasks == sizes[-1], seconds=short)
        if not options.quick:
            measure_old_hand(vendor, short)


HEAD = (
    "| database | what | tasks | labelers | thinking s | answers/s | submit p50 ms | p95 | p99 "
    "| next p50 | p95 | p99 | web CPU ms | answers | doubled | lost | load |\n" + "|---" * 17 + "|"
)


@dataclass(frozen=True)
class Ground:
    """A filled database."""

    vendor: str
    tasks: int
    url: str
    ids: dict


def measure_site(vendor: str, tasks: int, cells: list[Cell], *, bare_too: bool, seconds: float):
    with tempfile.TemporaryDirectory() as name, database(vendor, Path(name)) as url:
        folder = Path(name)
        ids = fill(url, folder, tasks=tasks, labels_wanted=1, labelers=LABELERS)
        ground = Ground(vendor, tasks, url, ids)
        with server(url, folder) as site:
            ids["sessions"][0] = sign_in(site.port)
            warm_up(ground, site)
            for cell in cells:
                row(ground, "Whetstone", cell, load(ground, site, cell))
                reset(url)
        if vendor == "postgresql" and bare_too:
            with server(url, folder, processes="2") as site:
                warm_up(ground, site)
                cell = Cell(10, 0, seconds)
                row(ground, "Whetstone, 2 processes", cell, load(ground, site, cell))
                reset(url)
        if bare_too:
            measure_bare(ground, folder, seconds)


def measure_bare(ground: Ground, folder: Path, seconds: float):
    url, ids = ground.url, ground.ids
    known = {name: ids[name] for name in ("project", "round", "labelers")}
    for labelers in (1, 10):
        if ground.vendor == "postgresql":
            taken = bare.postgresql_answers(url, known, labelers, seconds)
        else:
            taken = bare.sqlite_answers(url.removeprefix("sqlite:///"), known, labelers, seconds)
        alone = {"submit_seconds": taken, "next_seconds": [], "seconds": seconds}
        row(ground, "two statements alone", Cell(labelers, 0, seconds), alone)
        reset(url)
    cell = Cell(10, 0, seconds)
    application = "tests.benchmarks.bare:application"
    with server(url, folder, application=application, BENCHMARK_IDS=json.dumps(known)) as site:
        row(ground, "bare Django view", cell, load(ground, site, cell, checked=False))
    reset(url)


def measure_old_hand(vendor: str, seconds: float):
    """A labeler with 20,000 labels behind them, where tasks want three: as quick as a new one?"""
    with tempfile.TemporaryDirectory() as name, database(vendor, Path(name)) as url:
        folder = Path(name)
        ids = fill(url, folder, tasks=40_000, labels_wanted=3, labelers=1)
        ground = Ground(vendor, 40_000, url, ids)
        cell = Cell(1, 0, seconds)
        with server(url, folder) as site:
            warm_up(ground, site)
            row(ground, "new labeler, 3 wanted", cell, load(ground, site, cell))
            reset(url)
            label_first(url, ids, 20_000)
            row(ground, "after 20,000 labels", cell, load(ground, site, cell))
            pass_end(url, 40_000)
            row(ground, "asking at the end", cell, load(ground, site, cell, next_only=True))


def warm_up(ground: Ground, site: Server) -> None:
    """Processes that have just started import, connect and prepare at their first requests."""
    load(ground, site, Cell(min(10, len(ground.ids["sessions"])), 0, 1))
    reset(ground.url)


def sign_in(port: int) -> tuple[str, str]:
    """Session and CSRF token of the first labeler, by signing in as a browser does."""
    jar = http.cookiejar.CookieJar()
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
    path = f"http://127.0.0.1:{port}/api/session/"
    token = json.load(browser.open(path))["csrf_token"]
    request = urllib.request.Request(
        path,
        json.dumps({"email": "labeler0@example.com", "password": PASSWORD}).encode(),
        {"Content-Type": "application/json", "X-CSRFToken": token},
    )
    assert json.load(browser.open(request))["user"]
    cookies = {cookie.name: cookie.value for cookie in jar}
    return cookies["sessionid"], cookies["csrftoken"]


def load(
    ground: Ground, site: Server, cell: Cell, *, checked: bool = True, next_only: bool = False
) -> dict:
    """What a process full of labelers measured."""
    plan = Plan(
        port=site.port,
        project=ground.ids["project"],
        sessions=ground.ids["sessions"][: cell.labelers],
        seconds=cell.seconds,
        think_seconds=cell.think_seconds,
        next_every=2 if cell.think_seconds else 10,
        resend_every=50 if checked else 0,
        next_only=next_only,
    )
    first: list[str] = []
    if REALTIME:
        first = ["chrt", "--rr", "1"]
        for pid in [site.pid, *children(site.pid), *database_processes(ground.url)]:
            subprocess.run(
                ["chrt", "--all-tasks", "--rr", "--pid", "1", str(pid)], stderr=subprocess.DEVNULL
            )
    before = site.cpu_seconds()
    done = subprocess.run(
        [*first, sys.executable, "-m", "tests.benchmarks.load"],
        input=json.dumps(asdict(plan)),
        stdout=subprocess.PIPE,
        cwd=REPOSITORY,
        text=True,
        check=True,
    )
    measured = json.loads(done.stdout)
    return measured | {"checked": checked, "cpu_seconds": site.cpu_seconds() - before}


def database_processes(url: str) -> list[int]:
    """PostgreSQL's processes for this database, and the one that writes its log."""
    if url.startswith("sqlite"):
        return []
    rows = fetch(
        url,
        """SELECT pid FROM pg_stat_activity
        WHERE datname = current_database() OR backend_type = 'walwriter'""",
    )
    return [pid for (pid,) in rows]


def row(ground: Ground, what: str, cell: Cell, measured: dict) -> None:
    """Print one line of the table."""
    submit, next_ = measured["submit_seconds"], measured["next_seconds"]
    doubled = lost = "–"
    if measured.get("checked"):
        assert not measured["refused"], measured["refused"][:3]
        doubled, lost = count_wrong(ground.url, measured)
    requests = len(submit) + len(next_)
    cpu = measured.get("cpu_seconds", 0)
    columns = [ground.vendor, what, f"{ground.tasks:,}", cell.labelers, f"{cell.think_seconds:g}"]
    columns += [f"{len(submit) / measured['seconds']:.0f}", *quantiles(submit), *quantiles(next_)]
    columns += [f"{1e3 * cpu / requests:.2f}" if cpu and requests else "–"]
    columns += [len(submit), doubled, lost, f"{os.getloadavg()[0]:.1f}"]
    print("| " + " | ".join(str(column) for column in columns) + " |", flush=True)


def quantiles(seconds: list[float]) -> list[str]:
    """p50, p95 and p99 in ms."""
    if not seconds:
        return ["–"] * 3
    ordered = sorted(seconds)
    return [f"{1e3 * ordered[int(q * (len(ordered) - 1))]:.1f}" for q in (0.5, 0.95, 0.99)]


def count_wrong(url: str, measured: dict) -> tuple[int, int]:
    """Labels that are there twice (or answers stored differently when sent again); labels lost."""
    rows = fetch(url, "SELECT id, task_id, labeler_id FROM annotation_label")
    stored = {str(id_).replace("-", "") for id_, _, _ in rows}
    pairs = len(rows) - len({(task, labeler) for _, task, labeler in rows})
    too_many = fetch(
        url,
        """SELECT count(*) FROM annotation_task t WHERE t.labels_wanted < (
            SELECT count(*) FROM annotation_assignment a
            WHERE a.task_id = t.id AND a.state IN ('leased', 'submitted'))""",
    )[0][0]
    lost = {id_.replace("-", "") for id_ in measured["acknowledged"]} - stored
    return pairs + too_many + measured["doubled"], len(lost)


def fetch(url: str, *statements: str) -> list:
    """Run statements in one transaction; the rows of the last one."""
    if url.startswith("sqlite"):
        import sqlite3

        connection = sqlite3.connect(url.removeprefix("sqlite:///"), timeout=60)
    else:
        import psycopg

        connection = psycopg.connect(url)
    try:
        for statement in statements:
            cursor = connection.execute(statement)
        rows = cursor.fetchall() if cursor.description else []
        connection.commit()
        return rows
    finally:
        connection.close()


def reset(url: str) -> None:
    """As before the first answer."""
    fetch(
        url,
        "DELETE FROM annotation_label",
        "DELETE FROM annotation_assignment",
        "DELETE FROM annotation_seat",
        "UPDATE annotation_task SET is_open = true WHERE NOT is_open",
    )
    vacuum(url)


def vacuum(url: str) -> None:
    if not url.startswith("sqlite"):
        import psycopg

        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE")


def label_first(url: str, ids: dict, n: int) -> None:
    """Labels and assignments of the first labeler for the first n tasks, and their seat."""
    labeler = ids["labelers"][0]
    is_sqlite = url.startswith("sqlite")
    key = "lower(hex(randomblob(16)))" if is_sqlite else "gen_random_uuid()"
    labeler = labeler.replace("-", "") if is_sqlite else labeler
    now = "strftime('%Y-%m-%d %H:%M:%f', 'now')" if is_sqlite else "now()"
    fetch(
        url,
        f"""INSERT INTO annotation_assignment (id, created_at, task_id, labeler_id, round_id,
            project_id, state, "order", position, leased_at, expires_at, ended_at, skip_reason,
            draft_saved_at, amends)
        SELECT {key}, {now}, id, '{labeler}', round_id, project_id, 'submitted', '[0, 1]',
            position, {now}, {now}, {now}, '', 0, false
        FROM annotation_task WHERE position < {n}""",
        f"""INSERT INTO annotation_label (id, created_at, submission_id, answer,
            flags, comment, active_seconds, guideline_version, labeler_id, project_id,
            round_id, task_id)
        SELECT {key}, {now}, {key}, '{bare.ANSWER}', '[]', '', 1.0, 0, '{labeler}',
            project_id, round_id, id
        FROM annotation_task WHERE position < {n}""",
        f"""INSERT INTO annotation_seat (project_id, labeler_id, cursor, behind, labels_today,
            guideline_version_seen)
        SELECT project_id, '{labeler}', {n - 1}, -1, 0, 0 FROM annotation_task LIMIT 1""",
    )
    vacuum(url)


def pass_end(url: str, tasks: int) -> None:
    """The labeler has been handed the last task; what is open behind them is others' to do."""
    fetch(
        url,
        "UPDATE annotation_assignment SET state = 'submitted' WHERE state = 'leased'",
        "UPDATE annotation_task SET is_open = false WHERE position >= 20000",
        f"UPDATE annotation_seat SET cursor = {tasks - 1}",
    )


if __name__ == "__main__":
    main()
