"""A run killed again and again, after every few steps, ends as one that was not.

Short form: tests/training/test_runner, killed once.
"""

from pathlib import Path

from tests.training.conftest import talk
from tests.training.tiny import curve, finish, kill_after, make_run

ROWS = [{"messages": talk(f"say {n}", f"{n} it is not.")} for n in range(40)]
SETTINGS = {
    "batch_size": 4, "micro_batch_size": 4, "max_length": 48,
    "steps": 60, "save_every": 4, "log_every": 7,
}  # fmt: skip


def test_run_killed_nineteen_times_ends_bit_identical(tmp_path: Path, policy: Path):
    straight, killed = (
        make_run(tmp_path / name, "sft", ROWS, kind="messages", settings=SETTINGS, model=policy)
        for name in ("straight", "killed")
    )
    finish(straight)

    for step in range(3, 60, 3):
        kill_after(killed, step=step)
    finish(killed)

    final = "final/model.safetensors"
    assert (killed / final).read_bytes() == (straight / final).read_bytes()
    assert curve(killed, "loss") == curve(straight, "loss")
