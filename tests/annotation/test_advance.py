"""One worker at a round; killed at any write, the next call goes on, and nothing is done twice."""

import re
import threading
from contextlib import contextmanager

import pytest
from django.db import connection, transaction

from annotation.models import Checkpoint, Dataset, Decision, Event, Job, Response, Task
from annotation.rounds import advance
from annotation.rounds.alone import alone
from annotation.rounds.steps import STEPS
from tests.annotation.cycle import (
    asked,
    decide,
    drive,
    finish,
    finish_generation,
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

DEADLINE_SECONDS = 60
ID = r"[0-9a-f]{8}-[0-9a-f-]{27}"
GATED = recipe(bounds=[{"gate": "kl", "most": 10}])


class Killed(BaseException):
    """Nothing in the platform catches it, as nothing catches a kill."""


@pytest.fixture
def ready(project, tmp_path, settings):
    settings.STORAGE_DIR = tmp_path
    make_prompts(project)
    make_base(project, tmp_path)
    return project


@contextmanager
def killed_at_write(number):
    """The process dies at its `number`-th write to the database; yields the writes so far."""
    writes = []

    def watch(execute, sql, params, many, context):
        if sql.startswith(("INSERT", "UPDATE", "DELETE")):
            writes.append(sql)
            if len(writes) == number:
                raise Killed
        return execute(sql, params, many, context)

    with connection.execute_wrapper(watch):
        yield writes


def left_by(made):
    """What a look left behind, without the ids and times by which two looks differ."""
    return {
        "round": (made.state, made.is_labeling, made.ladder is None),
        "steps": list(made.steps.values_list("name", "state", "attempts", "take")),
        "jobs": sorted(re.sub(ID, "-", job.key) for job in made.jobs.all()),
        "datasets": sorted(made.datasets.values_list("key", "rows", "votes")),
        "checkpoints": sorted(made.checkpoints_made.values_list("name", "is_accepted")),
        "responses": made.responses.count(),
        "tasks": (made.tasks.count(), made.tasks.filter(consensus=None).count()),
        "accepted": Event.objects.filter(action="checkpoint.accepted").count(),
    }


@pytest.mark.django_db
def test_killed_between_any_two_writes_the_next_look_leaves_the_same(ready, bob, tmp_path):
    made = started_round(ready, tmp_path, GATED)
    kills = 0

    while made.state != "done":
        with rolled_back(), killed_at_write(None) as writes:
            advance.advance(made)
            expected = left_by(made)
        for number in range(1, len(writes) + 1):
            with rolled_back():
                with pytest.raises(Killed), killed_at_write(number):
                    advance.advance(made)
                # A transaction of its own in life; in the test's, it marked that one as broken.
                connection.set_rollback(False)
                advance.advance(made)
                assert left_by(made) == expected, writes[number - 1]
                kills += 1
        advance.advance(made)
        for job in made.jobs.filter(state="queued"):
            finish(job)
        if made.is_labeling:
            label_all(made, bob)

    assert kills > 50


@contextmanager
def rolled_back():
    """What happens inside is undone, except in the file system, as after a kill."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.mark.django_db(transaction=True)
def test_who_comes_second_passes_by(ready, tmp_path):
    made = started_round(ready, tmp_path)

    with alone(made.pk) as is_mine, in_another_thread(advance.advance, made):
        assert is_mine

    assert not Job.objects.exists()
    advance.advance(made)
    assert Job.objects.count() == 1


@contextmanager
def in_another_thread(call, *values):
    def work():
        try:
            call(*values)
        finally:
            connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(timeout=DEADLINE_SECONDS)
    assert not thread.is_alive(), "it waited"
    yield


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_make_everything_once(ready, bob, tmp_path):
    made = started_round(ready, tmp_path, GATED)
    for _ in range(12):
        together([lambda: advance.advance(made)] * 4)
        made.refresh_from_db()
        for job in made.jobs.filter(state="queued"):
            finish(job)
        if made.is_labeling:
            label_all(made, bob)

    assert made.state == "done", {name: asked(made, name) for name in states(made)}
    assert Checkpoint.objects.filter(round=made).count() == 2
    assert Dataset.objects.filter(round=made).values("key").distinct().count() == (
        Dataset.objects.filter(round=made).count()
    )
    assert Response.objects.filter(round=made).count() == 30
    assert set(made.steps.values_list("attempts", flat=True)) == {1}


@pytest.mark.django_db(transaction=True)
def test_two_workers_inside_at_once_block_nothing(ready, bob, tmp_path, monkeypatch):
    """As after a lock that was lost with its connection: both are in, nobody may be hurt."""
    monkeypatch.setattr(advance, "alone", always)
    made = started_round(ready, tmp_path, GATED)
    for _ in range(12):
        together([lambda: advance.advance(made)] * 2)
        made.refresh_from_db()
        for job in made.jobs.filter(state="queued"):
            finish(job)
        if made.is_labeling:
            label_all(made, bob)

    assert made.state == "done", {name: asked(made, name) for name in states(made)}
    assert Checkpoint.objects.filter(round=made).count() == 2
    assert Task.objects.filter(round=made).count() == 10
    assert Response.objects.filter(round=made).count() == 30


@contextmanager
def always(id_):
    yield True


def together(calls):
    start = threading.Barrier(len(calls))
    errors = []

    def work(call):
        try:
            start.wait()
            call()
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=[call]) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=DEADLINE_SECONDS)
    assert not any(thread.is_alive() for thread in threads), "deadlock"
    assert errors == []


@pytest.mark.django_db
def test_an_error_blocks_a_step_only_over_the_state_it_ran_from(ready, tmp_path, monkeypatch):
    made = started_round(ready, tmp_path)

    def fails_after_somebody_decided(step, work):
        decide(made, "redo", redo_from="responses")
        raise RuntimeError("of the old take")

    monkeypatch.setattr(STEPS["generate"], "run", fails_after_somebody_decided)
    advance.advance(made)

    row = step_of(made, "responses")
    assert (row.state, row.take, row.block) == ("waiting", 2, None)
    monkeypatch.undo()
    advance.advance(made)
    assert step_of(made, "responses").state == "running"


@pytest.mark.django_db
def test_a_result_counts_only_over_the_state_it_ran_from(ready, tmp_path, monkeypatch):
    made = started_round(ready, tmp_path)
    advance.advance(made)
    finish_generation(Job.objects.get())
    run_it = STEPS["generate"].run

    def done_after_a_redo(step, work):
        found = run_it(step, work)
        decide(made, "redo", redo_from="responses")
        return found

    monkeypatch.setattr(STEPS["generate"], "run", done_after_a_redo)
    advance.advance(made)

    assert step_of(made, "responses").state == "waiting"
    assert step_of(made, "responses").made is None


@pytest.mark.django_db
def test_one_bad_round_stops_only_itself(ready, tmp_path):
    bad = started_round(ready, tmp_path)
    good = started_round(ready, tmp_path)
    advance.advance(bad)
    run(Job.objects.get(round=bad), files={"responses.jsonl": "not json\n"})

    advance.advance_open_rounds()

    assert states(bad)["responses"] == "blocked"
    assert states(good)["responses"] == "running"


@pytest.mark.django_db(transaction=True)
def test_two_people_who_decide_at_once_decide_once(ready, bob, alice, tmp_path):
    made = labeled_round(ready, bob, tmp_path, recipe(bounds=[{"gate": "kl", "most": 1}]))
    drive(made)
    found = []

    def choose(choice, by):
        try:
            found.append(decide(made, choice, step="gates", subject="kl.most", by=by).choice)
        except Exception as error:
            found.append(type(error).__name__)

    together([lambda: choose("accept", alice), lambda: choose("discard", bob)])

    assert Decision.objects.count() == 1
    assert sorted(found)[0] == "Conflict"
    assert states(made)["gates"] == "done"
