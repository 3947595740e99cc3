"""How far a job is: status, metrics, stop and result in its run directory.

Standard library only; the runner writes, the platform reads, nobody waits for the other.
"""

import dataclasses
import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, TypedDict

from training.contract.files import read_json, sync_directory, sync_file, write_json
from training.contract.parse import parse

State = Literal["starting", "running", "succeeded", "failed", "stopped"]

# `class` is the exception's, `text` what it said. A keyword of Python is no name of a class body.
JobError = TypedDict("JobError", {"class": str, "text": str})

# One line of metrics.jsonl: "t" (ISO 8601), "step", "split" and numbers by name.
MetricsRow = dict[str, float | str]


class JobResult(TypedDict):
    """RUN/result.json: final numbers by name, and what was written, by name (`final` a folder,
    `digest` its digest). `seconds` and `tokens` count all attempts that led here.
    """

    metrics: dict[str, float]
    outputs: dict[str, str | None]
    steps: int
    seconds: float
    tokens: int


class Exit(TypedDict):
    """RUN/exit.json."""

    code: int
    attempt: int


@dataclass(frozen=True, kw_only=True)
class Status:
    """RUN/status.json. `checkpoint` names the last complete one; `total` is None until known.

    The process is known by `host`, `pid` and `started` (seconds since the epoch) together.
    """

    state: State
    step: int = 0
    total: int | None = None
    heartbeat_at: str = ""
    pid: int = 0
    started: float = 0.0
    host: str = ""
    attempt: int = 1
    checkpoint: str | None = None
    error: JobError | None = None

    def age_seconds(self, now: datetime | None = None) -> float:
        """Seconds since the last heartbeat."""
        beat = datetime.fromisoformat(self.heartbeat_at)
        return ((now or datetime.now(UTC)) - beat).total_seconds()


def now_text() -> str:
    """This moment in ISO 8601, UTC."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def write_status(run_dir: Path, status: Status, *, durable: bool = False) -> None:
    """`durable` where the state changes; a heartbeat is worth no fsync a second."""
    write_json(run_dir / "status.json", dataclasses.asdict(status), durable=durable)


def read_status(run_dir: Path | str) -> Status | None:
    """The latest status, or None before the runner wrote one. Unknown fields are ignored.

    None also for a file that holds no status: a power cut can leave a heartbeat empty, and the
    next one puts it right.
    """
    names = {field.name for field in dataclasses.fields(Status)}
    try:
        value = read_json(Path(run_dir) / "status.json")
        known = {k: v for k, v in value.items() if k in names} if isinstance(value, dict) else None
        return parse(Status, known, "status")
    except ValueError:
        return None


def append_metrics(run_dir: Path, row: MetricsRow) -> None:
    """Add one row to RUN/metrics.jsonl; it is on its way to readers when this returns."""
    line = json.dumps(row, allow_nan=False) + "\n"
    with (run_dir / "metrics.jsonl").open("a", encoding="utf-8") as file:
        file.write(line)


def read_metrics(run_dir: Path | str, since_bytes: int = 0) -> tuple[list[MetricsRow], int]:
    """The rows after byte `since_bytes`, and the offset to ask from next time.

    A half-written last line is left for the next call. Where `since_bytes` is not the end of a
    line any more (a resume cut the file back), reading starts over: rows then come again, and the
    caller replaces what it has of their steps.
    """
    path = Path(run_dir) / "metrics.jsonl"
    if not path.exists():
        return [], 0
    with path.open("rb") as file:
        file.seek(max(0, since_bytes - 1))
        start = since_bytes if since_bytes > 0 and file.read(1) == b"\n" else 0
        file.seek(start)
        content = file.read()
    complete = content[: content.rfind(b"\n") + 1]
    return [json.loads(line) for line in complete.splitlines()], start + len(complete)


def cut_metrics(run_dir: Path, step: int) -> None:
    """Drop the rows after `step`, so that a resumed run writes no step twice."""
    path = run_dir / "metrics.jsonl"
    if not path.exists():
        return
    rows, _ = read_metrics(run_dir)
    kept = [row for row in rows if step_of(row) <= step]
    draft = path.with_suffix(".tmp")
    with draft.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(row, allow_nan=False) + "\n" for row in kept)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    sync_directory(run_dir)


def keep_metrics(run_dir: Path) -> None:
    """Make the rows so far durable, before a checkpoint says that they need not come again."""
    if (path := run_dir / "metrics.jsonl").exists():
        sync_file(path)


def step_of(row: MetricsRow) -> int:
    return int(row["step"])


def request_stop(run_dir: Path | str) -> None:
    """Ask the runner to save and stop; it answers with exit code 143."""
    (Path(run_dir) / "stop").touch()


def clear_stop(run_dir: Path | str) -> None:
    """Take a stop back, before starting a stopped run again."""
    (Path(run_dir) / "stop").unlink(missing_ok=True)


def stop_requested(run_dir: Path | str) -> bool:
    return (Path(run_dir) / "stop").exists()


def write_result(run_dir: Path, result: JobResult) -> None:
    write_json(run_dir / "result.json", result)


def read_result(run_dir: Path | str) -> JobResult | None:
    """What a succeeded job achieved, or None."""
    value = read_json(Path(run_dir) / "result.json")
    return None if value is None else parse(JobResult, value, "result")


def write_exit(run_dir: Path, *, code: int, attempt: int) -> None:
    """The runner's last word, so that a worker which is not its parent learns the exit code."""
    write_json(run_dir / "exit.json", {"code": code, "attempt": attempt})


def read_exit(run_dir: Path | str, *, attempt: int | None = None) -> int | None:
    """The exit code of `attempt` (of the latest one if None), or None if it has not ended."""
    value = read_json(Path(run_dir) / "exit.json")
    found = None if value is None else parse(Exit, value, "exit")
    if found is None or (attempt is not None and found["attempt"] != attempt):
        return None
    return found["code"]
