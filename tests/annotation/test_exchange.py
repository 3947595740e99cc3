"""The one door in and out: every format and kind of file, by command and by HTTP."""

import csv
import gzip
import io
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.core.management import CommandError, call_command

from annotation.errors import InvalidInput
from annotation.exchange.format import Format, Holds, Shape
from annotation.exchange.formats import FORMATS
from annotation.exchange.imports import Source, import_file, look
from annotation.exchange.record import Record
from annotation.models import Checkpoint, Event, Label, Prompt, Response, Round, Task
from tests.annotation.exchange import WEIGH, as_file, load_lines, load_prompts

pytestmark = pytest.mark.django_db


def post(client, project, content, kind="application/octet-stream", where="import/", **query):
    url = f"/api/projects/{project.pk}/{where}"
    return client.generic("POST", url, content, kind, query_params=query)


def get(client, project, **query):
    answer = client.get(f"/api/projects/{project.pk}/export/", query)
    assert answer.status_code == 200, answer.content
    return answer, b"".join(answer.streaming_content)


def as_csv(rows):
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


def as_parquet(columns):
    sink = io.BytesIO()
    pq.write_table(pa.table(columns), sink)
    return sink.getvalue()


def group(question="Why?", answers=("a", "b", "c")):
    return json.dumps({"prompt": question, "responses": list(answers)}).encode()


def test_a_format_is_one_file_and_one_row(project, alice, client_of, tmp_path, monkeypatch, capsys):
    def read(row):
        return [Record([{"role": "user", "content": row["ask"]}], source="quiz")]

    def write(project, scope):
        yield [{"ask": prompt.messages[0]["content"]} for prompt in project.prompts.all()]

    fields = {"ask": Shape.TEXT}
    telling = (frozenset(fields),)
    quiz = Format("quiz", Holds.PROMPTS, fields, telling=telling, read=read, write=write)
    monkeypatch.setitem(FORMATS, "quiz", quiz)
    client = client_of(alice)

    listed = client.get("/api/formats/").json()["formats"]
    outcome = post(client, project, b'{"ask": "Why?"}\n{"ask": "How?"}').json()
    _, out = get(client, project, shape="quiz", file="csv")
    path = tmp_path / "quiz.jsonl"
    call_command("export_dataset", str(path), "--project=Demo", "--format=quiz")
    call_command("import_prompts", str(path), "--project=Demo", "--format=quiz")

    assert "quiz" in [one["name"] for one in listed]
    assert (outcome["format"], outcome["prompts"], outcome["errors"]) == ("quiz", 2, [])
    assert sorted(out.split()) == [b"How?", b"Why?", b"ask"]
    assert "2 prompts were here already" in capsys.readouterr().out


def test_the_formats_say_what_they_hold_and_how_they_are_written(alice, client_of):
    found = client_of(alice).get("/api/formats/").json()

    by_name = {one["name"]: one for one in found["formats"]}
    assert by_name["rows"]["holds"] == "comparisons"
    assert by_name["rows"]["files_out"] == ["jsonl", "csv", "parquet", "jsonl.gz"]
    assert by_name["project"]["files_out"] == ["zip"]
    assert not by_name["kto"]["is_read"]
    assert found["files_in"] == ["jsonl", "csv", "parquet"]


def test_the_documentation_names_every_format_and_what_is_done_with_it():
    page = (Path(__file__).parents[2] / "docs" / "exchange.md").read_text()
    rows = [line.split("|") for line in page.splitlines() if line.startswith("| `")]

    said = {row[1].strip(" `"): ("yes" in row[3], "yes" in row[4]) for row in rows}
    assert said == {
        name: (bool(one.read or one.unpack), bool(one.write or one.pack))
        for name, one in FORMATS.items()
    }


