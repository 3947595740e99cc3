from itertools import combinations
from pathlib import Path

import choix
import numpy as np
import pytest
from scipy.optimize import minimize

from annotation.aggregation import bradley_terry, plackett_luce
from annotation.aggregation.errors import AllTies, InvalidInput, InvalidOrder, NoVotes
from annotation.aggregation.rankings import order_of_ranks, pairwise
from tests.aggregation.pudding import pudding_votes
from tests.aggregation.random_votes import draw

NASCAR = Path(__file__).parents[3] / "shared" / "data" / "nascar2002.txt"


def rankings(seed: int, *, n: int = 300, m: int = 6, k: int = 4, tied: float = 0.0):
    """Orders of k of m items; neighbours are merged into ties with chance `tied`."""
    rng = np.random.default_rng(seed)
    theta = np.linspace(-1, 1, m)
    orders = []
    for _ in range(n):
        shown = rng.permutation(m)[:k]
        ranked = shown[np.argsort(-(theta[shown] + rng.gumbel(size=k)))]
        groups = [[int(ranked[0])]]
        for item in ranked[1:]:
            if rng.random() < tied:
                groups[-1].append(int(item))
            else:
                groups.append([int(item)])
        orders.append(tuple(g[0] if len(g) == 1 else tuple(g) for g in groups))
    return orders


def by_hand(orders, theta, delta):
    """Log-likelihood by the formula, subset by subset."""

    def f(chosen):
        return delta[len(chosen)] * np.exp(sum(theta[i] for i in chosen) / len(chosen))

    total = 0.0
    for order in orders:
        groups = [g if isinstance(g, tuple) else (g,) for g in order]
        left = [i for g in groups for i in g]
        for group in groups:
            if len(left) > 1:
                sets = [s for size in delta for s in combinations(left, size)]
                total += np.log(f(group)) - np.log(sum(f(s) for s in sets))
            left = [i for i in left if i not in group]
    return total


def test_reproduces_davidsons_chocolate_puddings():
    orders = [
        ((i, j),) if score == 0.5 else (i, j) if score == 1 else (j, i)
        for i, j, score in zip(*map(np.ndarray.tolist, pudding_votes()), strict=True)
    ]

    ratings = plackett_luce.fit(orders, n_items=6)

    worth = np.exp(ratings.nats) / np.exp(ratings.nats).sum()
    published = [0.1388005, 0.1729985, 0.1617420, 0.1653930, 0.1586805, 0.2023855]
    np.testing.assert_allclose(worth, published, atol=3e-5)  # stopped after 7 iterations
    assert ratings.tie_parameter == pytest.approx(0.7468147, abs=1e-4)


@pytest.mark.skipif(not NASCAR.exists(), reason=f"the 2002 NASCAR results are not at {NASCAR}")
def test_reproduces_hunters_nascar_drivers():
    """Hunter (2004), table 3: 83 drivers, 36 races, gamma of the ten best by average place."""
    driver, race, place = np.loadtxt(NASCAR, skiprows=1, dtype=int).T
    orders = [
        tuple(int(d) - 1 for d in driver[race == r][np.argsort(place[race == r])])
        for r in range(1, 37)
    ]

    ratings = plackett_luce.fit(orders, n_items=83)

    gamma = np.exp(ratings.nats) / np.exp(ratings.nats).sum()
    published = {58: 0.1864, 68: 0.1096, 51: 0.0235, 82: 0.0184, 66: 0.0230, 37: 0.0205}
    published |= {72: 0.0167, 54: 0.0274, 32: 0.0168, 48: 0.0153}
    for number, value in published.items():
        assert gamma[number - 1] == pytest.approx(value, abs=5e-5)
    assert ratings.se_elo[57] > 150  # P. Jones drove one race


def test_two_items_are_davidsons_pairs():
    votes = draw(0, ties=0.3)
    orders = [
        ((i, j),) if score == 0.5 else (i, j) if score == 1 else (j, i)
        for i, j, score in zip(
            votes.first.tolist(), votes.second.tolist(), votes.score, strict=True
        )
    ]

    whole = plackett_luce.fit(orders, n_items=votes.n_items)
    pairs = bradley_terry.fit(
        votes.first, votes.second, votes.score, n_items=votes.n_items, ties="davidson"
    )

    np.testing.assert_allclose(whole.elo, pairs.elo, atol=1e-6)
    np.testing.assert_allclose(whole.se_elo, pairs.se_elo, rtol=1e-6)
    assert whole.tie_parameter == pytest.approx(pairs.tie_parameter)


@pytest.mark.parametrize("k", [3, 5])
def test_without_ties_agrees_with_choix(k):
    orders = rankings(1, n=80, k=k)

    theirs = choix.opt_rankings(6, orders, alpha=0, method="Newton-CG", tol=1e-12)
    ours = plackett_luce.fit(orders, n_items=6)

    np.testing.assert_allclose(ours.nats, theirs - theirs.mean(), atol=1e-6)
    assert ours.gradient_norm <= 1e-9


def test_finds_the_maximum_with_ties_as_brute_force_does():
    orders = rankings(2, n=60, m=4, k=4, tied=0.3)
    sizes = sorted({len(g) for o in orders for g in o if isinstance(g, tuple)})
    assert sizes[0] == 2
    assert len(sizes) > 1

    def minus_log_likelihood(x):
        delta = {1: 1.0, **dict(zip(sizes, np.exp(x[4:]), strict=True))}
        return -by_hand(orders, x[:4], delta) + x[:4].sum() ** 2

    start = np.zeros(4 + len(sizes))
    brute = minimize(minus_log_likelihood, start, method="BFGS", options={"gtol": 1e-6})
    ours = plackett_luce.fit(orders, n_items=4)

    np.testing.assert_allclose(ours.nats, brute.x[:4] - brute.x[:4].mean(), atol=1e-4)
    for size, log_delta in zip(sizes, brute.x[4:], strict=True):
        assert ours.tie_parameters[size] == pytest.approx(np.exp(log_delta), rel=1e-3)
    assert ours.log_likelihood == pytest.approx(-brute.fun, abs=1e-6)


