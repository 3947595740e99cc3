"""Agreement against published worked examples, statsmodels and scikit-learn."""

import gzip
import json
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.metrics import cohen_kappa_score
from statsmodels.stats import inter_rater

from annotation.aggregation.agreement import (
    InvalidRatings,
    cohen_kappa,
    fleiss_kappa,
    krippendorff_alpha,
    raw_agreement,
)
from annotation.aggregation.estimate import TooFewUnits, with_interval

SHARED = Path(__file__).parents[3] / "shared" / "data"

_ = np.nan
# Krippendorff 2011, section C: four observers, twelve units, values 1 to 5, missing data.
KRIPPENDORFF_2011 = np.array(
    [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, _, _, _],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, _, 3],
        [_, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, _],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, _],
    ]
)

# Fleiss 1971, table 1: thirty patients, six psychiatrists each, five diagnoses.
FLEISS_1971 = np.array(
    [
        [0, 0, 0, 6, 0], [0, 3, 0, 0, 3], [0, 1, 4, 0, 1], [0, 0, 0, 0, 6], [0, 3, 0, 3, 0],
        [2, 0, 4, 0, 0], [0, 0, 4, 0, 2], [2, 0, 3, 1, 0], [2, 0, 0, 4, 0], [0, 0, 0, 0, 6],
        [1, 0, 0, 5, 0], [1, 1, 0, 4, 0], [0, 3, 3, 0, 0], [1, 0, 0, 5, 0], [0, 2, 0, 3, 1],
        [0, 0, 5, 0, 1], [3, 0, 0, 1, 2], [5, 1, 0, 0, 0], [0, 2, 0, 4, 0], [1, 0, 2, 0, 3],
        [0, 0, 0, 0, 6], [0, 1, 0, 5, 0], [0, 2, 0, 1, 3], [2, 0, 0, 4, 0], [1, 0, 0, 4, 1],
        [0, 5, 0, 1, 0], [4, 0, 0, 0, 2], [0, 2, 0, 4, 0], [1, 0, 5, 0, 0], [0, 0, 0, 0, 6],
    ]
)  # fmt: skip


@pytest.mark.parametrize(
    ("level", "published"),
    [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849), ("ratio", 0.797)],
)
def test_alpha_of_the_worked_example_is_the_published_one(level, published):
    assert krippendorff_alpha(KRIPPENDORFF_2011, level=level) == pytest.approx(published, abs=6e-4)


def alpha_by_definition(ratings, metric):
    """Mean disagreement within units against all pairs of pairable values, by brute force."""
    units = [column[~np.isnan(column)] for column in ratings.T]
    units = [unit for unit in units if unit.size >= 2]
    values = np.concatenate(units)
    observed = sum(
        metric(a, b, values) / (unit.size - 1)
        for unit in units
        for i, a in enumerate(unit)
        for j, b in enumerate(unit)
        if i != j
    )
    expected = sum(metric(a, b, values) for a in values for b in values) / (values.size - 1)
    return 1 - observed / expected


def ordinal_metric(a, b, values):
    """Krippendorff 2011, section 5: ranks between the two, ends counted half."""
    low, high = min(a, b), max(a, b)
    between = np.sum((values >= low) & (values <= high))
    return (between - (np.sum(values == low) + np.sum(values == high)) / 2) ** 2


METRICS = {
    "nominal": lambda a, b, values: float(a != b),
    "ordinal": ordinal_metric,
    "interval": lambda a, b, values: (a - b) ** 2,
    "ratio": lambda a, b, values: ((a - b) / (a + b)) ** 2 if a + b else 0.0,
}


@pytest.mark.parametrize("level", METRICS)
@pytest.mark.parametrize("seed", range(5))
def test_alpha_agrees_with_its_definition_on_random_incomplete_ratings(level, seed):
    random = np.random.default_rng(seed)
    ratings = random.integers(0, 6, size=(5, 14)).astype(float)
    ratings[random.random(ratings.shape) < 0.45] = np.nan

    assert krippendorff_alpha(ratings, level=level) == pytest.approx(
        alpha_by_definition(ratings, METRICS[level]), abs=1e-12
    )


