"""Runs the demo's cycle offline, without database or server, and measures what it achieves.

    python -m tests.benchmarks.demo_world [--out /tmp/world] [--seeds 17 18 19]

Pretrains a base, lets simulated labelers rank its answers, trains DPO on that, ranks again, trains
PPO from there, and compares the three models on fresh prompts: once by the hidden preference
itself, once by the labelers. Jobs that are already finished under --out are not run again; without
it the runs are gone afterwards.
"""

import argparse
import dataclasses
import hashlib
import json
import math
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from random import Random

from annotation.simulation import world
from annotation.simulation.labelers import LABELERS
from annotation.simulation.preference import impression, score
from annotation.simulation.recipe import DEMO, Recipe
from training.contract import records
from training.contract.spec import DatasetRef, JobSpec, ModelRef, Resources, write_spec

ROOT = Path(__file__).resolve().parents[2]
EVAL_SHARE = 0.2
CONTESTS = [
    ("dpo", "base", "hidden"),
    ("ppo", "base", "hidden"),
    ("ppo", "dpo", "hidden"),
    ("ppo", "base", "labelers"),
]
REWARDS = ("reward 1", "reward 2")


def split_of(text):
    """Train or eval by hash, as the product does it (there over the whole conversation)."""
    tail = int(hashlib.sha256(text.encode()).hexdigest()[-8:], 16)
    return "eval" if tail < EVAL_SHARE * 2**32 else "train"


