"""Whoever reads Chinese reads Chinese: every page, its menus and its refusals, without English."""

import json
import re

import pytest

from tests.e2e.conftest import PASSWORD

# What the people of this place wrote themselves; all of it is Chinese but what `place` sets up.
THEIRS = re.compile(
    r"Everyday questions|Sharpeners|What matters|Right first, then polite, then brief\.?"
    r"|secret-(?:base|policy)-writer|\S+@example\.com|https?://\S+|/[\w./-]{3,}"
    r"|\b(?:Alice|Bob|Dora|Eve|PandaLM annotator)\b"
)
# Names that are the same in both languages.
NAMES = re.compile(r"\b(?:Whetstone|English|Hugging Face|Ctrl|Shift|Enter|Esc|Tab|JSON Lines)\b")
WORD = r"[A-Za-z][A-Za-z'’]+"
SENTENCE = re.compile(rf"{WORD}(?:[\s,;:.!?“”\"()]+{WORD}){{2,}}")
# A text of nothing but English words, however short: a button, a heading, a cell.
PHRASE = re.compile(rf"^[\s:.…]*{WORD}(?:\s+{WORD})+[\s:.…!?]*$")

# Visible texts and what is read aloud; model output and logs carry their own language or are code.
VISIBLE = """() => {
  const theirs = 'code, pre, kbd, [data-theirs], [lang]:not(html)';
  const found = [['title', document.title]];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node; (node = walker.nextNode());) {
    const at = node.parentElement;
    if (!node.data.trim() || at.closest(theirs + ', script, style, noscript')) continue;
    if (!at.checkVisibility?.()) continue;
    found.push([at.tagName.toLowerCase(), node.data.trim()]);
  }
  for (const name of ['aria-label', 'placeholder', 'title', 'alt', 'aria-valuetext',
                      'aria-description', 'aria-roledescription']) {
    for (const at of document.querySelectorAll(`[${name}]`)) {
      if (at.getAttribute(name) && !at.closest(theirs)) found.push([name, at.getAttribute(name)]);
    }
  }
  return found;
}"""

QUESTIONS = [
    ("天空为什么是蓝色的？", ["因为空气散射蓝光。", "不知道。"]),
    ("水为什么会结冰？", ["因为温度低于零度。", "因为冷。"]),
    ("猫为什么会叫？", ["为了交流。", "因为饿了。", "因为开心。", "谁知道呢。"]),
]


def english(text):
    """What of a text is English that somebody forgot, or None."""
    text = NAMES.sub("", THEIRS.sub("", text))
    found = SENTENCE.search(text) or PHRASE.search(text)
    return found[0] if found else None


class Reader:
    """Somebody whose browser speaks Chinese; notes every English text it comes across."""

    def __init__(self, chromium, place):
        self.context = chromium.new_context(viewport={"width": 1280, "height": 860}, locale="zh-CN")
        self.context.set_default_timeout(15_000)
        self.page = self.context.new_page()
        self.url = place.url
        self.read = []
        self.leaks = set()
        self.broken = []

    def look(self, where):
        """Read the page as it stands."""
        self.page.wait_for_load_state("networkidle")
        self.page.wait_for_timeout(150)
        assert self.page.evaluate("document.documentElement.lang") == "zh-Hans"
        texts = self.page.evaluate(VISIBLE)
        assert any(re.search(r"[\u4e00-\u9fff]", text) for _, text in texts), f"{where} is empty"
        if self.page.get_by_text("页面停止了工作").count():
            self.broken.append(where)
        self.read.append(where)
        self.leaks |= {(where, kind, text) for kind, text in texts if english(text)}

    def visit(self, path, where):
        """A page, and each of its tabs."""
        self.page.goto(self.url + path)
        self.look(where)
        tabs = self.page.get_by_role("tab")
        names = tabs.all_inner_texts()
        for name in names:
            if not tabs.count():
                self.page.goto(self.url + path)
                self.page.wait_for_load_state("networkidle")
            tabs.filter(has_text=re.compile(f"^{re.escape(name)}$")).first.click()
            self.look(f"{where}: {name}")

    def sign_in(self, email, password=PASSWORD):
        self.page.goto(f"{self.url}/sign-in")
        self.page.locator("input[type=email], input[name=email]").first.fill(email)
        self.page.locator("input[type=password]").first.fill(password)
        self.page.locator("button[type=submit]").click()

    def get(self, path):
        answer = self.context.request.get(self.url + path)
        assert answer.ok, answer.text()
        return answer.json()

    def send(self, method, path, body=None):
        """As a script would, with the session of this browser."""
        csrf = self.get("/api/session/")["csrf_token"]
        answer = self.context.request.fetch(
            self.url + path,
            method=method,
            data=body,
            headers={"X-CSRFToken": csrf, "Referer": self.url, "Accept-Language": "zh-CN"},
        )
        return answer.status, answer.json()

    def wait(self, condition, what, seconds=90):
        for _ in range(seconds * 4):
            if found := condition():
                return found
            self.page.wait_for_timeout(250)
        raise AssertionError(f"waited {seconds} s for {what}")


