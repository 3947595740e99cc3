"""Import and export of 100,000 prompts with two responses each, beside the bare limit.

    python -m tests.benchmarks.import_export --write docs/benchmarks/import_export.md

Runs on SQLite in a temporary folder and, where a PostgreSQL server answers, in a database of its
own there. Every measurement is a process of its own, so that its peak memory is its own. The bare
limit moves the same rows with the database's own means and nothing else: no parsing, no checks, no
hashes, no duplicates looked for.
"""

import argparse
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WORDS = ["the", "of", "and", "to", "in", "is", "that", "for", "with", "as", "people", "water"]
STEPS = ("import", "import again", "export", "bare import", "bare export")
OWN_DATABASE = "whetstone_bench_import_export"
TARGET_SECONDS, TARGET_MB = 10, 300


def write_input(path: Path, prompts: int) -> None:
    rng = random.Random(0)

    def text(least: int, most: int) -> str:
        return " ".join(rng.choices(WORDS, k=rng.randint(least, most)))

    with path.open("w") as file:
        for n in range(prompts):
            row = {
                "prompt": f"Question {n}: {text(5, 40)}?",
                "responses": [{"text": text(20, 80), "model": name} for name in ("one", "two")],
                "tags": ["bench"],
            }
            file.write(json.dumps(row) + "\n")


def measure(step: str, folder: Path) -> None:
    """Do one step in this process; prints {"seconds", "mb"}."""
    import django

    django.setup()
    from annotation.exchange.exports import export, write_file
    from annotation.exchange.imports import Source, import_file
    from annotation.models import Project, Team

    name = "bare" if step.startswith("bare") else "ours"
    team, _ = Team.objects.get_or_create(name="Bench")
    project, _ = Project.objects.get_or_create(team=team, name=name)
    start, cpu = time.perf_counter(), _cpu_seconds()
    if step in ("import", "import again"):
        with (folder / "input.jsonl").open("rb") as file:
            report = import_file(project, Source(file, format="prompts"), strict=True)
        count = report.prompts if step == "import" else report.duplicates
        assert report.bad_lines == 0
    elif step == "export":
        path = folder / "output.jsonl"
        write_file(path, export(project, format="prompts").chunks)
        count = sum(1 for _ in path.open("rb"))
    else:
        prepared = _bare_rows(folder / "input.jsonl", project.pk) if step == "bare import" else []
        start, cpu = time.perf_counter(), _cpu_seconds()
        count = _bare_import(prepared) if step == "bare import" else _bare_export(folder)
    seconds, cpu = time.perf_counter() - start, _cpu_seconds() - cpu
    print(json.dumps({"seconds": seconds, "cpu": cpu, "mb": _peak_mb(), "count": count}))


def _cpu_seconds() -> float:
    """Of this process and, where it is on this machine, of the server process that serves it."""
    from django.db import connection

    total = time.process_time()
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            status = Path(f"/proc/{cursor.fetchone()[0]}/stat")
        if status.exists() and "postgres" in status.read_text():
            fields = status.read_text().rsplit(")", 1)[1].split()
            total += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return total


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _bare_rows(path: Path, project: uuid.UUID) -> tuple[list[tuple], list[tuple]]:
    """The rows as the database takes them, made beforehand."""
    from django.db import connection
    from django.utils import timezone

    from annotation.models.prompt import content_hash, split_of

    plain = connection.vendor == "postgresql"
    now = timezone.now() if plain else timezone.now().replace(tzinfo=None).isoformat(" ")

    def key(id_: uuid.UUID) -> object:
        return id_ if plain else id_.hex

    prompts, responses = [], []
    for line in path.open():
        row = json.loads(line)
        messages = [{"role": "user", "content": row["prompt"]}]
        id_, digest = uuid.uuid4(), content_hash(messages)
        prompts.append(
            (
                key(id_),
                now,
                key(project),
                json.dumps(messages),
                "",
                '["bench"]',
                "en",
                digest,
                str(split_of(digest)),
            )
        )
        for index, response in enumerate(row["responses"]):
            responses.append(
                (key(uuid.uuid4()), now, key(id_), response["text"], "import", index, "{}", "")
            )
    return prompts, responses


TABLES = (
    "annotation_prompt (id, created_at, project_id, messages, source, tags, language, "
    "content_hash, split)",
    'annotation_response (id, created_at, prompt_id, text, source, "index", settings, '
    "finish_reason)",
)


def _bare_import(prepared: tuple[list[tuple], list[tuple]]) -> int:
    from django.db import connection, transaction

    with transaction.atomic(), connection.cursor() as cursor:
        for table, rows in zip(TABLES, prepared, strict=True):
            if connection.vendor == "postgresql":
                with cursor.copy(f"COPY {table} FROM STDIN") as copy:
                    for row in rows:
                        copy.write_row(row)
            else:
                marks = ", ".join(["%s"] * len(rows[0]))
                cursor.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)
    return len(prepared[0])


