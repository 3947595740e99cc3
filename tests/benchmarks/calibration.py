"""Do the intervals hold what they promise? `python -m tests.benchmarks.calibration [SECTION ...]`

Prints the tables of docs/statistics.md, seeded, in some minutes on one core. Every simulation
draws votes from a known truth and counts how often the product's own functions cover or find it.
"""

import argparse
import math
import time
from collections.abc import Iterator
from functools import partial

import numpy as np
from numpy.polynomial.hermite_e import hermegauss
from scipy.special import expit

from annotation.aggregation import bradley_terry
from annotation.aggregation.agreement import cohen_kappa, fleiss_kappa, krippendorff_alpha
from annotation.aggregation.budget import plan_votes
from annotation.aggregation.choice import next_pairs, posterior_covariance
from annotation.aggregation.estimate import with_interval
from annotation.aggregation.forecast import fit_power_law
from annotation.aggregation.reliability import (
    crowd_bradley_terry,
    dawid_skene,
    mace,
    vote_weights,
)
from annotation.aggregation.stopping import annotator_blocks, confidence_sequence, typical_votes

ELO_PER_NAT = 400 / math.log(10)


def annotators() -> Iterator[str]:
    """Coverage of 95 % rating intervals when annotators have tastes and unequal diligence."""
    yield "| annotators | votes by each | per vote | by annotator |"
    yield "|---|---|---|---|"
    strength = np.linspace(-0.6, 0.6, 6)
    taste = 0.5
    truth = marginal_elo(strength, taste)
    for n_annotators in (4, 6, 10, 20, 50):
        for inequality, words in ((0.0, "equal"), (1.0, "unequal"), (1.5, "very unequal")):
            random = np.random.default_rng(n_annotators)
            covered = np.zeros(2)
            for _ in range(500):
                share = random.lognormal(0, inequality, n_annotators)
                annotator = random.choice(n_annotators, 2000, p=share / share.sum())
                own = strength + random.normal(0, taste, (n_annotators, 6))
                first = random.integers(0, 6, 2000)
                second = (first + random.integers(1, 6, 2000)) % 6
                p = expit(own[annotator, first] - own[annotator, second])
                score = (random.random(2000) < p).astype(float)
                for k, groups in enumerate((None, annotator)):
                    ratings = bradley_terry.fit(first, second, score, n_items=6, groups=groups)
                    low, high = ratings.interval()
                    covered[k] += np.mean((low <= truth) & (truth <= high)) / 500
            yield f"| {n_annotators} | {words} | {covered[0]:.1%} | {covered[1]:.1%} |"


def marginal_elo(strength: np.ndarray, taste: float) -> np.ndarray:
    """Ratings that a fit to infinitely many annotators would find: chances averaged over tastes."""
    z, weight = hermegauss(60)
    d = strength[:, None] - strength[None, :]
    p = expit(d[..., None] + math.sqrt(2) * taste * z) @ (weight / weight.sum())
    i, j = np.triu_indices(len(strength), 1)
    return bradley_terry.fit(
        np.concatenate([i, i]),
        np.concatenate([j, j]),
        np.repeat([1.0, 0.0], i.size),
        n_items=len(strength),
        weights=np.concatenate([p[i, j], 1 - p[i, j]]),
    ).elo


def agreement() -> Iterator[str]:
    """Coverage of the 95 % jackknife over tasks; truth from 300,000 tasks."""
    yield "| statistic | 30 tasks | 100 tasks | 300 tasks |"
    yield "|---|---|---|---|"

    def ratings(tasks: int, random: np.random.Generator) -> np.ndarray:
        truth = random.normal(0, 1, tasks)
        seen = truth + random.normal(0, 0.8, (3, tasks))
        table = np.digitize(seen, [-1, 0, 1]).astype(float)
        table[random.random(table.shape) < 0.1] = np.nan
        return table

    def fleiss(table: np.ndarray) -> float:
        filled = np.where(np.isnan(table), 1, table).astype(int)
        return fleiss_kappa(np.stack([(filled == c).sum(axis=0) for c in range(4)], axis=1))

    statistics = {
        f"Krippendorff's alpha, {level}": partial(krippendorff_alpha, level=level)
        for level in ("nominal", "ordinal", "interval")
    }
    statistics["Cohen's kappa"] = lambda table: cohen_kappa(table[0], table[1])
    statistics["Fleiss' kappa"] = fleiss
    for name, statistic in statistics.items():
        truth = statistic(ratings(300_000, np.random.default_rng(0)))
        cells = []
        for tasks in (30, 100, 300):
            random = np.random.default_rng(tasks)
            intervals = [with_interval(statistic, ratings(tasks, random)) for _ in range(500)]
            cells.append(f"{np.mean([e.low <= truth <= e.high for e in intervals]):.1%}")
        yield f"| {name} | {' | '.join(cells)} |"


