"""Planning a round: sample sizes against statsmodels and by simulation."""

import math

import numpy as np
import pytest
from scipy.special import expit
from statsmodels.stats.power import NormalIndPower, normal_sample_size_one_tail

from annotation.aggregation.budget import InvalidPlan, intraclass_correlation, plan_votes


def test_votes_are_the_textbook_sample_size():
    plan = plan_votes(100, annotators=1000)

    p = 1 / (1 + 10 ** (-100 / 400))
    textbook = normal_sample_size_one_tail(
        p - 0.5, 0.8, 0.025, std_null=0.5, std_alternative=math.sqrt(p * (1 - p))
    )
    assert plan.votes == math.ceil(textbook)
    # Close to a power calculation with the arcsine effect size as well.
    effect = 2 * math.asin(math.sqrt(p)) - 2 * math.asin(math.sqrt(0.5))
    arcsine = NormalIndPower(ddof=0).solve_power(effect, power=0.8, alpha=0.05, ratio=0)
    assert plan.votes == pytest.approx(arcsine, rel=0.05)


def test_planned_votes_find_the_difference_as_often_as_stated():
    plan = plan_votes(80, annotators=1000, tie_rate=0.2)
    random = np.random.default_rng(0)
    win = float(expit(80 * math.log(10) / 400)) - 0.1
    x = random.choice([0, 0.5, 1], size=(4000, int(plan.votes)), p=[0.8 - win, 0.2, win])

    z = (x.mean(axis=1) - 0.5) / (x.std(axis=1) / math.sqrt(plan.votes))

    assert np.mean(z > 1.96) == pytest.approx(0.8, abs=0.03)


def test_a_small_crowd_that_differs_cannot_settle_a_small_difference():
    few = plan_votes(35, annotators=10, intraclass=0.02)
    enough = plan_votes(35, annotators=few.annotators_at_least, intraclass=0.02)

    assert few.votes == math.inf
    assert f"At least {few.annotators_at_least} are needed" in str(few)
    assert math.isfinite(enough.votes)
    assert math.isinf(plan_votes(35, annotators=few.annotators_at_least - 1, intraclass=0.02).votes)


def test_planned_votes_of_an_opinionated_crowd_find_the_difference_as_often_as_stated():
    plan = plan_votes(60, annotators=40, intraclass=0.05)
    each = round(plan.votes / 40)
    random = np.random.default_rng(1)
    mean = float(expit(60 * math.log(10) / 400))
    # Beta with this mean: variance over p (1 - p) is the intraclass correlation
    size = 1 / 0.05 - 1
    rates = random.beta(mean * size, (1 - mean) * size, (4000, 40))
    means = random.binomial(each, rates) / each

    t = (means.mean(axis=1) - 0.5) / (means.std(axis=1, ddof=1) / math.sqrt(40))

    assert plan.design_effect > 1.4
    assert np.mean(t > 2.02) == pytest.approx(0.8, abs=0.05)


def test_watching_costs_more_votes_than_a_single_look():
    plan = plan_votes(60, annotators=10_000)

    assert 1 < plan.votes_if_watched / plan.votes < 3


def test_intraclass_correlation_is_recovered():
    random = np.random.default_rng(2)
    rates = random.beta(0.6 * 9, 0.4 * 9, 800)  # intraclass 1 / (9 + 1)
    counts = random.integers(2, 30, 800)
    worker = np.repeat(np.arange(800), counts)
    score = (random.random(worker.size) < rates[worker]).astype(float)

    assert intraclass_correlation(score, worker) == pytest.approx(0.1, abs=0.02)
    assert intraclass_correlation(random.permutation(score), worker) == pytest.approx(0, abs=0.02)


def test_intraclass_correlation_by_hand():
    # Groups (1, 1) and (0, 1): between 0.25 on 1, within 0.5 on 2, so the estimate is cut at 0.
    assert intraclass_correlation([1, 1, 0, 1], [0, 0, 1, 1]) == 0
    # (1, 1) and (0, 0): all variance is between.
    assert intraclass_correlation([1, 1, 0, 0], [0, 0, 1, 1]) == 1
    assert math.isnan(intraclass_correlation([1, 0], [0, 0]))
    assert math.isnan(intraclass_correlation([1, 0], [0, 1]))


@pytest.mark.parametrize(
    ("settings", "came"),
    [
        ({"elo": 0}, "0"),
        ({"elo": 50, "annotators": 0}, "0"),
        ({"elo": 50, "intraclass": 1.5}, "1.5"),
        ({"elo": 50, "power": 0.2}, "0.2"),
        ({"elo": 400, "tie_rate": 0.5}, "50%"),
    ],
)
def test_plans_without_meaning_are_refused(settings, came):
    with pytest.raises(InvalidPlan) as error:
        plan_votes(**({"annotators": 10} | settings))

    assert "expected" in str(error.value)
    assert came in str(error.value)