class Cycle:
    """One seed's runs, each in a directory of its own under `out`."""

    def __init__(self, out, seed, recipe, threads):
        self.out, self.seed, self.recipe, self.threads = Path(out), seed, recipe, threads
        self.seconds = {}

    def job(self, name, method, rows, kind, settings, **models):
        """Run one job and return its directory; one that has run with this spec is re-used."""
        run = self.out / name
        run.mkdir(parents=True, exist_ok=True)
        digest = records.write_rows(run / "dataset.jsonl", rows)
        spec = JobSpec(
            job_id=name,
            method=method,
            dataset=DatasetRef("dataset.jsonl", digest, kind),
            seed=self.seed,
            settings=dict(settings),
            resources=Resources(threads=self.threads),
            **{
                role: ModelRef(str(path), records.folder_digest(path))
                for role, path in models.items()
            },
        )
        same = (run / "spec.json").exists() and json.loads(
            (run / "spec.json").read_text()
        ) == json.loads(json.dumps(spec.to_json()))
        if not (same and (run / "result.json").exists()):
            for left in ("result.json", "status.json", "responses.jsonl", "metrics.jsonl"):
                (run / left).unlink(missing_ok=True)
            write_spec(run, spec)
            started = time.monotonic()
            with (run / "log.txt").open("w") as log:
                code = subprocess.run(
                    [sys.executable, "-m", "training", "run", str(run)],
                    cwd=ROOT, stdout=log, stderr=subprocess.STDOUT, check=False,
                ).returncode  # fmt: skip
            if code:
                sys.exit(f"{name} ended with {code}:\n{(run / 'log.txt').read_text()[-3000:]}")
            (run / "wall.json").write_text(json.dumps(time.monotonic() - started))
        self.seconds[name] = json.loads((run / "wall.json").read_text())
        return run

    def respond(self, name, checkpoint, asked, k):
        """`k` responses of `checkpoint` to each question in `asked`: a list of lists of text."""
        rows = [
            {
                "prompt": question.messages,
                "split": split_of(question.text),
                "ids": {"prompt": str(n)},
            }
            for n, question in enumerate(asked)
        ]
        settings = {**self.recipe.generate, "responses_per_prompt": k}
        run = self.job(name, "generate", rows, "prompts", settings, model=checkpoint)
        written = {}
        for line in (run / "responses.jsonl").read_text().splitlines():
            row = json.loads(line)
            written[row["ids"]["prompt"]] = row["responses"]
        return [written[str(n)] for n in range(len(asked))]

    def label(self, name, asked, answers):
        """Preference rows: each task ranked by `labels_wanted` labelers, ranks averaged."""
        rows = []
        for n, (question, texts) in enumerate(zip(asked, answers, strict=True)):
            task = f"{name}/{self.seed}/{n}"
            rng = Random(task)
            places = [[] for _ in texts]
            for labeler in rng.sample(LABELERS, self.recipe.labels_wanted):
                order = list(range(len(texts)))
                rng.shuffle(order)
                shown = [texts[at] for at in order]
                judged = labeler.judge(question.messages, shown, task_id=task)
                for at, rank in zip(order, judged["answer"]["ranking"], strict=True):
                    if rank is not None:
                        places[at].append(rank)
            means = [statistics.mean(p) if p else None for p in places]
            distinct = sorted({mean for mean in means if mean is not None})
            rows.append(
                {
                    "prompt": question.messages,
                    "responses": texts,
                    "ranks": [None if m is None else distinct.index(m) + 1 for m in means],
                    "weights": None,
                    "votes": self.recipe.labels_wanted,
                    "split": split_of(question.text),
                    "ids": {"prompt": str(n), "responses": [], "labels": []},
                }
            )
        return rows

    def run(self):
        recipe = self.recipe
        n = recipe.prompts_per_round
        asked = world.prompts(self.seed, recipe.prompts)
        fresh = [question for question in asked[2 * n :] if split_of(question.text) == "eval"]
        fresh = fresh[: recipe.comparison_prompts]

        base = self.job(
            "base", "pretrain", world.pretraining_rows(self.seed, recipe.pretraining_rows), "text",
            recipe.pretrain,
        ) / "final"  # fmt: skip

        first = asked[:n]
        k = recipe.responses_per_prompt
        answers = texts_of(self.respond("round-1-generate", base, first, k))
        ranked = self.label("round-1", first, answers)
        reward_1 = self.job(
            "round-1-reward", "reward", ranked, "preference", recipe.reward, model=base
        )
        dpo = self.job(
            "round-1-dpo", "dpo", ranked, "preference", recipe.dpo, model=base, reference=base
        )

        second = asked[n : 2 * n]
        new = self.respond("round-2-generate-new", dpo / "final", second, k - k // 2)
        old = self.respond("round-2-generate-old", base, second, k // 2)
        answers = texts_of([a + b for a, b in zip(new, old, strict=True)])
        ranked += self.label("round-2", second, answers)
        reward_2 = self.job(
            "round-2-reward", "reward", ranked, "preference", recipe.reward, model=base
        )
        ppo = self.job(
            "round-2-ppo", "ppo",
            [
                {"prompt": q.messages, "split": split_of(q.text), "ids": {"prompt": str(i)}}
                for i, q in enumerate(second)
            ],
            "prompts", recipe.ppo,
            model=dpo / "final", reference=dpo / "final", reward=reward_2 / "final",
        )  # fmt: skip

        spoken = {
            name: self.respond(f"compare-{name}", run, fresh, 1)
            for name, run in (("base", base), ("dpo", dpo / "final"), ("ppo", ppo / "final"))
        }
        return self.report(fresh, spoken, reward_1, reward_2)

    def report(self, fresh, spoken, reward_1, reward_2):
        row = {"seed": self.seed}
        for name, written in spoken.items():
            texts = [row[0] for row in texts_of(written)]
            seen = [
                impression(question.messages, text)
                for question, text in zip(fresh, texts, strict=True)
            ]
            row[name] = {
                "utility": round(statistics.mean(i.utility for i in seen), 2),
                "right": round(statistics.mean(i.right or 0 for i in seen), 3),
                "polite": round(statistics.mean(i.polite for i in seen), 3),
                "rude": round(statistics.mean(i.rude for i in seen), 3),
                "finished": round(statistics.mean(i.finished for i in seen), 3),
                "words": round(statistics.mean(i.words for i in seen), 1),
                "eos": round(
                    statistics.mean(one[0]["finish_reason"] == "stop" for one in written), 3
                ),
            }
        for one, other in (("dpo", "base"), ("ppo", "base"), ("ppo", "dpo")):
            row[f"{one} over {other}"] = self.compare(
                fresh, texts_of(spoken[one]), texts_of(spoken[other])
            )
        for name, run in (("reward 1", reward_1), ("reward 2", reward_2)):
            metrics = json.loads((run / "result.json").read_text())["metrics"]
            row[name] = {key: round(metrics[key], 3) for key in ("eval/accuracy", "eval/pairs")}
        row["seconds"] = {name: round(seconds) for name, seconds in self.seconds.items()}
        row["total seconds"] = round(sum(self.seconds.values()))
        return row

    def compare(self, fresh, ones, others):
        """Win rate of `ones`, ties half, with its 95 % interval: hidden preference, labelers."""
        hidden, judged = [], []
        for n, question in enumerate(fresh):
            one, other = ones[n][0], others[n][0]
            difference = score(question.messages, one) - score(question.messages, other)
            hidden.append(0.5 + 0.5 * ((difference > 0) - (difference < 0)))
            task = f"compare/{self.seed}/{n}"
            swap = Random(task).random() < 0.5
            shown = [other, one] if swap else [one, other]
            said = LABELERS[n % len(LABELERS)].judge(question.messages, shown, task_id=task)
            ranking = said["answer"]["ranking"]
            mine, theirs = reversed(ranking) if swap else ranking
            judged.append(0.5 + 0.5 * ((mine < theirs) - (mine > theirs)))
        return {"hidden": interval(hidden), "labelers": interval(judged)}


def texts_of(written):
    return [[response["text"] for response in responses] for responses in written]


def interval(wins):
    """(mean, low, high) in percent, normal approximation over prompts."""
    mean = statistics.mean(wins)
    half = 1.96 * statistics.stdev(wins) / math.sqrt(len(wins))
    return tuple(round(100 * value, 1) for value in (mean, mean - half, mean + half))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, help="where the run directories go")
    parser.add_argument("--seeds", type=int, nargs="+", default=[DEMO.seed])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument(
        "--set", action="append", default=[], metavar="METHOD.NAME=JSON",
        help="try another setting, e.g. dpo.learning_rate=2e-4 or prompts_per_round=200",
    )  # fmt: skip
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as passing:
        measure(given.out or Path(passing), given.seeds, given.threads, given.set)


def measure(out: Path, seeds, threads, assignments):
    recipe = changed(DEMO, assignments)
    rows = []
    for seed in seeds:
        rows.append(Cycle(out / str(seed), seed, recipe, threads).run())
        print(json.dumps(rows[-1], indent=1), flush=True)
        with (out / "table.jsonl").open("a") as file:
            file.write(json.dumps({"set": assignments, **rows[-1]}) + "\n")
    print(table(rows))


def table(rows):
    """The rows as docs/demo.md shows them."""
    contests = [(f"{one} over {other}", by) for one, other, by in CONTESTS]
    head = ["seed", *(f"{contest}, {by}" for contest, by in contests), "right", "polite", "rude"]
    head += ["ended", "reward accuracy", "seconds"]
    lines = [head, ["---"] * len(head)]
    for row in rows:
        cells = ["{} [{}, {}]".format(*row[contest][by]) for contest, by in contests]
        for share in ("right", "polite", "rude", "eos"):
            cells.append(" / ".join(f"{row[model][share]:.2f}" for model in ("base", "dpo", "ppo")))
        cells.append(" / ".join(f"{row[name]['eval/accuracy']:.2f}" for name in REWARDS))
        lines.append([str(row["seed"]), *cells, str(row["total seconds"])])
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def changed(recipe: Recipe, assignments):
    for assignment in assignments:
        name, value = assignment.split("=", 1)
        method, _, setting = name.partition(".")
        value = json.loads(value)
        if setting:
            value = {**getattr(recipe, method), setting: value}
        recipe = dataclasses.replace(recipe, **{method: value})
    return recipe


if __name__ == "__main__":
    main()