def stopping() -> Iterator[str]:
    """Null streams rejected when looked at after every vote, and what watching costs."""
    yield "| stream without a difference, 2,000 votes | looked at | says there is one |"
    yield "|---|---|---|"
    random = np.random.default_rng(0)
    t = np.arange(1, 2001)
    for words, chances in (("no ties", [0.5, 0, 0.5]), ("40 % ties", [0.3, 0.4, 0.3])):
        x = random.choice([0, 0.5, 1], size=(2000, 2000), p=chances)
        z = np.abs(x.cumsum(axis=1) / t - 0.5) * np.sqrt(t / ((chances[0] + chances[2]) / 4))
        naive = (z[:, 29:] > 1.96).any(axis=1).mean()
        watched = np.mean([decides(row) for row in x])
        yield f"| {words} | z-test after every vote from the 30th | {naive:.1%} |"
        yield f"| {words} | confidence sequence after every vote | {watched:.1%} |"
    streams = [crowd_with_opinions(random, rate) for rate in np.repeat([0.5, 0.6], 1000)]
    by_vote = [decides(score) for score, _ in streams]
    by_block = [decides(annotator_blocks(*stream, size=20)) for stream in streams]
    for words, half in (("", slice(1000)), (", true win rate 60 %", slice(1000, 2000))):
        crowd = f"40 annotators who differ (sd 12 points){words}"
        yield f"| {crowd} | confidence sequence of votes | {np.mean(by_vote[half]):.1%} |"
        yield f"| {crowd} | confidence sequence of their means | {np.mean(by_block[half]):.1%} |"
    yield ""
    yield "| win rate | ties | one look, 80 % power | predicted | median | mean | 80 % done by |"
    yield "|---|---|---|---|---|---|---|"
    for win_rate, ties in ((0.55, 0.0), (0.6, 0.0), (0.6, 0.3), (0.7, 0.0), (0.8, 0.0)):
        predicted = typical_votes(win_rate, tie_rate=ties)
        win = win_rate - ties / 2
        shape = (600, int(8 * predicted) + 50)
        x = random.choice([0, 0.5, 1], size=shape, p=[1 - win - ties, ties, win])
        stops = [confidence_sequence(row, resolution=20).decided_at or shape[1] for row in x]
        elo = ELO_PER_NAT * math.log(win_rate / (1 - win_rate))
        plan = plan_votes(elo, annotators=10**6, tie_rate=ties)
        yield (
            f"| {win_rate:.0%} | {ties:.0%} | {plan.votes:,} | {predicted:,.0f} | "
            f"{np.median(stops):,.0f} | {np.mean(stops):,.0f} | {np.quantile(stops, 0.8):,.0f} |"
        )


def decides(scores: np.ndarray) -> bool:
    return confidence_sequence(scores, resolution=20).decided_at is not None


def crowd_with_opinions(random: np.random.Generator, mean: float) -> tuple[np.ndarray, np.ndarray]:
    """2,000 votes by 40 annotators whose own win rates scatter around `mean` with sd 0.12."""
    size = mean * (1 - mean) / 0.12**2 - 1
    rate = random.beta(mean * size, (1 - mean) * size, 40)
    share = random.lognormal(0, 0.7, 40)
    worker = random.choice(40, 2000, p=share / share.sum())
    return (random.random(2000) < rate[worker]).astype(float), worker


