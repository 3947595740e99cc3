import choix
import numpy as np
import pytest
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression

from annotation.aggregation import bradley_terry
from annotation.aggregation.covariates import shown_first
from annotation.aggregation.errors import AllTies, NotConverged
from annotation.aggregation.ratings import ELO_PER_NAT
from tests.aggregation import baseball
from tests.aggregation.pudding import pudding_votes
from tests.aggregation.random_votes import RandomVotes, draw


def fit(votes: RandomVotes, **options):
    return bradley_terry.fit(
        votes.first, votes.second, votes.score, n_items=votes.n_items, **options
    )


def design(votes: RandomVotes):
    rows = np.arange(len(votes.first))
    x = np.zeros((len(rows), votes.n_items))
    x[rows, votes.first] = 1
    x[rows, votes.second] = -1
    return x


def test_reproduces_agrestis_baseball_ratings():
    ratings = bradley_terry.fit(*baseball.games(), n_items=7)

    against_baltimore = ratings.nats - ratings.nats[6]
    published = [1.5814, 1.4364, 1.2945, 1.2476, 1.1077, 0.6839, 0]
    np.testing.assert_allclose(against_baltimore, published, atol=5e-5)
    assert ratings.elo.mean() == pytest.approx(1000)
    assert ratings.gradient_norm <= 1e-9


def test_reproduces_agrestis_home_advantage():
    first, second, score = baseball.games()

    ratings = bradley_terry.fit(first, second, score, n_items=7, covariates=shown_first(len(first)))

    against_baltimore = ratings.nats - ratings.nats[6]
    published = [1.6196, 1.4754, 1.3271, 1.2813, 1.1438, 0.7047, 0]
    np.testing.assert_allclose(against_baltimore, published, atol=5e-5)
    assert ratings.covariate_effects[0] == pytest.approx(0.3023, abs=5e-5)
    assert ratings.covariate_errors[0] == pytest.approx(0.1309, rel=0.05)  # sandwich, not model


def test_reproduces_davidsons_chocolate_puddings():
    ratings = bradley_terry.fit(*pudding_votes(), n_items=6, ties="davidson")

    worth = np.exp(ratings.nats) / np.exp(ratings.nats).sum()
    published = [0.1388005, 0.1729985, 0.1617420, 0.1653930, 0.1586805, 0.2023855]
    np.testing.assert_allclose(worth, published, atol=3e-5)  # stopped after 7 iterations
    assert ratings.tie_parameter == pytest.approx(0.7468147, abs=1e-4)


@pytest.mark.parametrize("seed", range(3))
def test_finds_davidsons_maximum_as_brute_force_does(seed):
    votes = draw(seed, n=200, m=4, ties=0.3)

    def minus_log_likelihood(x):
        d = x[votes.first] - x[votes.second]
        log_z = np.log(np.exp(d / 2) + np.exp(-d / 2) + np.exp(x[4]))
        log_p = np.where(votes.score == 1, d / 2, np.where(votes.score == 0, -d / 2, x[4])) - log_z
        return -log_p.sum() + x[:4].sum() ** 2

    brute = minimize(minus_log_likelihood, np.zeros(5), method="BFGS", options={"gtol": 1e-8})
    ratings = fit(votes, ties="davidson")

    np.testing.assert_allclose(ratings.nats, brute.x[:4] - brute.x[:4].mean(), atol=1e-5)
    assert ratings.tie_parameter == pytest.approx(np.exp(brute.x[4]), rel=1e-5)
    assert ratings.log_likelihood >= -brute.fun - 1e-9


@pytest.mark.parametrize("seed", range(3))
def test_agrees_with_choix(seed):
    votes = draw(seed)
    won = np.where(votes.score == 1, votes.first, votes.second)
    lost = np.where(votes.score == 1, votes.second, votes.first)

    theirs = choix.opt_pairwise(
        votes.n_items, list(zip(won, lost, strict=True)), alpha=0, method="Newton-CG", tol=1e-12
    )

    np.testing.assert_allclose(fit(votes).nats, theirs - theirs.mean(), atol=1e-6)


