"""Crowd Bradley-Terry: gradient by finite differences, recovery, and the mirror it must avoid."""

import numpy as np
import pytest
from scipy.optimize import approx_fprime
from scipy.special import expit

from annotation.aggregation.errors import InvalidVote
from annotation.aggregation.reliability import InvalidLabels, crowd_bradley_terry
from annotation.aggregation.reliability.crowd import Objective

ELO_PER_NAT = 400 / np.log(10)


def crowd(seed, *, votes, reliability, n_items=8, spread=1.0, ties=0.0):
    random = np.random.default_rng(seed)
    strength = random.normal(0, spread, n_items)
    first = random.integers(0, n_items, votes)
    second = (first + random.integers(1, n_items, votes)) % n_items
    worker = random.integers(0, len(reliability), votes)
    won = random.random(votes) < expit(strength[first] - strength[second])
    told = np.where(random.random(votes) < np.array(reliability)[worker], won, ~won)
    score = np.where(random.random(votes) < ties, 0.5, told.astype(float))
    return first, second, score, worker, 1000 + ELO_PER_NAT * (strength - strength.mean())


@pytest.mark.parametrize("seed", range(3))
def test_gradient_is_the_slope_of_the_objective(seed):
    first, second, score, worker, _ = crowd(seed, votes=300, reliability=[0.9, 0.6, 0.3], ties=0.2)
    objective = Objective(first, second, score, worker, 8, 3, ridge=0.7, prior=(4.0, 2.0))
    x = np.random.default_rng(seed).normal(0, 1, 11)

    slope = approx_fprime(x, lambda x: objective(x)[0], 1e-6)

    assert objective(x)[1] == pytest.approx(slope, abs=2e-3, rel=1e-4)


def test_information_is_the_mean_outer_product_of_the_gradient():
    # One vote at a time with both outcomes, weighted by their chance: the definition.
    first, second, score, worker, _ = crowd(0, votes=12, reliability=[0.9, 0.6], n_items=3)
    x = np.random.default_rng(1).normal(0, 1, 5)
    whole = Objective(first, second, score, worker, 3, 2, ridge=0.0, prior=(1.0, 1.0))
    expected = np.zeros((5, 5))
    for k in range(12):
        chance = whole.chances(x)[2][k]
        for outcome, probability in ((1.0, chance), (0.0, 1 - chance)):
            one = Objective(
                first[[k]], second[[k]], np.array([outcome]), worker[[k]], 3, 2, 0.0, (1.0, 1.0)
            )
            expected += probability * np.outer(one(x)[1], one(x)[1])

    assert whole.information(x) == pytest.approx(expected, abs=1e-10)


def test_recovers_strengths_and_reliabilities_where_plain_counting_cannot():
    reliability = [0.95, 0.9, 0.85, 0.55, 0.1]
    first, second, score, worker, truth = crowd(3, votes=20_000, reliability=reliability)

    fit = crowd_bradley_terry(first, second, score, worker, n_items=8)

    assert fit.reliability == pytest.approx(reliability, abs=0.06)
    assert np.abs(fit.elo - truth).max() < 60
    assert np.abs((fit.elo - truth) / fit.se_elo).max() < 3.5
    assert fit.elo.mean() == pytest.approx(1000)


def test_finds_the_side_where_most_votes_are_right_not_its_mirror():
    first, second, score, worker, truth = crowd(4, votes=3000, reliability=[0.9, 0.9, 0.9, 0.1])

    upright = crowd_bradley_terry(first, second, score, worker, n_items=8)
    turned = crowd_bradley_terry(first, second, 1 - score, worker, n_items=8)

    assert np.corrcoef(upright.elo, truth)[0, 1] > 0.95
    # The same votes turned around: strengths mirror, the same people are the reliable ones.
    assert turned.elo == pytest.approx(2000 - upright.elo, abs=0.5)
    assert turned.reliability == pytest.approx(upright.reliability, abs=1e-3)


def test_swapping_sides_and_shuffling_votes_changes_nothing():
    first, second, score, worker, _ = crowd(5, votes=800, reliability=[0.9, 0.7], ties=0.1)
    fit = crowd_bradley_terry(first, second, score, worker, n_items=8)
    order = np.random.default_rng(0).permutation(800)

    swapped = crowd_bradley_terry(
        second[order], first[order], 1 - score[order], worker[order], n_items=8
    )

    assert swapped.elo == pytest.approx(fit.elo, abs=1e-2)
    assert swapped.reliability == pytest.approx(fit.reliability, abs=1e-4)


def test_one_vote_and_an_undefeated_item_get_finite_answers_with_wide_errors():
    fit = crowd_bradley_terry([0], [1], [1], [0], n_items=2)

    assert fit.elo[0] > 1000 > fit.elo[1]
    assert fit.se_elo[0] > 100
    assert 0.5 < fit.reliability[0] < 1


@pytest.mark.parametrize(
    ("error", "change"),
    [
        (InvalidVote, {"second": [0, 0]}),
        (InvalidVote, {"score": [1, 0.7]}),
        (InvalidVote, {"score": [1, np.nan]}),
        (InvalidVote, {"first": [0, 9]}),
        (InvalidLabels, {"worker": [0]}),
        (InvalidLabels, {"worker": [0, -1]}),
        (InvalidLabels, {"ridge": 0.0}),
    ],
)
def test_votes_that_make_no_sense_are_refused(error, change):
    votes = {"first": [0, 1], "second": [1, 0], "score": [1, 0], "worker": [0, 0], "n_items": 2}

    with pytest.raises(error, match=r"expected|compares"):
        crowd_bradley_terry(**(votes | change))
