"""Does the labeler's path cost more than at another commit? Both in one run, taking turns.

    python -m tests.benchmarks.beside COMMIT [--turns N] [--database postgresql|sqlite]

Checks the commit out beside this tree, runs the quick cells of `labeling.py` in either by turns, so
that whatever else the machine does meets both, and prints the ratio of the medians. Either uses the
packages installed here: one that only the commit needs (1a32581: whitenoise) is installed by hand.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

from tests.benchmarks.site import REPOSITORY

WHAT = {"answers/s": 5, "submit p50 ms": 6, "web CPU ms": 12}
LABELERS = "10"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("commit")
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--database", choices=["postgresql", "sqlite"], action="append")
    options = parser.parse_args()
    print(
        "| database | 10 labelers | "
        + options.commit
        + " | now | ratio |\n|---|---|---:|---:|---:|"
    )
    with tempfile.TemporaryDirectory() as name:
        before = Path(name) / "before"
        git("worktree", "add", "--detach", str(before), options.commit)
        try:
            for vendor in options.database or ["postgresql", "sqlite"]:
                compare(vendor, before, options.turns)
        finally:
            git("worktree", "remove", "--force", str(before))


def git(*words: str) -> None:
    subprocess.run(["git", *words], cwd=REPOSITORY, check=True, capture_output=True)


def compare(vendor: str, before: Path, turns: int) -> None:
    found: dict[tuple[str, str], list[float]] = defaultdict(list)
    for _ in range(turns):
        for when, tree in (("before", before), ("now", REPOSITORY)):
            for what, value in measure(tree, vendor).items():
                found[what, when].append(value)
    for what in WHAT:
        then, now = (statistics.median(found[what, when]) for when in ("before", "now"))
        print(f"| {vendor} | {what} | {then:g} | {now:g} | {now / then:.2f} |", flush=True)


def measure(tree: Path, vendor: str) -> dict[str, float]:
    """The cell of ten labelers without a pause, as that tree's own benchmark prints it."""
    command = [sys.executable, "-m", "tests.benchmarks.labeling", "--quick", "--database", vendor]
    done = subprocess.run(command, cwd=tree, stdout=subprocess.PIPE, text=True, check=True)
    for line in done.stdout.splitlines():
        columns = [column.strip() for column in line.strip("|").split("|")]
        if columns[1:2] == ["Whetstone"] and columns[3:5] == [LABELERS, "0"]:
            return {what: float(columns[at]) for what, at in WHAT.items()}
    raise AssertionError(f"no line of {LABELERS} labelers in:\n{done.stdout}")


if __name__ == "__main__":
    main()
