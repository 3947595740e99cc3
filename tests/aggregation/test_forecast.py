"""Forecasts: exact curves come back, noisy ones with an interval, too few points not at all."""

import numpy as np
import pytest
from scipy.optimize import curve_fit

from annotation.aggregation.forecast import InvalidCurve, TooFewSizes, fit_power_law

SIZES = np.array([250, 500, 1000, 2000, 4000, 8000])


def accuracy(n):
    return 0.76 - 1.5 * np.asarray(n, dtype=float) ** -0.4


def test_an_exact_curve_is_recovered_and_continued():
    law = fit_power_law(SIZES, accuracy(SIZES), metric="accuracy", error=1e-4)

    assert law.limit == pytest.approx(0.76, abs=0.002)
    assert law.exponent == pytest.approx(0.4, abs=0.02)
    gain = law.gain(8000, 8000)
    assert gain.value == pytest.approx(100 * (accuracy(16_000) - accuracy(8000)), abs=0.02)
    assert gain.low < gain.value < gain.high


def test_fit_agrees_with_scipys_curve_fit_on_noisy_losses():
    random = np.random.default_rng(0)
    measured = 0.5 + 3.0 * SIZES**-0.3 + random.normal(0, 0.002, SIZES.size)

    law = fit_power_law(SIZES, measured, metric="loss", error=0.002)

    expected = curve_fit(lambda n, c, a, b: c + a * n**-b, SIZES, measured, p0=[0.5, 3, 0.3])[0]
    assert law.at(SIZES) == pytest.approx(
        expected[0] + expected[1] * SIZES ** -expected[2], abs=2e-4
    )


def test_more_data_is_never_forecast_to_hurt_nor_accuracy_to_pass_one():
    falling = fit_power_law(
        [100, 200, 400, 800], [0.7, 0.69, 0.68, 0.67], metric="accuracy", error=0.01
    )
    steep = fit_power_law(
        [100, 200, 400, 800], [0.5, 0.7, 0.85, 0.99], metric="accuracy", error=0.01
    )

    assert falling.gain(800, 800).low >= -1e-9
    assert steep.at([10_000])[0] <= 1


def test_intervals_narrow_with_the_held_out_comparisons():
    measured = accuracy(SIZES)

    few = fit_power_law(SIZES, measured, metric="accuracy", held_out=200).gain(8000, 4000)
    many = fit_power_law(SIZES, measured, metric="accuracy", held_out=20_000).gain(8000, 4000)

    assert many.high - many.low < 0.6 * (few.high - few.low)


def test_the_sentence_says_what_to_expect():
    law = fit_power_law(SIZES, accuracy(SIZES), metric="accuracy", held_out=20_000)
    gain = law.gain(8000, 2000)

    sentence = law.sentence(8000, 2000)

    assert sentence.startswith(f"2,000 more labels should bring {gain.value:.1f}")
    assert "points" in sentence
    assert "±" in sentence or "between" in sentence


def test_scatter_beyond_the_stated_error_widens_the_interval():
    random = np.random.default_rng(1)
    noisy = accuracy(SIZES) + random.normal(0, 0.02, SIZES.size)

    told = fit_power_law(SIZES, noisy, metric="accuracy", error=0.001).gain(8000, 4000)
    clean = fit_power_law(SIZES, accuracy(SIZES), metric="accuracy", error=0.001).gain(8000, 4000)

    assert told.high - told.low > 3 * (clean.high - clean.low)


def test_two_sizes_or_three_points_without_errors_cannot_be_forecast():
    with pytest.raises(TooFewSizes, match="at least 3 different data sizes, got 2"):
        fit_power_law([100, 200, 200], [0.6, 0.65, 0.66], metric="accuracy", held_out=500)
    with pytest.raises(TooFewSizes, match="held_out"):
        fit_power_law([100, 200, 400], [0.6, 0.65, 0.68], metric="accuracy")
    assert fit_power_law([100, 200, 400], [0.6, 0.65, 0.68], metric="accuracy", held_out=500)


def test_a_forecast_far_beyond_the_data_is_refused():
    law = fit_power_law(SIZES, accuracy(SIZES), metric="accuracy", held_out=1000)

    with pytest.raises(InvalidCurve, match="ten times"):
        law.gain(8000, 1_000_000)


@pytest.mark.parametrize(
    ("arguments", "came"),
    [
        (([100, 200, 400], [0.5, 0.6]), "(2,)"),
        (([0, 200, 400], [0.5, 0.6, 0.7]), "sizes of 1"),
        (([100, 200, 400], [0.5, 0.6, 1.7]), "1.7"),
        (([100, 200, 400], [0.5, np.nan, 0.7]), "finite"),
    ],
)
def test_measurements_that_are_no_curve_are_refused(arguments, came):
    with pytest.raises(InvalidCurve) as error:
        fit_power_law(*arguments, metric="accuracy", held_out=100)

    assert "expected" in str(error.value)
    assert came in str(error.value)
