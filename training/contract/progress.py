"""How far a job is: status, metrics, stop and result in its run directory.

Standard library only; the runner writes, the platform reads, nobody waits for the other.
"""

import dataclasses
import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from training.contract.files import read_json, write_json

STATES = ("starting", "running", "succeeded", "failed", "stopped")


@dataclass(frozen=True, kw_only=True)
class Status:
    """RUN/status.json. `checkpoint` names the last complete one; `total` is None until known."""

    state: str
    step: int = 0
    total: int | None = None
    heartbeat_at: str = ""
    pid: int = 0
    host: str = ""
    attempt: int = 1
    checkpoint: str | None = None
    error: dict[str, str] | None = None

    def age_seconds(self, now: datetime | None = None) -> float:
        """Seconds since the last heartbeat."""
        beat = datetime.fromisoformat(self.heartbeat_at)
        return ((now or datetime.now(UTC)) - beat).total_seconds()


def now_text() -> str:
    """This moment in ISO 8601, UTC."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def write_status(run_dir: Path, status: Status, *, durable: bool = False) -> None:
    write_json(run_dir / "status.json", dataclasses.asdict(status), durable=durable)


def read_status(run_dir: Path | str) -> Status | None:
    """The latest status, or None before the runner wrote one. Unknown fields are ignored."""
    value = read_json(Path(run_dir) / "status.json")
    if value is None:
        return None
    names = {field.name for field in dataclasses.fields(Status)}
    return Status(**{key: item for key, item in value.items() if key in names})


def append_metrics(run_dir: Path, row: dict[str, Any]) -> None:
    """Add one row to RUN/metrics.jsonl; it is on its way to readers when this returns."""
    line = json.dumps(row, allow_nan=False) + "\n"
    with (run_dir / "metrics.jsonl").open("a", encoding="utf-8") as file:
        file.write(line)


def read_metrics(run_dir: Path | str, since_bytes: int = 0) -> tuple[list[dict[str, Any]], int]:
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
    kept = [row for row in rows if row["step"] <= step]
    draft = path.with_suffix(".tmp")
    with draft.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(row, allow_nan=False) + "\n" for row in kept)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def request_stop(run_dir: Path | str) -> None:
    """Ask the runner to save and stop; it answers with exit code 143."""
    (Path(run_dir) / "stop").touch()


def clear_stop(run_dir: Path | str) -> None:
    """Take a stop back, before starting a stopped run again."""
    (Path(run_dir) / "stop").unlink(missing_ok=True)


def stop_requested(run_dir: Path | str) -> bool:
    return (Path(run_dir) / "stop").exists()


def write_result(run_dir: Path, result: dict[str, Any]) -> None:
    write_json(run_dir / "result.json", result)


def read_result(run_dir: Path | str) -> dict[str, Any] | None:
    """What a succeeded job achieved, or None."""
    value: dict[str, Any] | None = read_json(Path(run_dir) / "result.json")
    return value


def write_exit(run_dir: Path, *, code: int, attempt: int) -> None:
    """The runner's last word, so that a worker which is not its parent learns the exit code."""
    write_json(run_dir / "exit.json", {"code": code, "attempt": attempt})


def read_exit(run_dir: Path | str, *, attempt: int | None = None) -> int | None:
    """The exit code of `attempt` (of the latest one if None), or None if it has not ended."""
    value = read_json(Path(run_dir) / "exit.json")
    if value is None or (attempt is not None and value["attempt"] != attempt):
        return None
    return int(value["code"])
