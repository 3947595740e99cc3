"""What the platform reads while a job runs."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from training.contract import progress
from training.contract.progress import Status


def test_status_comes_back_and_knows_its_age(tmp_path: Path):
    assert progress.read_status(tmp_path) is None
    status = Status(state="running", step=3, total=9, heartbeat_at=progress.now_text(), pid=7)

    progress.write_status(tmp_path, status)

    assert progress.read_status(tmp_path) == status
    later = datetime.fromisoformat(status.heartbeat_at) + timedelta(seconds=30)
    assert status.age_seconds(later) == 30
    assert later.tzinfo == UTC


def test_metrics_are_read_in_pieces_and_half_a_line_waits(tmp_path: Path):
    assert progress.read_metrics(tmp_path) == ([], 0)
    progress.append_metrics(tmp_path, {"step": 1, "loss": 2.5})
    rows, offset = progress.read_metrics(tmp_path)
    assert rows == [{"step": 1, "loss": 2.5}]

    progress.append_metrics(tmp_path, {"step": 2})
    with (tmp_path / "metrics.jsonl").open("a") as file:
        file.write('{"step": 3, "lo')
    rows, offset = progress.read_metrics(tmp_path, offset)
    assert rows == [{"step": 2}]

    with (tmp_path / "metrics.jsonl").open("a") as file:
        file.write('ss": 1.0}\n')
    assert progress.read_metrics(tmp_path, offset)[0] == [{"step": 3, "loss": 1.0}]


def test_metrics_cut_back_on_resume_are_read_again_from_the_start(tmp_path: Path):
    for step in range(1, 6):
        progress.append_metrics(tmp_path, {"step": step})
    _, offset = progress.read_metrics(tmp_path)

    progress.cut_metrics(tmp_path, 2)

    rows, smaller = progress.read_metrics(tmp_path, offset)
    assert rows == [{"step": 1}, {"step": 2}]
    assert smaller < offset

    progress.append_metrics(tmp_path, {"step": 3, "note": "another line, longer than the old one"})
    assert [row["step"] for row in progress.read_metrics(tmp_path, offset)[0]] == [1, 2, 3]


def test_stop_is_asked_for_and_taken_back(tmp_path: Path):
    assert not progress.stop_requested(tmp_path)
    progress.request_stop(tmp_path)
    assert progress.stop_requested(tmp_path)
    progress.clear_stop(tmp_path)
    assert not progress.stop_requested(tmp_path)


def test_exit_code_of_another_attempt_is_not_taken_for_this_one(tmp_path: Path):
    assert progress.read_exit(tmp_path) is None

    progress.write_exit(tmp_path, code=3, attempt=1)

    assert progress.read_exit(tmp_path) == 3
    assert progress.read_exit(tmp_path, attempt=1) == 3
    assert progress.read_exit(tmp_path, attempt=2) is None
