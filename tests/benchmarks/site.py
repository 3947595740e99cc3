"""A site to measure: a database of its own, filled, and real servers on it."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.parse
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
POSTGRESQL = os.environ.get("BENCHMARK_POSTGRESQL", "postgres://root@127.0.0.1:5432/postgres")
REDIS = os.environ.get("BENCHMARK_REDIS", "redis://127.0.0.1:6379/9")


@contextmanager
def database(vendor: str, folder: Path) -> Iterator[str]:
    """The URL of a fresh database with the product's tables; dropped afterwards."""
    if vendor == "sqlite":
        path = folder / "db.sqlite3"
        yield f"sqlite:///{path}"
        for suffix in ("", "-wal", "-shm"):
            Path(f"{path}{suffix}").unlink(missing_ok=True)
        return
    import psycopg

    name = f"whetstone_benchmark_{uuid.uuid4().hex[:8]}"
    with psycopg.connect(POSTGRESQL, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        try:
            yield urllib.parse.urlsplit(POSTGRESQL)._replace(path=f"/{name}").geturl()
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def environment(url: str, folder: Path, **more: str) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return {
        **kept,
        "PYTHONPATH": str(REPOSITORY),
        "DJANGO_SETTINGS_MODULE": "annotation.settings",
        "DATABASE_URL": url,
        "WHETSTONE_STORAGE": str(folder),
        "OMP_NUM_THREADS": "1",
        **more,
    }


def run(url: str, folder: Path, *arguments: str, **more: str) -> str:
    done = subprocess.run(
        [sys.executable, *arguments],
        env=environment(url, folder, **more),
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )
    return done.stdout


def fill(url: str, folder: Path, *, tasks: int, labels_wanted: int, labelers: int) -> dict:
    """Migrate and fill; ids and sessions as `seed.py` prints them."""
    run(url, folder, "manage.py", "migrate", "--verbosity", "0")
    printed = run(
        url,
        folder,
        "-m",
        "tests.benchmarks.seed",
        json.dumps({"tasks": tasks, "labels_wanted": labels_wanted, "labelers": labelers}),
    )
    return json.loads(printed)


@dataclass(frozen=True)
class Server:
    port: int
    pid: int

    def cpu_seconds(self) -> float:
        """Processor time used so far by the web processes (Linux; 0 elsewhere)."""
        return sum(cpu_seconds(pid) for pid in [self.pid, *children(self.pid)])


def cpu_seconds(pid: int) -> float:
    try:
        numbers = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(numbers[11]) + int(numbers[12])) / os.sysconf("SC_CLK_TCK")


def children(pid: int) -> list[int]:
    try:
        return [int(n) for n in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def uvicorn(application: str, port: int, processes: int = 1) -> list[str]:
    """As `manage.py serve` starts it."""
    command = ["uvicorn", application, "--port", str(port), "--no-access-log"]
    command += ["--timeout-keep-alive", "75"]
    return [*command, "--log-level", "warning", "--no-server-header", "--workers", str(processes)]


def gunicorn(application: str, port: int, processes: int = 2, threads: int = 8) -> list[str]:
    command = ["gunicorn", application, "--bind", f"127.0.0.1:{port}", "--log-level", "warning"]
    command += ["--keep-alive", "75"]
    return [*command, "--workers", str(processes), "--threads", str(threads)]


@contextmanager
def server(
    url: str,
    folder: Path,
    *,
    application: str = "annotation.asgi:application",
    by: Callable[..., list[str]] = uvicorn,
    **more: str,
) -> Iterator[Server]:
    """A running server; `by` gives its command."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    processes = int(more.pop("processes", "1" if by is uvicorn else "2"))
    if processes > 1 and by is uvicorn:
        more["REDIS_URL"] = REDIS
    command = [sys.executable, "-m", *by(application, port, processes)]
    process = subprocess.Popen(command, env=environment(url, folder, **more), cwd=REPOSITORY)
    try:
        _wait(port, process)
        yield Server(port, process.pid)
    finally:
        process.terminate()
        process.wait(timeout=30)


def _wait(port: int, process: subprocess.Popen) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert process.poll() is None, "the server did not start"
        try:
            socket.create_connection(("127.0.0.1", port), timeout=5).close()
            return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("the server did not answer within 60 s")