@pytest.mark.parametrize("prior", [0.1, 2.0])
def test_prior_is_the_ridge_of_scikit_learn(prior):
    votes = draw(5, n=80)
    model = LogisticRegression(C=1 / prior, fit_intercept=False, tol=1e-12, max_iter=10_000)
    model.fit(design(votes), votes.score)

    np.testing.assert_allclose(fit(votes, prior=prior).nats, model.coef_[0], atol=1e-6)


def test_half_ties_are_a_win_and_a_loss_of_half_weight():
    votes = draw(6, ties=0.3)
    tied = votes.score == 0.5
    first = np.concatenate([votes.first, votes.first[tied]])
    second = np.concatenate([votes.second, votes.second[tied]])
    score = np.concatenate([np.where(tied, 1.0, votes.score), np.zeros(tied.sum())])
    weights = np.concatenate([np.where(tied, 0.5, 1.0), np.full(tied.sum(), 0.5)])

    split = bradley_terry.fit(first, second, score, n_items=votes.n_items, weights=weights)

    np.testing.assert_allclose(fit(votes).elo, split.elo, atol=1e-7)


def test_without_any_tie_davidson_is_bradley_terry():
    votes = draw(7)

    davidson = fit(votes, ties="davidson")

    assert davidson.tie_parameter == 0
    np.testing.assert_array_equal(davidson.elo, fit(votes).elo)


def test_all_ties_by_halves_rate_equal_with_an_error():
    ratings = bradley_terry.fit([0, 1, 0], [1, 2, 2], [0.5] * 3, n_items=3)

    np.testing.assert_allclose(ratings.elo, 1000)
    assert ratings.unbeaten.all()
    # binomial information: each pair has n p q = 1/4, so a strength has variance 4 (1/3) (2/3)
    np.testing.assert_allclose(ratings.se_elo, ELO_PER_NAT * np.sqrt(8 / 9))


def test_all_ties_have_no_davidson_estimate():
    with pytest.raises(AllTies, match="3 ties and nothing else"):
        bradley_terry.fit([0, 1, 0], [1, 2, 2], [0.5] * 3, n_items=3, ties="davidson")


def test_a_single_vote_orders_two_items_and_rates_neither():
    ratings = bradley_terry.fit([0], [1], [1.0], n_items=3)

    assert ratings.elo[0] == np.inf
    assert ratings.elo[1] == -np.inf
    assert np.isnan(ratings.elo[2])
    assert np.isinf(ratings.se_elo).all()
    low, high = ratings.interval()
    assert np.isneginf(low).all()
    assert np.isposinf(high).all()


def test_undefeated_item_is_unbounded_above_and_bounded_below():
    votes = draw(8, m=4)
    first = np.concatenate([votes.first, np.full(20, 4)])
    second = np.concatenate([votes.second, np.arange(20) % 4])
    score = np.concatenate([votes.score, np.ones(20)])

    ratings = bradley_terry.fit(first, second, score, n_items=5)

    low, high = ratings.interval()
    assert ratings.elo[4] == np.inf
    assert high[4] == np.inf
    assert ratings.undefeated.tolist() == [False] * 4 + [True]
    opponents = ratings.nats[np.arange(20) % 4]
    bound = (low[4] - 1000) / ELO_PER_NAT
    clean_record = np.prod(1 / (1 + np.exp(opponents - bound)))
    assert clean_record == pytest.approx(0.025, rel=1e-6)
    np.testing.assert_allclose(ratings.elo[:4], fit(votes).elo)
    np.testing.assert_allclose(ratings.win_probability()[4], [1, 1, 1, 1, 0.5])