def choice() -> Iterator[str]:
    """Error of the ratings by votes, pairs chosen adaptively, at random, or in turn."""
    yield "| models | spread (Elo) | votes | random | in turn | adaptive | random votes for that |"
    yield "|---|---|---|---|---|---|---|"
    for m, spread in ((8, 50.0), (8, 150.0), (16, 150.0), (16, 350.0)):
        checkpoints = [10 * m, 20 * m, 40 * m]
        errors = {
            policy: np.mean(
                [rating_errors(m, spread, 80 * m, policy, seed) for seed in range(80)], axis=0
            )
            for policy in ("random", "turn", "adaptive")
        }
        for votes in checkpoints:
            k = votes // (2 * m) - 1
            adaptive = errors["adaptive"][k]
            reached = np.flatnonzero(errors["random"] <= adaptive)
            needed = f"{(reached[0] + 1) * 2 * m:,}" if reached.size else f"over {80 * m:,}"
            yield (
                f"| {m} | {spread:.0f} | {votes:,} | {math.sqrt(errors['random'][k]):.0f} | "
                f"{math.sqrt(errors['turn'][k]):.0f} | {math.sqrt(adaptive):.0f} | {needed} |"
            )


def rating_errors(m: int, spread: float, votes: int, policy: str, seed: int) -> np.ndarray:
    """Mean squared Elo error over items after every 2 m votes; a prior keeps every fit finite."""
    random = np.random.default_rng(seed)
    strength = random.normal(0, spread / ELO_PER_NAT, m)
    strength -= strength.mean()
    i_all, j_all = np.triu_indices(m, 1)
    first, second, score = (np.empty(votes, int), np.empty(votes, int), np.empty(votes))
    order = random.permutation(i_all.size)
    nats, covariance = np.zeros(m), np.eye(m)
    errors = []
    for start in range(0, votes, 2 * m):
        rows = slice(start, start + 2 * m)
        if policy == "random":
            k = random.integers(i_all.size, size=2 * m)
            first[rows], second[rows] = i_all[k], j_all[k]
        elif policy == "turn":
            k = order[np.arange(start, start + 2 * m) % i_all.size]
            first[rows], second[rows] = i_all[k], j_all[k]
        else:
            chosen = next_pairs(nats, covariance, n=2 * m, random=random, floor=0.1)
            first[rows], second[rows] = chosen.first, chosen.second
        won = random.random(2 * m) < expit(strength[first[rows]] - strength[second[rows]])
        score[rows] = won
        seen = slice(0, rows.stop)
        ratings = bradley_terry.fit(first[seen], second[seen], score[seen], n_items=m, prior=0.5)
        nats = ratings.nats
        covariance = posterior_covariance(nats, first[seen], second[seen], prior=0.5)
        errors.append(np.mean((ratings.elo - 1000 - ELO_PER_NAT * strength) ** 2))
    return np.array(errors)


