"""Real threads with real connections, racing for the same rows."""

import random
import threading
import time
import uuid
from collections import Counter
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from annotation.errors import AlreadyLabeled, DomainError, LeaseExpired
from annotation.models import Assignment, Label, Seat, Task
from annotation.services import labelers, tasks
from annotation.services.assignments import (
    expire_leases,
    save_draft,
    skip_assignment,
)
from annotation.services.labels import amend_last, submit_label
from tests.annotation.labeling import (
    assignment_of,
    hold_assignments,
    make_labelers,
    make_round,
    ranked,
)

pytestmark = pytest.mark.django_db(transaction=True)

DEADLINE_SECONDS = 120


def race(*calls):
    """Call all at the same moment, each in a thread of its own; results or errors, in order."""
    together = threading.Barrier(len(calls))
    results = [None] * len(calls)

    def run(i, call):
        try:
            together.wait(timeout=30)
            results[i] = call()
        except Exception as error:
            results[i] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=DEADLINE_SECONDS)
    assert not any(thread.is_alive() for thread in threads), "deadlock"
    return results


def answer(lease, *, submission_id=None, hold=0):
    return submit_label(
        assignment_of(lease),
        ranked(list(range(1, len(lease.texts) + 1))),
        submission_id=submission_id or uuid.uuid4(),
        hold=hold,
    )


def assert_nothing_is_labeled_or_leased_too_often():
    for task in Task.objects.prefetch_related("assignments", "labels"):
        active = [a for a in task.assignments.all() if a.state in ("leased", "submitted")]
        first_words = [label for label in task.labels.all() if label.supersedes_id is None]
        assert len(active) <= task.labels_wanted
        assert len(first_words) <= task.labels_wanted
        assert len({label.labeler_id for label in first_words}) == len(first_words)
        submitted = {a.labeler_id for a in active if a.state == "submitted"}
        assert {label.labeler_id for label in first_words} == submitted
        assert task.is_open == (len(active) < task.labels_wanted)


@pytest.mark.parametrize(("labels_wanted", "n"), [(1, 64), (3, 24)])
def test_eight_labelers_fill_every_task_exactly(project, team, labels_wanted, n):
    round_ = make_round(project, n=n, labels_wanted=labels_wanted)
    total = n * labels_wanted
    deadline = time.monotonic() + DEADLINE_SECONDS

    def work(labeler):
        acknowledged = []
        while time.monotonic() < deadline:
            held = hold_assignments(project, labeler=labeler, hold=2)
            for lease in held.leases:
                acknowledged.append(answer(lease, hold=2).label.pk)
            if not held.leases and tasks.progress(round_).done == total:
                return acknowledged
        raise AssertionError("not done in time")

    results = race(*[lambda by=by: work(by) for by in make_labelers(team, 8)])

    acknowledged = [pk for result in results for pk in result]
    assert len(acknowledged) == len(set(acknowledged)) == total
    assert set(Label.objects.values_list("pk", flat=True)) == set(acknowledged)
    per_task = Counter(Label.objects.values_list("task", flat=True))
    assert set(per_task.values()) == {labels_wanted}
    assert not Assignment.objects.filter(state="leased").exists()
    assert_nothing_is_labeled_or_leased_too_often()


def test_the_same_submission_sent_eight_times_at_once_is_one_label(project, bob):
    make_round(project, n=5)
    lease = hold_assignments(project, labeler=bob, hold=1).leases[0]
    same = uuid.uuid4()

    results = race(*[lambda: answer(lease, submission_id=same, hold=2)] * 8)

    assert {result.label.pk for result in results} == {Label.objects.get().pk}
    assert sorted(result.is_new for result in results) == [False] * 7 + [True]
    assert Assignment.objects.filter(state="leased").count() == 2
    assert Seat.objects.get(labeler__user=bob).labels_today == 1


def test_eight_different_answers_to_one_lease_make_one_label(project, bob):
    make_round(project, n=1)
    lease = hold_assignments(project, labeler=bob, hold=1).leases[0]

    results = race(*[lambda: answer(lease)] * 8)

    stored = [result for result in results if not isinstance(result, Exception)]
    assert len(stored) == 1
    assert sum(isinstance(result, AlreadyLabeled) for result in results) == 7
    assert Label.objects.get().pk == stored[0].label.pk


