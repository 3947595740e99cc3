import doctest

import pytest

from training import preferences
from training.contract.rows import PreferenceRow
from training.preferences import (
    Comparison,
    Group,
    best_responses,
    collate,
    comparisons,
    decided_pairs,
)


def ranked(*ranks: int | None) -> PreferenceRow:
    return {"prompt": [], "responses": [str(i) for i in range(len(ranks))], "ranks": list(ranks)}


def weighed(*weights: list[float]) -> PreferenceRow:
    return {**ranked(1, 2, 3), "weights": list(weights)}


def test_worked_examples_of_the_docstrings_hold():
    assert doctest.testmod(preferences).failed == 0


def test_four_ranked_responses_are_six_pairs_that_share_one_say():
    found = comparisons(ranked(3, 1, 4, 2))

    assert {(one.better, one.worse) for one in found} == {
        (1, 3), (1, 0), (1, 2), (3, 0), (3, 2), (0, 2),
    }  # fmt: skip
    assert sum(one.weight for one in found) == pytest.approx(1)
    assert {one.margin for one in found} == {1.0, 2.0, 3.0}


def test_ties_and_unrankable_responses_are_left_out():
    assert comparisons(ranked(1, 1, None)) == []
    assert [(one.better, one.worse) for one in comparisons(ranked(1, None, 2))] == [(0, 2)]


def test_soft_ties_ask_for_equality_half_each_way():
    found = comparisons(ranked(1, 1), soft_ties=True)

    assert found == [Comparison(0, 1, 0.5, 0.0), Comparison(1, 0, 0.5, 0.0)]


def test_votes_for_both_sides_keep_their_ratio_within_one_pair():
    found = comparisons(weighed([0, 1, 3], [1, 0, 1]))

    assert [(one.better, one.worse, one.weight) for one in found] == [(0, 1, 3.0), (1, 0, 1.0)]


def test_best_are_those_who_win_most_and_nobody_in_a_draw():
    assert best_responses(3, comparisons(ranked(2, 1, 2))) == [1]
    assert best_responses(3, comparisons(ranked(1, 1, 2))) == [0, 1]
    assert best_responses(2, comparisons(ranked(1, 1), soft_ties=True)) == []


def test_decided_pairs_follow_the_majority_and_leave_draws_out():
    row = weighed([0, 1, 1], [1, 0, 3], [1, 2, 2], [2, 1, 2], [0, 2, 1], [0, 2, 1])

    assert decided_pairs(row) == [(1, 0), (0, 2)]


def test_pairs_of_the_second_row_point_at_its_own_responses():
    first = Group([[1], [1]], [[2], [3]], [Comparison(0, 1, 1.0, 0.0)], [0])
    second = Group([[4, 5]] * 3, [[6, 7], [8], [9]], [Comparison(2, 0, 0.5, 2.0)], [2])

    batch = collate([first, second], pad=0)

    assert batch.ids_RT.tolist() == [
        [1, 2, 0, 0], [1, 3, 0, 0], [4, 5, 6, 7], [4, 5, 8, 0], [4, 5, 9, 0],
    ]  # fmt: skip
    assert batch.real_RT.sum(-1).tolist() == [2, 2, 4, 3, 3]
    assert batch.mask_RT.sum(-1).tolist() == [1, 1, 2, 1, 1]
    assert batch.group_R.tolist() == [0, 0, 1, 1, 1]
    assert batch.chosen_P.tolist() == [0, 4]
    assert batch.rejected_P.tolist() == [1, 2]
    assert batch.weight_P.tolist() == [1.0, 0.5]
    assert batch.margin_P.tolist() == [0.0, 2.0]
    assert batch.best_R.tolist() == [1, 0, 0, 0, 1]
