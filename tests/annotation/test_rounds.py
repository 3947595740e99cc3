import json

import pytest
from django.utils import timezone

from annotation.errors import Conflict, InvalidInput
from annotation.models import (
    Assignment,
    Checkpoint,
    Dataset,
    Event,
    Job,
    Label,
    Response,
    Round,
    Task,
)
from annotation.services import rounds, stages
from tests.annotation.cycle import (
    RECIPE,
    counts,
    finish_generation,
    finish_training,
    label_all,
    labeled_round,
    make_base,
    make_prompts,
    run,
)
from training.contract import records

pytestmark = pytest.mark.django_db


@pytest.fixture
def ready(project, tmp_path, settings):
    """A project with prompts and a base checkpoint."""
    settings.STORAGE_DIR = tmp_path
    make_prompts(project)
    make_base(project, tmp_path)
    return project


@pytest.fixture
def started(ready):
    made = rounds.create_round(ready, recipe=RECIPE, by=None)
    return rounds.start_round(made, by=None)


def test_a_round_without_prompts_does_not_start_and_says_why(project, tmp_path):
    make_base(project, tmp_path)
    draft = rounds.create_round(project, recipe=RECIPE, by=None)

    with pytest.raises(InvalidInput, match="no prompts"):
        rounds.start_round(draft, by=None)

    draft.refresh_from_db()
    assert draft.state == "draft"


def test_a_round_without_a_writer_does_not_start_and_says_why(project):
    make_prompts(project)
    draft = rounds.create_round(project, recipe=RECIPE, by=None)

    with pytest.raises(InvalidInput, match="Register a model"):
        rounds.start_round(draft, by=None)


def test_a_round_starts_once(started, alice):
    with pytest.raises(Conflict):
        rounds.start_round(started, by=alice)

    assert Event.objects.filter(action="round.started").count() == 1


def test_generation_asks_every_writer_once_however_often_it_advances(started):
    rounds.advance(started)
    rounds.advance(started)

    job = Job.objects.get(round=started)
    assert job.method == "generate"
    assert job.spec["settings"]["responses_per_prompt"] == 3
    assert Dataset.objects.get(round=started).rows == 10


def test_responses_and_tasks_are_stored_once(started):
    rounds.advance(started)
    finish_generation(Job.objects.get(round=started))

    rounds.advance(started)
    Round.objects.filter(pk=started.pk).update(state="generating")
    started.refresh_from_db()
    Task.objects.filter(round=started).delete()
    rounds.advance(started)

    assert started.state == "labeling"
    assert counts(started) == (30, 10)


def test_a_zero_byte_in_a_response_is_shown_as_a_replacement(started):
    rounds.advance(started)
    finish_generation(Job.objects.get(round=started), texts=("a\0b", "fair", "bad"))

    rounds.advance(started)

    assert started.state == "labeling", started.blocked
    assert Response.objects.filter(
        round=started, text__startswith="a\N{REPLACEMENT CHARACTER}b"
    ).exists()


def test_a_prompt_with_one_text_only_makes_no_task(started):
    rounds.advance(started)
    finish_generation(Job.objects.get(round=started), texts=("same",))

    rounds.advance(started)

    assert started.state == "blocked"
    assert "nothing to compare" in started.blocked["reason"]
    assert [choice["action"] for choice in started.blocked["actions"]] == ["cancel"]


def test_a_failed_job_blocks_the_round_and_retry_goes_on(started, alice):
    rounds.advance(started)
    job = Job.objects.get(round=started)
    run(job, code=2, error={"class": "SpecError", "text": "the digest differs"})

    rounds.advance(started)

    assert started.state == "blocked"
    assert "the digest differs" in started.blocked["reason"]

    rounds.resolve_block(started, action="retry", by=alice)

    assert started.state == "generating"
    job.refresh_from_db()
    assert (job.state, job.attempt) == ("queued", 2)


def test_a_block_takes_only_what_it_offers(started, alice):
    rounds.advance(started)
    run(Job.objects.get(round=started), code=2, error={"class": "SpecError", "text": "no"})
    rounds.advance(started)

    with pytest.raises(Conflict, match="retry, cancel"):
        rounds.resolve_block(started, action="accept", by=alice)

    started.refresh_from_db()
    assert started.state == "blocked"


def test_labels_become_consensus_ladder_and_a_frozen_dataset(ready, bob, tmp_path):
    made = labeled_round(ready, bob, tmp_path)

    rounds.advance(made)
    rounds.advance(made)

    assert made.state == "training"
    assert all(task.consensus["votes"] == 1 for task in Task.objects.filter(round=made))
    dataset = Dataset.objects.get(round=made, key="preferences")
    rows = list(records.read_rows(dataset.path, "preference"))
    assert records.file_digest(dataset.path) == dataset.digest
    assert len(rows) == dataset.rows == dataset.train_rows + dataset.eval_rows == 10
    assert dataset.provenance["labels"] == Label.objects.filter(round=made).count() == 10
    for row in rows:
        best = min(range(3), key=lambda i, row=row: row["ranks"][i])
        assert row["responses"][best] == min(row["responses"])
        response = Response.objects.get(pk=row["ids"]["responses"][best])
        assert response.text == row["responses"][best]
        assert Label.objects.get(pk=row["ids"]["labels"][0]).task.prompt_id == response.prompt_id


