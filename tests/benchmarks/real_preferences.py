"""Real human preferences through the whole product: import, aggregate, freeze, train, measure.

    python -m tests.benchmarks.real_preferences [--pairs N] [--only hh|pandalm|oasst]

Prints held-out accuracy with its 95 % interval, whatever it is. The base model is trained from
scratch on the text of the training split, so accuracies are those of a very small model.
"""

import argparse
import gzip
import json
import os
import subprocess
import sys
import tempfile
import time
from itertools import islice
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT.parent / "shared" / "data"
FILES = {
    "hh": "hh_rlhf_harmless_base_test.jsonl.gz",
    "pandalm": "pandalm_testset_v1.json.gz",
    "oasst": "oasst_en_100_trees.jsonl.gz",
}
LENGTH = {"max_length": 384, "batch_size": 16, "micro_batch_size": 16}
PRETRAIN = {
    **LENGTH,
    "vocabulary_size": 2048,
    "hidden_size": 128,
    "layers": 4,
    "learning_rate": 2e-3,
}
RECIPE = {
    "steps": [
        {
            "name": "preferences",
            "kind": "aggregate",
            "reads": {"labels": "imported"},
            "learn_from": "round",
        },
        {
            "name": "writer",
            "kind": "train",
            "method": "pretrain",
            "reads": {"data": "preferences", "model": None},
            "settings": PRETRAIN,
        },
        {
            "name": "reward",
            "kind": "train",
            "method": "reward",
            "reads": {"data": "preferences", "model": "writer"},
            "settings": {**LENGTH, "learning_rate": 2e-4, "epochs": 2.0},
        },
        {
            "name": "policy",
            "kind": "train",
            "method": "dpo",
            "reads": {"data": "preferences", "model": "writer"},
            "settings": {**LENGTH, "learning_rate": 5e-5, "epochs": 1.0},
        },
        {
            "name": "evaluation",
            "kind": "evaluate",
            "reads": {"checkpoint": "policy", "reward": "reward"},
        },
    ]
}

REPORT = """
from annotation.models import Checkpoint, Dataset, Round
from annotation.services.checkpoints import held_out_accuracy

round_ = Round.objects.get()
frozen = Dataset.objects.get(key="preferences")
reward = Checkpoint.objects.get(kind="reward")
dpo = Checkpoint.objects.get(method="dpo")
accuracy = held_out_accuracy(reward)
print(f"rows {frozen.rows}: {frozen.train_rows} to train on, {frozen.eval_rows} held out; "
      f"{frozen.votes} labels")
print(f"reward model, held-out accuracy: {accuracy.value:.3f} "
      f"[{accuracy.low:.3f}, {accuracy.high:.3f}] over {accuracy.n} pairs")
print("dpo:", {name: round(value, 3) for name, value in dpo.metrics.items()})
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=sorted(FILES))
    parser.add_argument("--pairs", type=int, help="use the first N lines of a file (hh)")
    options = parser.parse_args()
    if not DATA.is_dir():
        sys.exit(f"The data is expected at {DATA}, which is not there.")
    for name in [options.only] if options.only else FILES:
        measure(name, options.pairs)


def measure(name: str, pairs: int | None) -> None:
    with tempfile.TemporaryDirectory(prefix="whetstone-real-") as storage:
        env = {
            **os.environ,
            "WHETSTONE_STORAGE": storage,
            "WHETSTONE_WORKER_SECONDS": "0.3",
            "DJANGO_SETTINGS_MODULE": "annotation.settings",
            "DATABASE_URL": "",
        }

        def manage(*words: str) -> str:
            return subprocess.run(
                [sys.executable, "manage.py", *words],
                cwd=ROOT,
                env=env,
                check=True,
                capture_output=True,
                text=True,
            ).stdout

        file = DATA / FILES[name]
        if pairs and file.suffixes[-2:] == [".jsonl", ".gz"]:
            short = Path(storage) / "short.jsonl"
            with gzip.open(file, "rt") as lines:
                short.write_text("".join(islice(lines, pairs)))
            file = short
        manage("migrate", "--verbosity", "0")
        manage("create_team", "Bench", "--owner", "bench@example.org")
        began = time.monotonic()
        words = ["--project", name, "--team", "Bench", "--format", name]
        imported = manage("import_comparisons", str(file), *words, "--recipe", json.dumps(RECIPE))
        print(f"== {name}\n{imported.strip()}")
        print(f"import: {time.monotonic() - began:.1f} s")
        began = time.monotonic()
        worker = subprocess.Popen([sys.executable, "manage.py", "worker"], cwd=ROOT, env=env)
        try:
            wait_for_round(env)
        finally:
            worker.terminate()
            worker.wait()
        print(f"aggregate, train, evaluate: {time.monotonic() - began:.0f} s")
        print(script(REPORT, env).strip(), flush=True)


def wait_for_round(env: dict[str, str]) -> None:
    source = (
        "import time\nfrom annotation.models import Round\n"
        "while (r := Round.objects.get()).state != 'done':\n"
        "    blocked = [step.block for step in r.steps.filter(state='blocked')]\n"
        "    assert not blocked, blocked\n"
        "    time.sleep(1)\n"
    )
    script(source, env)


def script(source: str, env: dict[str, str]) -> str:
    return subprocess.run(
        [sys.executable, "-c", "import django; django.setup()\n" + source],
        cwd=ROOT,
        env=env,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    ).stdout


if __name__ == "__main__":
    main()
