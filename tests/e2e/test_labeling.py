"""Labelers at work, by keyboard and by mouse, in real browsers."""

import json
import re

from playwright.sync_api import expect

from tests.e2e.conftest import SKY, compares, ranks
from tests.site import ROOT


def texts(page):
    """The responses as shown, in order."""
    expect(responses(page).first).to_be_visible()
    return [re.sub(r"\s+", " ", one.inner_text()) for one in responses(page).all()]


def responses(page):
    """Cards of a ranking or panels of a comparison; both are named "Response A" and so on."""
    return page.locator('[aria-label^="Response "]')


def gone(page, text):
    """The response with this text is not the first one any more, or there is none left."""
    words = re.compile(re.escape(text.split(" ", 1)[1]))
    expect(responses(page).filter(has_text=words)).to_have_count(0)


def submit(page):
    return page.get_by_role("button", name="Submit")


def test_a_comparison_by_keyboard_alone(place, person):
    here = place(compares(3))
    bob = person(here, "bob")
    bob.page.goto(here.label_url())
    expect(bob.page.get_by_text("Question 0?")).to_be_visible()

    # Nothing is chosen at first, and an untouched order is not sent.
    assert bob.page.get_by_role("radio", checked=True).count() == 0
    bob.page.keyboard.press("Enter")
    expect(bob.page.get_by_text("nothing to submit")).to_be_visible()
    assert here.labels() == []

    shown = texts(bob.page)
    bob.page.keyboard.press("2")
    bob.page.keyboard.press("2")
    expect(bob.page.get_by_role("radio", checked=True)).to_have_count(1)
    bob.page.keyboard.press("Enter")
    gone(bob.page, shown[0])
    bob.page.keyboard.press("0")
    bob.page.keyboard.press("Enter")
    bob.wait(lambda: len(here.labels()) == 2, "two labels")
    bob.page.keyboard.press("x")
    bob.page.keyboard.press("Enter")
    bob.wait(lambda: len(here.labels()) == 3, "three labels")

    first, second, third = here.labels()
    assert sorted(first[1]) == [1, 2]
    assert first[2] in (1, 2, 3)
    assert second[1] == [1, 1]
    assert third[3] is True


def test_a_ranking_by_keyboard_alone(place, person):
    here = place(ranks(2))
    bob = person(here, "bob")
    bob.page.goto(here.label_url())
    shown = texts(bob.page)

    for letter, rank in (("a", "2"), ("b", "1"), ("c", "2")):
        bob.page.keyboard.press(letter)
        bob.page.keyboard.press(rank)
    bob.page.keyboard.press("Enter")
    expect(bob.page.get_by_text(re.compile("D .*(open|rank)")).first).to_be_visible()
    assert here.labels() == []
    bob.page.keyboard.press("d")
    bob.page.keyboard.press("x")
    expect(bob.page.get_by_text("B, then A = C; D cannot be ranked").first).to_be_visible()
    bob.page.keyboard.press("Enter")

    said = bob.wait(here.labels, "the label")[0]
    canonical = ["Red", "Green", "Blue", "Grey"]
    order = [next(i for i, word in enumerate(canonical) if word in text) for text in shown]
    expected = [None] * 4
    for place_shown, rank in enumerate((2, 1, 2, None)):
        expected[order[place_shown]] = rank
    assert said[1] == expected


def test_a_comparison_and_a_ranking_by_mouse_alone(place, person):
    here = place([*compares(1), *ranks(1)])
    bob = person(here, "bob")
    bob.page.get_by_role("link", name="Start labeling").click()

    for _ in range(2):
        texts(bob.page)
        if bob.page.get_by_role("radio").count():
            bob.page.get_by_text("A better", exact=True).click()
        else:
            for letter, rank in zip("ABCD", "1234", strict=True):
                bob.page.get_by_role("button", name=f"{letter}: rank {rank}", exact=True).click()
        before = len(here.labels())
        submit(bob.page).click()
        bob.wait(lambda n=before: len(here.labels()) == n + 1, "the label")

    assert {len(row[1]) for row in here.labels()} == {2, 4}


def test_undo_brings_the_last_answer_back_and_the_change_replaces_it(place, person):
    here = place(compares(2))
    bob = person(here, "bob")
    bob.page.goto(here.label_url())
    texts(bob.page)
    bob.page.keyboard.press("1")
    bob.page.keyboard.press("Enter")
    bob.wait(here.labels, "the label")

    bob.page.keyboard.press("u")
    expect(bob.page.get_by_text("You are changing the label")).to_be_visible()
    expect(bob.page.get_by_role("radio", checked=True)).to_have_count(1)
    bob.page.keyboard.press("0")
    bob.page.keyboard.press("Enter")

    bob.wait(lambda: len(here.labels()) == 2, "the amendment")
    said, amended = here.labels()
    assert amended[1] == [1, 1]
    assert amended[5] is not None
    assert amended[6] == said[6]