@pytest.fixture
def reader(chromium):
    readers = []

    def make(place):
        readers.append(Reader(chromium, place))
        return readers[-1]

    yield make
    for one in readers:
        one.context.close()


@pytest.fixture
def imported(tmp_path):
    """Human preferences on file, as `import_comparisons` takes them."""
    rows = [
        {
            "cmp_key": "甲_乙",
            "instruction": f"第 {i} 个问题是什么？",
            "input": "",
            "response1": f"第 {i} 个好答案。",
            "response2": f"第 {i} 个差答案。",
            "annotator1": 1 if i % 4 else 2,
        }
        for i in range(40)
    ]
    path = tmp_path / "preferences.jsonl"
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
    return path


@pytest.fixture
def questions(tmp_path):
    path = tmp_path / "prompts.jsonl"
    path.write_text("".join(f'{{"prompt": "第 {i} 件事是什么？"}}\n' for i in range(20)))
    return path


@pytest.fixture
def broken_model(tmp_path):
    """A model folder that can be registered, and that no job can load."""
    folder = tmp_path / "broken-model"
    folder.mkdir()
    (folder / "config.json").write_text('{"model_type": "llama"}')
    (folder / "model.safetensors").write_bytes(b"\x02\0\0\0\0\0\0\0{}")
    return folder


@pytest.mark.timeout(900)
def test_a_chinese_reader_meets_no_english(place, reader, imported, questions, broken_model):
    here = place(QUESTIONS)
    site = here.site
    team = ["--team", "Sharpeners"]
    site.manage("import_comparisons", str(imported), "--project", "旧标注", *team)
    for name in ("没有模型", "模型损坏"):
        site.manage("import_prompts", str(questions), "--project", name, *team)
    site.manage("register_checkpoint", str(broken_model), "--project", "模型损坏", "--name", "基础")
    site.script(
        "import sys\nfrom annotation.models import User\n"
        "User.objects.create_user('eve@example.com', sys.argv[1], name='Eve')\n"
        "User.objects.update(language='zh-hans')",
        PASSWORD,
    )
    stranger, alice, bob = reader(here), reader(here), reader(here)

    stranger.visit("/sign-in", "sign-in")
    stranger.sign_in("alice@example.com", "wrong password")
    stranger.look("sign-in refused")
    stranger.visit("/invite/nonsense", "invitation that is not valid")
    stranger.sign_in("eve@example.com")
    stranger.page.wait_for_url(f"{here.url}/")
    stranger.look("home of somebody in no team")
    stranger.visit(f"/projects/{here.ids['project']}", "somebody else's project")

    alice.sign_in("alice@example.com")
    alice.page.wait_for_url(f"{here.url}/")
    _manage(alice, here)
    _rounds(alice)
    bob.sign_in("bob@example.com")
    bob.page.wait_for_url(f"{here.url}/")
    _label(bob, here)

    read = stranger.read + alice.read + bob.read
    assert len(read) >= 40, read
    assert stranger.broken + alice.broken + bob.broken == []
    leaks = sorted(stranger.leaks | alice.leaks | bob.leaks)
    assert not leaks, "English on the Chinese screen:\n" + "\n".join(
        f"  {where} <{kind}>: {text[:160]}" for where, kind, text in leaks
    )


def _manage(alice, here):
    alice.look("home")
    status, empty = alice.send(
        "POST", "/api/projects/", {"team": here.ids["team"], "name": "空项目"}
    )
    assert status == 201, empty
    recipe = alice.get("/api/recipes/")["default"]
    status, draft = alice.send(
        "POST", f"/api/projects/{here.ids['project']}/rounds/", {"recipe": recipe}
    )
    assert status == 201, draft
    status, invitation = alice.send(
        "POST", f"/api/teams/{here.ids['team']}/invitations/", {"role": "labeler"}
    )
    assert status == 201, invitation
    alice.visit("/projects", "projects")
    alice.visit(f"/projects/{here.ids['project']}", "project")
    alice.visit(f"/projects/{empty['id']}", "empty project")
    alice.visit(f"/projects/{empty['id']}/new-round", "new round")
    alice.visit(f"/rounds/{here.ids['round']}", "round being labeled")
    alice.visit(f"/rounds/{draft['id']}", "draft")
    alice.visit(f"/rounds/{draft['id']}/recipe", "recipe of a draft")
    alice.visit("/labels", "labels")
    alice.visit(f"/teams/{here.ids['team']}", "team")
    alice.visit("/account", "account")
    alice.visit(f"/guidelines/{here.ids['project']}", "guidelines")
    alice.visit("/nowhere", "no such page")
    for path, name in (
        (f"/teams/{here.ids['team']}", "dialog of the team"),
        (f"/projects/{empty['id']}", "dialog of the project"),
        ("/projects", "dialog of the projects"),
        ("/account", "dialog of the account"),
    ):
        _open_dialogs(alice, path, name)
    # A draft without prompts cannot start: the refusal is shown where the button is.
    _, second = alice.send("POST", f"/api/projects/{empty['id']}/rounds/", {"recipe": recipe})
    alice.visit(f"/rounds/{second['id']}", "draft without prompts")
    _press_all(alice, "draft that is refused")


