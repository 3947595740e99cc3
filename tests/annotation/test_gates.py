"""Gates fail closed, each bound is judged by itself, and each broken one takes its own decision."""

import json
import uuid

import pytest

from annotation.errors import Conflict
from annotation.models import Checkpoint, Decision, Event
from annotation.rounds import advance
from annotation.rounds.gates import GATES, Gate, Measured
from annotation.rounds.recipe import parse_recipe
from annotation.sentences import say
from tests.annotation.cycle import (
    GOOD,
    RECIPE,
    asked,
    decide,
    drive,
    label_all,
    labeled_round,
    make_base,
    make_prompts,
    recipe,
    started_round,
    states,
    step_of,
)

pytestmark = pytest.mark.django_db

KL, ENDED = {"gate": "kl", "most": 5}, {"gate": "ended_share", "least": 0.9}


@pytest.fixture
def ready(project, tmp_path, settings):
    settings.STORAGE_DIR = tmp_path
    make_prompts(project)
    make_base(project, tmp_path)
    return project


@pytest.fixture
def with_gates(ready, bob, tmp_path):
    """A function: a labeled round with these bounds, driven as far as it goes."""

    def make(*bounds, new=GOOD, train=("reward", "dpo"), **how):
        made = labeled_round(ready, bob, tmp_path, recipe(bounds=bounds, train=train))
        return drive(made, new=new, **how)

    return make


def policy():
    return Checkpoint.objects.get(kind="policy")


def test_a_kept_gate_lets_the_checkpoint_be_accepted_and_shows_what_it_found(with_gates):
    made = with_gates(KL, ENDED)

    assert made.state == "done"
    assert policy().is_accepted
    found = {one["subject"]: one for one in step_of(made, "gates").evidence}
    assert found["kl.most"]["value"] == 3.0
    assert found["kl.most"]["passed"] is True
    assert found["ended_share.least"]["said"]["text"] == "0.9, at least 0.9"


def test_a_dpo_only_recipe_with_gates_blocks_as_unmeasured(with_gates):
    made = with_gates(KL, {"gate": "win_rate", "least": 0.5}, train=("dpo",))

    assert states(made)["gates"] == "blocked"
    assert states(made)["accept"] == "waiting"
    questions = asked(made, "gates")
    assert set(questions) == {"kl.most", "win_rate.least"}
    for question in questions.values():
        assert question["said"]["code"] == "gate_unmeasured"
        assert "no reward model" in question["said"]["text"]
    assert not policy().is_accepted


def test_a_registered_reward_model_lets_the_round_measure_again(with_gates, ready, tmp_path):
    made = with_gates(KL, train=("dpo",))
    Checkpoint.objects.create(
        project=ready, name="judge", kind="reward", path=str(tmp_path / "judge")
    )

    decide(made, "redo", step="gates", subject="kl.most", redo_from="evaluation")
    drive(made)

    assert made.state == "done"
    assert step_of(made, "evaluation").take == 2
    assert policy().is_accepted


def test_every_gate_is_judged_whatever_the_others_say(with_gates):
    made = with_gates(KL, ENDED, {"gate": "reward_gain", "least": 0.5}, new={**GOOD, "kl": 9.0})

    assert [one["passed"] for one in step_of(made, "gates").evidence] == [False, True, True]
    assert set(asked(made, "gates")) == {"kl.most"}


def test_two_broken_gates_need_two_decisions_and_the_recipe_keeps_its_bytes(with_gates, alice):
    made = with_gates(KL, ENDED, new={**GOOD, "kl": 9.0, "eos_rate": 0.2})
    before = json.dumps(made.recipe)

    decide(made, "accept", step="gates", subject="kl.most", by=alice, why="it writes well")

    assert states(made)["gates"] == "blocked"
    assert set(asked(made, "gates")) == {"ended_share.least"}
    drive(made)
    assert not policy().is_accepted

    decide(made, "accept", step="gates", subject="ended_share.least", by=alice, why="cut at 64")
    drive(made)

    assert made.state == "done"
    assert policy().is_accepted
    assert json.dumps(made.recipe) == before
    found = list(Decision.objects.filter(round=made).order_by("created_at"))
    assert [one.why for one in found] == ["it writes well", "cut at 64"]
    assert [one.evidence["evidence"]["value"] for one in found] == [9.0, 0.2]
    assert {one.by for one in found} == {alice}
    assert Event.objects.filter(action="round.decided").count() == 2


def test_two_bounds_of_one_gate_are_two_questions(with_gates):
    made = with_gates(
        {"gate": "reward_gain", "least": 2.0, "most": 0.5}, KL, new={**GOOD, "kl": 1.0}
    )

    assert set(asked(made, "gates")) == {"reward_gain.least", "reward_gain.most"}


def test_discarding_leaves_the_checkpoint_unaccepted_and_ends_the_round(with_gates, ready, alice):
    made = with_gates(ENDED, new={**GOOD, "eos_rate": 0.5})

    decide(made, "discard", step="gates", subject="ended_share.least", by=alice)
    drive(made)

    assert made.state == "done"
    assert states(made)["accept"] == "skipped"
    assert not policy().is_accepted


