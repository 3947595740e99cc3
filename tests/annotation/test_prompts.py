import gzip
import json

import pytest
from django.core.management import CommandError, call_command

from annotation import events
from annotation.errors import Conflict, InvalidInput
from annotation.models import Checkpoint, Event, Prompt, Response
from annotation.models.prompt import content_hash, split_of
from annotation.services.prompts import create_prompt
from tests.annotation.exchange import load_prompts

pytestmark = pytest.mark.django_db


def line(prompt="Why?", **fields):
    return json.dumps({"prompt": prompt, **fields}).encode()


def test_a_line_becomes_a_prompt_with_its_responses(project, alice):
    report = load_prompts(
        project,
        [line(responses=["a", {"text": "b", "model": "chip"}], tags=["x"], language="de")],
        by=alice,
    )

    prompt = Prompt.objects.get()
    assert prompt.messages == [{"role": "user", "content": "Why?"}]
    assert (prompt.tags, prompt.language) == (["x"], "de")
    assert prompt.content_hash == content_hash(prompt.messages)
    assert prompt.split == split_of(prompt.content_hash)
    chip = Checkpoint.objects.get()
    assert (chip.name, chip.kind) == ("chip", Checkpoint.Kind.EXTERNAL)
    written = prompt.responses.order_by("text").values_list("text", "source", "checkpoint")
    assert list(written) == [("a", "import", None), ("b", "import", chip.pk)]
    assert (report.prompts, report.responses, report.bad_lines) == (1, 2, 0)
    event = Event.objects.get(action="prompts.imported")
    assert (event.actor, event.detail["created"]) == (alice, 1)


def test_the_same_file_again_adds_nothing(project):
    lines = [line(responses=["a", "b"]), line("How?")]
    load_prompts(project, lines, by=None)

    again = load_prompts(project, lines, by=None)

    assert (again.prompts, again.duplicates, again.responses) == (0, 2, 0)
    assert (Prompt.objects.count(), Response.objects.count()) == (2, 2)


def test_a_prompt_that_differs_in_spaces_only_is_the_same(project):
    report = load_prompts(project, [line("Why  now?"), line("Why now? ")], by=None)

    assert (report.prompts, report.duplicates) == (1, 1)


def test_new_responses_to_a_known_prompt_are_kept(project):
    load_prompts(project, [line(responses=["a"])], by=None)

    report = load_prompts(project, [line(responses=["a", "b"])], by=None)

    assert (report.prompts, report.responses) == (0, 1)
    assert list(Response.objects.order_by("index").values_list("text", "index")) == [
        ("a", 0),
        ("b", 1),
    ]


def test_two_projects_may_have_the_same_prompt_on_the_same_side(project, other_team):
    other = other_team.projects.create(name="Theirs")
    for where in (project, other):
        load_prompts(where, [line()], by=None)

    one, two = Prompt.objects.all()
    assert (one.content_hash, one.split) == (two.content_hash, two.split)


@pytest.mark.parametrize(
    ("bad", "expected"),
    [
        (b"nope", "expected one JSON object per line, got b'nope'"),
        (b"[1]", "expected a JSON object, got [1]"),
        (
            b'{"text": "x"}',
            "expected messages or prompt, responses, models, tags, language and source",
        ),
        (b"{}", "expected exactly one of messages and prompt"),
        (line(""), "expected content as text that is not empty, got ''"),
        (line(3), "expected a list of messages, got 3"),
        (line([{"role": "user"}]), "expected a message with exactly role and content"),
        (line([{"role": "robot", "content": "x"}]), "expected role system, user or assistant"),
        (line([{"role": "assistant", "content": "x"}]), "ends with the user, got 'assistant'"),
        (line(responses="a"), "expected responses as a list, got 'a'"),
        (line(responses=[1]), "expected a response as text or as an object"),
        (line(responses=[{"text": None}]), "expected text and model of a response as texts"),
        (line(tags="x"), "expected tags as a list of texts, got 'x'"),
        (line(tags=[1]), "expected tags as a list of texts, got [1]"),
        (line(language="a language"), None),
        (line(language="far too long a code"), "expected language as a code such as en"),
        (line(source=["x"]), "expected source as a text of at most 200 characters"),
        (line("a\x00b"), "without the character NUL"),
        (b'{"prompt": "\\ud800"}', "expected whole characters in UTF-8, got half a surrogate pair"),
        (b"\xff\xfe", "expected one JSON object per line"),
    ],
)
def test_a_line_that_cannot_be_used_says_what_was_expected(project, bad, expected):
    report = load_prompts(project, [line("First?"), b"", bad, line("Last?")], by=None)

    if expected is None:
        assert report.bad_lines == 0
        return
    (error,) = report.errors
    assert error.line == 3
    assert expected in error.message
    assert (report.prompts, Prompt.objects.count()) == (2, 2)


def test_strict_stores_all_or_nothing(project):
    report = load_prompts(project, [line(responses=["a"]), b"nope"], by=None, strict=True)

    assert (report.prompts, report.bad_lines) == (0, 1)
    assert not Prompt.objects.exists()
    assert not Response.objects.exists()
    assert not Event.objects.exists()


