from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotation.aggregation.consensus import consensus
from annotation.aggregation.errors import InvalidOrder, NoVotes


def all_rankings(k):
    """Every ranking of k with ties, as the rank 1 + number of better ones."""
    found = {
        tuple(1 + sum(x < y for x in levels) for y in levels)
        for levels in product(range(k), repeat=k)
    }
    return sorted(found)


def distance(ranking, votes, weights):
    total = 0.0
    for vote, weight in zip(votes, weights, strict=True):
        for i in range(len(ranking)):
            for j in range(i):
                if vote[i] is not None and vote[j] is not None:
                    said = np.sign(vote[i] - vote[j])
                    total += weight * abs(said - np.sign(ranking[i] - ranking[j])) / 2
    return total


rank = st.one_of(st.integers(1, 4), st.none())
panels = st.integers(2, 4).flatmap(
    lambda k: st.lists(st.lists(rank, min_size=k, max_size=k), min_size=1, max_size=5)
)


@settings(max_examples=150, deadline=None)
@given(panels, st.randoms(use_true_random=False))
def test_finds_the_closest_ranking_as_brute_force_does(votes, random):
    weights = [random.choice([0.5, 1, 2]) for _ in votes]
    found = consensus(votes, weights=weights)
    usable = [i for i, r in enumerate(found.ranks) if r is not None]
    kept = [[vote[i] for i in usable] for vote in votes]

    costs = {r: distance(r, kept, weights) for r in all_rankings(len(usable))} if usable else {}

    if usable:
        least = min(costs.values())
        assert found.disagreement == pytest.approx(least)
        closest = [r for r, cost in costs.items() if cost <= least + 1e-9]
        ours = tuple(found.ranks[i] for i in usable)
        if len(closest) == 1:
            assert ours == closest[0]
        for i in range(len(ours)):
            for j in range(len(ours)):
                if ours[i] < ours[j]:  # never an order that every closest ranking reverses
                    assert any(r[i] <= r[j] for r in closest)
        contradictory = any(
            r[i] < r[j] and q[i] > q[j]
            for r in closest
            for q in closest
            for i in range(len(r))
            for j in range(i)
        ) or any(
            r[i] > r[j] and q[i] < q[j]
            for r in closest
            for q in closest
            for i in range(len(r))
            for j in range(i)
        )
        assert found.unique is not contradictory


@settings(max_examples=80, deadline=None)
@given(panels, st.randoms(use_true_random=False))
def test_neither_the_order_of_voters_nor_of_responses_matters(votes, random):
    k = len(votes[0])
    name = random.sample(range(k), k)
    shuffled = random.sample(votes, len(votes))
    renamed = [[vote[i] for i in name] for vote in shuffled]

    before, after = consensus(votes), consensus(renamed)

    assert after.disagreement == pytest.approx(before.disagreement)
    assert after.borda == tuple(before.borda[i] for i in name)
    if before.unique and len({r for r in before.ranks if r}) == k:
        assert after.ranks == tuple(before.ranks[i] for i in name)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(1, 5), min_size=2, max_size=6), st.integers(1, 4))
def test_a_panel_that_agrees_gets_its_own_ranking(vote, voters):
    found = consensus([vote] * voters)

    dense = tuple(1 + sum(x < y for x in vote) for y in vote)
    assert found.ranks == found.borda == found.ranked_pairs == dense
    assert found.disagreement == 0
    assert found.unique


@pytest.mark.parametrize(
    ("votes", "ranks"),
    [
        ([[1, 2, 3], [1, 2, 3], [2, 1, 3]], (1, 2, 3)),
        ([[1, 2], [2, 1]], (1, 1)),  # an even split is a tie
        ([[1, 2, 3], [2, 3, 1], [3, 1, 2]], (1, 1, 1)),  # so is a circle of majorities
        ([[1, 1], [1, 1], [1, 2]], (1, 1)),  # most tie them
        ([[1, 1], [1, 2]], (1, 2)),  # nobody says the opposite
        ([[1, 2, None], [1, 2, None], [2, 3, 1]], (1, 2, None)),  # most could not rank the third
        ([[1, 2, None], [2, 3, 1]], (2, 3, 1)),  # half could
        ([[None, None]], (None, None)),
        ([[1]], (1,)),
    ],
)
def test_small_panels(votes, ranks):
    assert consensus(votes).ranks == ranks


def test_kemeny_borda_and_ranked_pairs_can_differ():
    # 3 voters abc, 2 voters bca: Borda prefers b, the majority prefers a
    found = consensus([[1, 2, 3]] * 3 + [[3, 1, 2]] * 2)

    assert found.ranks == (1, 2, 3)
    assert found.ranked_pairs == (1, 2, 3)
    assert found.borda == (2, 1, 3)
    assert found.preferences.tolist() == [[0, 3, 3], [2, 0, 5], [2, 0, 0]]
    assert found.disagreement == 4
    assert found.statements == 15


def test_ranked_pairs_settles_a_circle_by_dropping_its_weakest_majority():
    # a over b 7:2, b over c 6:3, c over a 5:4
    votes = [[1, 2, 3]] * 4 + [[3, 1, 2]] * 2 + [[2, 3, 1]] * 3
    found = consensus(votes)

    assert found.preferences.tolist() == [[0, 7, 4], [2, 0, 6], [5, 3, 0]]
    assert found.ranked_pairs == (1, 2, 3)
    assert found.ranks == (1, 2, 3)


def test_reliable_voters_outvote_others():
    assert consensus([[1, 2], [2, 1], [2, 1]], weights=[3, 1, 1]).ranks == (1, 2)


def test_nine_responses_are_exact():
    rng = np.random.default_rng(0)
    votes = [[int(r) + 1 for r in rng.permutation(9)] for _ in range(5)]
    found = consensus(votes)

    ours = distance(found.ranks, votes, [1] * 5)
    assert found.unique
    assert ours == pytest.approx(found.disagreement)
    for _ in range(3000):  # no random swap of two neighbours or tie is closer
        trial = list(found.ranks)
        i, j = rng.choice(9, 2, replace=False)
        trial[i] = trial[j] if rng.random() < 0.5 else trial[i] + int(rng.integers(-2, 3))
        assert distance(trial, votes, [1] * 5) >= ours - 1e-9


@pytest.mark.parametrize(
    ("votes", "weights", "error", "sentence"),
    [
        ([], None, NoVotes, "got none"),
        ([[1, 2], [1]], None, InvalidOrder, "expected 2 ranks, got 1 from voter 1"),
        ([[0, 1]], None, InvalidOrder, "expected whole ranks from 1"),
        ([[1, 1.5]], None, InvalidOrder, "expected whole ranks from 1"),
        ([[1, float("nan")]], None, InvalidOrder, "expected whole ranks from 1"),
        ([list(range(1, 11))], None, InvalidOrder, "at most 9 responses, got 10"),
        ([[1, 2]], [1, 2], InvalidOrder, "1 finite weights"),
        ([[1, 2]], [-1], InvalidOrder, "1 finite weights"),
        ([[1, 2]], [0], NoVotes, "only zeros"),
    ],
)
def test_names_what_is_wrong_with_the_panel(votes, weights, error, sentence):
    with pytest.raises(error) as refusal:
        consensus(votes, weights=weights)

    assert sentence in str(refusal.value)