rating_tables = arrays(
    np.float64,
    st.tuples(st.integers(2, 5), st.integers(2, 8)),
    elements=st.sampled_from([1.0, 2.0, 3.0, 5.0, np.nan]),
)


@given(rating_tables, st.sampled_from(sorted(METRICS)), st.randoms(use_true_random=False))
def test_alpha_does_not_depend_on_the_order_of_annotators_or_tasks(ratings, level, random):
    rows, columns = list(range(ratings.shape[0])), list(range(ratings.shape[1]))
    random.shuffle(rows)
    random.shuffle(columns)

    shuffled = krippendorff_alpha(ratings[np.ix_(rows, columns)], level=level)

    assert shuffled == pytest.approx(krippendorff_alpha(ratings, level=level), nan_ok=True)


@given(rating_tables)
def test_nominal_alpha_does_not_depend_on_the_names_of_the_categories(ratings):
    renamed = np.where(np.isnan(ratings), np.nan, (7 - ratings) * 11)

    assert krippendorff_alpha(renamed, level="nominal") == pytest.approx(
        krippendorff_alpha(ratings, level="nominal"), nan_ok=True
    )


@given(rating_tables)
def test_interval_alpha_survives_shift_and_scale_and_ordinal_any_monotone_change(ratings):
    assert krippendorff_alpha(ratings * 3 + 1e6, level="interval") == pytest.approx(
        krippendorff_alpha(ratings, level="interval"), abs=1e-6, nan_ok=True
    )
    assert krippendorff_alpha(np.exp(ratings), level="ordinal") == pytest.approx(
        krippendorff_alpha(ratings, level="ordinal"), nan_ok=True
    )


def test_alpha_has_no_answer_for_one_category_or_without_a_shared_task():
    assert np.isnan(krippendorff_alpha(np.ones((3, 4)), level="nominal"))
    assert np.isnan(krippendorff_alpha([[1, _, 2], [_, 1, _]], level="interval"))
    assert np.isnan(krippendorff_alpha(np.empty((0, 0)), level="nominal"))


def test_fleiss_kappa_of_the_psychiatric_diagnoses_is_the_published_one():
    assert fleiss_kappa(FLEISS_1971) == pytest.approx(0.430, abs=5e-4)


@pytest.mark.parametrize("seed", range(5))
def test_fleiss_kappa_agrees_with_statsmodels(seed):
    counts = np.random.default_rng(seed).multinomial(7, [0.5, 0.2, 0.2, 0.1], size=40)

    assert fleiss_kappa(counts) == pytest.approx(inter_rater.fleiss_kappa(counts), abs=1e-12)


@pytest.mark.parametrize("weights", [None, "linear", "quadratic"])
@pytest.mark.parametrize("seed", range(3))
def test_cohen_kappa_agrees_with_scikit_learn_and_statsmodels(weights, seed):
    random = np.random.default_rng(seed)
    a = random.integers(0, 4, 200)
    b = np.where(random.random(200) < 0.6, a, random.integers(0, 4, 200))

    kappa = cohen_kappa(a, b, weights=weights)

    table = inter_rater.to_table(np.column_stack([a, b]))[0]
    kind = {None: None, "linear": "linear", "quadratic": "quadratic"}[weights]
    assert kappa == pytest.approx(cohen_kappa_score(a, b, weights=weights), abs=1e-12)
    assert kappa == pytest.approx(
        inter_rater.cohens_kappa(table, wt=kind, return_results=False), abs=1e-12
    )


def test_cohen_kappa_by_hand():
    # 20 yes/yes, 5 yes/no, 10 no/yes, 15 no/no: observed 0.7, expected 0.5.
    a = np.repeat([1, 1, 0, 0], [20, 5, 10, 15])
    b = np.repeat([1, 0, 1, 0], [20, 5, 10, 15])

    assert cohen_kappa(a, b) == pytest.approx(0.4)


def test_pandalm_annotators_reach_the_published_kappas():
    path = SHARED / "pandalm_testset_v1.json.gz"
    if not path.exists():
        pytest.skip(f"needs the PandaLM test set at {path}")
    with gzip.open(path, "rt", encoding="utf-8") as file:
        rows = json.load(file)
    votes = np.array([[row[f"annotator{k}"] for row in rows] for k in (1, 2, 3)], dtype=float)

    kappas = [cohen_kappa(votes[i], votes[j]) for i, j in [(0, 1), (0, 2), (1, 2)]]

    assert np.round(kappas, 2).tolist() == [0.85, 0.88, 0.86]


