"""Confidence sequences against a plain loop of the paper, and the promise they make."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation.aggregation.stopping import (
    InvalidScores,
    annotator_blocks,
    confidence_sequence,
    typical_votes,
    votes_still_needed,
)


def rejected_by_hedged_capital(x, mean, alpha=0.05):
    """Waudby-Smith and Ramdas 2024, eqs. 24 to 26 with c = 1/2, one candidate mean, as a loop."""
    up = down = 1.0
    total, squares, variance = 0.5, 0.25, 0.25
    for t, value in enumerate(x, start=1):
        bet = math.sqrt(2 * math.log(2 / alpha) / (variance * t * math.log(1 + t)))
        up *= 1 + min(bet, 0.5 / mean) * (value - mean)
        down *= 1 - min(bet, 0.5 / (1 - mean)) * (value - mean)
        if max(up, down) / 2 >= 1 / alpha:
            return True
        total += value
        squares += (value - total / (t + 1)) ** 2
        variance = squares / (t + 1)
    return False


@pytest.mark.parametrize("seed", range(3))
def test_bounds_are_those_of_the_paper_at_every_candidate_mean(seed):
    x = np.random.default_rng(seed).choice([0, 0.5, 1], size=400, p=[0.25, 0.2, 0.55])

    sequence = confidence_sequence(x, resolution=100)

    candidates = np.arange(1, 100) / 100
    outside = [rejected_by_hedged_capital(x, mean) for mean in candidates]
    kept = candidates[~np.array(outside)]
    assert sequence.low[-1] == pytest.approx(kept.min() - 0.01)
    assert sequence.high[-1] == pytest.approx(kept.max() + 0.01)


@given(st.lists(st.sampled_from([0.0, 0.5, 1.0]), min_size=1, max_size=60))
def test_bounds_only_ever_tighten_and_mirror_when_sides_are_swapped(scores):
    x = np.array(scores)

    sequence, swapped = confidence_sequence(x), confidence_sequence(1 - x)

    assert (np.diff(sequence.low) >= 0).all()
    assert (np.diff(sequence.high) <= 0).all()
    assert swapped.low == pytest.approx(1 - sequence.high)
    assert swapped.high == pytest.approx(1 - sequence.low)


def test_a_long_stream_is_the_same_in_chunks_as_at_once():
    x = (np.random.default_rng(0).random(3000) < 0.6).astype(float)

    # 100,000 candidates leave room for ten votes at a time, 100 for all of them
    fine, coarse = (
        confidence_sequence(x, resolution=100_000),
        confidence_sequence(x, resolution=100),
    )

    assert (coarse.low <= fine.low + 1e-9).all()
    assert (fine.low - coarse.low <= 0.01 + 1e-9).all()
    assert (fine.high >= fine.low).all()


def test_looking_after_every_vote_errs_in_at_most_one_null_stream_of_twenty():
    random = np.random.default_rng(1)
    streams = random.choice([0, 0.5, 1], size=(400, 300), p=[0.4, 0.2, 0.4])

    wrong = sum(confidence_sequence(x, resolution=20).decided_at is not None for x in streams)
    errors = np.abs(streams.cumsum(axis=1) / np.arange(1, 301) - 0.5)
    naive = np.mean((errors > 1.96 * np.sqrt(0.2 / np.arange(1, 301)))[:, 19:].any(axis=1))

    # 5 % of 400 is 20; three standard errors more is 33
    assert wrong <= 33
    assert naive > 0.2


def test_a_stream_whose_rate_moves_ends_without_an_answer_rather_than_a_wrong_one():
    sequence = confidence_sequence(np.repeat([1.0, 0.0], [300, 3000]))

    assert sequence.low[299] > 0.9
    assert np.isnan(sequence.low[-1])


def test_blocks_count_annotators_once_in_the_order_they_finish():
    worker = np.array(["bob", "eve", "eve", "bob", "eve", "dan"])
    score = np.array([1.0, 0.0, 0.5, 0.0, 1.0, 1.0])

    # eve's second vote comes before bob's; her third is beyond the block, dan has too few
    assert annotator_blocks(score, worker, size=2).tolist() == [0.25, 0.5]
    assert annotator_blocks(score, worker, size=1).tolist() == [1.0, 0.0, 1.0]
    assert annotator_blocks(score, worker, size=4).size == 0


@pytest.mark.parametrize(("win_rate", "tie_rate"), [(0.6, 0.0), (0.65, 0.3), (0.8, 0.0)])
def test_typical_votes_is_near_the_median_of_simulated_streams(win_rate, tie_rate):
    random = np.random.default_rng(2)
    win = win_rate - tie_rate / 2
    chances = [1 - win - tie_rate, tie_rate, win]
    predicted = typical_votes(win_rate, tie_rate=tie_rate)

    stops = [
        confidence_sequence(
            random.choice([0, 0.5, 1], size=int(4 * predicted), p=chances), resolution=20
        ).decided_at
        or math.inf
        for _ in range(200)
    ]

    assert np.median(stops) == pytest.approx(predicted, rel=0.25)


def test_votes_still_needed_falls_to_zero_as_the_answer_comes():
    x = (np.random.default_rng(3).random(600) < 0.65).astype(float)
    decided = confidence_sequence(x).decided_at
    assert decided is not None

    early = votes_still_needed(x[: decided // 2])
    late = votes_still_needed(x[: decided - 1])
    done = votes_still_needed(x[:decided])

    assert early.value > late.value >= 1
    assert early.low < early.value < early.high
    assert (done.value, done.method) == (0, "decided")


def test_votes_still_needed_of_even_votes_is_out_of_reach():
    assert votes_still_needed(np.tile([0.0, 1.0], 20)).value == math.inf


@pytest.mark.parametrize(
    ("call", "came"),
    [
        (lambda: confidence_sequence([]), "(0,)"),
        (lambda: confidence_sequence([0.5, 1.2]), "1.2 in row 1"),
        (lambda: confidence_sequence([np.nan]), "nan in row 0"),
        (lambda: confidence_sequence([1], confidence=95), "95"),
        (lambda: annotator_blocks([1, 0], ["bob"], size=1), "(1,)"),
        (lambda: votes_still_needed([1]), "1"),
        (lambda: typical_votes(0.95, tie_rate=0.5), "0.95"),
    ],
)
def test_scores_without_meaning_are_refused(call, came):
    with pytest.raises(InvalidScores) as error:
        call()

    assert "expected" in str(error.value)
    assert came in str(error.value)
