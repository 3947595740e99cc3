"""Standard errors against statsmodels, the bootstrap and simulation."""

import numpy as np
import pytest
import statsmodels.api as sm

from annotation.aggregation import bradley_terry
from annotation.aggregation.bootstrap import bootstrap, percentile_interval
from annotation.aggregation.errors import InvalidInput
from annotation.aggregation.ratings import ELO_PER_NAT
from tests.aggregation.random_votes import RandomVotes, draw


def glm(votes: RandomVotes, weights=None):
    """Logistic regression on item indicators, the last item being the zero."""
    rows = np.arange(len(votes.first))
    x = np.zeros((len(rows), votes.n_items))
    x[rows, votes.first] = 1
    x[rows, votes.second] = -1
    family = sm.families.Binomial()
    return sm.GLM(votes.score, x[:, :-1], family=family, var_weights=weights)


def against_last(covariance):
    """Covariance of the differences to the last item, in nats^2."""
    contrast = np.hstack([np.eye(len(covariance) - 1), -np.ones((len(covariance) - 1, 1))])
    return contrast @ covariance @ contrast.T / ELO_PER_NAT**2


@pytest.mark.parametrize("ties", [0.0, 0.3])
def test_errors_per_vote_are_the_heteroskedastic_ones_of_statsmodels(ties):
    votes = draw(1, ties=ties)
    theirs = glm(votes).fit(cov_type="HC0", tol=1e-12)

    ours = bradley_terry.fit(votes.first, votes.second, votes.score, n_items=votes.n_items)

    np.testing.assert_allclose(against_last(ours.covariance), theirs.cov_params(), rtol=1e-6)


def test_errors_of_weighted_votes_are_those_of_statsmodels():
    votes = draw(2)
    weights = np.random.default_rng(0).uniform(0.2, 3, len(votes.first))
    theirs = glm(votes, weights).fit(cov_type="HC0", tol=1e-12)

    ours = bradley_terry.fit(
        votes.first, votes.second, votes.score, n_items=votes.n_items, weights=weights
    )

    np.testing.assert_allclose(against_last(ours.covariance), theirs.cov_params(), rtol=1e-6)


def test_errors_by_annotator_are_the_clustered_ones_of_statsmodels():
    votes = draw(3, n=2000, annotators=25, taste=1.0)
    theirs = glm(votes).fit(
        cov_type="cluster",
        cov_kwds={"groups": votes.annotator, "use_correction": False},
        tol=1e-12,
    )

    ours = bradley_terry.fit(
        votes.first,
        votes.second,
        votes.score,
        n_items=votes.n_items,
        groups=votes.annotator,
    )

    # tastes differ so much that no clustered variance is below its per-vote one
    np.testing.assert_allclose(
        against_last(ours.covariance), theirs.cov_params() * 25 / 24, rtol=1e-6
    )
    assert ours.design_effect > 2


def test_dense_and_sparse_group_scores_agree(monkeypatch):
    votes = draw(4, ties=0.2, taste=1.0)
    options = {"n_items": votes.n_items, "groups": votes.annotator, "ties": "davidson"}
    style = np.random.default_rng(0).normal(size=(len(votes.first), 2))

    dense = bradley_terry.fit(votes.first, votes.second, votes.score, covariates=style, **options)
    monkeypatch.setattr("annotation.aggregation.sandwich.DENSE_SCORES", 1)
    sparse = bradley_terry.fit(votes.first, votes.second, votes.score, covariates=style, **options)

    np.testing.assert_allclose(dense.covariance, sparse.covariance)
    np.testing.assert_allclose(dense.covariate_errors, sparse.covariate_errors)


def test_one_annotator_gives_no_error():
    votes = draw(5)
    groups = np.zeros(len(votes.first))

    ratings = bradley_terry.fit(
        votes.first, votes.second, votes.score, n_items=votes.n_items, groups=groups
    )

    assert np.isfinite(ratings.elo).all()
    assert np.isposinf(ratings.se_elo).all()
    low, high = ratings.interval()
    assert np.isneginf(low).all()
    assert np.isposinf(high).all()


def test_an_item_of_a_single_annotator_has_no_error():
    votes = draw(6, m=4)
    lone = (votes.first == 3) | (votes.second == 3)
    groups = np.where(lone, 0, votes.annotator)

    ratings = bradley_terry.fit(votes.first, votes.second, votes.score, n_items=4, groups=groups)

    assert np.isposinf(ratings.se_elo[3])
    assert np.isfinite(ratings.se_elo[:3]).all()


