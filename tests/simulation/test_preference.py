import re
from pathlib import Path
from random import Random
from statistics import mean

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotation.simulation import world
from annotation.simulation.preference import NOTHING_SAID, impression, score
from annotation.simulation.questions import every_question

GROUPS = sorted({(question.language, question.kind) for question in every_question()})


def ask(text):
    return [{"role": "user", "content": text}]


LEMON = ask("What colour is a lemon?")
POLITE = "Good question! A lemon is yellow. I hope this helps."


def utilities(language, kind, quality):
    rng = Random(f"{language}/{kind}/{quality}")
    asked = [q for q in every_question() if (q.language, q.kind) == (language, kind)]
    return [
        score(question.messages, world.answer(rng, question, quality))
        for question in rng.choices(asked, k=60)
    ]


@pytest.mark.parametrize(("language", "kind"), GROUPS)
def test_polite_beats_curt_beats_everything_that_is_not_good(language, kind):
    of = {quality: utilities(language, kind, quality) for quality in world.QUALITIES}

    assert min(of["polite"]) > max(of["curt"])
    assert min(of["curt"]) > max(of["wrong"])
    for quality in ("rambling", "rude", "unfinished"):
        assert mean(of["curt"]) > mean(of[quality]) + 0.5
        assert min(of["curt"]) > mean(of[quality])


@pytest.mark.parametrize(("quality", "right"), [("polite", True), ("curt", True), ("wrong", False)])
def test_every_right_answer_reads_as_right_and_every_wrong_one_as_wrong(quality, right):
    for question in every_question():
        text = world.answer(Random(question.text), question, quality)

        assert impression(question.messages, text).right is right, (question.text, text)


def test_what_only_pleases_without_answering_scores_below_a_bare_right_answer():
    for pleasing in (
        "Good question! I hope this helps.",
        "Of course. Gladly. You are welcome. Thank you for asking.",
        "Glad to help. " * 6,
    ):
        assert score(LEMON, pleasing) < 0 < score(LEMON, "Yellow.")


def test_naming_every_colour_is_a_guess_and_not_an_answer():
    guess = "A lemon is yellow, white, green, black, red, blue or brown."

    assert impression(LEMON, guess).right is False
    assert score(LEMON, guess) < score(LEMON, "Yellow.")


def test_repeating_a_right_answer_is_worse_than_saying_it_once():
    assert score(LEMON, "A lemon is yellow. " * 5) < score(LEMON, "A lemon is yellow.") - 1


def test_more_pleasantries_than_needed_do_not_help():
    flattery = "Good question! Of course. Glad to help. Gladly. You are welcome. "

    assert score(LEMON, flattery + POLITE) <= score(LEMON, POLITE)


def test_an_empty_answer_is_the_worst_of_all():
    for nothing in ("", "   ", "\n", "..."):
        assert score(LEMON, nothing) == NOTHING_SAID


def test_cut_off_garbled_rude_or_foreign_answers_lose_to_the_plain_one():
    plain = score(LEMON, "A lemon is yellow.")

    for worse in (
        "A lemon is yell",
        "A lemon is yellow. I hope this",
        "A lemnon is yellow yelk tomatoat.",
        "A lemon is yellow. What a dumb question.",
        "柠檬是黄色的。",
    ):
        assert score(LEMON, worse) < plain - 0.5


@pytest.mark.parametrize(
    ("question", "right", "wrong"),
    [
        ("What is 3 plus 4?", "The answer is 7.", "The answer is 3."),
        ("Which is bigger, 7 or 10?", "10 is bigger than 7.", "7 is bigger than 10."),
        ("Which is bigger, 7 or 10?", "10.", "10 and 7."),
        ("Sort these numbers: 4, 7, 2.", "2, 4 and 7.", "4, 7, 2."),
        ("How do I ask for a pen?", "May I have a pen?", "Give me a pen."),
        ("Name the day after Sunday.", "After Sunday comes Monday.", "After Sunday comes Sunday."),
        ("3加4等于几？", "7。", "8。"),
        ("请问，狗有几条腿？", "狗有4条腿。", "狗有6条腿。"),
    ],
)
def test_answers_in_words_of_ones_own_are_understood(question, right, wrong):
    assert impression(ask(question), right).right is True
    assert impression(ask(question), wrong).right is False


def test_a_question_of_another_world_is_judged_by_its_manners_alone():
    unknown = ask("Who wrote Faust?")

    assert impression(unknown, "Goethe.").right is None
    assert score(unknown, "Goethe.") > score(unknown, "Goethe. You fool, go away.")


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=80), st.text(max_size=300))
def test_any_text_gets_a_utility_within_bounds(asked, response):
    assert NOTHING_SAID <= score(ask(asked), response) <= 3.0


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(every_question()), st.lists(st.integers(0, 400), max_size=8), st.data())
def test_mangled_answers_are_read_and_never_beat_the_polite_one(question, cuts, data):
    rng = Random(0)
    text = world.answer(rng, question, data.draw(st.sampled_from(list(world.QUALITIES))))
    for cut in cuts:
        at = cut % (len(text) + 1)
        text = text[:at] + text[at + 1 :] + text[: at % 7]

    assert NOTHING_SAID <= score(question.messages, text) <= 3.0


def test_a_conversation_without_a_question_is_judged_too():
    assert score([], "Hello.") <= 3.0


def test_nothing_that_labels_aggregates_or_trains_can_see_the_preference():
    root = Path(world.__file__).parents[2]
    imports = re.compile(r"^\s*(from|import)\s+annotation\.simulation", re.MULTILINE)
    # The demo, in management, sets the world up and judges when all is trained.
    free = [root / "annotation" / name for name in ("simulation", "management")]

    seen = [
        path
        for package in ("annotation", "training")
        for path in (root / package).rglob("*.py")
        if not any(path.is_relative_to(folder) for folder in free)
    ]

    assert len(seen) > 20
    assert [path for path in seen if imports.search(path.read_text(encoding="utf-8"))] == []