class TestOwnResponses:
    def test_become_a_round_that_is_labeling_at_once_without_a_model(
        self, project, bob, alice, client_of
    ):
        lines = [group(), group("How?", ["x", "y"])]

        outcome = post(client_of(alice), project, b"\n".join(lines), labels_wanted=2).json()

        assert (outcome["format"], outcome["tasks"], outcome["labels"]) == ("responses", 2, 0)
        round_ = Round.objects.get(pk=outcome["round"]["id"])
        assert (round_.state, round_.is_labeling) == (Round.State.OPEN, True)
        assert sorted(Task.objects.values_list("kind", "labels_wanted", "is_open")) == [
            ("compare", 2, True),
            ("rank", 2, True),
        ]
        held = client_of(bob).post(
            f"/api/projects/{project.pk}/assignments/", {"hold": 3}, format="json"
        )
        assert sorted(len(one["responses"]) for one in held.json()["assignments"]) == [2, 3]
        assert not Checkpoint.objects.exists()

    def test_never_show_a_labeler_who_wrote_them(self, project, bob, client_of):
        answers = [{"text": "a", "model": "secret-one"}, {"text": "b", "model": "secret-two"}]
        load_lines(project, [json.dumps({"prompt": "Why?", "responses": answers}).encode()])

        held = client_of(bob).post(
            f"/api/projects/{project.pk}/assignments/", {"hold": 1}, format="json"
        )

        assert held.json()["assignments"]
        assert b"secret" not in held.content
        assert Checkpoint.objects.filter(kind="external").count() == 2

    def test_stand_in_an_order_that_tells_nothing(self, project):
        load_lines(project, [group(f"Number {n}?", ["first", "second"]) for n in range(200)])

        first = Response.objects.filter(text="first")
        placed = sum(
            task.entries.get(index=0).response_id in set(first.values_list("pk", flat=True))
            for task in Task.objects.all()[:60]
        )
        assert 15 < placed < 45

    def test_are_stored_once_and_more_of_them_go_into_a_round_of_their_own(self, project):
        load_lines(project, [group()])

        again = load_lines(project, [group(), group("How?")])

        assert (again.duplicates, again.tasks, again.round.number) == (1, 1, 2)
        assert Task.objects.count() == 2

    @pytest.mark.parametrize(
        ("answers", "expected"),
        [
            (["a"], "expected 2 to 9 responses, got 1"),
            ([str(n) for n in range(10)], "expected 2 to 9 responses, got 10"),
            (["a", "a"], "expected responses that differ, got the same text twice"),
        ],
    )
    def test_that_cannot_be_compared_are_named_by_their_line(self, project, answers, expected):
        report = load_lines(project, [group(), group("How?", answers)])

        assert report.tasks == 1
        assert [str(one) for one in report.errors] == [f"line 2: {expected}"]

    def test_come_in_by_the_command_too(self, project, tmp_path, capsys):
        path = tmp_path / "answers.csv"
        path.write_bytes(as_csv([["question", "answer_1", "answer_2"], ["Why?", "a", "b"]]))

        call_command("import_comparisons", str(path), "--project=Demo", "--labels-wanted=3")

        assert "1 tasks and 0 labels stored" in capsys.readouterr().out
        assert Task.objects.get().labels_wanted == 3


