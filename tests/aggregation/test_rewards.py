import numpy as np
import pytest

from annotation.aggregation import bradley_terry
from annotation.aggregation.errors import InvalidInput, InvalidOrder
from annotation.aggregation.rankings import order_of_ranks, pairwise
from annotation.aggregation.rewards import KtoRow, TaskLabels, kto_rows, pairs, rewards


def random_tasks(n: int):
    rng = np.random.default_rng(0)
    return [
        TaskLabels([[int(r) for r in rng.integers(1, 4, k)] for _ in range(rng.integers(1, 4))])
        for k in rng.integers(2, 6, n)
    ]


def test_rewards_of_a_task_are_bradley_terry_with_a_prior():
    tasks = random_tasks(20)

    found = rewards(tasks, prior=0.7)

    for task, reward in zip(tasks, found, strict=True):
        first, second, score = pairwise(order_of_ranks(ranks) for ranks in task.rankings)
        alone = bradley_terry.fit(first, second, score, n_items=len(reward.nats), prior=0.7)
        np.testing.assert_allclose(reward.nats, alone.nats, atol=1e-7)


def test_rewards_of_a_round_have_unit_scale():
    found = rewards(random_tasks(50))

    z = np.concatenate([reward.z for reward in found])
    assert z.mean() == pytest.approx(0, abs=1e-9)
    assert z.std() == pytest.approx(1)


def test_one_vote_on_two_responses_has_the_reward_it_solves_for():
    reward = rewards([TaskLabels([[1, 2]])], prior=0.5)[0]

    half = reward.nats[0]
    # gradient of the posterior: 1 - sigma(2 r) = r / 2
    assert 1 - 1 / (1 + np.exp(-2 * half)) == pytest.approx(half / 2)
    assert reward.nats[1] == pytest.approx(-half)


def test_a_response_that_nobody_compared_has_no_reward():
    found = rewards([TaskLabels([[1, None, 2], [1, None, 2]]), TaskLabels([[None, None]])])

    assert np.isnan(found[0].nats[1])
    assert found[0].nats[0] > 0 > found[0].nats[2]
    assert np.isnan(found[1].z).all()
    assert rewards([]) == []


def test_only_ties_reward_everyone_alike():
    found = rewards([TaskLabels([[1, 1, 1]])])[0]

    np.testing.assert_array_equal(found.nats, [0, 0, 0])
    np.testing.assert_array_equal(found.z, [0, 0, 0])


def test_pairs_carry_margins_and_soft_labels():
    task = TaskLabels([[1, 2, 2], [1, 1, 2], [2, 1, 3]])
    nats = rewards([task])[0].nats

    found = {(pair.chosen, pair.rejected): pair for pair in pairs(task, nats)}

    # 0 and 1: one vote each way and a tie is even, and teaches nothing
    assert set(found) == {(0, 2), (1, 2)}
    clear, soft = found[0, 2], found[1, 2]
    assert clear.soft_label == pytest.approx(3.5 / 4)
    assert soft.soft_label == pytest.approx(3 / 4)  # two wins and a tie
    assert clear.margin == pytest.approx(nats[0] - nats[2])
    assert clear.weight == soft.weight == 3


def test_pairs_weigh_voters():
    task = TaskLabels([[1, 2], [2, 1]], weights=[3.0, 1.0])

    found = pairs(task, rewards([task])[0].nats)

    assert [(p.chosen, p.rejected, p.weight) for p in found] == [(0, 1, 4.0)]
    assert found[0].soft_label == pytest.approx(3.5 / 5)


def test_all_bad_and_all_good_become_kto_rows():
    assert kto_rows(2, [True]) == [KtoRow(0, False, 1.0), KtoRow(1, False, 1.0)]
    assert kto_rows(1, [False, False, True]) == [KtoRow(0, True, pytest.approx(2 / 3))]
    assert kto_rows(1, [False, True], weights=[1, 3]) == [KtoRow(0, False, 0.75)]


def test_split_or_silent_voters_give_no_kto_row():
    assert kto_rows(3, [True, False]) == []
    assert kto_rows(3, []) == []
    assert kto_rows(3, [True], weights=[0]) == []


def test_names_what_is_wrong():
    with pytest.raises(InvalidInput, match="prior > 0"):
        rewards([TaskLabels([[1, 2]])], prior=0)
    with pytest.raises(InvalidOrder, match="one length"):
        rewards([TaskLabels([[1, 2], [1, 2, 3]])])
    with pytest.raises(InvalidOrder, match="at least one ranking"):
        rewards([TaskLabels([])])
    with pytest.raises(InvalidInput, match="2 finite weights"):
        rewards([TaskLabels([[1, 2], [1, 2]], weights=[1.0])])
    with pytest.raises(InvalidInput, match="1 finite weights"):
        kto_rows(2, [True], weights=[np.nan])
