"""How fast ratings come out of votes: `python -m tests.benchmarks.bench_ratings`

Every row is a process of its own with one thread, so that its peak memory is its own; it includes
the interpreter, the libraries and the arrays of votes. Times run from arrays to ratings and are the
best of five for what takes under two seconds; making the votes and turning them into what a library
wants is not counted. CPU time is what the same takes on a machine with nothing else to
do. Libraries that are not installed are said to be so.
"""

import argparse
import importlib.util
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

SEED = 20
MILLION = 1_000_000


@dataclass(frozen=True)
class Votes:
    first: Any
    second: Any
    score: Any
    annotator: Any
    n_items: int


@dataclass(frozen=True)
class Case:
    title: str
    votes: int
    models: int
    run: Callable[[Votes], Callable[[], Any]]  # prepares, then gives what is timed -> ratings
    needs: str = "numpy"
    target: str = ""
    accurate: bool = True  # whether its result is a Bradley-Terry rating to hold against ours


def draw(n: int, m: int) -> Votes:
    """n votes on m models of strengths N(0, 1) nats, a tenth ties, by 5,000 annotators."""
    rng = np.random.default_rng(SEED)
    strength = rng.normal(size=m)
    first = rng.integers(0, m, n, dtype=np.int32)
    second = ((first + rng.integers(1, m, n, dtype=np.int32)) % m).astype(np.int32)
    score = np.empty(n)
    for start in range(0, n, MILLION):
        rows = slice(start, start + MILLION)
        edge = strength[first[rows]] - strength[second[rows]]
        score[rows] = rng.random(len(edge)) < 1 / (1 + np.exp(-edge))
        score[rows][rng.random(len(edge)) < 0.1] = 0.5
    annotator = rng.integers(0, 5000, n, dtype=np.int32)
    return Votes(first, second, score, annotator, m)


def ours(**options: Any) -> Callable[[Votes], Callable[[], Any]]:
    def prepare(votes: Votes) -> Callable[[], Any]:
        from annotation.aggregation import bradley_terry

        given = dict(options)
        if given.pop("clustered", False):
            given["groups"] = votes.annotator
        return lambda: (
            bradley_terry.fit(
                votes.first, votes.second, votes.score, n_items=votes.n_items, **given
            ).elo
        )

    return prepare


def our_bootstrap(*, clustered: bool) -> Callable[[Votes], Callable[[], Any]]:
    def prepare(votes: Votes) -> Callable[[], Any]:
        from annotation.aggregation.bootstrap import bootstrap

        groups = votes.annotator if clustered else None
        return lambda: bootstrap(
            votes.first, votes.second, votes.score, n_items=votes.n_items, groups=groups
        )[0]

    return prepare


def our_replay(votes: Votes) -> Callable[[], Any]:
    from annotation.aggregation import elo

    return lambda: elo.replay(votes.first, votes.second, votes.score, n_items=votes.n_items)


def our_next_vote(votes: Votes) -> Callable[[], Any]:
    """The whole ladder again after one more vote: what a live page waits for."""
    return ours(clustered=True)(votes)


def _winners(votes: Votes) -> list[Any]:
    import evalica

    names = [evalica.Winner.Y, evalica.Winner.Draw, evalica.Winner.X]
    return [names[int(2 * s)] for s in votes.score]


def evalica_with(method: str, **options: Any) -> Callable[[Votes], Callable[[], Any]]:
    def prepare(votes: Votes) -> Callable[[], Any]:
        import evalica

        xs, ys, winners = votes.first.tolist(), votes.second.tolist(), _winners(votes)
        function = getattr(evalica, method)

        def run() -> Any:
            scores = function(xs, ys, winners, **options).scores.sort_index().to_numpy()
            return _as_elo(np.log(scores)) if method == "bradley_terry" else scores

        return run

    return prepare


def choix_dense(votes: Votes) -> Callable[[], Any]:
    import choix

    def run() -> Any:
        m = votes.n_items
        won = np.zeros((m, m))
        np.add.at(won, (votes.first, votes.second), votes.score)
        np.add.at(won, (votes.second, votes.first), 1 - votes.score)
        return _as_elo(choix.ilsr_pairwise_dense(won, alpha=0, tol=1e-10))

    return run


def scikit_learn(votes: Votes) -> Callable[[], Any]:
    from scipy.sparse import csr_array
    from sklearn.linear_model import LogisticRegression

    def run() -> Any:
        n = len(votes.first)
        tied = votes.score == 0.5
        rows = np.concatenate([np.arange(n), np.flatnonzero(tied)])
        y = np.concatenate([votes.score >= 0.5, np.zeros(int(tied.sum()), bool)])
        weight = np.where(tied[rows], 0.5, 1.0)
        at = np.arange(len(rows))
        entries = np.concatenate([np.ones(len(rows)), -np.ones(len(rows))])
        columns = np.concatenate([votes.first[rows], votes.second[rows]])
        x = csr_array((entries, (np.tile(at, 2), columns)), (len(rows), votes.n_items))
        model = LogisticRegression(C=np.inf, fit_intercept=False, tol=1e-8, max_iter=1000)
        return _as_elo(model.fit(x, y, sample_weight=weight).coef_[0])

    return run