def _rounds(alice):
    """Imported labels with their ladder; a round without a model; one whose job fails for good."""
    found = alice.get("/api/projects/?limit=100")["results"]
    projects = {one["name"]: f"/api/projects/{one['id']}" for one in found}
    recipe = alice.get("/api/recipes/")["default"]
    drafts = {}
    for name in ("没有模型", "模型损坏"):
        _, drafts[name] = alice.send("POST", f"{projects[name]}/rounds/", {"recipe": recipe})
    status, answer = alice.send("POST", f"/api/rounds/{drafts['模型损坏']['id']}/start/")
    assert status < 300, answer

    status, answer = alice.send("POST", f"/api/rounds/{drafts['没有模型']['id']}/start/")
    assert status >= 400, answer
    assert answer["sentence"], answer
    alice.visit(f"/rounds/{drafts['没有模型']['id']}", "draft without a model")
    _press_all(alice, "draft without a model, refused")

    def frozen():
        return alice.get(f"{projects['旧标注']}/datasets/")["results"]

    alice.wait(frozen, "the dataset of the imported labels", seconds=150)

    def blocked():
        one = alice.get(f"/api/rounds/{drafts['模型损坏']['id']}/")
        return "blocked" in (one["state"], one.get("stage"))

    alice.wait(blocked, "the round of the broken model to be blocked", seconds=240)
    for name in ("旧标注", "模型损坏"):
        alice.visit(projects[name].removeprefix("/api").rstrip("/"), f"project {name}")
        for one in alice.get(f"{projects[name]}/rounds/")["results"]:
            alice.visit(f"/rounds/{one['id']}", f"round of {name}")
        for noun in ("jobs", "checkpoints", "datasets"):
            for row in alice.get(f"{projects[name]}/{noun}/")["results"][:3]:
                alice.visit(f"/{noun}/{row['id']}", f"{noun[:-1]} of {name}")
    for noun in ("job of 模型损坏", "checkpoint of 旧标注", "dataset of 旧标注"):
        assert any(where.startswith(noun) for where in alice.read), noun


def _label(bob, here):
    bob.look("home of a labeler")
    for _ in QUESTIONS:
        bob.visit(f"/label/{here.ids['project']}", "labeling")
        for key, what in (("?", "labeling, keys"), ("Escape", "labeling, closed")):
            bob.page.keyboard.press(key)
            bob.look(what)
        _open_dialogs(bob, None, "labeling, dialog")
        bob.page.keyboard.press("Enter")
        bob.look("labeling, an answer that is not whole")
        for key in ("1", "2", "3", "4"):
            bob.page.keyboard.press(key)
        bob.look("labeling, answered")
        bob.page.keyboard.press("Enter")
        bob.look("labeling, sent")
    bob.visit(f"/label/{here.ids['project']}", "labeling, nothing left")
    bob.visit("/labels", "labels of a labeler")
    bob.visit("/projects", "projects of a labeler")


def _open_dialogs(reader, path, name):
    """Press every button that says it opens something, read what it opens, close it."""
    opens = "button[aria-haspopup], [aria-expanded=false]:is(button), [data-opens]"
    for i in range(20):
        if path:
            reader.page.goto(reader.url + path)
            reader.page.wait_for_load_state("networkidle")
        buttons = reader.page.locator(f"{opens} >> visible=true")
        if i >= buttons.count():
            return
        if buttons.nth(i).is_enabled():
            buttons.nth(i).click(timeout=3_000, force=True)
            reader.look(f"{name} {i + 1}")
        reader.page.keyboard.press("Escape")


def _press_all(reader, name):
    """Press the buttons of the page's own area that do not lead away, and read what they say."""
    buttons = reader.page.locator("main button:not([role=tab]) >> visible=true")
    for i in range(buttons.count()):
        if i < buttons.count() and buttons.nth(i).is_enabled():
            buttons.nth(i).click(timeout=3_000, force=True)
            reader.look(f"{name} {i + 1}")
            reader.page.keyboard.press("Escape")


@pytest.mark.parametrize(
    ("text", "leak"),
    [
        ("The server could not be reached.", "The server could not"),
        ("第 1 轮：Waiting for labels now", "Waiting for labels now"),
        ("Sign in", "Sign in"),
        ("项目 Everyday questions 的提示", None),
        ("DPO、PPO 与 Elo", None),
        ("95 % 区间", None),
    ],
)
def test_the_journey_tells_english_from_names(text, leak):
    found = english(text)

    assert (found is None) if leak is None else (found is not None and found.startswith(leak))