def test_one_discarded_question_still_leaves_the_other_to_be_decided(with_gates):
    made = with_gates(KL, ENDED, new={**GOOD, "kl": 9.0, "eos_rate": 0.2})

    decide(made, "discard", step="gates", subject="kl.most")
    drive(made)

    assert states(made)["gates"] == "blocked"
    decide(made, "accept", step="gates", subject="ended_share.least")
    drive(made)
    assert not policy().is_accepted


def test_a_blocked_checkpoint_writes_nothing_in_a_second_round(with_gates, ready, tmp_path):
    blocked = with_gates(KL, new={**GOOD, "kl": 9.0})
    assert states(blocked)["gates"] == "blocked"

    second = started_round(ready, tmp_path)
    drive(second, upto="labels")

    base = Checkpoint.objects.get(kind="base")
    assert {one.checkpoint for one in second.responses.all()} == {base}
    assert step_of(second, "responses").reads["writers"] == [str(base.pk)] * 2


def test_two_open_rounds_never_read_each_others_half_made_results(with_gates, ready, bob, tmp_path):
    first = with_gates(KL, new={**GOOD, "kl": 9.0})

    second = labeled_round(ready, bob, tmp_path, recipe(train=("dpo",)))
    drive(second)

    base = Checkpoint.objects.get(kind="base")
    trained = second.jobs.get(key="policy")
    assert trained.spec["model"]["path"] == base.path
    assert second.datasets.get(key="preferences").provenance["labels"] == 10
    # Its reward model is half-made, too: the second round has none to measure by.
    assert step_of(second, "evaluation").made["evaluation"]["reward"] is None

    decide(first, "accept", step="gates", subject="kl.most")
    drive(first)
    third = labeled_round(ready, bob, tmp_path, recipe(train=("dpo",)))
    drive(third)
    assert third.datasets.get(key="preferences").provenance["labels"] == 30


def test_a_double_click_decides_once(with_gates, alice):
    made = with_gates(KL, ENDED, new={**GOOD, "kl": 9.0, "eos_rate": 0.2})
    click = uuid.uuid4()

    first = decide(made, "accept", step="gates", subject="kl.most", decision_id=click, by=alice)
    again = decide(made, "accept", step="gates", subject="kl.most", decision_id=click, by=alice)
    other_window = decide(made, "accept", step="gates", subject="kl.most", by=alice)

    assert first == again == other_window
    with pytest.raises(Conflict, match="Alice has decided this already: accept"):
        decide(made, "discard", step="gates", subject="kl.most")
    assert Decision.objects.count() == 1
    assert states(made)["gates"] == "blocked"


def test_a_gate_takes_only_what_it_offers(with_gates):
    made = with_gates(KL, new={**GOOD, "kl": 9.0})

    with pytest.raises(Conflict, match="accept, discard, redo, change, cancel, not retry"):
        decide(made, "retry", step="gates", subject="kl.most")
    with pytest.raises(Conflict, match="nothing"):
        decide(made, "accept", step="gates", subject="ended_share.least")

    assert not Decision.objects.exists()
    assert states(made)["gates"] == "blocked"


def test_an_old_answer_does_not_count_for_a_new_measurement(with_gates):
    made = with_gates(KL, ENDED, new={**GOOD, "kl": 9.0, "eos_rate": 0.2})
    decide(made, "accept", step="gates", subject="kl.most")

    decide(made, "redo", step="gates", subject="ended_share.least", redo_from="policy")
    drive(made, new={**GOOD, "kl": 8.0})

    assert set(asked(made, "gates")) == {"kl.most"}
    assert made.checkpoints_made.filter(kind="policy").count() == 2


def test_retrying_with_other_settings_is_an_amendment_beside_the_recipe(with_gates, alice):
    made = with_gates(KL, new={**GOOD, "kl": 9.0})
    before = json.dumps(made.recipe)

    decide(
        made,
        "change",
        step="gates",
        subject="kl.most",
        by=alice,
        why="too far",
        changes=({"step": "policy", "change": {"settings": {"beta": 0.5}}},),
    )
    drive(made, new={**GOOD, "kl": 2.0})

    assert made.state == "done"
    assert made.jobs.get(key="policy").spec["settings"] == {}
    assert made.jobs.get(key="policy~2").spec["settings"] == {"beta": 0.5}
    first, second = made.checkpoints_made.filter(kind="policy").order_by("created_at")
    assert (first.is_accepted, second.is_accepted) == (False, True)
    assert json.dumps(made.recipe) == before
    assert Decision.objects.get().amendments == [
        {"step": "policy", "change": {"settings": {"beta": 0.5}}}
    ]


