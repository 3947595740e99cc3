"""Preferences from elsewhere, and the real files where they are beside the checkout."""

import gzip
import json
from collections import Counter
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db.models import Prefetch

from annotation.models import (
    Checkpoint,
    Event,
    Label,
    Membership,
    Prompt,
    Response,
    Round,
    Task,
    TaskResponse,
    User,
)
from annotation.rounds import advance
from annotation.rounds.recipe import DEFAULT_IMPORT
from annotation.services import tasks
from annotation.services.comparisons import import_comparisons
from annotation.services.formats import read_comparisons

pytestmark = pytest.mark.django_db
SHARED = Path(__file__).parents[3] / "shared" / "data"
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


def real(name):
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"{path} is not here; see shared/data/README.md")
    return path


def hh(chosen="good", rejected="bad", question="Why?"):
    start = f"\n\nHuman: {question}\n\nAssistant: "
    return json.dumps({"chosen": start + chosen, "rejected": start + rejected}).encode()


def in_order(labels):
    """Labels with the responses of their tasks in the order of their ranks."""
    entries = TaskResponse.objects.select_related("response__checkpoint").order_by("index")
    return labels.prefetch_related(Prefetch("task__entries", entries))


def load(project, lines, **options):
    return import_comparisons(project, lines, recipe=RECIPE, **options)


def said(label):
    """The label's ranking as {text: rank}."""
    entries = TaskResponse.objects.filter(task=label.task).select_related("response")
    return {
        entry.response.text: rank
        for entry, rank in zip(entries.order_by("index"), label.ranking, strict=True)
    }


def test_a_pair_becomes_a_labeled_task_of_a_round_that_waits_for_nobody(project, alice):
    report = load(project, [hh()], by=alice)

    label = Label.objects.get()
    assert said(label) == {"good": 1, "bad": 2}
    assert label.task.prompt.messages == [{"role": "user", "content": "Why?"}]
    assert (report.prompts, report.responses, report.tasks, report.labels) == (1, 2, 1, 1)
    assert report.round.state == Round.State.OPEN
    progress = tasks.progress(report.round)
    assert progress.done == progress.total == 1
    assert not label.task.is_open
    event = Event.objects.get(action="comparisons.imported")
    assert (event.actor, event.object_id) == (alice, report.round.pk)


def test_the_annotator_is_a_member_who_cannot_sign_in(project):
    load(project, [hh()])

    annotator = Label.objects.get().labeler
    assert not annotator.is_active
    assert not annotator.has_usable_password()
    membership = Membership.objects.get(user=annotator)
    assert (membership.team, membership.status) == (project.team, Membership.Status.SUSPENDED)


def test_two_teams_do_not_share_an_annotator(project, other_team):
    load(project, [hh()])
    load(other_team.projects.create(name="Theirs"), [hh()])

    assert User.objects.filter(is_active=False).count() == 2


def test_the_place_of_a_response_does_not_tell_that_it_was_chosen(project):
    load(project, [hh(question=f"Number {n}?") for n in range(200)])

    first = sum(label.ranking == [1, 2] for label in Label.objects.all())
    assert 70 < first < 130


def test_the_same_file_again_stores_nothing(project):
    lines = [hh(), hh(question="How?")]
    load(project, lines)

    again = load(project, lines)

    assert (again.duplicates, again.labels, again.round) == (2, 0, None)
    assert (Label.objects.count(), Task.objects.count(), Response.objects.count()) == (2, 2, 4)
    assert Round.objects.count() == 1


def test_what_a_longer_file_adds_goes_into_a_round_of_its_own(project):
    load(project, [hh()])

    more = load(project, [hh(question="How?"), hh()])

    assert (more.duplicates, more.labels, more.round.number) == (1, 1, 2)


def test_a_comparison_made_twice_is_two_votes_on_the_same_responses(project):
    report = load(project, [hh(), hh()])

    assert (report.tasks, report.labels, report.prompts, report.responses) == (2, 2, 1, 2)


def test_a_bad_line_is_named_and_the_rest_is_stored(project):
    report = load(
        project,
        [
            hh(),
            b"{broken",
            b'{"chosen": "no turns", "rejected": 3}',
            hh(chosen="same", rejected="same"),
            b'{"chosen": "no turns", "rejected": "none"}',
            hh(question="How?"),
        ],
    )

    assert report.labels == 2
    assert [str(error) for error in report.errors] == [
        "line 2: expected one JSON object per line, got b'{broken'",
        "line 3: expected rejected as text, got 3",
        "line 4: expected responses that differ, got the same text twice",
        "line 5: expected chosen to begin with '\\n\\nHuman:' or '\\n\\nAssistant:', "
        "got 'no turns'",
    ]


