import hashlib
import json

import pyarrow.parquet as pq
import pytest
from django.core.management import CommandError, call_command

from annotation.exchange.exports import export
from annotation.exchange.format import Scope
from annotation.exchange.formats import prompts
from annotation.exchange.preferences import preference_rows
from annotation.models import Event, Label, Prompt, Response
from annotation.services import consensus, datasets
from tests.annotation.exchange import load_lines, load_prompts
from training.contract import records

pytestmark = pytest.mark.django_db
RECIPE = {
    "steps": [
        {
            "name": "preferences",
            "kind": "aggregate",
            "reads": {"labels": "imported"},
            "learn_from": "round",
        }
    ]
}
MESSAGES = [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Ask"}]


@pytest.fixture
def ranked(project):
    """b before a, c not ranked."""
    row = {"prompt": MESSAGES, "responses": ["a", "b", "c"], "ranks": [2, 1, None]}
    load_lines(project, [json.dumps(row).encode()], recipe=RECIPE)
    return project


def test_prompts_go_out_as_they_come_in(project, other_team):
    lines = [
        json.dumps(
            {
                "messages": [{"role": "user", "content": f"Number {n} 天气?"}],
                "responses": [{"text": f"a{n}"}, {"text": "b", "model": "chip"}],
                "tags": ["x"],
                "language": "de",
                "source": "here",
            }
        ).encode()
        for n in range(1200)
    ]
    load_prompts(project, lines, by=None)
    out = [line.strip() for lines in prompts.encode(project, Scope()) for line in lines]
    other = other_team.projects.create(name="Theirs")

    report = load_prompts(other, out, by=None, strict=True)

    assert (report.prompts, report.responses, report.bad_lines) == (1200, 2400, 0)
    kept = ("content_hash", "split", "messages", "tags", "language", "source")
    assert contents(project, *kept) == contents(other, *kept)
    written = ("prompt__content_hash", "text", "checkpoint__name", "index")
    assert responses(project, *written) == responses(other, *written)


def test_a_round_gives_the_preferences_it_froze_whatever_its_step_is_called(
    ranked, settings, tmp_path
):
    settings.STORAGE_DIR = tmp_path
    round_ = ranked.rounds.get()
    consensus.write_consensus(round_)
    frozen = datasets.freeze_preferences(round_, key="votes~2", learn_from="round")
    # What is said later is no part of what was frozen.
    Label.objects.all().delete()

    rows = list(preference_rows(ranked, round_))

    assert rows == list(records.read_rows(frozen.path, "preference"))
    assert [row["ranks"].count(1) for row in rows] == [1]


def rows_of(project, format_):
    made = export(project, format=format_)
    return [json.loads(line) for line in b"".join(made.chunks).splitlines()]


def contents(project, *names):
    return list(Prompt.objects.filter(project=project).order_by("content_hash").values(*names))


def responses(project, *names):
    rows = Response.objects.filter(prompt__project=project)
    return list(rows.order_by("prompt__content_hash", "text").values(*names))


def test_preferences_go_out_as_dataset_rows(ranked):
    (row,) = preference_rows(ranked)

    ranks = dict(zip(row["responses"], row["ranks"], strict=True))
    assert ranks == {"a": 2, "b": 1, "c": None}
    assert row["prompt"] == MESSAGES
    assert row["votes"] == 1
    prompt = Prompt.objects.get()
    assert row["split"] == prompt.split
    assert row["ids"] == {
        "prompt": str(prompt.pk),
        "responses": [str(Response.objects.get(text=text).pk) for text in row["responses"]],
        "labels": [str(Label.objects.get().pk)],
    }


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        (
            "pairs",
            [
                {
                    "prompt": MESSAGES,
                    "chosen": [{"role": "assistant", "content": "b"}],
                    "rejected": [{"role": "assistant", "content": "a"}],
                    "margin": 1.0,
                    "weight": 1.0,
                }
            ],
        ),
        (
            "hh",
            [
                {
                    "chosen": "\n\nHuman: Be kind.\n\nAsk\n\nAssistant: b",
                    "rejected": "\n\nHuman: Be kind.\n\nAsk\n\nAssistant: a",
                }
            ],
        ),
    ],
)
def test_preferences_go_out_in_other_shapes(ranked, shape, expected):
    found = rows_of(ranked, shape)

    assert [{k: v for k, v in row.items() if k != "split"} for row in found] == expected


