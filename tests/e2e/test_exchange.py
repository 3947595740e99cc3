"""A manager brings a file of responses, sees what it holds, and takes things out and away."""

import json
import uuid

from playwright.sync_api import expect

from tests.e2e.conftest import compares
from tests.e2e.test_managing import broken_rules

CSV = (
    "id,question,answer a,answer b\n"
    "1,Why is the sky blue?,Because of scattering.,It is painted.\n"
    '2,"Is it, really?",Yes.,\n'
)


def files_of(here, who):
    who.page.goto(f"{here.url}/projects/{here.ids['project']}?tab=files")


def test_responses_from_a_table_become_a_round_for_labelers(place, person, tmp_path):
    here = place(compares(1))
    alice = person(here, "alice")
    path = tmp_path / "answers.csv"
    path.write_text(CSV)
    files_of(here, alice)

    alice.page.locator("input[type=file]").first.set_input_files(path)

    page = alice.page
    expect(page.get_by_text("Read as csv.")).to_be_visible()
    expect(page.get_by_role("cell", name="It is painted.")).to_be_visible()
    assert broken_rules(page) == []
    page.get_by_label("Labels wanted per task").fill("2")
    page.get_by_role("button", name="Import", exact=True).click()
    report = page.get_by_role("status").filter(has_text="stored")
    expect(report).to_contain_text("1 prompts, 2 responses, 1 tasks and 0 labels stored")
    expect(report).to_contain_text("Line 3: expected 2 to 9 responses, got 1")
    report.get_by_role("link", name="Round 2 has the tasks").click()
    expect(page.get_by_text("0 of 2 labels").first).to_be_visible()


def test_what_is_exported_is_what_was_asked_for(place, person):
    here = place(compares(3))
    alice = person(here, "alice")
    files_of(here, alice)
    page = alice.page

    page.get_by_role("combobox", name="What").click()
    page.get_by_role("option", name="Prompts", exact=True).click()
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Download").click()

    rows = [json.loads(line) for line in open(waiting.value.path(), encoding="utf-8")]  # noqa: SIM115
    assert sorted(row["messages"][0]["content"] for row in rows) == [
        "Question 0?",
        "Question 1?",
        "Question 2?",
    ]


def test_a_project_is_archived_brought_back_and_deleted_by_its_name(place, person):
    here = place(compares(1))
    alice = person(here, "alice")
    files_of(here, alice)
    page = alice.page

    page.get_by_role("button", name="Archive", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Archive", exact=True).click()
    expect(page.get_by_text("This project is archived")).to_be_visible()
    page.get_by_role("button", name="Bring back", exact=True).click()
    expect(page.get_by_text("This project is archived")).to_be_hidden()

    page.goto(f"{here.url}/rounds/{here.ids['round']}")
    token = next(one["value"] for one in page.context.cookies() if one["name"] == "csrftoken")
    cancelled = page.request.post(
        f"{here.url}/api/rounds/{here.ids['round']}/decisions/",
        data={"choice": "cancel", "decision_id": str(uuid.uuid4())},
        headers={"X-CSRFToken": token, "Referer": here.url},
    )
    assert cancelled.ok, cancelled.text()
    files_of(here, alice)
    page.get_by_role("button", name="Delete the project Everyday questions").click()
    dialog = page.get_by_role("dialog")
    sure = dialog.get_by_role("button", name="Delete for good")
    expect(sure).to_be_disabled()
    dialog.get_by_label("Type Everyday questions to confirm").fill("Everyday questions")
    sure.click()
    expect(page.get_by_text("There is no project yet")).to_be_visible()
