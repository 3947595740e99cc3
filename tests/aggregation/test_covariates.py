import numpy as np
import pytest

from annotation.aggregation import bradley_terry
from annotation.aggregation.covariates import (
    STYLE_NAMES,
    Style,
    shown_first,
    style_differences,
    style_of,
)
from annotation.aggregation.errors import InvalidInput


@pytest.mark.parametrize(
    ("text", "style"),
    [
        ("", Style(0, 0, 0, 0)),
        ("Plain words, nothing more.", Style(4, 0, 0, 0)),
        ("# Title\n\n## Part\nText", Style(3, 0, 2, 0)),
        ("#hashtag is no heading", Style(4, 0, 0, 0)),
        ("- one\n* two\n+ three\n1. four\n2) five", Style(7, 5, 0, 0)),
        ("-5 degrees", Style(2, 0, 0, 0)),
        ("**bold** and __also bold__ but 2 ** 3 not", Style(8, 0, 0, 2)),
        ("```\n# code\n- x\n**y**\n```\nword", Style(4, 0, 0, 0)),
        ("你好 world", Style(3, 0, 0, 0)),
    ],
)
def test_counts_style(text, style):
    assert style_of(text) == style


def test_differences_flip_with_the_sides_and_have_unit_scale():
    long, short = "# A\n\n- **b**\n- c d e f", "a b"
    first, second = [long, short, "x y z"], [short, long, "a b"]

    ahead = style_differences(first, second)

    np.testing.assert_allclose(ahead, -style_differences(second, first))
    np.testing.assert_allclose(ahead[0], -ahead[1])
    np.testing.assert_allclose((ahead**2).mean(axis=0), 1)
    assert ahead.shape == (3, len(STYLE_NAMES))
    assert (ahead[2, 1:] == 0).all()


def test_without_any_difference_there_is_nothing_to_scale():
    np.testing.assert_array_equal(style_differences(["a"], ["b"]), np.zeros((1, 4)))
    assert style_differences([], []).shape == (0, 4)
    with pytest.raises(InvalidInput, match="as many texts"):
        style_differences(["a"], [])


def test_style_control_takes_length_out_of_the_ratings():
    """Item 0 and 1 are equally good, but 0 writes at length and labelers like length."""
    rng = np.random.default_rng(0)
    n = 6000
    first = rng.integers(0, 3, n)
    second = (first + rng.integers(1, 3, n)) % 3
    quality = np.array([0.0, 0.0, -1.0])
    words = np.where(first == 0, 60, 30) + rng.integers(0, 30, n)
    others = np.where(second == 0, 60, 30) + rng.integers(0, 30, n)
    style = style_differences(["w " * k for k in words], ["w " * k for k in others])
    edge = quality[first] - quality[second] + 0.8 * style[:, 0]
    score = (rng.random(n) < 1 / (1 + np.exp(-edge))).astype(float)

    naive = bradley_terry.fit(first, second, score, n_items=3)
    controlled = bradley_terry.fit(first, second, score, n_items=3, covariates=style, ridge=1e-3)

    assert naive.difference(0, 1)[0] > 80
    gap, error = controlled.difference(0, 1)
    assert abs(gap) < 3 * error < 80
    assert controlled.covariate_effects[0] == pytest.approx(0.8, abs=0.15)
    np.testing.assert_allclose(controlled.covariate_effects[1:], 0, atol=1e-9)


def test_the_ridge_holds_covariates_only():
    rng = np.random.default_rng(1)
    first = rng.integers(0, 3, 2000)
    second = (first + rng.integers(1, 3, 2000)) % 3
    score = (rng.random(2000) < 0.8 - 0.1 * first).astype(float)

    free = bradley_terry.fit(first, second, score, n_items=3)
    held = bradley_terry.fit(
        first, second, score, n_items=3, covariates=shown_first(2000), ridge=1e9
    )

    assert held.covariate_effects[0] == pytest.approx(0, abs=1e-5)
    np.testing.assert_allclose(held.elo, free.elo, atol=1e-3)


def test_home_advantage_flips_with_the_sides():
    rng = np.random.default_rng(2)
    first = rng.integers(0, 4, 500)
    second = (first + rng.integers(1, 4, 500)) % 4
    score = (rng.random(500) < 0.6).astype(float)

    home = bradley_terry.fit(first, second, score, n_items=4, covariates=shown_first(500))
    away = bradley_terry.fit(second, first, 1 - score, n_items=4, covariates=shown_first(500))

    np.testing.assert_allclose(home.covariate_effects, -away.covariate_effects, atol=1e-8)
    np.testing.assert_allclose(home.elo, away.elo, atol=1e-6)
