"""Reliability models against the published anaesthetists, brute force and simulated truth."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotation.aggregation.reliability import (
    InvalidLabels,
    accuracy_on_gold,
    dawid_skene,
    mace,
    vote_weights,
)

# Dawid and Skene 1979, table 1: 45 patients, fitness for anaesthesia 1 to 4 by five anaesthetists,
# the first of whom read every form three times. One word per patient: 111 1 1 1 1.
ANAESTHETISTS = """
1111111 3334334 1122122 2223121 2223222 2223322 1222111 3333433 2222223 2322223 4444444 2223343
1111111 2223212 1211111 1112111 1111111 1111111 2222221 2221322 2222222 2222221 2223222 2212222
1111111 1111111 2322222 1111111 1111111 1121121 1111111 3333233 1111111 2222222 2223232 4334343
2212232 2323233 3333432 1111111 1111111 1212111 2322222 1211111 2222222
"""


def anaesthetists():
    observer = [0, 0, 0, 1, 2, 3, 4]
    rows = [
        (patient, observer[k], int(digit) - 1)
        for patient, digits in enumerate(ANAESTHETISTS.split())
        for k, digit in enumerate(digits)
    ]
    return tuple(np.array(column) for column in zip(*rows, strict=True))


def test_anaesthetists_get_the_published_class_shares_and_error_rates():
    item, worker, label = anaesthetists()

    fit = dawid_skene(item, worker, label, n_classes=4)

    # Dawid and Skene 1979, table 2 (incomplete data, converged): marginals and observer 1.
    assert np.round(fit.prior, 2).tolist() == [0.40, 0.42, 0.11, 0.07]
    assert np.round(fit.confusion[0], 2).tolist() == [
        [0.89, 0.11, 0.00, 0.00],
        [0.07, 0.88, 0.05, 0.00],
        [0.00, 0.34, 0.66, 0.00],
        [0.00, 0.00, 0.56, 0.44],
    ]
    assert fit.converged


def one_em_round(item, worker, label, posterior, n_workers, n_classes):
    """Equations 2.3, 2.4 and 2.5 as loops; returns the posterior and the log-likelihood."""
    prior = posterior.mean(axis=0)
    confusion = np.zeros((n_workers, n_classes, n_classes))
    for i, w, given_label in zip(item, worker, label, strict=True):
        confusion[w, :, given_label] += posterior[i]
    confusion /= confusion.sum(axis=2, keepdims=True)
    joint = np.tile(prior, (posterior.shape[0], 1))
    for i, w, given_label in zip(item, worker, label, strict=True):
        joint[i] *= confusion[w, :, given_label]
    return joint / joint.sum(axis=1, keepdims=True), np.log(joint.sum(axis=1)).sum()


def test_dawid_skene_is_a_fixed_point_of_the_equations_of_the_paper():
    item, worker, label = anaesthetists()
    fit = dawid_skene(item, worker, label, n_classes=4)

    posterior, log_likelihood = one_em_round(item, worker, label, fit.posterior, 5, 4)

    assert posterior == pytest.approx(fit.posterior, abs=1e-6)
    assert log_likelihood == pytest.approx(fit.log_likelihood, abs=1e-6)


def crowd(seed, *, n_items=200, competence=(0.9, 0.8, 0.7, 0.6, 0.35), n_classes=3):
    """Every worker labels every item; each knows with their competence, else guesses evenly."""
    random = np.random.default_rng(seed)
    truth = random.integers(0, n_classes, n_items)
    item = np.repeat(np.arange(n_items), len(competence))
    worker = np.tile(np.arange(len(competence)), n_items)
    knows = random.random(item.size) < np.array(competence)[worker]
    label = np.where(knows, truth[item], random.integers(0, n_classes, item.size))
    return item, worker, label, truth


@pytest.mark.parametrize("smoothing", [0.0, 0.5])
@pytest.mark.parametrize("seed", range(4))
def test_dawid_skenes_likelihood_never_falls(seed, smoothing):
    item, worker, label, _ = crowd(seed, n_items=60)

    fit = dawid_skene(item, worker, label, n_classes=3, smoothing=smoothing)

    assert len(fit.history) > 5
    assert np.diff(fit.history).min() > -1e-9
    assert fit.converged


@pytest.mark.parametrize("seed", range(4))
def test_maces_evidence_bound_never_falls(seed):
    item, worker, label, _ = crowd(seed, n_items=60)

    fit = mace(item, worker, label, n_classes=3, restarts=3)

    assert len(fit.history) > 5
    assert np.diff(fit.history).min() > -1e-9


def test_workers_are_recovered_and_truth_found_more_often_than_by_majority():
    item, worker, label, truth = crowd(0, n_items=2000)

    skene, hovy = (
        dawid_skene(item, worker, label, n_classes=3),
        mace(item, worker, label, n_classes=3),
    )

    true_accuracy = np.bincount(worker, label == truth[item]) / 2000
    assert skene.accuracy == pytest.approx(true_accuracy, abs=0.03)
    assert hovy.competence == pytest.approx([0.9, 0.8, 0.7, 0.6, 0.35], abs=0.05)
    votes = np.zeros((2000, 3))
    np.add.at(votes, (item, label), 1)
    # ties of the majority are broken by chance, so count them at their expected share
    top = votes == votes.max(axis=1, keepdims=True)
    majority = np.mean(top[np.arange(2000), truth] / top.sum(axis=1))
    assert np.mean(skene.posterior.argmax(axis=1) == truth) > majority + 0.01
    assert np.mean(hovy.posterior.argmax(axis=1) == truth) > majority + 0.01


def test_posteriors_mean_what_they_say():
    item, worker, label, truth = crowd(1, n_items=3000)

    posterior = dawid_skene(item, worker, label, n_classes=3).posterior

    best = posterior.max(axis=1)
    right = posterior.argmax(axis=1) == truth
    assert best.mean() == pytest.approx(right.mean(), abs=0.02)


@settings(max_examples=25, deadline=None)
@given(st.permutations(range(3)), st.permutations(range(5)), st.integers(0, 5))
def test_dawid_skene_renames_with_classes_and_workers(classes, workers, seed):
    item, worker, label, _ = crowd(seed, n_items=40)
    fit = dawid_skene(item, worker, label, n_classes=3)

    renamed = dawid_skene(item, np.array(workers)[worker], np.array(classes)[label], n_classes=3)

    assert renamed.log_likelihood == pytest.approx(fit.log_likelihood, abs=1e-6)
    assert renamed.posterior[:, classes] == pytest.approx(fit.posterior, abs=1e-4)
    assert renamed.accuracy[list(workers)] == pytest.approx(fit.accuracy, abs=1e-4)


def test_an_item_that_nobody_labeled_gets_the_prior():
    fit = dawid_skene([0, 0, 2], [0, 1, 0], [1, 1, 0], n_classes=2)

    assert fit.posterior[1] == pytest.approx(fit.prior, abs=1e-6)


def test_accuracy_on_gold_by_hand_with_wilsons_interval():
    # worker 0: 8 of 10 right; worker 1 met no gold
    item, worker = [*range(10), 10], [0] * 10 + [1]
    label, gold = [1] * 10 + [0], [1.0] * 8 + [0.0] * 2 + [np.nan]

    result = accuracy_on_gold(item, worker, label, gold)

    assert result.accuracy[0] == pytest.approx(0.8)
    # Wilson 1927 for 8 of 10: 0.4902 to 0.9433
    assert (result.low[0], result.high[0]) == pytest.approx((0.4902, 0.9433), abs=1e-4)
    assert np.isnan(result.accuracy[1])
    assert (result.low[1], result.high[1], result.n[1]) == (0, 1, 0)


def test_models_are_held_against_gold_as_if_they_were_one_worker():
    item, worker, label, truth = crowd(2)
    answers = dawid_skene(item, worker, label, n_classes=3).posterior.argmax(axis=1)

    result = accuracy_on_gold(np.arange(200), np.zeros(200, int), answers, truth)

    assert result.accuracy[0] == np.mean(answers == truth)
    assert result.low[0] < result.accuracy[0] < result.high[0]


def test_a_vote_weighs_its_share_of_information():
    assert vote_weights([1.0, 0.75, 0.5, 0.2]) == pytest.approx([1, 0.25, 0, 0])


@pytest.mark.parametrize(
    ("call", "came"),
    [
        (lambda: dawid_skene([], [], [], n_classes=2), "none"),
        (lambda: dawid_skene([0], [0], [2], n_classes=2), "2 in row 0"),
        (lambda: dawid_skene([0, 1], [0], [0, 1], n_classes=2), "2, 1 and 2"),
        (lambda: dawid_skene([0.5], [0], [1], n_classes=2), "float64"),
        (lambda: mace([0], [-1], [1], n_classes=2), "-1"),
        (lambda: mace([0], [0], [0], n_classes=1), "1"),
        (lambda: accuracy_on_gold([0, 5], [0, 0], [1, 1], [1.0]), "(1,)"),
        (lambda: vote_weights([1.2]), "expected reliabilities"),
    ],
)
def test_labels_that_name_nothing_are_refused(call, came):
    with pytest.raises(InvalidLabels) as error:
        call()

    assert "expected" in str(error.value)
    assert came in str(error.value)