def test_errors_are_the_spread_of_the_estimate():
    found = [plackett_luce.fit(rankings(seed, n=200, tied=0.2), n_items=6) for seed in range(150)]

    spread = np.std([ratings.elo for ratings in found], axis=0)
    error = np.mean([ratings.se_elo for ratings in found], axis=0)
    np.testing.assert_allclose(error, spread, rtol=0.2)


def test_annotators_who_repeat_themselves_widen_the_errors():
    orders = rankings(3, n=40)
    repeated = [order for order in orders for _ in range(10)]
    annotator = np.repeat(np.arange(40), 10)

    once = plackett_luce.fit(orders, n_items=6, groups=np.arange(40))
    tenfold = plackett_luce.fit(repeated, n_items=6, groups=annotator)
    naive = plackett_luce.fit(repeated, n_items=6)

    np.testing.assert_allclose(tenfold.elo, once.elo, atol=1e-6)
    # `once` has a floor, the error of independent choices, that `tenfold` is far above
    np.testing.assert_allclose(tenfold.se_elo, once.se_elo, rtol=0.25)
    assert (tenfold.se_elo > 2 * naive.se_elo).all()


def test_weights_are_repetitions():
    orders = rankings(4, n=50, tied=0.2)

    weighted = plackett_luce.fit(orders, n_items=6, weights=[3.0] * 50)
    repeated = plackett_luce.fit(orders * 3, n_items=6)

    np.testing.assert_allclose(weighted.elo, repeated.elo, atol=1e-6)


def test_renaming_items_renames_results():
    orders = rankings(5, n=80, tied=0.2)
    name = [3, 1, 5, 0, 4, 2]
    renamed = [
        tuple(tuple(name[i] for i in g) if isinstance(g, tuple) else name[g] for g in order)
        for order in orders
    ]

    before = plackett_luce.fit(orders, n_items=6)
    after = plackett_luce.fit(renamed, n_items=6)

    np.testing.assert_allclose(after.elo[name], before.elo, atol=1e-6)
    np.testing.assert_allclose(after.se_elo[name], before.se_elo, rtol=1e-6)


def test_an_item_always_ranked_first_has_no_upper_bound():
    orders = [(4, *order) for order in rankings(6, n=30, m=4, k=3)]

    ratings = plackett_luce.fit(orders, n_items=6)

    low, high = ratings.interval()
    assert ratings.elo[4] == np.inf
    assert ratings.undefeated[4]
    assert np.isfinite(low[4])
    assert high[4] == np.inf
    assert np.isnan(ratings.elo[5])
    without = plackett_luce.fit([order[1:] for order in orders], n_items=4)
    np.testing.assert_allclose(ratings.elo[:4], without.elo, atol=1e-6)


def test_a_prior_rates_even_one_ranking():
    ratings = plackett_luce.fit([(0, 1, 2)], n_items=4, prior=0.5)

    assert ratings.elo[0] > ratings.elo[1] > ratings.elo[2]
    assert ratings.elo[3] == pytest.approx(1000)
    assert (ratings.se_elo > 100).all()


@pytest.mark.parametrize(
    ("orders", "error", "sentence"),
    [
        ([(0, 1, 0)], InvalidOrder, "ranking 0 names item 0 twice"),
        ([(0, 1), (0, (2, 2))], InvalidOrder, "ranking 1 names item 2 twice"),
        ([(0, 3)], InvalidOrder, "expected items 0..2, got 3 in ranking 0"),
        ([(0, -1)], InvalidOrder, "got -1"),
        ([(0, 1.5)], InvalidOrder, "expected item numbers, got 1.5"),
        ([(0, ())], InvalidOrder, "ranking 0 has an empty tie"),
        ([()], InvalidOrder, "ranking 0 is empty"),
        ([], NoVotes, "got none"),
        ([(0,), (1,)], NoVotes, "ranking of two items"),
        ([((0, 1),), ((1, 2),)], AllTies, "got only ties"),
    ],
)
def test_names_what_is_wrong_with_the_rankings(orders, error, sentence):
    with pytest.raises(error) as refusal:
        plackett_luce.fit(orders, n_items=3)

    assert sentence in str(refusal.value)


def test_refuses_bad_weights_groups_and_priors():
    with pytest.raises(InvalidOrder, match="1 finite weights"):
        plackett_luce.fit([(0, 1)], n_items=2, weights=[np.nan])
    with pytest.raises(InvalidOrder, match="1 groups"):
        plackett_luce.fit([(0, 1)], n_items=2, groups=[1, 2])
    with pytest.raises(InvalidInput, match="finite prior"):
        plackett_luce.fit([(0, 1)], n_items=2, prior=-1)
    with pytest.raises(InvalidInput, match="possible choices"):
        plackett_luce.fit(
            [(tuple(range(12)), *range(12, 40)), tuple(range(40)), tuple(range(40))[::-1]],
            n_items=40,
        )


def test_reads_the_ranks_of_a_label():
    assert order_of_ranks([2, 1, None, 2]) == ((1,), (0, 3))
    assert order_of_ranks([2, 1, None, 2], items=[10, 11, 12, 13]) == ((11,), (10, 13))
    assert order_of_ranks([None, None]) == ()


def test_takes_a_ranking_apart_into_pairs():
    assert pairwise([((1,), (0, 3))]) == ([1, 1, 0], [0, 3, 3], [1.0, 1.0, 0.5])