def test_balanced_annotators_do_not_make_errors_vanish():
    # both annotators split evenly between the two items: their summed scores are zero
    ratings = bradley_terry.fit(
        [0, 0, 0, 0], [1, 1, 1, 1], [1, 0, 1, 0], n_items=2, groups=[0, 0, 1, 1]
    )
    per_vote = bradley_terry.fit([0, 0, 0, 0], [1, 1, 1, 1], [1, 0, 1, 0], n_items=2)

    np.testing.assert_allclose(ratings.se_elo, per_vote.se_elo)
    assert (ratings.se_elo > 50).all()


@pytest.mark.parametrize("clustered", [False, True])
def test_bootstrap_spreads_like_the_sandwich(clustered):
    votes = draw(7, n=3000, annotators=60, taste=0.7)
    groups = votes.annotator if clustered else None
    ratings = bradley_terry.fit(
        votes.first, votes.second, votes.score, n_items=votes.n_items, groups=groups
    )

    again = bootstrap(
        votes.first,
        votes.second,
        votes.score,
        n_items=votes.n_items,
        groups=groups,
        resamples=600,
    )

    np.testing.assert_allclose(again.std(axis=0), ratings.se_elo, rtol=0.15)
    np.testing.assert_allclose(again.mean(axis=0), ratings.elo, atol=0.3 * ratings.se_elo.max())


def test_bootstrap_of_weighted_votes_spreads_like_the_sandwich():
    votes = draw(8, n=2000, m=4, ties=0.2)
    weights = np.random.default_rng(0).uniform(0.2, 3, len(votes.first))
    options = {"n_items": 4, "weights": weights, "ties": "davidson"}

    ratings = bradley_terry.fit(votes.first, votes.second, votes.score, **options)
    again = bootstrap(votes.first, votes.second, votes.score, resamples=400, **options)

    np.testing.assert_allclose(again.std(axis=0), ratings.se_elo, rtol=0.15)


def test_bootstrap_shows_that_an_item_might_be_undefeated():
    votes = draw(9, n=300, m=3)
    first = [*votes.first, *[3] * 20, 0]
    second = [*votes.second, *[0, 1, 2, 0] * 5, 3]
    score = [*votes.score, *[1] * 21]

    again = bootstrap(first, second, score, n_items=4, resamples=200)
    low, high = percentile_interval(again)

    assert high[3] == np.inf  # about a third of the resamples lose its only defeat
    assert np.isfinite(low[3])
    assert np.isfinite(low[:3]).all()
    assert np.isfinite(high[:3]).all()


def test_bootstrap_repeats_with_its_seed_and_needs_resamples():
    votes = draw(10, n=100, m=3)

    def resample(seed):
        return bootstrap(votes.first, votes.second, votes.score, n_items=3, resamples=3, seed=seed)

    np.testing.assert_array_equal(resample(1), resample(1))
    assert (resample(1) != resample(2)).any()
    with pytest.raises(InvalidInput, match="at least 1 resample"):
        bootstrap(votes.first, votes.second, votes.score, n_items=3, resamples=0)


def test_intervals_by_annotator_cover_where_those_per_vote_do_not():
    """A small form of the calibration in docs/statistics.md: annotators of unequal diligence."""
    m, taste = 4, 0.8
    rng = np.random.default_rng(11)
    theta = np.linspace(-1, 1, m)
    everyone = theta + taste * rng.normal(size=(400_000, m))  # one vote of each tells the truth
    first = rng.integers(0, m, len(everyone))
    second = (first + rng.integers(1, m, len(everyone))) % m
    rows = np.arange(len(everyone))
    edge = everyone[rows, first] - everyone[rows, second]
    score = (rng.random(len(everyone)) < 1 / (1 + np.exp(-edge))).astype(float)
    truth = bradley_terry.fit(first, second, score, n_items=m).elo
    covered = {"annotator": [], "vote": []}
    for _ in range(250):
        sizes = np.maximum(2, rng.lognormal(3, 1, 40)).astype(int)
        annotator = np.repeat(np.arange(40), sizes)
        own = (theta + taste * rng.normal(size=(40, m)))[annotator]
        first = rng.integers(0, m, len(annotator))
        second = (first + rng.integers(1, m, len(annotator))) % m
        rows = np.arange(len(annotator))
        score = rng.random(len(rows)) < 1 / (1 + np.exp(own[rows, second] - own[rows, first]))
        for by, groups in (("annotator", annotator), ("vote", None)):
            low, high = bradley_terry.fit(first, second, score, n_items=m, groups=groups).interval()
            covered[by].append((low <= truth) & (truth <= high))

    assert 0.92 < np.mean(covered["annotator"]) < 0.98
    assert np.mean(covered["vote"]) < 0.8