def test_two_browsers_never_hold_the_same_task_and_a_reload_changes_nothing(place, person):
    here = place(compares(8))
    bob, dora = person(here, "bob"), person(here, "dora")
    for one in (bob, dora):
        one.page.goto(here.label_url())

    seen = {"bob": [], "dora": []}
    for turn in range(4):
        for name, one in (("bob", bob), ("dora", dora)):
            shown = texts(one.page)
            if turn == 1:
                one.page.reload()
                assert texts(one.page) == shown
            assert sorted(shown) not in seen[name]
            seen[name].append(sorted(shown))
            one.page.keyboard.press("1")
            one.page.keyboard.press("Enter")
            gone(one.page, shown[0])

    bob.wait(lambda: len(here.labels()) == 8, "all labels")
    assert not [task for task in seen["bob"] if task in seen["dora"]]
    assert len({row[6] for row in here.labels()}) == 8


def test_nothing_a_labeler_receives_tells_who_wrote_a_response(place, person):
    here = place([SKY, *ranks(2)])
    bob = person(here, "bob")
    bob.page.goto(here.label_url())
    for _ in range(3):
        shown = texts(bob.page)
        if bob.page.get_by_role("radio").count():
            bob.page.keyboard.press("1")
        else:
            for letter, rank in zip("abcd", "1234", strict=True):
                bob.page.keyboard.press(letter)
                bob.page.keyboard.press(rank)
        bob.page.keyboard.press("Enter")
        gone(bob.page, shown[0])
    bob.wait(lambda: len(here.labels()) == 3, "all labels")
    bob.page.goto(f"{here.url}/labels")
    bob.page.wait_for_load_state("networkidle")

    heard = "\n".join([*bob.heard, bob.page.content()])
    assert "Sunlight" in heard
    for secret in here.secrets:
        assert secret not in heard
    # And what a labeler may not ask for is refused.
    for path in (
        f"rounds/{here.ids['round']}/",
        f"rounds/{here.ids['round']}/samples/",
        f"rounds/{here.ids['round']}/ladder/",
        f"projects/{here.ids['project']}/checkpoints/",
        f"projects/{here.ids['project']}/responses/",
        f"projects/{here.ids['project']}/labels/",
    ):
        assert bob.page.request.get(f"{here.url}/api/{path}").status == 403, path


def test_a_network_cut_loses_nothing_and_sends_nothing_twice(place, person):
    here = place(compares(4))
    bob = person(here, "bob")
    bob.page.goto(here.label_url())
    texts(bob.page)

    bob.context.set_offline(True)
    shown = texts(bob.page)
    bob.page.keyboard.press("1")
    bob.page.keyboard.press("Enter")
    # The next task was there already.
    gone(bob.page, shown[0])
    expect(bob.page.get_by_text("waits for the connection")).to_be_visible()
    assert here.labels() == []
    bob.context.set_offline(False)

    bob.wait(lambda: len(here.labels()) == 1, "the label")
    bob.page.reload()
    texts(bob.page)
    assert len(here.labels()) == 1


def test_a_comment_half_written_survives_a_reload(place, person):
    here = place(compares(2))
    bob = person(here, "bob")
    bob.page.goto(here.label_url())
    texts(bob.page)
    bob.page.keyboard.press("c")
    bob.page.keyboard.type("Both name the wrong")
    bob.page.reload()
    texts(bob.page)

    expect(bob.page.get_by_role("textbox")).to_have_value("Both name the wrong")


def test_the_picture_of_the_readme(place, person, tmp_path):
    """Keeps docs/images/labeling.png true: it is this screen, taken by this test."""
    here = place([SKY])
    bob = person(here, "bob", color_scheme="light")
    bob.page.set_viewport_size({"width": 1200, "height": 640})
    bob.page.goto(here.label_url())
    texts(bob.page)
    bob.page.keyboard.press("1")
    bob.page.wait_for_timeout(500)
    picture = bob.page.screenshot(path=tmp_path / "labeling.png")

    kept = ROOT / "docs" / "images" / "labeling.png"
    if not kept.exists():
        kept.write_bytes(picture)
    assert len(picture) > 20_000
    assert json.dumps(texts(bob.page)).count("Sunlight") == 1