def test_strict_stores_nothing_when_a_line_is_bad(project):
    report = load(project, [hh(), b"{broken"], strict=True)

    assert (report.labels, report.bad_lines) == (0, 1)
    assert not Label.objects.exists()
    assert not Prompt.objects.exists()
    assert not Round.objects.exists()
    assert not Event.objects.exists()


def test_a_broken_entry_of_an_array_is_named_and_the_rest_is_stored(project):
    entry = {
        "cmp_key": "a_b",
        "instruction": "Say",
        "input": "",
        "response1": "x",
        "response2": True,
        "annotator1": 0,
    }
    entries = [{**entry, "input": str(n)} for n in range(3)]
    lines = json.dumps(entries, indent=4).splitlines(keepends=True)
    lines[11] = '        "instruction": oops,\n'

    report = load(project, [line.encode() for line in lines])

    assert report.tasks == 2
    (error,) = report.errors
    assert error.line == 10
    assert error.message.startswith("expected a JSON object, got an entry that breaks off")
    assert set(Response.objects.values_list("text", flat=True)) == {"x", "True"}


def test_dialogues_that_part_early_keep_every_turn(project):
    start = "\n\nHuman: Hi\n\nAssistant: Hello\n\nHuman: More"
    row = {
        "chosen": start + "\n\nAssistant: One\n\nHuman: And?\n\nAssistant: Two",
        "rejected": start + "\n\nAssistant: None",
    }

    load(project, [json.dumps(row).encode()])

    assert said(Label.objects.get()) == {"One\n\nHuman: And?\n\nAssistant: Two": 1, "None": 2}
    assert [m["content"] for m in Prompt.objects.get().messages] == ["Hi", "Hello", "More"]


def test_ranked_replies_keep_their_conversation_and_ties_stay_ties(project):
    reply = {"role": "assistant", "lang": "de", "replies": []}
    tree = {
        "message_tree_id": "t",
        "prompt": {
            "role": "prompter",
            "text": "Ask",
            "lang": "de",
            "replies": [
                {**reply, "text": "a", "rank": 2},
                {**reply, "text": "b", "rank": 0, "model_name": "chip"},
                {**reply, "text": "c", "rank": 2},
                {**reply, "text": "unranked", "rank": None},
            ],
        },
    }

    load(project, [json.dumps(tree).encode()])

    assert said(Label.objects.get()) == {"a": 2, "b": 1, "c": 2}
    assert Prompt.objects.get().language == "de"
    assert Response.objects.get(text="b").checkpoint.name == "chip"
    assert Response.objects.get(text="b").checkpoint.kind == Checkpoint.Kind.EXTERNAL


def test_our_own_rows_come_back_with_our_own_split(project):
    row = {
        "prompt": [{"role": "user", "content": "Ask"}],
        "responses": ["a", "b", "c"],
        "ranks": [1, None, 1],
        "split": "nonsense",
    }

    load(project, [json.dumps(row).encode()])

    assert said(Label.objects.get()) == {"a": 1, "b": None, "c": 1}


def test_a_recipe_of_the_default_kind_is_accepted(project):
    report = import_comparisons(project, [hh()], recipe=DEFAULT_IMPORT.to_json())

    assert report.round.state == Round.State.OPEN


def test_the_command_says_what_it_did_and_fails_for_a_bad_line(project, tmp_path, capsys):
    path = tmp_path / "pairs.jsonl.gz"
    path.write_bytes(gzip.compress(hh() + b"\n{broken\n"))

    with pytest.raises(CommandError, match="1 lines could not be used"):
        call_command(
            "import_comparisons", str(path), "--project=Demo", f"--recipe={json.dumps(RECIPE)}"
        )

    out, err = capsys.readouterr()
    assert "hh: 1 prompts, 2 responses, 1 tasks and 1 labels stored" in out
    assert "Round 1 has them and is open" in out
    assert "line 2: expected one JSON object per line" in err


def test_the_command_names_an_unknown_project(project, tmp_path):
    path = tmp_path / "pairs.jsonl"
    path.write_bytes(hh())

    with pytest.raises(CommandError, match="There is no project 'Nope'"):
        call_command("import_comparisons", str(path), "--project=Nope")


