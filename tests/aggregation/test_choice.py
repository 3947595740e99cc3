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


def test_first_pairs_are_the_best_spanning_tree():
    strength, covariance = posterior(1)
    gain = information_gain(strength, covariance)
    pairs = list(combinations(range(5), 2))

    def spans(edges):
        seen = {0}
        for _ in edges:
            seen |= {x for edge in edges for x in edge if seen & set(edge)}
        return len(seen) == 5

    best = max(filter(spans, combinations(pairs, 4)), key=lambda t: sum(gain[e] for e in t))

    chosen = next_pairs(strength, covariance, n=4, random=np.random.default_rng(0), floor=0)

    assert set(zip(chosen.first.tolist(), chosen.second.tolist(), strict=True)) == set(best)
    assert (chosen.probability == 1).all()
    assert gain[chosen.first[0], chosen.second[0]] == pytest.approx(np.triu(gain).max())


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
    batches = [next_pairs(strength, covariance, n=8, random=random, floor=0.5) for _ in range(1500)]
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
        ratings.nats, ratings.covariance_nats, n=1, random=np.random.default_rng(0), floor=0
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
        (lambda _: ensemble_gain([[1.0, 2.0]]), "(1, 2)"),
    ],
)
def test_choices_without_meaning_are_refused(call, came):
    with pytest.raises(InvalidChoice) as error:
        call(np.random.default_rng(0))

    assert "expected" in str(error.value)
    assert came in str(error.value)