def test_winless_item_mirrors_an_undefeated_one():
    votes = draw(8, m=4)
    first = np.concatenate([votes.first, np.full(20, 4)])
    second = np.concatenate([votes.second, np.arange(20) % 4])
    score = np.concatenate([votes.score, np.ones(20)])

    up = bradley_terry.fit(first, second, score, n_items=5)
    down = bradley_terry.fit(first, second, 1 - score, n_items=5)

    assert down.elo[4] == -np.inf
    assert down.winless[4]
    assert down.interval()[1][4] == pytest.approx(2000 - up.interval()[0][4])


def test_unbeaten_item_with_a_tie_has_a_finite_rating():
    votes = draw(9, m=3)
    first = [*votes.first, 3, 3, 3]
    second = [*votes.second, 0, 1, 2]

    ratings = bradley_terry.fit(first, second, [*votes.score, 1, 1, 0.5], n_items=4)

    assert ratings.unbeaten.tolist() == [False, False, False, True]
    assert not ratings.undefeated.any()
    assert np.isfinite(ratings.elo).all()
    assert np.isfinite(ratings.se_elo).all()


def test_disconnected_pools_are_reported_not_compared():
    big, small = draw(10, m=4), draw(11, m=3)

    ratings = bradley_terry.fit(
        np.concatenate([big.first, small.first + 4]),
        np.concatenate([big.second, small.second + 4]),
        np.concatenate([big.score, small.score]),
        n_items=8,
    )

    assert ratings.components.tolist() == [0, 0, 0, 0, 1, 1, 1, -1]
    np.testing.assert_allclose(ratings.elo[:4], fit(big).elo)
    assert np.isnan(ratings.elo[4:]).all()
    low, high = ratings.interval()
    assert np.isneginf(low[4:]).all()
    assert np.isposinf(high[4:]).all()
    assert np.isnan(ratings.win_probability()[0, 4])


def test_a_stronger_league_is_infinitely_better_where_it_never_lost():
    low, high = draw(12, m=5), draw(13, m=3)

    ratings = bradley_terry.fit(
        np.concatenate([low.first, high.first + 5, [5]]),
        np.concatenate([low.second, high.second + 5, [0]]),
        np.concatenate([low.score, high.score, [1.0]]),
        n_items=8,
    )

    assert np.isposinf(ratings.elo[5:]).all()
    assert not ratings.undefeated.any()
    np.testing.assert_allclose(ratings.elo[:5], fit(low).elo)


def test_a_prior_rates_everything_with_an_interval():
    ratings = bradley_terry.fit([0], [1], [1.0], n_items=3, prior=0.5)

    assert np.isfinite(ratings.elo).all()
    assert ratings.elo[0] > ratings.elo[2] > ratings.elo[1]
    assert (ratings.se_elo > 100).all()
    assert ratings.components.tolist() == [0, 1, -1]


def test_rates_more_items_than_fit_a_dense_count():
    rng = np.random.default_rng(0)
    first = np.arange(1300)
    ring = np.concatenate([first, (first + 1) % 1300, rng.integers(0, 1299, 5000)])
    other = np.concatenate([(first + 1) % 1300, first, np.full(5000, 1299)])
    score = np.concatenate([np.ones(2600), rng.integers(0, 2, 5000)])

    ratings = bradley_terry.fit(ring, other, score, n_items=1300)

    assert ratings.gradient_norm <= 1e-9
    assert np.isfinite(ratings.elo).all()


def test_a_covariate_that_separates_the_votes_needs_a_ridge():
    votes = draw(14, n=100, m=3)
    telltale = (2 * votes.score - 1)[:, None]

    with pytest.raises(NotConverged, match="ridge"):
        fit(votes, covariates=telltale)

    effect = fit(votes, covariates=telltale, ridge=1.0).covariate_effects[0]
    assert 1 < effect < 5


def test_a_covariate_that_repeats_the_items_needs_a_ridge():
    votes = draw(14, n=100, m=3)
    same = (votes.first == 0).astype(float) - (votes.second == 0)

    with pytest.raises(NotConverged, match="determine"):
        fit(votes, covariates=same)
