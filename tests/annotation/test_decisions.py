"""What people decide about a round that runs: pause, more, enough, start over."""

import copy
import json
import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from annotation.errors import Conflict, InvalidInput, InvalidRecipe
from annotation.models import Assignment, Checkpoint, Decision, Label, Response, Task
from annotation.rounds import advance, drafts
from annotation.services import assignments, labels
from tests.annotation.cycle import (
    BEFORE,
    GOOD,
    RECIPE,
    asked,
    decide,
    drive,
    finish_evaluation,
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
from tests.annotation.labeling import assignment_of, hold_assignments, ranked

pytestmark = pytest.mark.django_db


@pytest.fixture
def ready(project, tmp_path, settings):
    settings.STORAGE_DIR = tmp_path
    make_prompts(project)
    make_base(project, tmp_path)
    return project


@pytest.fixture
def labeling(ready, tmp_path):
    """A round of 4 of the 10 prompts, waiting for its labels."""
    return drive(started_round(ready, tmp_path, recipe(count=4, train=())), upto="labels")


def leases(project, user):
    return hold_assignments(project, labeler=user, hold=3).leases


def test_a_paused_round_hands_out_nothing_and_runs_nothing_until_it_goes_on(
    labeling, ready, bob, alice
):
    decide(labeling, "pause", by=alice)

    assert (labeling.is_paused, labeling.is_labeling) == (True, False)
    assert leases(ready, bob) == []
    with pytest.raises(Conflict, match="not pause"):
        decide(labeling, "pause", by=alice)

    decide(labeling, "resume", by=alice)

    assert len(leases(ready, bob)) == 3
    assert [one.choice for one in labeling.decisions.all()] == ["pause", "resume"]


def test_a_paused_round_starts_no_job(ready, tmp_path):
    made = started_round(ready, tmp_path)
    decide(made, "pause")

    advance.advance(made)

    assert not made.jobs.exists()
    assert set(states(made).values()) == {"waiting"}


def test_a_lease_that_ends_during_a_pause_opens_its_task_again(labeling, ready, bob, alice):
    assert len(leases(ready, bob)) == 3
    decide(labeling, "pause")
    Assignment.objects.update(expires_at=timezone.now() - timedelta(hours=1))
    assignments.expire_leases()
    assert Task.objects.filter(is_open=True).count() == 1

    decide(labeling, "resume")

    label_all(labeling, alice)
    assert Label.objects.filter(round=labeling, labeler__user=alice).count() == 4


def test_more_labels_are_wanted_of_every_task_beside_the_recipe(labeling, bob, alice):
    before = json.dumps(labeling.recipe)
    label_all(labeling, bob)

    decide(labeling, "more_labels", count=2, by=alice, why="they disagree")
    drive(labeling)

    assert states(labeling)["labels"] == "running"
    assert set(Task.objects.values_list("labels_wanted", flat=True)) == {2}
    label_all(labeling, alice)
    drive(labeling)
    assert labeling.state == "done"
    assert Label.objects.filter(round=labeling).count() == 8
    assert json.dumps(labeling.recipe) == before


def test_more_labels_are_more_than_now(labeling):
    with pytest.raises(InvalidInput, match="above the 1 there are now, got 1"):
        decide(labeling, "more_labels", count=1)
    with pytest.raises(InvalidRecipe, match="at most 100, got 101"):
        decide(labeling, "more_labels", count=101)

    assert not Decision.objects.exists()


def test_more_prompts_are_answered_while_the_others_are_labeled(labeling, ready, bob, alice):
    before = json.dumps(labeling.recipe)
    label_all(labeling, bob)

    decide(labeling, "more_prompts", count=7, by=alice)
    drive(labeling, bob)

    assert labeling.state == "done"
    assert Task.objects.filter(round=labeling).count() == 7
    assert Label.objects.filter(round=labeling).count() == 7
    assert len(set(Response.objects.values_list("prompt", flat=True))) == 7
    assert json.dumps(labeling.recipe) == before
    assert step_of(labeling, "responses").take == 1


def test_the_labeling_goes_on_while_more_prompts_are_answered(labeling, ready, bob):
    decide(labeling, "more_prompts", count=7)
    advance.advance(labeling)

    assert labeling.is_labeling
    assert states(labeling)["responses"] == "running"
    assert len(leases(ready, bob)) == 3


def test_more_prompts_than_there_are_ask_all_of_them(labeling, bob):
    decide(labeling, "more_prompts", count=100)
    drive(labeling, bob)

    assert labeling.state == "done"
    assert Task.objects.filter(round=labeling).count() == 10


def test_ending_early_goes_on_with_the_labels_there_are(labeling, ready, bob, alice):
    lease = leases(ready, bob)[0]
    labels.submit_label(assignment_of(lease), ranked([1, 2, 3]), submission_id=uuid.uuid4())

    decide(labeling, "enough", by=alice, why="the budget is spent")
    drive(labeling)

    assert labeling.state == "done"
    assert Label.objects.count() == 1
    assert leases(ready, bob) == []
    assert Task.objects.exclude(consensus=None).count() == 1


def test_what_is_over_cannot_be_steered(labeling, bob):
    drive(labeling, bob)

    for choice in ("pause", "enough", "more_labels", "redo", "cancel"):
        with pytest.raises(Conflict, match="What is offered here is nothing"):
            decide(labeling, choice, count=5)


def test_redo_from_here_starts_the_step_and_what_reads_it_over(ready, bob, tmp_path):
    made = labeled_round(ready, bob, tmp_path, recipe(bounds=[{"gate": "kl", "most": 1}]))
    drive(made)

    decide(made, "redo", redo_from="reward")

    found = states(made)
    assert (found["preferences"], found["reward"], found["policy"]) == ("done", "waiting", "done")
    assert found["evaluation"] == found["gates"] == "waiting"
    drive(made)
    assert [step_of(made, name).take for name in ("reward", "policy", "evaluation")] == [2, 1, 2]
    assert made.jobs.filter(key="reward~2").exists()


def test_redo_from_labels_keeps_them_and_asks_for_more(ready, bob, alice, tmp_path):
    made = labeled_round(ready, bob, tmp_path, recipe(bounds=[{"gate": "kl", "most": 1}]))
    drive(made)

    decide(made, "change", changes=({"step": "labels", "change": {"labels_wanted": 2}},), by=alice)
    advance.advance(made)

    assert made.is_labeling
    label_all(made, alice)
    drive(made, new={**GOOD, "kl": 0.5})
    assert made.state == "done"
    assert Label.objects.filter(round=made).count() == 20
    rows = made.datasets.get(key="preferences~2")
    assert rows.provenance["labels"] == 20


def test_redo_from_responses_writes_new_ones_while_nobody_has_labeled(labeling, ready, bob):
    old = set(Response.objects.values_list("pk", flat=True))
    assert leases(ready, bob)

    decide(labeling, "redo", redo_from="responses")
    drive(labeling, upto="labels")

    assert not old & set(Response.objects.values_list("pk", flat=True))
    assert Response.objects.count() == len(old)
    assert Task.objects.count() == 4
    drive(labeling, bob)
    assert labeling.state == "done"


def test_tasks_that_nobody_labeled_are_asked_otherwise(labeling, ready, bob):
    assert leases(ready, bob)

    decide(labeling, "change", changes=({"step": "labels", "change": {"task_kind": "compare"}},))
    drive(labeling, upto="labels")

    assert {task.kind for task in Task.objects.all()} == {"compare"}
    assert Task.objects.count() == 4
    drive(labeling, bob)
    assert labeling.state == "done"


def test_labeled_tasks_keep_what_they_ask(labeling, bob):
    label_all(labeling, bob)

    with pytest.raises(Conflict, match="so what they ask stays"):
        decide(
            labeling, "change", changes=({"step": "labels", "change": {"task_kind": "compare"}},)
        )

    assert Label.objects.count() == 4
    assert labeling.is_labeling


def test_labeled_responses_are_never_thrown_away(labeling, bob):
    label_all(labeling, bob)

    with pytest.raises(Conflict, match="so they stay"):
        decide(labeling, "redo", redo_from="responses")

    assert Label.objects.count() == 4
    assert labeling.is_labeling
    assert not Decision.objects.exists()


def test_redo_stops_the_jobs_of_what_starts_over(ready, bob, tmp_path):
    made = labeled_round(ready, bob, tmp_path)
    advance.advance(made)

    decide(made, "redo", redo_from="policy")
    advance.advance(made)

    assert made.jobs.get(key="policy").state == "cancelled"
    assert made.jobs.get(key="policy~2").state == "queued"
    assert made.jobs.get(key="reward").state == "queued"


def test_a_change_is_held_to_the_rules_of_a_recipe(labeling):
    with pytest.raises(InvalidRecipe, match='Expected a whole number, got "9"'):
        decide(
            labeling,
            "change",
            changes=({"step": "labels", "change": {"labels_wanted": "9"}},),
        )
    with pytest.raises(InvalidInput, match="which settings"):
        decide(labeling, "change")
    with pytest.raises(InvalidInput, match="no step 'sleep'"):
        decide(labeling, "redo", redo_from="sleep")

    assert not Decision.objects.exists()
    assert labeling.is_labeling


def branches(**bounds):
    """Two policies from the same data, each with its own evaluation, gate and accept step."""
    steps = [copy.deepcopy(one) for one in RECIPE["steps"] if one["name"] in SHARED]
    for side, bound in bounds.items():
        steps += [
            {
                "name": f"policy-{side}",
                "kind": "train",
                "method": "dpo",
                "reads": {"data": "preferences"},
                "settings": {"beta": 0.1 if side == "a" else 0.5},
            },
            {
                "name": f"evaluation-{side}",
                "kind": "evaluate",
                "reads": {"checkpoint": f"policy-{side}", "reward": "reward"},
            },
            {
                "name": f"gate-{side}",
                "kind": "gate",
                "reads": {"checkpoint": f"policy-{side}", "evaluation": f"evaluation-{side}"},
                "bounds": [bound],
            },
            {
                "name": f"accept-{side}",
                "kind": "accept",
                "reads": {"checkpoints": [f"policy-{side}"], "after": [f"gate-{side}"]},
            },
        ]
    return {"steps": steps}


SHARED = ("responses", "labels", "preferences", "reward")


def test_branches_train_side_by_side_on_the_same_data(ready, bob, tmp_path):
    two = branches(a={"gate": "kl", "most": 5}, b={"gate": "kl", "most": 1})
    made = labeled_round(ready, bob, tmp_path, two)
    advance.advance(made)

    one, other = made.jobs.filter(method="dpo").order_by("key")
    assert one.spec["dataset"]["digest"] == other.spec["dataset"]["digest"]
    assert (one.spec["settings"], other.spec["settings"]) == ({"beta": 0.1}, {"beta": 0.5})

    drive(made)

    accepted = {one.name: one.is_accepted for one in made.checkpoints_made.filter(kind="policy")}
    assert accepted == {"round 1 policy-a": True, "round 1 policy-b": False}
    assert states(made)["accept-a"] == "done"
    assert states(made)["gate-b"] == "blocked"
    decide(made, "discard", step="gate-b", subject="kl.most")
    drive(made)
    assert made.state == "done"
    assert states(made)["accept-b"] == "skipped"


def test_a_branch_that_fails_leaves_the_other_alone(ready, bob, tmp_path):
    two = branches(a={"gate": "kl", "most": 5}, b={"gate": "kl", "most": 5})
    made = labeled_round(ready, bob, tmp_path, two)
    advance.advance(made)
    run(made.jobs.get(key="policy-a"), code=2, error={"class": "SpecError", "text": "no"})
    drive(made)

    assert states(made)["policy-a"] == "blocked"
    assert states(made)["accept-b"] == "done"
    assert asked(made, "policy-a")[""]["evidence"]["job"]
    other = {"step": "policy-a", "change": {"settings": {"beta": 0.3}}}
    decide(made, "change", step="policy-a", changes=(other,))
    drive(made)
    assert made.state == "done"
    assert made.checkpoints_made.filter(kind="policy", is_accepted=True).count() == 2


def test_the_policy_is_measured_beside_the_model_it_started_from(ready, bob, tmp_path):
    made = labeled_round(ready, bob, tmp_path)
    advance.advance(made)
    finish_training(made.jobs.get(key="reward"), {"eval/accuracy": 0.7})
    finish_training(made.jobs.get(key="policy"))
    advance.advance(made)

    base = Checkpoint.objects.get(kind="base")
    policy = Checkpoint.objects.get(kind="policy")
    keys = set(made.jobs.filter(method="evaluate").values_list("key", flat=True))
    assert keys == {f"evaluation:{policy.pk}", f"evaluation:{base.pk}"}
    for job in made.jobs.filter(method="evaluate"):
        assert job.spec["reference"]["path"] == base.path
        finish_evaluation(job, BEFORE)
    advance.advance(made)
    assert made.state == "done"


def test_newest_is_decided_once_when_a_step_first_runs(ready, bob, tmp_path):
    made = started_round(ready, tmp_path)
    advance.advance(made)
    make_base(ready, tmp_path, name="newer")

    finish_generation(made.jobs.get())
    drive(made, upto="labels")

    assert {one.checkpoint.name for one in made.responses.all()} == {"base"}


def test_a_draft_can_be_cancelled_and_nothing_else(ready):
    draft = drafts.create_round(ready, recipe=RECIPE, by=None)

    with pytest.raises(Conflict, match="What is offered here is cancel"):
        decide(draft, "pause")
    decide(draft, "cancel")

    assert draft.state == "cancelled"


def test_a_cancelled_draft_makes_room_for_another_successor(ready):
    first = drafts.create_round(ready, recipe=RECIPE, by=None)
    draft = drafts.create_round(ready, recipe=RECIPE, by=None, after=first)

    decide(draft, "cancel")

    assert draft.after is None
    assert drafts.create_round(ready, recipe=RECIPE, by=None, after=first).after == first


def test_a_round_with_a_recipe_of_another_age_blocks_in_words_and_can_be_cancelled(ready, tmp_path):
    made = started_round(ready, tmp_path)
    made.recipe["steps"][0]["sharpness"] = 3
    made.save()

    advance.advance(made)

    question = asked(made, "responses")[""]
    assert "recipe.steps.0.sharpness: Unknown name" in question["said"]["text"]
    decide(made, "cancel", step="responses")
    assert made.state == "cancelled"


def test_only_a_change_amends(labeling):
    decide(labeling, "pause", changes=({"step": "labels", "change": {"labels_wanted": "9"}},))

    assert Decision.objects.get().amendments == []