class TestTables:
    def test_a_csv_is_read_by_usual_names(self, project):
        rows = [["Question", "Topic", "lang"], ["Why?\nNow?", "sky", "de"], ["", "", ""]]

        report = load_prompts_of(project, as_csv(rows), name="prompts.csv")

        prompt = Prompt.objects.get()
        assert prompt.messages[0]["content"] == "Why?\nNow?"
        assert (prompt.tags, prompt.language) == (["sky"], "de")
        assert [one.line for one in report.errors] == [4]

    def test_a_csv_is_read_by_the_columns_one_names(self, project, alice, client_of):
        rows = [["q", "good", "bad", "note"], ["Why?", "a", "b", "x"], ["How?", "c", "", "y"]]
        columns = {"prompt": "q", "responses": ["good", "bad"], "models": "*"}

        outcome = post(
            client_of(alice), project, as_csv(rows), "text/csv", columns=json.dumps(columns)
        ).json()

        assert (outcome["tasks"], outcome["bad_lines"]) == (1, 1)
        assert outcome["errors"][0]["line"] == 3
        assert outcome["errors"][0]["sentence"]["code"] == "responses_out_of_range"
        written = Response.objects.values_list("text", "checkpoint__name")
        assert sorted(written) == [("a", "good"), ("b", "bad")]

    def test_a_response_is_paired_with_the_model_in_its_place(self, project):
        rows = [
            ["prompt", "response_1", "response_2", "model_1", "model_2"],
            ["Why?", "a", "b", "one", "two"],
        ]

        load_lines(project, as_csv(rows))

        written = Response.objects.values_list("text", "checkpoint__name")
        assert sorted(written) == [("a", "one"), ("b", "two")]

    def test_a_parquet_file_is_read_by_columns_given_to_the_command(
        self, project, tmp_path, capsys
    ):
        path = tmp_path / "prompts.parquet"
        path.write_bytes(as_parquet({"q": ["Why?", None, "How?"], "t": [["x"], [], ["y"]]}))

        with pytest.raises(CommandError, match="1 lines could not be used"):
            call_command(
                "import_prompts",
                str(path),
                "--project=Demo",
                '--columns={"prompt": "q", "tags": "t"}',
            )

        assert sorted(Prompt.objects.values_list("tags", flat=True)) == [["x"], ["y"]]
        assert "line 2: expected exactly one of messages and prompt" in capsys.readouterr().err

    @pytest.mark.parametrize("file", ["csv", "parquet", "jsonl", "jsonl.gz"])
    def test_what_goes_out_comes_in_again(self, project, other_team, alice, client_of, file):
        answers = [{"text": "a,\n天", "model": "chip"}, {"text": "b"}]
        line = {"prompt": "Why?", "responses": answers, "tags": ["x", "y"], "source": "here"}
        load_prompts(project, [json.dumps(line).encode()])
        other = other_team.projects.create(name="Theirs")

        _, out = get(client_of(alice), project, shape="prompts", file=file)
        report = load_prompts_of(other, out)

        assert (report.prompts, report.responses, report.errors) == (1, 2, [])
        kept = ("messages", "tags", "source", "language", "split", "content_hash")
        assert [*Prompt.objects.filter(project=project).values(*kept)] == [
            *Prompt.objects.filter(project=other).values(*kept)
        ]
        written = ("text", "checkpoint__name", "index")
        assert [*_written(project).values(*written)] == [*_written(other).values(*written)]

    def test_a_broken_row_is_named_and_the_rest_is_stored(self, project):
        content = b'prompt,tags\nWhy?,x\nHow?,x,too many\n\xff\xfe,x\nWho?,"[broken"\n'

        report = load_prompts_of(project, content, name="p.csv")

        assert report.prompts == 1
        assert [one.line for one in report.errors] == [3, 4, 5]
        assert "expected 2 cells" in report.errors[0].message
        assert "expected whole characters" in report.errors[1].message
        assert "expected texts in a cell, got '[broken'" in report.errors[2].message

    @pytest.mark.parametrize(
        ("content", "name", "expected"),
        [
            (b"a,a\n1,2\n", "x.csv", "names every column once"),
            (b"PAR1 nothing", "x.parquet", "Expected a Parquet file"),
            (
                gzip.compress(group() * 1000, mtime=0)[:60],
                "x.jsonl.gz",
                "breaks off or is damaged",
            ),
            (b'{"other": 1}', "x.jsonl", "got one with the fields 'other'"),
            (b"\x89PNG\r\n\x1a\n\x00", "x", "expected text without the character NUL|whole"),
            (b'{"\\ud800": 1}', "x", r"got one with the fields '\\ud800'"),
        ],
    )
    def test_a_file_that_cannot_be_read_stores_nothing(self, project, content, name, expected):
        with pytest.raises(InvalidInput, match=expected):
            import_file(project, Source(as_file(content), name))

        assert not Prompt.objects.exists()
        assert not Round.objects.exists()

    def test_a_file_that_is_no_text_is_refused(self, project, alice, client_of):
        answer = post(client_of(alice), project, b"\x89PNG\r\n\x1a\n")

        assert answer.status_code == 400
        assert answer.json()["sentence"]["code"] == "text_not_whole"
        assert not Prompt.objects.exists()

    @pytest.mark.parametrize(
        ("columns", "path"), [("5", "columns"), ('{"prompt": {}}', "columns.prompt")]
    )
    def test_a_mapping_that_is_none_is_refused(self, project, alice, client_of, columns, path):
        answer = post(client_of(alice), project, b'{"prompt": "a"}', columns=columns)

        assert answer.status_code == 400
        assert list(answer.json()["fields"]) == [path]

    def test_a_mapping_that_names_what_is_not_there_is_refused(self, project, alice, client_of):
        answer = post(client_of(alice), project, b"{}", columns='{"promt": "q"}', shape="prompts")

        assert answer.status_code == 400
        assert answer.json()["sentence"]["code"] == "mapping_field_unknown"


def _written(project):
    return Response.objects.filter(prompt__project=project).order_by("text")


def load_prompts_of(project, content, name=""):
    return load_lines(
        project, content, of=(Holds.PROMPTS,), source={"format": "prompts", "name": name}
    )


