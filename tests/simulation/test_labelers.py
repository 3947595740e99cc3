from dataclasses import replace
from itertools import combinations
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotation.simulation import world
from annotation.simulation.labelers import AVERAGE, CAREFUL, CARELESS, LABELERS, Allowed
from annotation.simulation.preference import score

LEMON = [{"role": "user", "content": "What colour is a lemon?"}]
POLITE = "Good question! A lemon is yellow. I hope this helps."
WRONG = "A lemon is blue."


def tasks(n, k=4):
    """`n` prompts with `k` answers of different quality each."""
    rng = Random(11)
    for number, question in enumerate(world.questions(rng, n)):
        qualities = rng.sample(list(world.QUALITIES), k)
        answers = [world.answer(rng, question, quality) for quality in qualities]
        yield f"task-{number}", question.messages, answers


def agreement(labeler, n=300):
    """Share of the pairs with a true difference that `labeler` ranks the true way; ties half."""
    agreed = pairs = 0.0
    for task_id, prompt, answers in tasks(n):
        ranking = labeler.judge(prompt, answers, task_id=task_id)["answer"]["ranking"]
        for i, j in combinations(range(len(answers)), 2):
            difference = score(prompt, answers[i]) - score(prompt, answers[j])
            if difference:
                pairs += 1
                agreed += 0.5 + 0.5 * ((ranking[i] < ranking[j]) - (ranking[i] > ranking[j])) * (
                    1 if difference > 0 else -1
                )
    return agreed / pairs


def test_the_careful_agree_more_with_the_truth_than_the_careless():
    careful, average, careless = (agreement(who) for who in (CAREFUL, AVERAGE, CARELESS))

    assert careful > 0.9
    assert careful > average + 0.03 > careless + 0.06
    assert careless > 0.6


def test_the_same_labeler_gives_the_same_answer_to_the_same_task():
    for labeler in LABELERS:
        for task_id, prompt, answers in tasks(20):
            once = labeler.judge(prompt, answers, task_id=task_id)

            assert labeler.judge(prompt, answers, task_id=task_id) == once


def test_another_seed_or_another_task_draws_other_noise():
    def answers_of(labeler, prefix=""):
        return [
            labeler.judge(prompt, answers, task_id=prefix + task_id)
            for task_id, prompt, answers in tasks(40)
        ]

    assert answers_of(CARELESS) != answers_of(replace(CARELESS, seed=1))
    assert answers_of(CARELESS) != answers_of(CARELESS, prefix="again-")


def test_of_two_equal_responses_the_careless_prefer_the_first():
    eager = replace(CARELESS, lapse=0.0, tie_below=0.0)
    first = sum(
        eager.judge(LEMON, [POLITE, POLITE], task_id=str(n))["answer"]["ranking"] == [1, 2]
        for n in range(1000)
    )

    # P(first) = logistic(0.4 / 1.4) = 0.571; a thousand votes have a standard error of 0.016.
    assert 0.52 < first / 1000 < 0.62


def test_a_pair_is_decided_by_a_logistic_in_the_utility_difference():
    labeler = replace(CAREFUL, noise=4.0, lapse=0.0, tie_below=0.0)
    n = 4000
    won = sum(
        labeler.judge(LEMON, [POLITE, WRONG], task_id=str(task))["answer"]["ranking"] == [1, 2]
        for task in range(n)
    )

    # Utilities 3.0 and -1.5: logistic(4.5 / 4.0) = 0.755, standard error 0.007.
    assert score(LEMON, POLITE) - score(LEMON, WRONG) == 4.5
    assert abs(won / n - 0.755) < 0.03


def test_responses_that_seem_alike_are_tied_only_where_ties_are_allowed():
    labeler = replace(CAREFUL, noise=0.0, lapse=0.0)

    tied = labeler.judge(LEMON, [POLITE, POLITE], task_id="t")
    decided = labeler.judge(LEMON, [POLITE, POLITE], task_id="t", allowed=Allowed(ties=False))

    assert (tied["answer"]["ranking"], tied["answer"]["strength"]) == ([1, 1], None)
    assert sorted(decided["answer"]["ranking"]) == [1, 2]


def test_an_empty_response_cannot_be_ranked_unless_that_is_not_allowed():
    labeler = replace(CAREFUL, noise=0.0, lapse=0.0)
    shown = [WRONG, "", POLITE]

    assert labeler.judge(LEMON, shown, task_id="t")["answer"]["ranking"] == [2, None, 1]
    strict = labeler.judge(LEMON, shown, task_id="t", allowed=Allowed(unrankable=False))
    assert strict["answer"]["ranking"] == [2, 3, 1]


def test_all_bad_is_said_of_bad_responses_only_and_only_where_allowed():
    labeler = replace(CAREFUL, noise=0.0, lapse=0.0)
    bad = [WRONG, "A lemon is red. You fool."]

    assert labeler.judge(LEMON, bad, task_id="t")["answer"]["all_bad"] is True
    assert labeler.judge(LEMON, [WRONG, POLITE], task_id="t")["answer"]["all_bad"] is False
    assert (
        labeler.judge(LEMON, bad, task_id="t", allowed=Allowed(all_bad=False))["answer"]["all_bad"]
        is False
    )


def test_strength_grows_with_the_difference_and_belongs_to_pairs():
    labeler = replace(CAREFUL, noise=0.0, lapse=0.0)

    def strength(*shown):
        return labeler.judge(LEMON, shown, task_id="t")["answer"]["strength"]

    assert strength(POLITE, "Yellow.") == 1
    assert strength("Yellow.", "Go away, idiot.") == 3
    assert strength(POLITE, "Yellow.", WRONG) is None


def test_one_response_alone_is_no_task():
    with pytest.raises(ValueError, match="two or more responses to judge, got 1"):
        CAREFUL.judge(LEMON, [POLITE], task_id="t")


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(LABELERS),
    st.text(max_size=60),
    st.lists(st.text(max_size=80), min_size=2, max_size=9),
    st.builds(Allowed, st.booleans(), st.booleans(), st.booleans(), st.booleans()),
    st.text(max_size=10),
)
def test_whatever_is_shown_the_answer_keeps_to_the_policy(labeler, asked, shown, allowed, task_id):
    prompt = [{"role": "user", "content": asked}]

    said = labeler.judge(prompt, shown, task_id=task_id, allowed=allowed)
    answer = said["answer"]

    ranks = [rank for rank in answer["ranking"] if rank is not None]
    assert len(answer["ranking"]) == len(shown)
    assert len(ranks) >= 2
    assert sorted(set(ranks)) == list(range(1, len(set(ranks)) + 1))
    if not allowed.ties:
        assert len(set(ranks)) == len(ranks)
    if not allowed.unrankable:
        assert len(ranks) == len(shown)
    if answer["all_bad"]:
        assert allowed.all_bad
    if answer["strength"] is not None:
        assert allowed.strength
        assert len(shown) == 2
        assert answer["strength"] in (1, 2, 3)
        assert ranks[0] != ranks[1]
    assert said["active_seconds"] > 0