def test_more_lines_than_a_batch_come_in_whole_and_duplicates_across_batches_are_found(project):
    lines = [line(f"Number {n}?", responses=[str(n), "other"]) for n in range(2500)]

    report = load_prompts(project, [*lines, *lines[:10]], by=None)

    assert (report.prompts, report.duplicates, report.responses) == (2500, 10, 5000)
    assert Prompt.objects.count() == 2500
    assert Response.objects.filter(prompt__project=project).count() == 5000


def test_an_imported_model_is_not_credited_to_a_checkpoint_trained_here(project):
    own = Checkpoint.objects.create(project=project, name="chip", kind="policy", path="here")

    load_prompts(project, [line(responses=[{"text": "a", "model": "chip"}])], by=None)

    writer = Response.objects.get().checkpoint
    assert writer != own
    assert (writer.name, writer.kind) == ("chip (imported)", Checkpoint.Kind.EXTERNAL)


def test_one_prompt_is_written_once(project, alice):
    messages = [{"role": "user", "content": "Why?"}]
    prompt = create_prompt(project, by=alice, messages=messages, tags=["x"])

    with pytest.raises(Conflict, match="has this prompt already"):
        create_prompt(project, by=alice, messages=messages)

    assert Prompt.objects.get() == prompt
    assert Event.objects.get().action == "prompt.created"


def test_a_conversation_that_the_assistant_ended_is_no_prompt(project, alice):
    with pytest.raises(InvalidInput, match="ends with the user"):
        create_prompt(project, by=alice, messages=[{"role": "assistant", "content": "Hi"}])


def test_the_project_is_told_that_prompts_came(
    project, monkeypatch, django_capture_on_commit_callbacks
):
    told = []
    monkeypatch.setattr(events, "_send", lambda group, type_, id_: told.append((group, type_)))

    with django_capture_on_commit_callbacks(execute=True):
        load_prompts(project, [line()], by=None)

    assert told == [(f"project:{project.pk}", "prompts.imported")]


def test_the_command_reads_a_packed_file(project, tmp_path, capsys):
    path = tmp_path / "prompts.jsonl.gz"
    path.write_bytes(gzip.compress(b"\n".join([line(responses=["a"]), line("How?")])))

    call_command("import_prompts", str(path), "--project=Demo")

    assert "2 prompts and 1 responses stored, 0 prompts were here" in capsys.readouterr().out


def test_the_command_fails_for_a_bad_line_and_names_it(project, tmp_path, capsys):
    path = tmp_path / "prompts.jsonl"
    path.write_bytes(line() + b"\nnope\n")

    with pytest.raises(CommandError, match=r"1 lines could not be used\. Nothing was stored"):
        call_command("import_prompts", str(path), "--project=Demo", "--strict")

    assert "line 2: expected one JSON object per line, got b'nope" in capsys.readouterr().err
    assert not Prompt.objects.exists()


def test_the_command_makes_the_project_in_a_named_team(team, tmp_path):
    path = tmp_path / "prompts.jsonl"
    path.write_bytes(line())

    call_command("import_prompts", str(path), "--project=Fresh", "--team=Sharpeners")

    assert Prompt.objects.get().project.team == team
    assert Prompt.objects.get().project.name == "Fresh"


def test_a_manager_imports_lines_over_the_api(project, alice, client_of):
    body = b"\n".join([line(responses=["a"]), b"nope", line("How?")])

    answer = client_of(alice).post(
        f"/api/projects/{project.pk}/import/?shape=prompts",
        body,
        content_type="application/x-ndjson",
    )

    assert answer.status_code == 200
    assert answer.json()["prompts"] == 2
    assert [error["line"] for error in answer.json()["errors"]] == [2]


def test_a_manager_imports_a_list_over_the_api(project, alice, client_of):
    answer = client_of(alice).post(
        f"/api/projects/{project.pk}/import/?shape=prompts",
        [{"prompt": "Why?"}, {"prompt": ""}],
        format="json",
    )

    assert answer.json()["prompts"] == 1
    assert answer.json()["errors"][0]["line"] == 2


def test_a_labeler_does_not_read_prompts(project, bob, client_of):
    for url in (f"/api/projects/{project.pk}/prompts/", f"/api/projects/{project.pk}/responses/"):
        assert client_of(bob).get(url).status_code == 403


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("tag=maths", ["How much is 天气 1+1?"]),
        ("tag=天气", ["How much is 天气 1+1?"]),
        ("tag=math", []),
        ("search=MUCH", ["How much is 天气 1+1?"]),
        ("search=天气", ["How much is 天气 1+1?"]),
        ("search=nothing", []),
    ],
)
def test_prompts_are_found_by_tag_and_words(project, alice, client_of, query, found):
    load_prompts(
        project, [line("How much is 天气 1+1?", tags=["maths", "天气"]), line("Why?")], by=None
    )

    answer = client_of(alice).get(f"/api/projects/{project.pk}/prompts/?{query}").json()

    assert [row["messages"][0]["content"] for row in answer["results"]] == found


def test_a_prompt_shows_who_wrote_its_responses(project, alice, client_of):
    load_prompts(project, [line(responses=[{"text": "a", "model": "chip"}])], by=None)

    answer = client_of(alice).get(f"/api/prompts/{Prompt.objects.get().pk}/").json()

    assert answer["responses"][0]["checkpoint"]["name"] == "chip"