class TestLook:
    def test_shows_the_columns_and_guesses_what_they_say(self, project, alice, client_of):
        rows = [["Question", "response a", "response b"], ["Why?", "x", "y"]]

        found = post(client_of(alice), project, as_csv(rows), where="import/look/").json()

        assert (found["kind"], found["format"]) == ("csv", "responses")
        assert found["mapping"] == {
            "prompt": ["Question"],
            "responses": ["response a", "response b"],
        }
        assert found["rows"] == [{"Question": "Why?", "response a": "x", "response b": "y"}]
        assert not Prompt.objects.exists()

    def test_shows_broken_characters_as_question_marks(self, project, alice, client_of):
        row = b'{"prompt": "a\\ud800b", "n": NaN}'

        found = post(client_of(alice), project, row, where="import/look/").json()

        assert found["rows"] == [{"prompt": "a?b", "n": "NaN"}]

    def test_reads_the_beginning_of_a_file_whose_end_is_missing(self):
        whole = gzip.compress(b"\n".join(group(f"Number {n}?") for n in range(5000)))

        found = look(Source(as_file(whole[:2000])))

        assert (found.kind, found.format) == ("jsonl", "responses")


class TestOverHttp:
    def test_comparisons_come_in_with_their_labels(self, project, alice, client_of):
        start = "\n\nHuman: Why?\n\nAssistant: "
        good = json.dumps({"chosen": start + "good", "rejected": start + "bad"})

        outcome = post(
            client_of(alice), project, f"{good}\n{{broken\n".encode(), "application/x-ndjson"
        ).json()

        assert (outcome["format"], outcome["tasks"], outcome["labels"]) == ("hh", 1, 1)
        assert outcome["round"]["number"] == 1
        assert [one["line"] for one in outcome["errors"]] == [2]
        event = Event.objects.get(action="comparisons.imported")
        assert (event.actor, event.detail["labels"]) == (alice, 1)

    def test_strict_stores_nothing_when_a_line_is_bad(self, project, alice, client_of):
        outcome = post(client_of(alice), project, group() + b"\n{broken", strict="true").json()

        assert (outcome["tasks"], outcome["bad_lines"], outcome["round"]) == (0, 1, None)
        assert not Prompt.objects.exists()
        assert not Round.objects.exists()

    @pytest.mark.parametrize("shape", ["rows", "pairs", "kto", "hh", "labels"])
    @pytest.mark.parametrize("file", ["jsonl", "csv", "parquet"])
    def test_every_shape_goes_out_as_every_kind_of_file(
        self, project, alice, client_of, shape, file
    ):
        row = {"prompt": "Ask", "responses": ["a", "b"], "ranks": [2, 1]}
        load_lines(project, [json.dumps(row).encode()], recipe=WEIGH)

        answer, out = get(client_of(alice), project, shape=shape, file=file, round=1)

        assert answer["Content-Disposition"].endswith(f'{shape}-{project.pk}.{file}"')
        assert len(rows_in(out, file)) == (2 if shape == "kto" else 1)
        assert Event.objects.get(action="project.exported").detail == {"shape": shape}

    def test_labels_go_out_with_what_their_kind_says(self, project, alice, client_of):
        row = {"prompt": "Ask", "responses": ["a", "b"], "ranks": [2, 1]}
        load_lines(project, [json.dumps(row).encode()], recipe=WEIGH)
        label = Label.objects.get()

        _, out = get(client_of(alice), project, shape="labels")

        (found,) = rows_in(out, "jsonl")
        assert found["answer"] == label.answer
        assert found["ranking"].split() == [str(rank) for rank in label.answer["ranking"]]
        assert (found["label"], found["labeler"]) == (str(label.pk), "Consensus")

    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            ({"shape": "nothing"}, "Expected a format of"),
            ({"shape": "rows", "file": "pdf"}, "rows is written as"),
            ({"shape": "rows", "round": 7}, "The project has no round 7"),
            ({"shape": "prompts", "round": 1}, "belongs to the project, not to a round"),
        ],
    )
    def test_what_cannot_go_out_is_refused_before_it_begins(
        self, project, alice, client_of, query, expected
    ):
        project.rounds.create(number=1)

        answer = client_of(alice).get(f"/api/projects/{project.pk}/export/", query)

        assert answer.status_code == 400
        assert expected in answer.json()["message"]
        assert not Event.objects.exists()

    @pytest.mark.parametrize("where", ["import/", "import/look/"])
    def test_an_empty_file_is_no_file(self, project, alice, client_of, where):
        answer = post(client_of(alice), project, b"", where=where)

        assert answer.status_code == (400 if where == "import/" else 200)
        assert answer.json().get("rows", []) == []

    def test_who_may_not_write_prompts_imports_nothing(self, project, bob, client_of):
        answer = post(client_of(bob), project, group())

        assert answer.status_code == 403
        assert not Prompt.objects.exists()


def rows_in(content, file):
    if file == "jsonl":
        return [json.loads(line) for line in content.splitlines()]
    if file == "csv":
        return list(csv.DictReader(io.StringIO(content.decode())))
    return pq.read_table(io.BytesIO(content)).to_pylist()