def arena_rank(votes: Votes) -> Callable[[], Any]:
    import arena_rank as library  # the name may be had some day; nothing here depends on it
    import pandas

    winner = np.select([votes.score == 1, votes.score == 0], ["model_a", "model_b"], "tie")
    frame = pandas.DataFrame({"model_a": votes.first, "model_b": votes.second, "winner": winner})
    return lambda: library.BradleyTerry(n_competitors=votes.n_items).fit(frame)


def _as_elo(nats: Any) -> Any:
    return 1000 + 400 / np.log(10) * (nats - nats.mean())


CASES = {
    "fit": Case("ratings", MILLION, 200, ours(), target="0.1 s, 300 MB"),
    "clustered": Case(
        "ratings, errors by annotator", MILLION, 200, ours(clustered=True), target="0.5 s"
    ),
    "davidson": Case("ratings, ties by Davidson", MILLION, 200, ours(ties="davidson")),
    "bootstrap": Case(
        "100 bootstraps by vote",
        MILLION,
        200,
        our_bootstrap(clustered=False),
        target="2 s",
        accurate=False,
    ),
    "bootstrap-annotators": Case(
        "100 bootstraps by annotator",
        MILLION,
        200,
        our_bootstrap(clustered=True),
        target="2 s",
        accurate=False,
    ),
    "ten-million": Case("ratings", 10 * MILLION, 200, ours(), target="2 s, 1 GB"),
    "ten-million-clustered": Case(
        "ratings, errors by annotator", 10 * MILLION, 200, ours(clustered=True)
    ),
    "live": Case("ladder after one more vote", 20_000, 12, our_next_vote, target="10 ms"),
    "replay": Case("online Elo, exact replay", MILLION, 200, our_replay, accurate=False),
    "evalica": Case(
        "evalica bradley_terry, defaults", MILLION, 200, evalica_with("bradley_terry"), "evalica"
    ),
    "evalica-exact": Case(
        "evalica bradley_terry, tolerance 1e-12, limit 10,000",
        MILLION,
        200,
        evalica_with("bradley_terry", tolerance=1e-12, limit=10_000),
        "evalica",
    ),
    "evalica-elo": Case(
        "evalica elo", MILLION, 200, evalica_with("elo"), "evalica", accurate=False
    ),
    "choix": Case("choix ilsr_pairwise_dense", MILLION, 200, choix_dense, "choix"),
    "sklearn": Case("scikit-learn LogisticRegression", MILLION, 200, scikit_learn, "sklearn"),
    "arena-rank": Case("arena-rank", MILLION, 200, arena_rank, "arena_rank"),
}


def measure(name: str) -> dict[str, Any]:
    case = CASES[name]
    votes = draw(case.votes, case.models)
    run = case.run(votes)
    best, best_cpu, result = np.inf, np.inf, None
    for _ in range(5):
        start, cpu = time.perf_counter(), time.process_time()
        result = run()
        took, took_cpu = time.perf_counter() - start, time.process_time() - cpu
        best, best_cpu = min(best, took), min(best_cpu, took_cpu)
        if took > 2:
            break
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    apart = None
    if case.accurate and case.needs != "numpy":
        apart = float(np.abs(np.asarray(result) - ours()(votes)()).max())
    return {"seconds": best, "cpu": best_cpu, "megabytes": peak, "apart": apart}


def measure_apart(name: str) -> dict[str, Any] | None:
    """The same in a fresh process with one thread."""
    environment = os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "tests.benchmarks.bench_ratings", "--case", name]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if run.returncode:
        sys.stderr.write(run.stderr)
        return None
    return json.loads(run.stdout.splitlines()[-1])


def _seconds(value: float) -> str:
    return f"{1000 * value:.1f} ms" if value < 0.02 else f"{value:.2g} s"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--case", choices=CASES, help="measure one row here and print it as JSON")
    chosen = parser.parse_args().case
    if chosen:
        print(json.dumps(measure(chosen)))
        return
    print("| | votes | models | time | CPU time | peak memory | largest Elo gap to ours | target |")
    print("|---|---|---|---|---|---|---|---|")
    for name, case in CASES.items():
        start = f"| {case.title} | {case.votes:,} | {case.models} |"
        if importlib.util.find_spec(case.needs) is None:
            print(f"{start} not installed | | | | |", flush=True)
            continue
        found = measure_apart(name)
        if found is None:
            print(f"{start} failed | | | | |", flush=True)
            continue
        took, cpu = (_seconds(found[key]) for key in ("seconds", "cpu"))
        apart = "" if found["apart"] is None else f"{found['apart']:.2g}"
        print(
            f"{start} {took} | {cpu} | {found['megabytes']:.0f} MB | {apart} | {case.target} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