def reliability() -> Iterator[str]:
    """True labels found, and ratings with spammers, against counting every vote alike."""
    yield "| crowd (3 classes, 5 labels per item) | majority | Dawid-Skene | MACE |"
    yield "|---|---|---|---|"
    for words, competence in (
        ("20 workers, all 80 % competent", np.full(20, 0.8)),
        ("20 workers, 30 % to 95 %", np.linspace(0.3, 0.95, 20)),
        ("20 workers, half of them guessing", np.repeat([0.0, 0.85], 10)),
    ):
        right = np.zeros(3)
        for seed in range(20):
            random = np.random.default_rng(seed)
            truth = random.integers(0, 3, 500)
            worker = np.argsort(random.random((500, 20)), axis=1)[:, :5].ravel()
            item = np.repeat(np.arange(500), 5)
            knows = random.random(item.size) < competence[worker]
            label = np.where(knows, truth[item], random.integers(0, 3, item.size))
            votes = np.zeros((500, 3))
            np.add.at(votes, (item, label), 1)
            top = votes == votes.max(axis=1, keepdims=True)
            right[0] += np.mean(top[np.arange(500), truth] / top.sum(axis=1)) / 20
            skene = dawid_skene(item, worker, label, n_classes=3, smoothing=0.5).posterior
            hovy = mace(item, worker, label, n_classes=3, restarts=3).posterior
            right[1] += np.mean(skene.argmax(axis=1) == truth) / 20
            right[2] += np.mean(hovy.argmax(axis=1) == truth) / 20
        yield f"| {words} | {right[0]:.1%} | {right[1]:.1%} | {right[2]:.1%} |"
    yield ""
    yield "| 12 annotators, 3,000 votes | plain | weighted by reliability | Crowd-BT | it covers |"
    yield "|---|---|---|---|---|"
    for words, told in (
        ("all always as the model says", np.ones(12)),
        ("right 60 % to 100 % of the time", np.linspace(0.6, 1, 12)),
        ("of whom 4 guess", np.repeat([0.5, 1.0], [4, 8])),
        ("of whom 2 vote upside down", np.repeat([0.0, 1.0], [2, 10])),
    ):
        error, covered = np.zeros(3), 0.0
        for seed in range(60):
            random = np.random.default_rng(seed)
            strength = random.normal(0, 0.8, 10)
            truth = 1000 + ELO_PER_NAT * (strength - strength.mean())
            first = random.integers(0, 10, 3000)
            second = (first + random.integers(1, 10, 3000)) % 10
            worker = random.integers(0, 12, 3000)
            won = random.random(3000) < expit(strength[first] - strength[second])
            score = np.where(random.random(3000) < told[worker], won, ~won).astype(float)
            crowd = crowd_bradley_terry(first, second, score, worker, n_items=10)
            weights = vote_weights(crowd.reliability)[worker]
            plain = bradley_terry.fit(first, second, score, n_items=10).elo
            weighted = bradley_terry.fit(first, second, score, n_items=10, weights=weights).elo
            for k, elo in enumerate((plain, weighted, crowd.elo)):
                error[k] += np.mean((elo - truth) ** 2) / 60
            covered += np.mean(np.abs(crowd.elo - truth) < 1.96 * crowd.se_elo) / 60
        cells = " | ".join(f"{math.sqrt(e):.0f}" for e in error)
        yield f"| {words} | {cells} | {covered:.1%} |"


def forecast() -> Iterator[str]:
    """Coverage of the 95 % interval for what doubling the labels brings."""
    yield "| data sizes | noise known from | true gain covered | mean half-width (points) |"
    yield "|---|---|---|---|"
    sizes = 250 * 2 ** np.arange(6)
    for n_sizes, seeds, source in (
        (3, 1, "held-out 1,000"),
        (4, 1, "held-out 1,000"),
        (6, 1, "held-out 1,000"),
        (6, 3, "held-out 1,000"),
        (6, 1, "scatter"),
        (6, 3, "scatter"),
    ):
        random = np.random.default_rng(n_sizes)
        n = np.repeat(sizes[-n_sizes:], seeds)
        covered, width = [], []
        for _ in range(400):
            limit, exponent = random.uniform(0.68, 0.9), random.uniform(0.15, 0.8)
            amplitude = (limit - random.uniform(0.52, 0.62)) * 250**exponent
            accuracy = limit - amplitude * n**-exponent
            measured = random.binomial(1000, accuracy) / 1000
            held_out = 1000 if source == "held-out 1,000" else None
            law = fit_power_law(n, measured, metric="accuracy", held_out=held_out, replicates=300)
            gain = law.gain(8000, 8000)
            true = 100 * amplitude * (8000**-exponent - 16_000**-exponent)
            covered.append(gain.low <= true <= gain.high)
            width.append((gain.high - gain.low) / 2)
        words = f"{n_sizes}" + (f", {seeds} runs each" if seeds > 1 else "")
        yield f"| {words} | {source} | {np.mean(covered):.1%} | {np.mean(width):.1f} |"


SECTIONS = (annotators, agreement, stopping, choice, reliability, forecast)


def main() -> None:
    names = [section.__name__ for section in SECTIONS]
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("section", nargs="*", help=f"any of {', '.join(names)}; all by default")
    asked = parser.parse_args().section or names
    if unknown := set(asked) - set(names):
        parser.error(f"expected sections among {', '.join(names)}, got {', '.join(unknown)}")
    for section in SECTIONS:
        if section.__name__ in asked:
            started = time.perf_counter()
            print(f"\n## {section.__name__}: {section.__doc__}\n")
            for line in section():
                print(line, flush=True)
            print(f"\n({time.perf_counter() - started:.0f} s)")


if __name__ == "__main__":
    main()
