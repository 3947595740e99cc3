"""A real server and a real Chromium; this process talks to the site as its users do."""

import json
import shutil
import time

import pytest
from playwright.sync_api import expect, sync_playwright

from tests.site import ROOT, Site

PASSWORD = "correct horse battery"
WRITERS = ("secret-base-writer", "secret-policy-writer")

SET_UP = """
import json, sys
from annotation.models import (
    Checkpoint, Membership, Prompt, Response, Role, Round, RoundStep, User
)
from annotation.models.prompt import content_hash, split_of
from annotation.rounds.recipe import parse_recipe
from annotation.services import projects, tasks, teams

password, writers, prompts = json.loads(sys.argv[1])
alice = User.objects.create_user("alice@example.com", password, name="Alice")
team = teams.create_team(name="Sharpeners", by=alice)
for name in ("bob", "dora"):
    user = User.objects.create_user(f"{name}@example.com", password, name=name.capitalize())
    Membership.objects.create(team=team, user=user, role=Role.LABELER)
project = projects.create_project(
    team, by=alice, settings={"name": "Everyday questions"},
    guidelines="# What matters\\n\\nRight first, then polite, then brief.",
)
models = [
    Checkpoint.objects.create(project=project, name=name, kind="policy", path=f"/models/{name}")
    for name in writers
]
recipe = parse_recipe({"steps": [
    {"name": "responses", "kind": "generate"},
    {"name": "labels", "kind": "label", "reads": {"responses": "responses"}},
    {"name": "preferences", "kind": "aggregate", "reads": {"labels": "labels"}},
]})
made = Round.objects.create(
    project=project, number=1, state="open", is_labeling=True, recipe=recipe.to_json()
)
for index, (step, state) in enumerate(zip(recipe.steps, ("done", "running", "waiting"))):
    RoundStep.objects.create(
        round=made, index=index, name=step.name, kind=step.kind, state=state,
        attempts=int(state != "waiting"),
    )
groups = {"compare": [], "rank": []}
for number, (question, texts) in enumerate(prompts):
    messages = [{"role": "user", "content": question}]
    digest = content_hash(messages)
    prompt = Prompt.objects.create(
        project=project, messages=messages, content_hash=digest, split=split_of(digest)
    )
    responses = [
        Response.objects.create(
            prompt=prompt, round=made, text=text, source="checkpoint",
            checkpoint=models[i % 2], index=i // 2, finish_reason="stop",
        )
        for i, text in enumerate(texts)
    ]
    groups["compare" if len(texts) == 2 else "rank"].append((prompt, responses))
for kind, some in groups.items():
    tasks.create_tasks(made, groups=some, kind=kind, labels_wanted=1)
print(json.dumps({"project": str(project.pk), "round": str(made.pk), "team": str(team.pk),
                  "writers": [str(one.pk) for one in models],
                  "responses": [str(pk) for pk in Response.objects.values_list("pk", flat=True)]}))
"""

SKY = (
    "Explain why the sky is blue to a six-year-old.",
    [
        "Sunlight is made of **all colours** mixed together. Air bounces the blue part around much "
        "more than the others, so blue comes to your eyes from everywhere. That is why the sky "
        "looks blue!",
        "The sky is blue because of Rayleigh scattering, whose intensity goes as the inverse "
        "fourth power of the wavelength, $I \\propto \\lambda^{-4}$.",
    ],
)


def compares(n):
    return [(f"Question {i}?", [f"First answer {i}.", f"Second answer {i}."]) for i in range(n)]


def ranks(n):
    return [
        (
            f"Which is best, {i}?",
            [f"{word} answer {i}." for word in ("Red", "Green", "Blue", "Grey")],
        )
        for i in range(n)
    ]


class Place:
    """A site with one project in it; `ids` names its rows."""

    def __init__(self, site, ids):
        self.site = site
        self.url = site.url
        self.ids = ids
        self.secrets = [*WRITERS, *ids["writers"], *ids["responses"]]

    def label_url(self):
        return f"{self.url}/label/{self.ids['project']}"

    def labels(self):
        source = (
            "import json\nfrom annotation.models import Label\n"
            "rows = Label.objects.order_by('created_at').values_list("
            "'labeler__email', 'ranking', 'strength', 'all_bad', 'comment', 'supersedes', "
            "'task_id')\n"
            "print(json.dumps(list(rows), default=str))"
        )
        return json.loads(self.site.script(source))


@pytest.fixture
def place(tmp_path):
    """Makes a site with the given prompts: `place(compares(3))`."""
    sites = []

    def make(prompts):
        assert (ROOT / "frontend/dist/index.html").exists(), "build the front end first: make setup"
        site = Site(tmp_path, None)
        sites.append(site)
        site.manage("migrate", "--verbosity", "0")
        ids = json.loads(site.script(SET_UP, json.dumps([PASSWORD, WRITERS, prompts])))
        site.start()
        return Place(site, ids)

    yield make
    for site in sites:
        if site.process is not None and site.process.poll() is None:
            site.process.terminate()
            site.process.wait(timeout=30)


@pytest.fixture(scope="session")
def chromium():
    names = ("chromium", "chromium-browser", "google-chrome")
    path = next((found for name in names if (found := shutil.which(name))), None)
    assert path, "Chromium is missing; run make test, which installs it where it may"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path,
            args=[
                "--no-sandbox",
                "--disable-gpu",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--no-first-run",
            ],
        )
        expect.set_options(timeout=10_000)
        yield browser
        browser.close()


class Person:
    """Somebody at a browser of their own; keeps everything the server ever told it."""

    def __init__(self, chromium, place, name, **options):
        self.context = chromium.new_context(
            viewport={"width": 1280, "height": 860}, locale="en-US", **options
        )
        self.context.set_default_timeout(10_000)
        self.page = self.context.new_page()
        self.heard = []
        self.problems = []
        self.page.on("response", self._listen)
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        self.page.goto(f"{place.url}/sign-in")
        self.page.get_by_label("Email").fill(f"{name}@example.com")
        self.page.get_by_label("Password", exact=True).fill(PASSWORD)
        self.page.get_by_role("button", name="Sign in").click()
        self.page.wait_for_url(f"{place.url}/")

    def _listen(self, response):
        if "/api/" in response.url:
            try:
                self.heard.append(response.text() + str(response.headers))
            except Exception:
                return

    def wait(self, condition, what, seconds=20):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if found := condition():
                return found
            self.page.wait_for_timeout(100)
        raise AssertionError(f"waited {seconds} s for {what}")


@pytest.fixture
def person(chromium):
    """Signs somebody in: `person(place, "bob")`."""
    people = []

    def make(place, name, **options):
        people.append(Person(chromium, place, name, **options))
        return people[-1]

    yield make
    for one in people:
        one.context.close()
        assert not one.problems, one.problems
