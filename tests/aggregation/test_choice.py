"""Choosing pairs: gains against determinants, trees by brute force, propensities by counting."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit

from annotation.aggregation import bradley_terry
from annotation.aggregation.choice import (
    InvalidChoice,
    ensemble_gain,
    information_gain,
    inverse_propensity_weights,
    next_pairs,
    posterior_covariance,
)


def posterior(seed, m=5):
    random = np.random.default_rng(seed)
    root = random.normal(size=(m, m))
    return random.normal(size=m), root @ root.T / m


@pytest.mark.parametrize("seed", range(4))
def test_gain_is_the_fall_of_the_log_determinant(seed):
    strength, covariance = posterior(seed)

    gain = information_gain(strength, covariance)

    for i, j in combinations(range(5), 2):
        u = np.eye(5)[i] - np.eye(5)[j]
        p = expit(strength[i] - strength[j])
        after = np.linalg.inv(covariance) + p * (1 - p) * np.outer(u, u)
        fall = np.linalg.slogdet(after)[1] + np.linalg.slogdet(covariance)[1]
        assert gain[i, j] == pytest.approx(fall / 2, abs=1e-9)
    assert gain == pytest.approx(gain.T)


def greedy_by_determinants(strength, covariance, n):
    """The rule of next_pairs with every gain from scratch: largest log-determinant, no cycles."""
    precision, trees, chosen = np.linalg.inv(covariance), {frozenset([k]) for k in range(5)}, []

    def after(i, j, s):
        p = expit(s[i] - s[j])
        u = np.eye(5)[i] - np.eye(5)[j]
        return precision + p * (1 - p) * np.outer(u, u)

    for _ in range(n):
        if len(trees) == 1:
            trees = {frozenset([k]) for k in range(5)}
        joining = [
            (i, j) for i, j in combinations(range(5), 2) if not any({i, j} <= t for t in trees)
        ]
        i, j = max(joining, key=lambda e: np.linalg.slogdet(after(*e, strength / 2))[1])
        joined = {t for t in trees if t & {i, j}}
        trees = (trees - joined) | {frozenset().union(*joined)}
        precision = after(i, j, strength)
        chosen.append((i, j))
    return chosen


@pytest.mark.parametrize("seed", range(4))
def test_planned_pairs_are_greedy_trees_by_brute_force(seed):
    strength, covariance = posterior(seed)

    chosen = next_pairs(strength, covariance, n=11, random=np.random.default_rng(0), floor=0)

    pairs = list(zip(chosen.first.tolist(), chosen.second.tolist(), strict=True))
    assert pairs == greedy_by_determinants(strength, covariance, 11)
    assert {x for pair in pairs[:4] for x in pair} == set(range(5))
    assert (chosen.probability == 1).all()


def test_posterior_covariance_is_the_inverse_of_the_curvature():
    random = np.random.default_rng(0)
    first = random.integers(0, 5, 40)
    second = (first + random.integers(1, 5, 40)) % 5
    strength = random.normal(size=5)

    covariance = posterior_covariance(strength, first, second, prior=0.3)

    def slope(s):
        p = expit(s[first] - s[second])
        return np.bincount(first, p, 5) - np.bincount(second, p, 5) + 0.3 * s

    curvature = [(slope(strength + h) - slope(strength - h)) / 2e-5 for h in 1e-5 * np.eye(5)]
    assert np.linalg.inv(covariance) == pytest.approx(np.array(curvature), abs=1e-6)


def test_gains_of_a_batch_add_up_to_the_fall_of_the_log_determinant():
    strength, covariance = posterior(2)
    chosen = next_pairs(strength, covariance, n=11, random=np.random.default_rng(3), floor=0.3)

    precision = np.linalg.inv(covariance)
    for i, j in zip(chosen.first, chosen.second, strict=True):
        u = np.eye(5)[i] - np.eye(5)[j]
        p = expit(strength[i] - strength[j])
        precision += p * (1 - p) * np.outer(u, u)

    fall = np.linalg.slogdet(precision)[1] + np.linalg.slogdet(covariance)[1]
    assert chosen.gain.sum() == pytest.approx(fall / 2, abs=1e-9)


def test_stated_probability_is_how_often_the_pair_comes():
    strength, covariance = posterior(3, m=4)
    random = np.random.default_rng(0)

    draws = [next_pairs(strength, covariance, n=1, random=random, floor=0.4) for _ in range(6000)]

    stated = {(d.first[0], d.second[0]): d.probability[0] for d in draws}
    seen = dict.fromkeys(stated, 0.0)
    for d in draws:
        seen[d.first[0], d.second[0]] += 1 / 6000
    assert len(stated) == 6
    assert sum(stated.values()) == pytest.approx(1)
    assert seen == pytest.approx(stated, abs=0.03)


def test_weights_undo_the_choice_of_pairs():
    # A quantity that differs by pair: its mean over chosen slots is biased, the weighted is not.
    strength, covariance = posterior(4, m=5)
    value = np.arange(25.0).reshape(5, 5)
    truth = np.mean([value[i, j] for i, j in combinations(range(5), 2)])
    random = np.random.default_rng(1)
    batches = [next_pairs(strength, covariance, n=2, random=random, floor=0.5) for _ in range(6000)]
    probability = np.concatenate([b.probability for b in batches])
    values = np.concatenate([value[b.first, b.second] for b in batches])

    weights = inverse_propensity_weights(probability, n_pairs=10)

    assert weights.mean() == pytest.approx(1, abs=0.03)
    assert np.mean(weights * values) == pytest.approx(truth, abs=0.35)
    assert abs(values.mean() - truth) > 0.6
    assert weights.max() <= 1 / 0.5 + 1e-9


@given(st.permutations(range(5)))
def test_renaming_items_renames_the_choice(order):
    strength, covariance = posterior(5)
    order = np.array(order)
    plain = next_pairs(strength, covariance, n=7, random=np.random.default_rng(0), floor=0)

    renamed = next_pairs(
        strength[order],
        covariance[np.ix_(order, order)],
        n=7,
        random=np.random.default_rng(0),
        floor=0,
    )

    back = np.sort(np.stack([order[renamed.first], order[renamed.second]]), axis=0)
    assert back.tolist() == [plain.first.tolist(), plain.second.tolist()]


def test_a_new_checkpoint_is_asked_about_first():
    first, second = np.array([0, 1, 2] * 40), np.array([1, 2, 0] * 40)
    score = np.tile([1, 0, 1, 0, 1, 0.5], 20)
    ratings = bradley_terry.fit(first, second, score, n_items=4, prior=0.5)

    chosen = next_pairs(
        ratings.nats,
        posterior_covariance(ratings.nats, first, second, prior=0.5),
        n=1,
        random=np.random.default_rng(0),
        floor=0,
    )

    assert chosen.second[0] == 3


def test_only_allowed_pairs_are_asked_and_scores_change_the_plan():
    strength, covariance = np.zeros(4), np.eye(4)
    allowed = np.zeros((4, 4), bool)
    allowed[0, 1] = allowed[2, 3] = True
    score = np.ones((4, 4))
    score[1, 3] = 10

    within = next_pairs(
        strength, covariance, n=30, random=np.random.default_rng(0), floor=0.5, allowed=allowed
    )
    scored = next_pairs(
        strength, covariance, n=1, random=np.random.default_rng(0), floor=0, score=score
    )

    assert set(zip(within.first.tolist(), within.second.tolist(), strict=True)) == {(0, 1), (2, 3)}
    assert (scored.first[0], scored.second[0]) == (1, 3)


def test_an_ensemble_that_disagrees_gains_from_a_vote_and_one_that_agrees_does_not():
    agreed = np.array([[0.0, 1.0, 3.0], [5.0, 6.0, 8.0]])
    split = np.array([[0.0, 1.0, 3.0], [0.0, 1.0, -3.0]])

    assert ensemble_gain(agreed) == pytest.approx(0, abs=1e-12)
    gain = ensemble_gain(split)
    assert gain[0, 2] > 0.5
    assert gain[0, 1] == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize(
    ("call", "came"),
    [
        (lambda random: next_pairs([0, np.inf], np.eye(2), n=1, random=random), "not rated"),
        (lambda random: next_pairs([0, 1], np.eye(3), n=1, random=random), "(3, 3)"),
        (lambda random: next_pairs([0, 1], np.eye(2), n=0, random=random), "0 of 1"),
        (lambda random: next_pairs([0, 1], np.eye(2), n=1, random=random, floor=2), "2"),
        (
            lambda random: next_pairs(
                [0, 1], np.eye(2), n=1, random=random, score=-np.ones((2, 2))
            ),
            "negative",
        ),
        (lambda _: inverse_propensity_weights([0.0], n_pairs=3), "random floor"),
        (lambda _: posterior_covariance([0.0, np.nan], [0], [1], prior=1.0), "not rated"),
        (lambda _: posterior_covariance([0.0, 1.0], [0], [1], prior=0.0), "prior 0.0"),
        (lambda _: ensemble_gain([[1.0, 2.0]]), "(1, 2)"),
    ],
)
def test_choices_without_meaning_are_refused(call, came):
    with pytest.raises(InvalidChoice) as error:
        call(np.random.default_rng(0))

    assert "expected" in str(error.value)
    assert came in str(error.value)