def test_retrying_from_another_checkpoint(with_gates, ready, tmp_path):
    other = make_base(ready, tmp_path, name="another")
    Checkpoint.objects.filter(pk=other.pk).update(is_accepted=False)
    made = with_gates(KL, new={**GOOD, "kl": 9.0})
    Checkpoint.objects.filter(pk=other.pk).update(is_accepted=True)

    decide(
        made,
        "change",
        step="gates",
        subject="kl.most",
        changes=({"step": "policy", "change": {"reads": {"model": str(other.pk)}}},),
    )
    drive(made)

    assert made.jobs.get(key="policy~2").spec["model"]["path"] == other.path
    assert step_of(made, "reward").take == 1


def test_the_win_rate_gate_is_about_the_lower_end_of_the_interval(with_gates):
    made = with_gates({"gate": "win_rate", "least": 0.5})

    question = asked(made, "gates")["win_rate.least"]
    assert question["evidence"]["win_rate"] == 1.0
    assert question["evidence"]["value"] == question["evidence"]["low"] < 0.5


def test_agreement_is_measured_from_this_rounds_labels(ready, bob, alice, tmp_path):
    with_two = recipe(labels_wanted=2, bounds=[{"gate": "agreement", "least": 0.9}])
    made = labeled_round(ready, bob, tmp_path, with_two)
    label_all(made, alice)

    drive(made)

    assert made.state == "done"
    assert step_of(made, "gates").evidence[0]["value"] == 1.0


def test_agreement_of_one_labeler_is_not_measured(with_gates):
    made = with_gates({"gate": "agreement", "least": 0.5})

    assert "two labelers" in asked(made, "gates")["agreement.least"]["said"]["text"]


@pytest.mark.parametrize(
    ("bound", "holds"),
    [
        ({"gate": "budget_labels", "most": 10}, True),
        ({"gate": "budget_labels", "most": 9}, False),
        ({"gate": "budget_seconds", "most": 1e6}, True),
        ({"gate": "reward_accuracy", "least": 0.75}, True),
        ({"gate": "reward_accuracy", "least": 0.76}, False),
        ({"gate": "reward_gain", "least": 1.0}, True),
    ],
)
def test_a_gate_stands_on_its_bound(with_gates, bound, holds):
    made = with_gates(bound)

    assert (made.state == "done") is holds


def test_a_gate_that_throws_blocks_its_step_and_nothing_else(with_gates, monkeypatch, alice):
    def broken(of):
        raise ZeroDivisionError("of nothing")

    kl = GATES["kl"]
    monkeypatch.setitem(GATES, "kl", Gate(kl.title, kl.unit, kl.direction, kl.usual, broken))
    made = with_gates(KL)

    assert states(made)["gates"] == "blocked"
    assert "ZeroDivisionError" in asked(made, "gates")[""]["said"]["text"]
    monkeypatch.setitem(GATES, "kl", kl)
    decide(made, "retry", step="gates", by=alice)
    drive(made)
    assert made.state == "done"


def test_a_new_gate_is_one_function_and_one_row(with_gates, client_of, alice, project, monkeypatch):
    def politeness(of):
        return Measured(0.25, {"answers": 4})

    monkeypatch.setitem(
        GATES,
        "politeness",
        Gate(
            say("gate_politeness", "Says please"),
            say("unit_share", "share"),
            "least",
            0.5,
            politeness,
        ),
    )
    manager = client_of(alice)
    form = manager.get("/api/recipes/").json()
    described = next(one for one in form["gates"] if one["gate"] == "politeness")
    assert described["title"]["text"] == "Says please"
    assert (described["direction"], described["usual"]) == ("least", 0.5)
    parse_recipe(recipe(bounds=[{"gate": "politeness", "least": 0.5}]))

    made = with_gates({"gate": "politeness", "least": 0.5})
    shown = manager.get(f"/api/rounds/{made.pk}/").json()

    assert shown["stage"] == "blocked"
    gates = next(step for step in shown["steps"] if step["name"] == "gates")
    assert gates["verdicts"][0]["value"] == 0.25
    question = gates["questions"][0]
    assert question["title"]["text"] == "Says please"
    assert question["evidence"]["answers"] == 4

    answer = manager.post(
        f"/api/rounds/{made.pk}/decisions/",
        {
            "choice": "accept",
            "step": "gates",
            "subject": question["subject"],
            "why": "they are polite enough",
            "decision_id": str(uuid.uuid4()),
        },
        format="json",
    )
    advance.advance(made)

    assert answer.status_code == 200
    assert answer.json()["decisions"][0]["why"] == "they are polite enough"
    assert made.state == "done"
    assert policy().is_accepted


def test_a_checkpoint_of_a_recipe_without_an_accept_step_is_accepted_by_a_person(
    ready, bob, alice, tmp_path
):
    without = {"steps": [one for one in RECIPE["steps"] if one["kind"] != "accept"]}
    made = drive(labeled_round(ready, bob, tmp_path, without))
    assert made.state == "done"
    assert not policy().is_accepted

    decide(made, "accept_checkpoint", checkpoint=policy().pk, by=alice, why="looked at it")

    assert policy().is_accepted
    found = Decision.objects.get()
    assert found.evidence["reward/mean"] == 1.0