def test_wanted_and_unwanted_completions_go_out_as_kto_rows(ranked):
    found = rows_of(ranked, "kto")

    wanted = {row["completion"][0]["content"]: row["label"] for row in found}
    assert wanted == {"a": False, "b": True}


def test_the_command_writes_the_file_and_prints_its_digest(ranked, tmp_path, capsys):
    path = tmp_path / "rows.jsonl"

    call_command("export_dataset", str(path), "--project=Demo", "--round=1")

    out = capsys.readouterr().out
    assert f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}" in out
    assert "1 rows" in out
    (row,) = records.read_rows(path, "preference")
    assert sorted(row["responses"]) == ["a", "b", "c"]


def test_a_parquet_file_holds_the_same_rows(ranked, tmp_path):
    path = tmp_path / "rows.parquet"

    call_command("export_dataset", str(path), "--project=Demo", "--format=rows")

    (row,) = pq.read_table(path).to_pylist()
    (wanted,) = preference_rows(ranked)
    assert {**row, "ids": json.loads(row["ids"]), "weights": json.loads(row["weights"])} == wanted


def test_the_command_leaves_out_the_other_split(ranked, tmp_path):
    path = tmp_path / "rows.jsonl"
    other = {"train": "eval", "eval": "train"}[Prompt.objects.get().split]

    call_command("export_dataset", str(path), "--project=Demo", f"--split={other}")

    assert path.read_bytes() == b""


def test_the_command_writes_prompts_of_one_split(project, tmp_path, capsys):
    lines = [json.dumps({"prompt": f"Number {n}?"}).encode() for n in range(50)]
    load_prompts(project, lines, by=None)
    path = tmp_path / "prompts.jsonl"

    call_command("export_dataset", str(path), "--project=Demo", "--format=prompts", "--split=eval")

    held_out = Prompt.objects.filter(split="eval")
    ids = {json.loads(line)["ids"]["prompt"] for line in path.open()}
    assert ids == {str(prompt.pk) for prompt in held_out}
    assert 0 < len(ids) < 50
    assert hashlib.sha256(path.read_bytes()).hexdigest() in capsys.readouterr().out


def test_the_same_answer_by_two_models_goes_out_twice(project):
    answers = [{"text": "a", "model": "one"}, {"text": "a", "model": "two"}, {"text": "a"}]
    line = json.dumps({"prompt": "Why?", "responses": answers}).encode()
    load_prompts(project, [line], by=None)

    ((out,),) = prompts.encode(project, Scope())

    found = json.loads(out)["responses"]
    assert sorted(found, key=str) == sorted(answers, key=str)


def test_the_command_names_an_unknown_round(project, tmp_path):
    with pytest.raises(CommandError, match="Demo has no round 7"):
        call_command("export_dataset", str(tmp_path / "x"), "--project=Demo", "--round=7")


def test_who_may_export_downloads_the_prompts(project, alice, client_of):
    load_prompts(project, [b'{"prompt": "Why?", "responses": ["a"]}'], by=None)

    answer = client_of(alice).get(f"/api/projects/{project.pk}/export/")

    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/x-ndjson"
    (row,) = [json.loads(text) for text in b"".join(answer.streaming_content).splitlines()]
    assert row["responses"] == [{"text": "a"}]
    event = Event.objects.get(action="project.exported")
    assert event.actor == alice


def test_a_labeler_may_not_export(project, bob, client_of):
    answer = client_of(bob).get(f"/api/projects/{project.pk}/export/")

    assert answer.status_code == 403
    assert not Event.objects.exists()
