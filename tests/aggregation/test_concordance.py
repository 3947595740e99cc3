"""Kendall's tau-b and W against scipy, scipy's Friedman test and hand calculation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import friedmanchisquare, kendalltau

from annotation.aggregation.concordance import (
    InvalidRankings,
    kendall_tau_b,
    kendall_w,
    mean_tau_b,
)

_ = np.nan


@pytest.mark.parametrize("seed", range(10))
def test_tau_b_agrees_with_scipy_ties_included(seed):
    a, b = np.random.default_rng(seed).integers(1, 5, size=(2, 9))

    assert kendall_tau_b(a, b) == pytest.approx(kendalltau(a, b).statistic, abs=1e-12)


def test_tau_b_of_many_tasks_at_once_is_tau_b_of_each():
    a, b = np.random.default_rng(3).integers(1, 4, size=(2, 50, 5)).astype(float)

    taus = kendall_tau_b(a, b)

    each = [kendalltau(x, y).statistic for x, y in zip(a, b, strict=True)]
    assert taus == pytest.approx(each, abs=1e-12, nan_ok=True)


def test_tau_b_leaves_out_what_one_of_the_two_did_not_rank():
    assert kendall_tau_b([1, 2, 3, _], [1, 3, 2, 4]) == pytest.approx(
        kendalltau([1, 2, 3], [1, 3, 2]).statistic
    )


@given(st.permutations(range(6)), st.permutations(range(6)))
def test_tau_b_is_symmetric_and_turns_sign_when_one_ranking_is_reversed(a, b):
    tau = kendall_tau_b(a, b)

    assert kendall_tau_b(b, a) == pytest.approx(tau)
    assert kendall_tau_b(a, [-x for x in b]) == pytest.approx(-tau)
    assert -1 <= tau <= 1


def test_tau_b_has_no_answer_when_one_ties_everything():
    assert np.isnan(kendall_tau_b([1, 1, 1], [1, 2, 3]))


def test_mean_tau_b_averages_over_the_pairs_who_ranked_the_task():
    rankings = np.array(
        [
            [[1, 2, 3], [1, 2, _]],
            [[1, 2, 3], [_, _, _]],
            [[3, 2, 1], [_, _, _]],
        ]
    )

    taus = mean_tau_b(rankings)

    assert taus[0] == pytest.approx((1 - 1 - 1) / 3)
    assert np.isnan(taus[1])


@pytest.mark.parametrize("seed", range(5))
def test_w_with_ties_agrees_with_scipys_friedman_statistic(seed):
    # chi2 = m (n - 1) W, also with its tie correction (Siegel and Castellan 1988)
    rankings = np.random.default_rng(seed).integers(1, 5, size=(6, 5))

    chi2 = friedmanchisquare(*rankings.T).statistic

    assert kendall_w(rankings) == pytest.approx(chi2 / (6 * 4), abs=1e-12)


def test_w_is_one_for_the_same_order_and_zero_for_opposite_ones():
    assert kendall_w([[1, 2, 3], [10, 20, 30]]) == pytest.approx(1)
    assert kendall_w([[1, 2, 3], [3, 2, 1]]) == pytest.approx(0)
    assert np.isnan(kendall_w([[1, 1], [2, 2]]))


@pytest.mark.parametrize(
    ("call", "came"),
    [
        (lambda: kendall_tau_b([1, 2], [1, 2, 3]), "(3,)"),
        (lambda: kendall_w([[1, 2, _], [1, 2, 3]]), "gap"),
        (lambda: kendall_w([[1, 2, 3]]), "(1, 3)"),
        (lambda: mean_tau_b([[1, 2], [2, 1]]), "(2, 2)"),
    ],
)
def test_rankings_that_do_not_belong_together_are_refused(call, came):
    with pytest.raises(InvalidRankings) as error:
        call()

    assert "expected" in str(error.value)
    assert came in str(error.value)
