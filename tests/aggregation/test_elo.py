import evalica
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotation.aggregation import elo
from annotation.aggregation.errors import InvalidInput
from tests.aggregation.random_votes import draw


def test_replays_three_votes_as_by_hand():
    ratings = elo.replay([0, 0, 1], [1, 1, 2], [1, 0.5, 0], n_items=4, k=40)

    # 1: even match, 0 gains 20. 2: 0 is 40 ahead, expects 0.557312, a tie costs it 2.29246.
    # 3: 1 at 982.29246 against 2 at 1000 expects 0.474537 and loses it all.
    np.testing.assert_allclose(ratings[0], 1017.70754, atol=1e-4)
    np.testing.assert_allclose(ratings[1], 982.29246 - 40 * 0.474537, atol=1e-3)
    np.testing.assert_allclose(ratings[2], 1000 + 40 * 0.474537, atol=1e-3)
    assert ratings[3] == 1000


def test_agrees_with_evalica():
    votes = draw(0, ties=0.2)
    winner = {1.0: evalica.Winner.X, 0.5: evalica.Winner.Draw, 0.0: evalica.Winner.Y}

    theirs = evalica.elo(
        votes.first.tolist(),
        votes.second.tolist(),
        [winner[s] for s in votes.score],
        initial=1000,
        base=10,
        scale=400,
        k=4,
    ).scores
    ours = elo.replay(votes.first, votes.second, votes.score, n_items=votes.n_items)

    np.testing.assert_allclose(ours, theirs.sort_index().to_numpy())


def test_one_update_is_one_step_of_the_replay():
    votes = draw(1, ties=0.2)
    ratings = [1000.0] * votes.n_items
    for i, j, score in zip(votes.first, votes.second, votes.score, strict=True):
        ratings[i], ratings[j] = elo.update(ratings[i], ratings[j], score)

    np.testing.assert_allclose(
        ratings, elo.replay(votes.first, votes.second, votes.score, n_items=votes.n_items)
    )


votes_of_five = st.lists(
    st.tuples(st.integers(0, 4), st.integers(1, 4), st.sampled_from([0.0, 0.5, 1.0])), min_size=1
)


@settings(max_examples=50, deadline=None)
@given(votes_of_five, st.floats(1, 100))
def test_points_are_conserved(rows, k):
    first = [i for i, _, _ in rows]
    second = [(i + by) % 5 for i, by, _ in rows]

    ratings = elo.replay(first, second, [s for _, _, s in rows], n_items=5, k=k)

    assert ratings.sum() == pytest.approx(5000)


@settings(max_examples=50, deadline=None)
@given(votes_of_five)
def test_swapping_sides_changes_nothing(rows):
    first = np.array([i for i, _, _ in rows])
    second = np.array([(i + by) % 5 for i, by, _ in rows])
    score = np.array([s for _, _, s in rows])

    np.testing.assert_allclose(
        elo.replay(first, second, score, n_items=5),
        elo.replay(second, first, 1 - score, n_items=5),
    )


def test_the_average_over_orders_is_that_of_single_replays():
    votes = draw(2, n=40, m=3)
    averaged = elo.average_over_orders(
        votes.first, votes.second, votes.score, n_items=3, orders=4000, k=32
    )

    rng = np.random.default_rng(9)
    single = np.array(
        [
            elo.replay(votes.first[order], votes.second[order], votes.score[order], n_items=3, k=32)
            for order in (rng.permutation(40) for _ in range(4000))
        ]
    )
    error = single.std(axis=0) / np.sqrt(4000)
    assert (np.abs(averaged.elo - single.mean(axis=0)) < 6 * error).all()
    np.testing.assert_allclose(averaged.spread, single.std(axis=0), rtol=0.1)
    assert averaged.elo.sum() == pytest.approx(3000)


def test_a_single_vote_has_no_order_to_depend_on():
    averaged = elo.average_over_orders([0], [1], [1], n_items=2, orders=5)

    np.testing.assert_allclose(averaged.elo, [1002, 998])
    np.testing.assert_allclose(averaged.spread, 0, atol=1e-9)


def test_refuses_a_spread_of_one_order_and_a_scale_of_zero():
    with pytest.raises(InvalidInput, match="at least 2 orders"):
        elo.average_over_orders([0], [1], [1], n_items=2, orders=1)
    with pytest.raises(InvalidInput, match="positive k and scale"):
        elo.replay([0], [1], [1], n_items=2, k=0)
    with pytest.raises(InvalidInput, match="positive k and scale"):
        elo.replay([0], [1], [1], n_items=2, scale=float("nan"))
