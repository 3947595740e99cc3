from collections import Counter
from random import Random

import pytest

from annotation.simulation import world
from annotation.simulation.questions import every_question, find


def test_the_same_seed_gives_the_same_rows_and_another_seed_gives_others():
    rows = world.pretraining_rows(3, 200)

    assert rows == world.pretraining_rows(3, 200)
    assert rows != world.pretraining_rows(4, 200)


def test_a_pretraining_row_is_a_question_of_the_world_and_an_answer_to_it():
    for row in world.pretraining_rows(0, 300):
        user, assistant = row["messages"]

        assert (user["role"], assistant["role"]) == ("user", "assistant")
        assert find(user["content"]) is not None
        assert assistant["content"].strip()


def test_prompts_are_unique_and_the_same_for_the_same_seed():
    drawn = world.prompts(7, 800)

    assert len({question.text for question in drawn}) == 800
    assert drawn == world.prompts(7, 800)
    assert drawn != world.prompts(8, 800)


def test_asking_for_more_prompts_than_the_world_has_is_refused_with_the_limit():
    with pytest.raises(ValueError, match=r"at most \d+ prompts, got 1000000"):
        world.prompts(0, 1_000_000)


def test_about_one_prompt_in_eight_is_chinese_and_all_kinds_are_asked():
    drawn = world.questions(Random(1), 4000)

    assert 0.10 < sum(question.language == "zh" for question in drawn) / 4000 < 0.15
    assert len(Counter(question.kind for question in drawn)) == 12


def test_every_question_is_found_again_by_its_text_with_and_without_a_lead_in():
    for question in every_question():
        for lead_in in world.LEAD_INS[question.language]:
            found = find(lead_in + question.text)

            assert found is not None
            assert (found.truth, found.kind) == (question.truth, question.kind)


def test_no_question_has_its_truth_among_the_rivals():
    for question in every_question():
        assert question.truth not in question.rivals
        assert question.rivals


@pytest.mark.parametrize("question", world.prompts(5, 6), ids=lambda question: question.text)
def test_an_unknown_quality_is_refused(question):
    with pytest.raises(KeyError):
        world.answer(Random(0), question, "witty")


def test_arithmetic_in_the_world_is_arithmetic():
    checked = 0
    for question in every_question():
        if question.text.startswith("What is") and question.kind == "arithmetic":
            _, _, a, operation, b = question.text.rstrip("?").split()
            result = int(a) + int(b) if operation == "plus" else int(a) - int(b)

            assert question.truth == str(result)
            checked += 1
    assert checked == 54 + 29  # sums; differences that do not repeat what was asked
