"""A round from draft to done, step by step."""

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
from annotation.rounds import advance, drafts
from annotation.rounds.steps import label
from tests.annotation.cycle import (
    RECIPE,
    asked,
    counts,
    decide,
    drive,
    finish_generation,
    finish_training,
    label_all,
    labeled_round,
    make_base,
    make_prompts,
    recipe,
    run,
    started_round,
    states,
    step_of,
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
def started(ready, tmp_path):
    return started_round(ready, tmp_path)


def test_a_round_without_prompts_does_not_start_and_says_why(project, tmp_path):
    make_base(project, tmp_path)
    draft = drafts.create_round(project, recipe=RECIPE, by=None)

    with pytest.raises(InvalidInput, match="no prompts"):
        drafts.start_round(draft, by=None)

    draft.refresh_from_db()
    assert draft.state == "draft"
    assert not draft.steps.exists()


def test_a_round_without_a_writer_does_not_start_and_says_why(project):
    make_prompts(project)
    draft = drafts.create_round(project, recipe=RECIPE, by=None)

    with pytest.raises(InvalidInput, match="Register a model"):
        drafts.start_round(draft, by=None)


def test_a_writer_that_is_not_accepted_is_refused_not_left_out(ready, tmp_path):
    half_made = make_base(ready, tmp_path, name="half-made")
    Checkpoint.objects.filter(pk=half_made.pk).update(is_accepted=False)
    draft = drafts.create_round(ready, recipe=recipe(writers=["base", str(half_made.pk)]), by=None)

    with pytest.raises(InvalidInput, match="no accepted checkpoint"):
        drafts.start_round(draft, by=None)

    assert not draft.steps.exists()


def test_a_round_starts_once(started, alice):
    with pytest.raises(Conflict):
        drafts.start_round(started, by=alice)

    assert Event.objects.filter(action="round.started").count() == 1
    assert started.steps.count() == len(RECIPE["steps"])


def test_generation_asks_every_writer_once_however_often_it_advances(started):
    advance.advance(started)
    advance.advance(started)

    job = Job.objects.get(round=started)
    assert job.method == "generate"
    assert job.spec["settings"]["responses_per_prompt"] == 3
    assert Dataset.objects.get(round=started).rows == 10
    base = Checkpoint.objects.get()
    assert step_of(started, "responses").reads == {"writers": [str(base.pk), str(base.pk)]}


def test_a_zero_byte_in_a_response_is_shown_as_a_replacement(started):
    advance.advance(started)
    finish_generation(Job.objects.get(round=started), texts=("a\0b", "fair", "bad"))

    advance.advance(started)

    assert started.is_labeling, states(started)
    assert Response.objects.filter(
        round=started, text__startswith="a\N{REPLACEMENT CHARACTER}b"
    ).exists()


def test_a_prompt_with_one_text_only_makes_no_task(started):
    advance.advance(started)
    finish_generation(Job.objects.get(round=started), texts=("same",))

    advance.advance(started)

    assert not started.is_labeling
    question = asked(started, "labels")[""]
    assert "nothing to compare" in question["said"]["text"]
    assert question["said"]["code"] == "nothing_to_compare"
    assert question["choices"] == ["change", "cancel"]


def test_a_failed_job_blocks_its_step_and_retry_goes_on(started, alice):
    advance.advance(started)
    job = Job.objects.get(round=started)
    run(job, code=2, error={"class": "SpecError", "text": "the digest differs"})

    advance.advance(started)

    assert step_of(started, "responses").state == "blocked"
    question = asked(started, "responses")[""]
    assert question["said"]["code"] == "step_job_failed"
    assert question["said"]["params"]["method"]["code"] == "method_generate"
    # The words of a library are no part of a sentence, which has to be said in Chinese.
    assert "digest" not in question["said"]["text"]
    assert question["evidence"]["error"] == "SpecError: the digest differs"

    decide(started, "retry", step="responses", by=alice)
    advance.advance(started)

    assert step_of(started, "responses").state == "running"
    assert step_of(started, "responses").attempts == 2
    job.refresh_from_db()
    assert (job.state, job.attempt) == ("queued", 2)


def test_labels_become_consensus_ladder_and_a_frozen_dataset(ready, bob, tmp_path):
    made = labeled_round(ready, bob, tmp_path)

    drive(made, upto="reward")

    assert made.is_labeling is False
    assert made.ladder is not None
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
    drive(made, upto="reward")

    rows = list(records.read_rows(Dataset.objects.get(key="preferences").path, "preference"))
    sides = {
        side: {json.dumps(r["prompt"]) for r in rows if r["split"] == side}
        for side in ("train", "eval")
    }

    assert sides["train"]
    assert not sides["train"] & sides["eval"]


def test_steps_leave_checkpoints_that_name_what_they_came_from(ready, bob, tmp_path):
    made = labeled_round(ready, bob, tmp_path)
    advance.advance(made)
    finish_training(Job.objects.get(key="reward"), {"eval/accuracy": 0.75})
    finish_training(Job.objects.get(key="policy"))

    advance.advance(made)

    reward = Checkpoint.objects.get(kind="reward")
    policy = Checkpoint.objects.get(kind="policy")
    base = Checkpoint.objects.get(kind="base")
    assert reward.metrics == {"eval/accuracy": 0.75}
    assert list(policy.parents.all()) == [base]
    assert policy.dataset == Dataset.objects.get(key="preferences")
    assert policy.job.spec["dataset"]["digest"] == policy.dataset.digest
    assert policy.job.spec["lineage"]["code_version"]
    assert step_of(made, "policy").made["checkpoints"] == [str(policy.pk)]
    advance.advance(made)
    assert Checkpoint.objects.count() == 3


def test_what_a_round_makes_is_accepted_at_its_accept_step_and_not_before(ready, bob, tmp_path):
    made = labeled_round(ready, bob, tmp_path, recipe(bounds=[{"gate": "kl", "most": 10}]))

    drive(made, upto="evaluation")

    policy = Checkpoint.objects.get(kind="policy")
    assert policy.is_accepted is False

    drive(made)

    policy.refresh_from_db()
    assert policy.is_accepted is True
    assert made.state == "done"
    assert set(states(made).values()) == {"done"}
    assert Event.objects.filter(action="checkpoint.accepted").count() == 2


def test_the_evaluation_pairs_the_answers_of_policy_and_parent(ready, bob, tmp_path):
    made = labeled_round(ready, bob, tmp_path)

    drive(made, better=0.5)

    found = step_of(made, "evaluation").made["evaluation"]
    held_out = ready.prompts.filter(split="eval").count()
    winning = sum(i < 0.5 * held_out for i in range(held_out))
    assert found["metrics"]["reward/mean"] == 1.0
    assert found["parent_metrics"]["reward/mean"] == 0.0
    # Where the new answer scores 0 as the old one does, it is a tie.
    assert found["wins"]["value"] == pytest.approx((winning + (held_out - winning) / 2) / held_out)
    assert found["wins"]["n"] == held_out
    assert found["wins"]["low"] < found["wins"]["value"] < found["wins"]["high"]


def test_a_ppo_step_reads_the_reward_model_of_the_step_it_names(ready, bob, tmp_path):
    with_ppo = recipe(train=("reward",))
    reads = {"data": "preferences", "reward": "reward"}
    with_ppo["steps"].insert(
        4, {"name": "policy", "kind": "train", "method": "ppo", "reads": reads}
    )
    made = labeled_round(ready, bob, tmp_path, with_ppo)

    drive(made)

    job = Job.objects.get(key="policy")
    reward = Checkpoint.objects.get(kind="reward")
    assert job.spec["reward"]["path"] == reward.path
    assert job.spec["dataset"]["kind"] == "prompts"
    assert Checkpoint.objects.get(kind="policy").parents.count() == 2


def test_a_finished_round_starts_its_successor_draft_by_itself(ready, bob, tmp_path):
    made = started_round(ready, tmp_path, recipe(train=()))
    following = drafts.create_round(ready, recipe=recipe(train=()), after=made, by=None)

    drive(made, bob)

    assert made.state == "done"
    following.refresh_from_db()
    assert following.state == "open"
    advance.advance(made)
    assert Round.objects.count() == 2
    assert following.steps.count() == 3


def test_the_successor_is_a_draft_that_can_be_edited_and_started_by_hand(
    ready, bob, alice, tmp_path
):
    made = started_round(ready, tmp_path, recipe(train=()))
    following = drafts.create_round(ready, recipe=recipe(train=()), after=made, by=alice)

    drafts.change_recipe(following, recipe=recipe(count=3, train=()), by=alice)
    assert following.recipe["steps"][0]["prompts"]["count"] == 3
    drafts.start_round(following, by=alice)
    drive(made, bob)

    following.refresh_from_db()
    assert following.state == "open"
    assert Event.objects.filter(action="round.started", object_id=following.pk).count() == 1


def test_a_draft_waits_only_for_a_round_that_can_still_end(ready, bob, tmp_path):
    made = started_round(ready, tmp_path, recipe(train=()))
    first = drafts.create_round(ready, recipe=RECIPE, after=made, by=None)
    second = drafts.create_round(ready, recipe=RECIPE, after=first, by=None)

    with pytest.raises(Conflict, match="already follows"):
        drafts.follow_round(second, after=made, by=None)
    with pytest.raises(Conflict, match="wait for itself"):
        drafts.follow_round(first, after=second, by=None)

    drafts.follow_round(first, after=None, by=None)
    drive(made, bob)
    with pytest.raises(Conflict, match="has ended"):
        drafts.follow_round(first, after=made, by=None)
    first.refresh_from_db()
    assert (first.state, first.after) == ("draft", None)


def test_a_successor_that_lacks_a_writer_says_so_as_a_block(ready, bob, tmp_path):
    made = started_round(ready, tmp_path, recipe(train=()))
    other = "00000000-0000-4000-8000-000000000000"
    following = drafts.create_round(ready, recipe=recipe(writers=[other]), after=made, by=None)

    drive(made, bob)
    following.refresh_from_db()
    advance.advance(following)

    question = asked(following, "responses")[""]
    assert question["said"]["code"] == "checkpoint_not_usable"
    assert "change" in question["choices"]


def test_cancelling_ends_jobs_and_leases_and_keeps_labels(ready, bob, alice, tmp_path):
    made = labeled_round(ready, bob, tmp_path)
    advance.advance(made)

    decide(made, "cancel", by=alice, why="wrong prompts")

    assert made.state == "cancelled"
    assert Job.objects.get(key="reward").state == "cancelled"
    assert Label.objects.filter(round=made).count() == 10
    assert states(made)["responses"] == "done"
    assert states(made)["policy"] == "cancelled"
    advance.advance(made)
    assert made.state == "cancelled"


def test_an_unexpected_error_becomes_a_block_not_a_silent_stall(started):
    advance.advance(started)
    run(Job.objects.get(round=started), files={"responses.jsonl": "not json\n"})

    advance.advance(started)

    question = asked(started, "responses")[""]
    assert "JSONDecodeError" in question["said"]["text"]
    assert "retry" in question["choices"]
    assert states(started)["labels"] == "waiting"


def test_a_draft_takes_a_new_recipe_and_a_started_round_does_not(ready, alice):
    draft = drafts.create_round(ready, recipe=RECIPE, by=alice)

    drafts.change_recipe(draft, recipe=recipe(count=3), by=alice)

    assert draft.recipe["steps"][0]["prompts"]["count"] == 3
    drafts.start_round(draft, by=alice)
    with pytest.raises(Conflict, match="Only a draft"):
        drafts.change_recipe(draft, recipe=RECIPE, by=alice)
    draft.refresh_from_db()
    assert draft.recipe["steps"][0]["prompts"]["count"] == 3


def test_a_round_that_nobody_can_finish_asks_instead_of_waiting(ready, bob, alice, tmp_path):
    made = labeled_round(ready, bob, tmp_path, recipe(labels_wanted=3))
    label_all(made, alice)
    advance.advance(made)
    assert made.is_labeling

    Assignment.objects.filter(round=made).update(ended_at=timezone.now() - 2 * label.STILL)
    advance.advance(made)

    assert not made.is_labeling
    assert "20 of 30 labels" in asked(made, "labels")[""]["said"]["text"]
    decide(made, "enough", step="labels", by=alice)
    drive(made, upto="reward")
    assert states(made)["preferences"] == "done"
    assert not Task.objects.filter(round=made, is_open=True).exists()


def test_looking_again_reopens_the_tasks_for_who_has_joined(ready, bob, alice, carol, tmp_path):
    made = labeled_round(ready, bob, tmp_path, recipe(labels_wanted=3))
    label_all(made, alice)
    Assignment.objects.filter(round=made).update(ended_at=timezone.now() - 2 * label.STILL)
    advance.advance(made)

    ready.team.memberships.create(user=carol, role="labeler")
    decide(made, "retry", step="labels", by=alice)
    advance.advance(made)
    label_all(made, carol)
    drive(made, upto="reward")

    assert states(made)["labels"] == "done"
    assert Label.objects.filter(round=made).count() == 30


def test_labels_without_a_winner_can_be_gone_on_from_without_training(ready, bob, tmp_path):
    made = labeled_round(ready, bob, tmp_path)
    tied = {"ranking": [1, 1, 1], "strength": None, "all_bad": False}
    Label.objects.filter(round=made).update(answer=tied)
    drive(made)

    assert asked(made, "preferences")[""]["said"]["code"] == "nothing_to_learn"
    decide(made, "skip", step="preferences")
    drive(made)

    assert made.state == "done"
    assert states(made)["policy"] == states(made)["accept"] == "skipped"
    assert counts(made) == (30, 10)
    assert made.ladder is not None


def test_an_imported_round_has_no_labels_to_wait_for(ready, bob, tmp_path):
    earlier = labeled_round(ready, bob, tmp_path, recipe(train=()))
    drive(earlier)
    imported = {
        "steps": [
            {"name": "preferences", "kind": "aggregate", "reads": {"labels": "imported"}},
            {
                "name": "reward",
                "kind": "train",
                "method": "reward",
                "reads": {"data": "preferences"},
            },
        ]
    }
    made = started_round(ready, tmp_path, imported)

    advance.advance(made)

    assert [job.method for job in made.jobs.all()] == ["reward"]
    assert Dataset.objects.get(round=made, key="preferences").rows == 10