def test_hh_rlhf_comes_in_whole(project):
    path = real("hh_rlhf_harmless_base_test.jsonl.gz")
    with gzip.open(path) as lines:
        rows = [json.loads(line) for line in lines]
    with gzip.open(path) as lines:
        report = load(project, lines)

    assert (report.format, report.bad_lines, report.duplicates) == ("hh", 0, 0)
    assert report.tasks == report.labels == Label.objects.count() == 2312 == len(rows)
    stored = Counter()
    for label in in_order(Label.objects.select_related("task__prompt")):
        texts = [entry.response.text for entry in label.task.entries.all()]
        best = label.ranking.index(1)
        stored[
            dialogue(label.task.prompt.messages, texts[best]),
            dialogue(label.task.prompt.messages, texts[1 - best]),
        ] += 1
    assert stored == Counter((row["chosen"], row["rejected"]) for row in rows)


def dialogue(messages, answer):
    names = {"user": "Human", "assistant": "Assistant"}
    turns = [(names[message["role"]], message["content"]) for message in messages]
    return "".join(f"\n\n{who}: {said}" for who, said in [*turns, ("Assistant", answer)])


def test_pandalm_comes_in_whole(project):
    path = real("pandalm_testset_v1.json.gz")
    with gzip.open(path) as file:
        rows = json.load(file)
    with gzip.open(path) as lines:
        report = load(project, lines)

    assert (report.format, report.bad_lines, report.duplicates) == ("pandalm", 0, 0)
    assert (report.tasks, report.labels) == (999, 2997)
    names = {"bloom-7b", "cerebras-gpt-6.7B", "llama-7b", "opt-7b", "pythia-6.9b"}
    assert set(Checkpoint.objects.values_list("name", flat=True)) == names
    # Who beat whom, counted in the file and in the database.
    wanted, found = Counter(), Counter()
    for row in rows:
        one, two = row["cmp_key"].split("_")
        for annotator in (1, 2, 3):
            vote = row[f"annotator{annotator}"]
            wanted[(one, two) if vote == 1 else (two, one) if vote == 2 else "tie"] += 1
    for label in in_order(Label.objects.select_related("task")):
        first, second = (e.response.checkpoint.name for e in label.task.entries.all())
        a, b = label.ranking
        found[(first, second) if a < b else (second, first) if b < a else "tie"] += 1
    assert found == wanted
    members = Membership.objects.filter(status=Membership.Status.SUSPENDED)
    assert sorted(members.values_list("user__name", flat=True)) == [
        "PandaLM annotator 1",
        "PandaLM annotator 2",
        "PandaLM annotator 3",
    ]


def test_oasst_comes_in_whole(project):
    path = real("oasst_en_100_trees.jsonl.gz")
    with gzip.open(path) as lines:
        report = load(project, lines)

    assert (report.format, report.bad_lines, report.duplicates) == ("oasst", 0, 0)
    assert report.tasks == report.labels == 212
    sizes = Counter(len(label.ranking) for label in Label.objects.all())
    assert sizes == {2: 57, 3: 117, 4: 27, 5: 3, 6: 6, 8: 1, 9: 1}
    with gzip.open(path) as lines:
        _, found = read_comparisons(lines, "auto")
        in_file = sum(len(comparison.responses) for _, line in found for comparison in line)
    assert sum(len(label.ranking) for label in Label.objects.all()) == in_file == 641


def test_an_imported_round_goes_on_to_a_ladder_and_a_dataset(project, settings, tmp_path):
    settings.STORAGE_DIR = tmp_path
    with gzip.open(real("pandalm_testset_v1.json.gz")) as lines:
        found = load(project, lines).round

    advance.advance(found)

    assert found.state == Round.State.DONE
    ladder = found.ladder["entries"]
    assert len(ladder) == 5
    # The shares of comparisons won, counted by hand in test_pandalm_comes_in_whole's way, order
    # the five as the ladder does: every model met every other about as often.
    won, met = Counter(), Counter()
    for label in in_order(Label.objects.select_related("task")):
        names = [entry.response.checkpoint.name for entry in label.task.entries.all()]
        a, b = label.ranking
        for name, score in zip(names, (0.5 + 0.5 * ((a < b) - (b < a)),) * 2, strict=True):
            met[name] += 1
            won[name] += score if name == names[0] else 1 - score
    by_share = sorted(met, key=lambda name: -won[name] / met[name])
    assert [entry["checkpoint"]["name"] for entry in ladder] == by_share
    assert all(entry["low"] < entry["elo"] < entry["high"] for entry in ladder)