def test_two_tabs_never_hold_more_than_one_may(project, bob):
    make_round(project, n=20)

    results = race(*[lambda: hold_assignments(project, labeler=bob, hold=3)] * 6)

    assert Assignment.objects.filter(state="leased").count() == 3
    assert {tuple(lease.id for lease in held.leases) for held in results} == {
        tuple(Assignment.objects.order_by("leased_at").values_list("pk", flat=True))
    }


def test_an_answer_racing_with_the_end_of_its_lease_and_the_next_labeler(project, team):
    make_round(project, n=24)
    slow, *others = make_labelers(team, 4)
    lost = []
    for _ in range(8):
        lost += hold_assignments(project, labeler=slow, hold=3).leases
        # The clock runs out for these; nobody has ended them yet.
        Assignment.objects.filter(state="leased").update(
            expires_at=timezone.now() - timedelta(seconds=1)
        )

    def submit_all():
        outcomes = {}
        for lease in lost:
            try:
                outcomes[assignment_of(lease).task_id] = answer(lease).label.pk
            except LeaseExpired:
                outcomes[assignment_of(lease).task_id] = None
        return outcomes

    def sweep():
        return sum(expire_leases(limit=3) for _ in range(30))

    def take(labeler):
        for _ in range(12):
            for lease in hold_assignments(project, labeler=labeler, hold=1).leases:
                answer(lease)

    outcomes, swept, *_ = race(submit_all, sweep, *[lambda by=by: take(by) for by in others])

    assert isinstance(swept, int)
    acknowledged = {task: pk for task, pk in outcomes.items() if pk}
    stored = dict(Label.objects.filter(labeler__user=slow).values_list("task", "pk"))
    assert stored == acknowledged
    assert_nothing_is_labeled_or_leased_too_often()


def test_closing_a_round_while_answers_come_in_loses_none_that_was_acknowledged(project, team):
    round_ = make_round(project, n=60)
    labelers = make_labelers(team, 4)
    leases = {by: hold_assignments(project, labeler=by, hold=3).leases for by in labelers}

    def submit_all(by):
        done = []
        for lease in leases[by]:
            try:
                done.append(answer(lease, hold=3).label.pk)
            except LeaseExpired:
                return done
        return done

    def close():
        type(round_).objects.filter(pk=round_.pk).update(is_labeling=False)
        tasks.close(round_)
        return set(Label.objects.values_list("pk", flat=True))

    *submitted, at_close = race(*[lambda by=by: submit_all(by) for by in labelers], close)

    acknowledged = {pk for done in submitted for pk in done}
    assert set(Label.objects.values_list("pk", flat=True)) == acknowledged == at_close
    assert not Task.objects.filter(is_open=True).exists()


def test_a_storm_of_everything_leaves_the_books_in_order(project, team):
    round_ = make_round(project, n=40, labels_wanted=2)
    deadline = time.monotonic() + DEADLINE_SECONDS
    acknowledged = set()

    def work(i, labeler):
        rng = random.Random(i)
        for step in range(40):
            assert time.monotonic() < deadline
            try:
                held = hold_assignments(project, labeler=labeler, hold=rng.choice([1, 2, 3]))
                if not held.leases:
                    continue
                lease = rng.choice(held.leases)
                dice = rng.random()
                if dice < 0.6:
                    acknowledged.add(answer(lease, hold=2).label.pk)
                elif dice < 0.7:
                    skip_assignment(assignment_of(lease), reason="", hold=1)
                elif dice < 0.8:
                    save_draft(assignment_of(lease), draft={"saved_at": step, "answer": {}})
                elif dice < 0.9:
                    amend_last(project, by=labelers.of(labeler, team))
                else:
                    expire_leases(now=timezone.now() + timedelta(days=1), limit=5)
            except DomainError:
                pass

    results = race(*[lambda i=i, by=by: work(i, by) for i, by in enumerate(make_labelers(team, 8))])

    assert results == [None] * 8
    assert set(Label.objects.values_list("pk", flat=True)) == acknowledged
    assert tasks.progress(round_).done == Assignment.objects.filter(state="submitted").count()
    assert_nothing_is_labeled_or_leased_too_often()