def _bare_export(folder: Path) -> int:
    """Both tables as text, each in one pass: COPY to a file, or rows joined by tabs."""
    from django.db import connection

    sql = (
        "SELECT id, messages, source, tags, language, split FROM annotation_prompt",
        "SELECT prompt_id, text, checkpoint_id FROM annotation_response",
    )
    connection.ensure_connection()
    with (folder / "bare.txt").open("wb") as file:
        for statement in sql:
            if connection.vendor == "postgresql":
                with (
                    connection.cursor() as cursor,
                    cursor.copy(f"COPY ({statement}) TO STDOUT") as c,
                ):
                    for data in c:
                        file.write(data)
            else:
                cursor = connection.connection.execute(statement)
                while rows := cursor.fetchmany(1000):
                    file.write("".join("\t".join(map(str, row)) + "\n" for row in rows).encode())
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM annotation_prompt WHERE project_id = "
            "(SELECT id FROM annotation_project WHERE name = 'ours')"
        )
        return cursor.fetchone()[0]


def run(database: str, folder: Path, prompts: int) -> dict[str, dict[str, float]]:
    environment = {
        **os.environ,
        "DATABASE_URL": database,
        "WHETSTONE_STORAGE": str(folder),
        "DJANGO_SETTINGS_MODULE": "annotation.settings",
        "PYTHONPATH": str(ROOT),
    }
    manage = [sys.executable, str(ROOT / "manage.py"), "migrate", "-v0"]
    subprocess.run(manage, env=environment, check=True)
    found = {}
    for step in STEPS:
        command = [sys.executable, __file__, "--step", step, "--folder", str(folder)]
        out = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
        found[step] = json.loads(out.stdout.splitlines()[-1])
        assert found[step]["count"] == prompts, (step, found[step])
        print("{:14} {seconds:6.2f} s {cpu:6.2f} CPU {mb:5.0f} MB".format(step, **found[step]))
    return found


def postgres_database(url: str) -> str | None:
    """A fresh database on the server of `url`; None where nothing answers."""
    import psycopg

    try:
        drop_database(url)
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {OWN_DATABASE}")
    except psycopg.OperationalError:
        return None
    return f"{url.rsplit('/', 1)[0]}/{OWN_DATABASE}"


def drop_database(url: str) -> None:
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {OWN_DATABASE} WITH (FORCE)")


def report(results: dict[str, dict[str, dict[str, float]]], prompts: int) -> str:
    lines = [
        "# Import and export",
        "",
        f"{prompts:,} prompts with two responses each ({prompts * 3:,} rows): JSON lines in, JSON",
        "lines out, checked, hashed, without duplicates, in one transaction. *Bare* is the same",
        "rows by COPY (PostgreSQL) or executemany (SQLite), prepared beforehand, and nothing else;",
        "its memory holds those prepared rows. Peak memory is the whole process, Django included;",
        "CPU is this process and its database server together. Made by",
        f"`python -m tests.benchmarks.import_export` on {os.cpu_count()} cores, with on average",
        f"{os.getloadavg()[2]:.0f} processes wanting them; where that is more than the cores,",
        "seconds are partly waiting. The target is held against seconds.",
        "",
        "| database | step | seconds | CPU s | prompts/s | peak MB | target |",
        "|---|---|---:|---:|---:|---:|---|",
    ]
    for database, steps in results.items():
        for step, found in steps.items():
            target = "" if step.startswith("bare") else _verdict(found)
            lines.append(
                f"| {database} | {step} | {found['seconds']:.2f} | {found['cpu']:.2f} | "
                f"{prompts / found['seconds']:,.0f} | {found['mb']:.0f} | {target} |"
            )
    lines += ["", f"Target: under {TARGET_SECONDS} s and {TARGET_MB} MB each way.", ""]
    return "\n".join(lines)


def _verdict(found: dict[str, float]) -> str:
    if found["mb"] >= TARGET_MB or found["seconds"] >= TARGET_SECONDS:
        return "**missed**"
    return "kept" if found["seconds"] < TARGET_SECONDS else "CPU time kept"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--prompts", type=int, default=100_000)
    parser.add_argument("--write", type=Path, help="write the table to this file")
    parser.add_argument("--step", choices=STEPS, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.step:
        measure(options.step, options.folder)
        return
    results = {}
    server = os.environ.get("DATABASE_URL", "postgres://root@127.0.0.1:5432/postgres")
    databases = {"SQLite": "", "PostgreSQL": postgres_database(server)}
    for name, database in databases.items():
        if database is None:
            print(f"{name}: no server answers at {server}, skipped")
            continue
        with tempfile.TemporaryDirectory() as folder:
            print(name)
            write_input(Path(folder) / "input.jsonl", options.prompts)
            results[name] = run(database, Path(folder), options.prompts)
    if "PostgreSQL" in results:
        drop_database(server)
    text = report(results, options.prompts)
    print(text)
    if options.write:
        options.write.parent.mkdir(parents=True, exist_ok=True)
        options.write.write_text(text)


if __name__ == "__main__":
    main()
