"""A whole project as one file: out of one team, into another, the same rows under new ids."""

import io
import json
import zipfile

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db.models import Model

from annotation.errors import Conflict, InvalidInput
from annotation.exchange.bundle import read
from annotation.exchange.bundle.read import unpack
from annotation.exchange.bundle.tables import CONTENT, STAYS, TABLES
from annotation.exchange.bundle.write import pack
from annotation.exchange.format import Scope
from annotation.models import (
    Checkpoint,
    Dataset,
    Event,
    Job,
    Label,
    Labeler,
    Project,
    Prompt,
    Response,
    Round,
    Task,
)
from annotation.rounds import advance
from annotation.services import ratings
from annotation.services.labels import submit_label
from annotation.services.projects import write_guidelines
from tests.annotation.cycle import decide
from tests.annotation.exchange import WEIGH, load_lines
from tests.annotation.labeling import assignment_of, hold_assignments, ranked
from training.contract import records

pytestmark = pytest.mark.django_db


@pytest.fixture
def full(project, alice, bob, settings, tmp_path):
    """A project with some of everything: a done round, one that labels, a checkpoint, a job."""
    settings.STORAGE_DIR = tmp_path / "var"
    lines = [
        {
            "prompt": f"Number {n} 天?",
            "responses": [{"text": "a", "model": "one"}, {"text": "b", "model": "two"}],
        }
        for n in range(3)
    ]
    rows = [{"prompt": f"Ask {n}", "responses": ["x", "y"], "ranks": [1, 2]} for n in range(3)]
    judged = load_lines(project, encoded(rows), recipe=WEIGH).round
    judged = advance.advance(judged)
    assert judged.state == Round.State.DONE
    labeling = load_lines(project, encoded(lines)).round
    decide(labeling, "more_labels", count=2, by=alice, why="To be sure.")
    (lease, *_) = hold_assignments(project, labeler=bob, hold=2).leases
    submit_label(
        assignment_of(lease),
        ranked([1, 2]),
        submission_id="7c0d3a52-6a0f-4f6e-9a0b-0d6a3a1f0f11",
    )
    write_guidelines(project, text="Be kind.", by=alice)
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "config.json").write_text("{}")
    (folder / "model.safetensors").write_bytes(b"weights")
    base = project.checkpoints.create(
        name="base", kind="base", path=str(folder), digest=records.folder_digest(folder)
    )
    # The ladder names every writer of the round.
    Response.objects.filter(text="x").update(checkpoint=base)
    ratings.close(judged)
    run = tmp_path / "run"
    run.mkdir()
    (run / "metrics.jsonl").write_text('{"step": 1}\n')
    job = Job.objects.create(
        project=project,
        round=judged,
        key=f"train:{base.pk}",
        method="dpo",
        spec={"method": "dpo", "settings": {"beta": 0.1}, "dataset": {"path": "/secret/rows"}},
        state=Job.State.RUNNING,
        run_dir=str(run),
        error={"message": "/secret"},
    )
    rows_file = tmp_path / "rows.jsonl"
    digest = records.write_rows(rows_file, [{"text": "Once."}])
    dataset = Dataset.objects.create(
        project=project,
        round=judged,
        key="rows",
        kind="text",
        path=str(rows_file),
        digest=digest,
        rows=1,
        provenance={"labelers": {str(Labeler.objects.get(user=bob).pk): 1.0}},
    )
    child = project.checkpoints.create(
        name="tuned", kind="policy", path=str(folder), job=job, dataset=dataset, round=judged
    )
    child.digest = base.digest
    child.save()
    child.parents.add(base)
    return project


def encoded(rows):
    return [json.dumps(row).encode() for row in rows]


def packed(project, *, with_weights=True):
    return b"".join(pack(project, Scope(with_weights=with_weights)))


def arrive(content, team, name="", by=None):
    return Project.objects.get(pk=unpack(io.BytesIO(content), team, name, by))


