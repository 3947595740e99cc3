"""Every benchmark, one after the other; the figures they print are kept in docs/benchmarks.md.

make bench                                 all of them, about half an hour on 2 cores
python -m tests.benchmarks labeling        one of them
"""

import argparse
import subprocess
import sys

BENCHMARKS = {
    "labeling": "the labeler's hot path, on SQLite and PostgreSQL, beside the bare limits",
    "import_export": "100,000 prompts in and out, beside the bare limits",
    "bench_ratings": "ratings of a million votes, beside other libraries",
    "calibration": "do intervals cover and tests hold what they promise",
    "real_preferences": "held-out accuracy on real human preferences",
    "demo_world": "what the demo's training achieves, by seed",
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", choices=[[], *BENCHMARKS], metavar="NAME")
    names = parser.parse_args().names or list(BENCHMARKS)
    failed = []
    for name in names:
        print(f"\n==== {name}: {BENCHMARKS[name]}", flush=True)
        if subprocess.call([sys.executable, "-m", f"tests.benchmarks.{name}"]):
            failed.append(name)
    if failed:
        print(f"\nfailed: {', '.join(failed)}")
    return len(failed)


if __name__ == "__main__":
    sys.exit(main())