def test_raw_agreement_with_and_without_ties_by_hand():
    # Three labelers, 0.5 a tie: task 0 agrees on 1 of 3 pairs, task 1 on all, task 2 on none.
    ratings = np.array([[1, 0, 1], [1, 0, 0.5], [0.5, 0, _]])

    assert raw_agreement(ratings) == pytest.approx((1 / 3 + 1 + 0) / 3)
    # Without ties: task 0 has one pair left, which agrees; task 2 has one rating left, so no pair.
    assert raw_agreement(ratings, without=0.5) == pytest.approx(1.0)
    assert np.isnan(raw_agreement([[1, _], [_, 0]]))


def test_jackknife_interval_of_a_mean_is_students_interval():
    x = np.random.default_rng(1).normal(size=40)

    estimate = with_interval(np.mean, x)

    # t(39) at 97.5 % is 2.0227
    half = 2.0227 * x.std(ddof=1) / np.sqrt(40)
    assert estimate.value == pytest.approx(x.mean())
    assert (estimate.high - estimate.low) / 2 == pytest.approx(half, rel=1e-4)
    assert (estimate.n, estimate.method) == (40, "jackknife by task")


def test_batches_of_many_tasks_give_the_interval_of_the_jackknife():
    x = np.random.default_rng(1).normal(size=20_000)

    estimate = with_interval(np.mean, x)

    assert estimate.method == "batches of tasks"
    # t(99) at 97.5 % is 1.984; the spread of 100 batches is itself known to 7 %
    half = 1.984 * x.std(ddof=1) / np.sqrt(20_000)
    assert (estimate.high - estimate.low) / 2 == pytest.approx(half, rel=0.25)


def test_alpha_interval_holds_its_value_and_shrinks_with_the_root_of_the_tasks():
    random = np.random.default_rng(2)
    truth = random.integers(0, 3, 1600)
    ratings = np.where(random.random((3, 1600)) < 0.8, truth, random.integers(0, 3, (3, 1600)))
    alpha = partial(krippendorff_alpha, level="nominal")

    few = with_interval(alpha, ratings[:, :100].astype(float), upper=1)
    many = with_interval(alpha, ratings.astype(float), upper=1)

    assert few.low < few.value < few.high <= 1
    assert (few.high - few.low) / (many.high - many.low) == pytest.approx(4, rel=0.3)


def test_interval_over_tasks_takes_the_axis_of_the_tasks():
    estimate = with_interval(fleiss_kappa, FLEISS_1971, axis=0)

    assert estimate.n == 30
    assert estimate.low < 0.430 < estimate.high


@pytest.mark.parametrize(
    ("call", "expected", "came"),
    [
        (lambda: krippendorff_alpha([1, 2, 3], level="nominal"), "(annotators, tasks)", "(3,)"),
        (lambda: krippendorff_alpha([[1, 2]], level="likert"), "nominal", "'likert'"),
        (lambda: krippendorff_alpha([[1], [-1]], level="ratio"), ">= 0", "-1"),
        (lambda: krippendorff_alpha([[1], [np.inf]], level="ratio"), "finite", "infinity"),
        (lambda: cohen_kappa([1, 2], [1, 2, 3]), "same tasks", "(3,)"),
        (lambda: cohen_kappa([1], [1], weights="cubic"), "quadratic", "'cubic'"),
        (lambda: fleiss_kappa([[2, 0], [1, 2]]), "same number", "2 to 3"),
        (lambda: fleiss_kappa([[2, -1]]), "0 or more", "negative"),
        (lambda: fleiss_kappa([]), "(tasks, categories)", "(0,)"),
    ],
)
def test_bad_ratings_are_refused_with_what_was_expected_and_what_came(call, expected, came):
    with pytest.raises(InvalidRatings) as error:
        call()

    assert expected in str(error.value)
    assert came in str(error.value)


def test_an_interval_over_one_task_is_refused():
    with pytest.raises(TooFewUnits, match="at least 2 tasks"):
        with_interval(np.mean, np.array([1.0]))