def test_no_prompt_is_in_both_splits(ready, bob, tmp_path):
    made = labeled_round(ready, bob, tmp_path)
    rounds.advance(made)
    rounds.advance(made)

    rows = list(records.read_rows(Dataset.objects.get(key="preferences").path, "preference"))
    sides = {
        side: {json.dumps(r["prompt"]) for r in rows if r["split"] == side}
        for side in ("train", "eval")
    }

    assert sides["train"]
    assert not sides["train"] & sides["eval"]


def test_steps_train_one_after_the_other_and_leave_checkpoints(ready, bob, tmp_path):
    made = labeled_round(ready, bob, tmp_path)
    rounds.advance(made)
    rounds.advance(made)
    rounds.advance(made)
    assert [job.key for job in made.jobs.filter(key__startswith="train")] == ["train:0:reward"]

    finish_training(Job.objects.get(key="train:0:reward"), {"eval/accuracy": 0.75})
    rounds.advance(made)
    finish_training(Job.objects.get(key="train:1:dpo"))
    rounds.advance(made)

    assert made.state == "evaluating"
    reward = Checkpoint.objects.get(kind="reward")
    policy = Checkpoint.objects.get(kind="policy")
    base = Checkpoint.objects.get(kind="base")
    assert reward.metrics == {"eval/accuracy": 0.75}
    assert list(policy.parents.all()) == [base]
    assert policy.dataset == Dataset.objects.get(key="preferences")
    assert policy.job.spec["dataset"]["digest"] == policy.dataset.digest
    assert policy.job.spec["lineage"]["code_version"]
    rounds.advance(made)
    assert Checkpoint.objects.count() == 3


def test_a_gate_asks_a_person_and_discarding_goes_back_to_the_parent(ready, bob, alice, tmp_path):
    recipe = {**RECIPE, "gates": [{"metric": "eos_rate", "least": 0.9}]}
    made = labeled_round(ready, bob, tmp_path, recipe)
    for _ in range(8):
        rounds.advance(made)
        for job in made.jobs.filter(state="queued"):
            metrics = {"eos_rate": 0.5, "reward/mean": 1.0} if job.method == "evaluate" else {}
            finish_training(job, metrics)

    assert made.state == "blocked"
    assert made.blocked["evidence"]["value"] == 0.5
    assert "at least 0.9" in made.blocked["reason"]

    rounds.resolve_block(made, action="discard", by=alice)
    rounds.advance(made)

    assert made.state == "done"
    assert Checkpoint.objects.get(kind="policy").is_accepted is False
    following = rounds.create_round(ready, recipe=RECIPE, by=None)
    rounds.start_round(following, by=None)
    rounds.advance(following)
    assert {job.key for job in following.jobs.all()} == {
        f"generate:{Checkpoint.objects.get(kind='base').pk}"
    }


def test_a_finished_round_starts_the_next_one_by_itself(ready, bob, tmp_path):
    recipe = {**RECIPE, "training": [], "next": {**RECIPE, "training": []}}
    made = labeled_round(ready, bob, tmp_path, recipe)

    for _ in range(5):
        rounds.advance(made)

    assert made.state == "done"
    following = Round.objects.get(number=2)
    assert following.state == "generating"
    rounds.advance(made)
    assert Round.objects.count() == 2


def test_cancelling_ends_jobs_and_leases_and_keeps_labels(ready, bob, alice, tmp_path):
    made = labeled_round(ready, bob, tmp_path)
    rounds.advance(made)
    rounds.advance(made)
    rounds.advance(made)

    rounds.cancel_round(made, by=alice)

    assert made.state == "cancelled"
    assert Job.objects.get(key="train:0:reward").state == "cancelled"
    assert Label.objects.filter(round=made).count() == 10
    rounds.advance(made)
    assert made.state == "cancelled"


def test_an_unexpected_error_becomes_a_block_not_a_silent_stall(started):
    rounds.advance(started)
    run(Job.objects.get(round=started), files={"responses.jsonl": "not json\n"})

    rounds.advance(started)

    assert started.state == "blocked"
    assert "JSONDecodeError while generating" in started.blocked["reason"]
    assert "retry" in [choice["action"] for choice in started.blocked["actions"]]


def test_a_draft_takes_a_new_recipe_and_a_started_round_does_not(ready, alice):
    draft = rounds.create_round(ready, recipe=RECIPE, by=alice)

    rounds.change_recipe(draft, recipe={**RECIPE, "prompts": {"count": 3}}, by=alice)

    assert draft.recipe["prompts"]["count"] == 3
    rounds.start_round(draft, by=alice)
    with pytest.raises(Conflict, match="Only a draft"):
        rounds.change_recipe(draft, recipe=RECIPE, by=alice)


def test_a_round_that_nobody_can_finish_asks_instead_of_waiting(ready, bob, alice, tmp_path):
    recipe = {**RECIPE, "tasks": {"kind": "rank", "labels_wanted": 3}}
    made = labeled_round(ready, bob, tmp_path, recipe)
    label_all(made, alice)
    rounds.advance(made)
    assert made.state == "labeling"

    Assignment.objects.filter(round=made).update(ended_at=timezone.now() - 2 * stages.STILL)
    rounds.advance(made)

    assert made.state == "blocked"
    assert "20 of 30 labels" in made.blocked["reason"]
    rounds.resolve_block(made, action="enough", by=alice)
    assert made.state == "aggregating"
    rounds.advance(made)
    assert made.state == "training"
    assert not Task.objects.filter(round=made, is_open=True).exists()