def rewritten(content, change):
    """The file with `change(name, bytes)` in place of what its members hold."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            new.writestr(name, change(name, old.read(name)))
    return out.getvalue()


# Other columns with ids in them.
NAMES_ROWS = {"submission_id", "decision_id", "ladder", "consensus", "provenance", "key", "made"}


def described(project, table):
    """The rows of a table without ids, paths and what comes to rest on the way."""
    found = []
    for row in table.rows(project):
        values = {}
        for field in table.model._meta.concrete_fields:
            if field.is_relation or field.primary_key or field.attname in table.left:
                continue
            if field.attname in NAMES_ROWS:
                continue
            values[field.attname] = getattr(row, field.attname)
        found.append(json.dumps(table.settle(values), sort_keys=True, default=str))
    return sorted(found)


def test_every_model_either_travels_or_stays():
    travels = {table.model for table in TABLES.values()} | {Project}
    every = set(apps.get_app_config("annotation").get_models(include_auto_created=True))
    framework = {model for model in every if model.__name__.startswith("User_")}

    assert travels | set(STAYS) == every - framework
    assert all(issubclass(model, Model) for model in travels)
    assert {
        field.attname for table in TABLES.values() for field in table.model._meta.concrete_fields
    } >= CONTENT


def test_a_project_arrives_in_another_team_row_for_row(full, other_team, carol):
    made = arrive(packed(full), other_team, by=carol)

    assert (made.team, made.name) == (other_team, full.name)
    for name, table in TABLES.items():
        if name in ("labelers", "jobs"):
            continue
        theirs, ours = described(made, table), described(full, table)
        if name == "checkpoints":
            assert len(theirs) == len(ours) == 4
        assert theirs == ours, name
        assert theirs, name
    assert Event.objects.get(action="project.imported").actor == carol


def test_ids_are_new_and_lead_to_the_same_things(full, other_team, bob):
    made = arrive(packed(full), other_team)

    assert not set(ids(full)) & set(ids(made))
    for label in Label.objects.filter(project=made):
        assert label.task.project == made
        assert label.round.project == made
        assert label.labeler.team == other_team
        entry = label.task.entries.first()
        assert entry.response.prompt == label.task.prompt
    done = Task.objects.filter(project=made, consensus__isnull=False).first()
    assert set(done.consensus["labels"]) == {str(one.pk) for one in done.labels.all()}
    assert set(done.consensus["labelers"]) == {str(one.labeler_id) for one in done.labels.all()}
    child = Checkpoint.objects.get(project=made, name="tuned")
    assert child.parents.get() == Checkpoint.objects.get(project=made, name="base")
    assert child.dataset.project == child.job.project == made
    assert child.job.key == f"train:{child.parents.get().pk}"
    (entry,) = made.rounds.get(number=1).ladder["entries"]
    assert entry["checkpoint"]["id"] == str(child.parents.get().pk)


def ids(project):
    for table in TABLES.values():
        if table.model is not Labeler:
            yield from (str(row.pk) for row in table.rows(project) if len(str(row.pk)) == 36)


def test_people_accounts_and_paths_do_not_travel(full, other_team, bob):
    content = packed(full)

    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        text = b"".join(archive.read(name) for name in archive.namelist())
    assert b"Bob" not in text
    assert b"bob@" not in text
    assert b"/secret" not in text
    assert full.checkpoints.get(name="base").path.encode() not in text
    made = arrive(content, other_team)
    labelers = Labeler.objects.filter(team=other_team)
    assert {one.kind for one in labelers} == {"import"}
    assert labelers.filter(name__startswith="person ").exists()
    assert not Labeler.objects.filter(team=other_team, user=bob).exists()
    assert made.guidelines.get().created_by is None


def test_what_was_under_way_arrives_at_rest(full, other_team):
    made = arrive(packed(full), other_team)

    states = made.rounds.order_by("number").values_list("state", flat=True)
    assert list(states) == [Round.State.DONE, Round.State.CANCELLED]
    job = Job.objects.get(project=made)
    assert (job.state, job.spec) == (
        Job.State.CANCELLED,
        {"method": "dpo", "settings": {"beta": 0.1}},
    )
    assert not Task.objects.filter(project=made, is_open=True).exists()


def test_files_come_along_under_the_new_ids(full, other_team, settings):
    made = arrive(packed(full), other_team)

    dataset = Dataset.objects.get(project=made, key="rows")
    assert dataset.path == str(settings.STORAGE_DIR / "datasets" / f"{dataset.pk}.jsonl")
    assert records.file_digest(dataset.path) == dataset.digest
    base = Checkpoint.objects.get(project=made, name="base")
    assert base.kind == "base"
    assert base.path == str(settings.STORAGE_DIR / "checkpoints" / str(base.pk))
    assert records.folder_digest(base.path) == base.digest
    run = Job.objects.get(project=made).run_dir
    assert (settings.STORAGE_DIR / "runs" / run / "metrics.jsonl").read_text() == '{"step": 1}\n'


def test_without_its_weights_a_checkpoint_arrives_as_an_external_one(full, other_team):
    made = arrive(packed(full, with_weights=False), other_team)

    kinds = dict(Checkpoint.objects.filter(project=made).values_list("name", "kind"))
    assert set(kinds.values()) == {"external"}
    (entry,) = made.rounds.get(number=1).ladder["entries"]
    assert entry["checkpoint"]["name"] == "base"


def test_the_same_file_arrives_twice_as_two_projects(full, other_team):
    content = packed(full)
    arrive(content, other_team)

    again = arrive(content, other_team, name="Again")

    labels = Label.objects.filter(project__team=other_team)
    assert labels.filter(project=again).count() * 2 == labels.count()
    with pytest.raises(Conflict, match="has a project of this name"):
        arrive(content, other_team)


def nothing_of(team):
    return (
        not Project.objects.filter(team=team).exists()
        and not Labeler.objects.filter(team=team).exists()
    )


def stored(settings):
    return {path for path in settings.STORAGE_DIR.rglob("*") if path.is_file()}


def test_an_interrupted_import_leaves_nothing_half(full, other_team, settings, monkeypatch):
    content, before = packed(full), stored(settings)

    def killed(*tables):
        raise KeyboardInterrupt

    monkeypatch.setattr(read, "renew_statistics", killed)
    with pytest.raises(KeyboardInterrupt):
        arrive(content, other_team)

    assert nothing_of(other_team)
    assert stored(settings) == before


def spoil_digest(name, content):
    return content.replace(b"Number 1", b"Number 8") if name == "prompts.jsonl" else content


def foreign_id(project):
    """A file whose labels name a round that is not in it, with digests to match."""
    import hashlib

    other = "00000000-0000-4000-8000-000000000000"
    own = str(project.rounds.first().pk)
    digests = {}

    def change(name, content):
        if name == "labels.jsonl":
            content = content.replace(own.encode(), other.encode())
            digests[name] = hashlib.sha256(content).hexdigest()
        if name == "manifest.json":
            value = json.loads(content)
            for file, digest in digests.items():
                value["files"][file]["sha256"] = digest
            content = json.dumps(value).encode()
        return content

    return change


@pytest.mark.parametrize(
    ("spoil", "expected"),
    [
        (lambda project: spoil_digest, "prompts.jsonl is not as it was written"),
        (foreign_id, "labels.jsonl: round_id cannot be"),
        (lambda project: lambda name, content: b"{}", "a zip with a manifest"),
    ],
)
def test_a_file_that_was_tampered_with_is_refused(full, other_team, settings, spoil, expected):
    content, before = packed(full), stored(settings)

    with pytest.raises(InvalidInput, match=expected):
        arrive(rewritten(content, spoil(full)), other_team)

    assert nothing_of(other_team)
    assert stored(settings) == before


@pytest.mark.parametrize("content", [b"", b"no zip", b"PK\x03\x04 broken"])
def test_what_is_no_project_is_refused(other_team, content):
    with pytest.raises(InvalidInput, match="Expected a project as it is exported"):
        arrive(content, other_team)


def test_content_keeps_an_id_that_somebody_pasted(full, other_team):
    pasted = str(full.rounds.first().pk)
    Response.objects.filter(text="a").update(text=f"see {pasted}")

    made = arrive(packed(full), other_team)

    assert Response.objects.filter(prompt__project=made, text=f"see {pasted}").exists()


def test_it_goes_out_and_in_over_http(full, other_team, alice, carol, client_of):
    out = client_of(alice).get(f"/api/projects/{full.pk}/export/", {"shape": "project"})
    content = b"".join(out.streaming_content)

    answer = client_of(carol).generic(
        "POST",
        "/api/projects/import/",
        content,
        "application/zip",
        query_params={"team": str(other_team.pk), "project": "Moved"},
    )

    assert out["Content-Type"] == "application/zip"
    assert answer.status_code == 201, answer.content
    assert (answer.json()["name"], answer.json()["prompts_count"]) == ("Moved", 6)
    assert Prompt.objects.filter(project=answer.json()["id"]).count() == 6


def test_it_goes_out_and_in_by_command(full, other_team, tmp_path, capsys):
    path = tmp_path / "demo.zip"

    call_command("export_dataset", str(path), "--project=Demo", "--format=project")
    call_command("import_project", str(path), "--team=Others", "--name=Moved")

    assert "Moved is in Others" in capsys.readouterr().out
    assert Project.objects.get(name="Moved").prompts.count() == 6
    with pytest.raises(CommandError, match="has a project of this name"):
        call_command("import_project", str(path), "--team=Others", "--name=Moved")
