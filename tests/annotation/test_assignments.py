import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from annotation.errors import AlreadyLabeled, InvalidInput, LeaseExpired
from annotation.models import Assignment, Label, Membership, Seat, Task
from annotation.services import seats, tasks
from annotation.services.assignments import (
    expire_leases,
    hold_assignments,
    save_draft,
    skip_assignment,
)
from annotation.services.labels import Answer, submit_label
from annotation.services.seats import shown_order
from tests.annotation.labeling import add_tasks, assignment_of, make_labelers, make_round, post, url

pytestmark = pytest.mark.django_db


def held_tasks(held):
    return [assignment_of(lease).task_id for lease in held.leases]


def label(lease, by):
    ranking = list(range(1, len(lease.texts) + 1))
    return submit_label(
        assignment_of(lease), Answer(ranking), by=by, submission_id=uuid.uuid4()
    ).label


def expire_now(limit=500):
    return expire_leases(now=timezone.now() + timedelta(days=1), limit=limit)


def test_hands_out_tasks_in_queue_order(project, bob):
    round_ = make_round(project, n=3)

    held = hold_assignments(project, labeler=bob, hold=2)

    in_order = list(Task.objects.filter(round=round_).order_by("position").values_list("pk"))
    assert [(pk,) for pk in held_tasks(held)] == in_order[:2]
    assert held.done_today == 0
    assert not held.is_waiting
    assert list(Task.objects.order_by("position").values_list("is_open", flat=True)) == [
        False,
        False,
        True,
    ]


def test_asking_again_returns_the_same_leases_in_the_same_order_with_the_same_texts(project, bob):
    make_round(project, n=5, responses=4)

    first = hold_assignments(project, labeler=bob, hold=3)
    second = hold_assignments(project, labeler=bob, hold=3)

    assert second == first
    assert Assignment.objects.count() == 3


def test_refuses_to_hold_more_than_three_or_none(project, bob):
    make_round(project, n=5)

    for hold in (0, 4):
        with pytest.raises(InvalidInput, match="hold expects 1 to 3"):
            hold_assignments(project, labeler=bob, hold=hold)

    assert not Assignment.objects.exists()


def test_a_round_that_is_not_labeling_hands_out_nothing(project, bob):
    make_round(project, n=2, is_labeling=False)

    held = hold_assignments(project, labeler=bob, hold=2)

    assert held.leases == []
    assert not held.is_waiting


def test_says_waiting_when_others_hold_the_last_tasks(project, team, bob):
    make_round(project, n=1)
    other = make_labelers(team, 1)[0]
    hold_assignments(project, labeler=other, hold=1)

    held = hold_assignments(project, labeler=bob, hold=1)

    assert held.leases == []
    assert held.is_waiting


def test_gives_a_task_to_as_many_labelers_as_it_wants_labels_and_once_to_each(project, team):
    make_round(project, n=2, labels_wanted=2)
    labelers = make_labelers(team, 4)

    held = [hold_assignments(project, labeler=labeler, hold=3) for labeler in labelers]

    assert [len(one.leases) for one in held] == [2, 2, 0, 0]
    assert not Task.objects.filter(is_open=True).exists()


def test_texts_are_shown_in_the_stored_order_and_the_order_differs_between_labelers(project, team):
    make_round(project, n=1, responses=9, labels_wanted=8)
    orders = set()

    for labeler in make_labelers(team, 8):
        lease = hold_assignments(project, labeler=labeler, hold=1).leases[0]
        order = assignment_of(lease).order
        assert lease.texts == [f"response {index}" for index in order]
        orders.add(tuple(order))

    assert len(orders) > 1


def test_the_first_place_is_shared_evenly_among_the_responses():
    labeler = uuid.uuid4()
    first = [0, 0, 0]

    for _ in range(3000):
        first[shown_order(uuid.uuid4(), labeler, 3)[0]] += 1

    # Binomial(3000, 1/3): standard deviation 25.8; five of them fail once in a million runs.
    assert all(abs(count - 1000) < 130 for count in first)


def test_an_expired_lease_goes_to_the_next_labeler_and_reopens_at_the_end_of_the_queue(
    project, team, bob
):
    make_round(project, n=2)
    other = make_labelers(team, 1)[0]
    lost = hold_assignments(project, labeler=other, hold=1)

    assert expire_now() == 1
    held = hold_assignments(project, labeler=bob, hold=2)

    assert held_tasks(held)[1] == held_tasks(lost)[0]
    assert Assignment.objects.get(pk=lost.leases[0].id).state == "expired"


def test_a_lease_within_its_time_does_not_expire(project, bob):
    make_round(project, n=1)
    hold_assignments(project, labeler=bob, hold=1)

    assert expire_leases() == 0

    assert Assignment.objects.get().state == "leased"


def test_expiring_is_done_in_steps_of_the_limit(project, team):
    make_round(project, n=6)
    for labeler in make_labelers(team, 2):
        hold_assignments(project, labeler=labeler, hold=3)

    assert [expire_now(limit=4), expire_now(limit=4), expire_now(limit=4)] == [4, 2, 0]

    assert Task.objects.filter(is_open=True).count() == 6


def test_an_expired_lease_taken_again_by_the_same_labeler_looks_the_same(project, bob):
    make_round(project, n=1, responses=5)
    before = hold_assignments(project, labeler=bob, hold=1).leases[0]
    expire_now()

    after = hold_assignments(project, labeler=bob, hold=1).leases[0]

    assert (after.id, after.texts) == (before.id, before.texts)
    assert after.leased_at > before.leased_at


def test_skipping_gives_the_task_to_somebody_else_and_never_back(project, team, bob):
    make_round(project, n=2)
    skipped = hold_assignments(project, labeler=bob, hold=1).leases[0]
    task = assignment_of(skipped).task

    skip_assignment(assignment_of(skipped), by=bob, reason="unreadable", hold=1)
    mine = hold_assignments(project, labeler=bob, hold=3)
    other = make_labelers(team, 1)[0]
    theirs = hold_assignments(project, labeler=other, hold=1)

    assert task.pk not in held_tasks(mine)
    assert len(mine.leases) == 1
    assert held_tasks(theirs) == [task.pk]
    row = Assignment.objects.get(pk=skipped.id)
    assert (row.state, row.skip_reason) == ("skipped", "unreadable")


def test_skipping_twice_is_skipping_once(project, bob, client_of):
    make_round(project, n=3)
    lease = hold_assignments(project, labeler=bob, hold=1).leases[0]

    first = post(client_of(bob), url(lease, "skip"), reason="", hold=1)
    again = post(client_of(bob), url(lease, "skip"), reason="", hold=1)

    assert (first.status_code, again.status_code) == (200, 200)
    assert again.json() == first.json()
    assert Assignment.objects.filter(state="skipped").count() == 1


def test_a_labeled_task_cannot_be_skipped(project, bob):
    make_round(project, n=2)
    lease = hold_assignments(project, labeler=bob, hold=1).leases[0]
    label(lease, bob)

    with pytest.raises(AlreadyLabeled):
        skip_assignment(assignment_of(lease), by=bob, reason="", hold=1)

    assert Assignment.objects.get(pk=lease.id).state == "submitted"


def test_a_draft_comes_back_with_the_lease_and_the_newest_wins(project, bob, client_of):
    make_round(project, n=1)
    lease = hold_assignments(project, labeler=bob, hold=1).leases[0]
    client = client_of(bob)

    newer = client.put(url(lease, "draft"), {"saved_at": 20, "x": "new"}, format="json")
    older = client.put(url(lease, "draft"), {"saved_at": 10, "x": "old"}, format="json")

    assert (newer.status_code, older.status_code) == (204, 204)
    draft = hold_assignments(project, labeler=bob, hold=1).leases[0].draft
    assert draft == {"saved_at": 20, "x": "new"}


def test_a_draft_of_more_than_16_kilobytes_is_refused(project, bob, client_of):
    make_round(project, n=1)
    lease = hold_assignments(project, labeler=bob, hold=1).leases[0]

    response = client_of(bob).put(url(lease, "draft"), {"x": "y" * 17_000}, format="json")

    assert response.status_code == 400
    assert response.json()["code"] == "invalid"
    assert Assignment.objects.get().draft is None


def test_a_draft_for_a_lost_lease_is_refused(project, bob):
    make_round(project, n=1)
    assignment = assignment_of(hold_assignments(project, labeler=bob, hold=1).leases[0])
    expire_now()

    with pytest.raises(LeaseExpired):
        save_draft(assignment, draft={}, saved_at=1)


def test_a_stranger_finds_neither_project_nor_assignment(project, bob, carol, client_of):
    make_round(project, n=1)
    lease = hold_assignments(project, labeler=bob, hold=1).leases[0]
    client = client_of(carol)

    codes = [
        post(client, f"/api/projects/{project.pk}/assignments/").status_code,
        post(client, f"/api/projects/{project.pk}/undo/").status_code,
        post(client, url(lease, "skip")).status_code,
        post(
            client, url(lease, "label"), submission_id=str(uuid.uuid4()), ranking=[1, 2]
        ).status_code,
        client.put(url(lease, "draft"), {}, format="json").status_code,
    ]

    assert codes == [404] * 5
    assert Assignment.objects.get().state == "leased"
    assert not Label.objects.exists()


def test_the_owner_does_not_reach_somebody_elses_lease(project, alice, bob, client_of):
    make_round(project, n=1)
    lease = hold_assignments(project, labeler=bob, hold=1).leases[0]

    assert post(client_of(alice), url(lease, "skip")).status_code == 404


def test_a_viewer_may_not_take_work(project, team, carol, client_of):
    make_round(project, n=1)
    Membership.objects.create(team=team, user=carol, role="viewer")

    response = post(client_of(carol), f"/api/projects/{project.pk}/assignments/")

    assert response.status_code == 403
    assert response.json()["code"] == "forbidden"
    assert not Assignment.objects.exists()


def test_suspension_and_signing_out_hold_at_the_next_call(project, team, bob, client_of):
    make_round(project, n=2)
    client = client_of(bob)
    path = f"/api/projects/{project.pk}/assignments/"
    assert post(client, path, hold=1).status_code == 200

    Membership.objects.filter(user=bob).update(status="suspended")
    assert post(client, path, hold=1).status_code == 404
    Membership.objects.filter(user=bob).update(status="active")
    assert post(client, path, hold=1).status_code == 200
    session = client.cookies["sessionid"].value
    client.delete("/api/session/")
    client.cookies["sessionid"] = session

    refused = post(client, path, hold=1)
    assert refused.status_code == 401
    assert refused.json()["code"] == "not_authenticated"


def test_a_changed_password_and_an_inactive_account_end_the_session(project, bob, client_of):
    make_round(project, n=1)
    client = client_of(bob)
    path = f"/api/projects/{project.pk}/assignments/"
    assert post(client, path).status_code == 200

    bob.is_active = False
    bob.save()
    assert post(client, path).status_code == 401
    bob.is_active = True
    bob.set_password("another one entirely")
    bob.save()

    assert post(client, path).status_code == 401


def test_a_session_write_without_csrf_token_is_refused(project, bob):
    from django.test import Client

    make_round(project, n=1)
    client = Client(enforce_csrf_checks=True)
    client.force_login(bob)

    response = client.post(
        f"/api/projects/{project.pk}/assignments/", "{}", content_type="application/json"
    )

    assert response.status_code == 403
    assert not Assignment.objects.exists()


def test_a_body_that_is_not_json_is_refused_by_name(project, bob, client_of):
    client = client_of(bob)
    path = f"/api/projects/{project.pk}/assignments/"

    broken = client.post(path, "{", content_type="application/json")
    wrong = post(client, path, hold="many")

    assert (broken.status_code, broken.json()["code"]) == (400, "parse_error")
    assert (wrong.status_code, list(wrong.json()["fields"])) == (400, ["hold"])
    assert client.get(path).status_code == 405


def test_what_was_locked_when_the_cursor_went_by_is_found_at_the_end(project, bob, monkeypatch):
    monkeypatch.setattr(seats, "SWEEP", 2)
    make_round(project, n=9)
    # As if the first seven had been locked by somebody when bob asked.
    Seat.objects.create(project=project, labeler=bob, cursor=6)

    found = []
    for _ in range(30):
        for lease in hold_assignments(project, labeler=bob, hold=1).leases:
            found.append(label(lease, bob).task.position)

    assert sorted(found) == list(range(9))
    assert found[:2] == [7, 8]


def test_a_sweep_looks_at_a_bounded_stretch_and_starts_over(project, team, bob, monkeypatch):
    monkeypatch.setattr(seats, "SWEEP", 3)
    make_round(project, n=8, labels_wanted=2)
    for _ in range(8):
        label(hold_assignments(project, labeler=bob, hold=1).leases[0], bob)

    behind = []
    for _ in range(5):
        assert hold_assignments(project, labeler=bob, hold=1).leases == []
        behind.append(Seat.objects.get(labeler=bob).behind)

    # All eight are open for somebody else; bob has done them all.
    assert behind == [2, 5, -1, 2, 5]


def test_a_labeler_who_skips_all_is_not_shown_the_same_again(project, bob):
    make_round(project, n=4)
    seen = []

    while held := hold_assignments(project, labeler=bob, hold=1).leases:
        seen.append(assignment_of(held[0]).task_id)
        skip_assignment(assignment_of(held[0]), by=bob, reason="", hold=1)

    assert len(seen) == len(set(seen)) == 4
    assert Task.objects.filter(is_open=True).count() == 4


def test_new_tasks_reach_a_labeler_who_was_at_the_end(project, bob):
    round_ = make_round(project, n=1)
    label(hold_assignments(project, labeler=bob, hold=1).leases[0], bob)
    assert hold_assignments(project, labeler=bob, hold=1).leases == []

    added = add_tasks(round_, 1)

    assert held_tasks(hold_assignments(project, labeler=bob, hold=1)) == added


def test_closing_a_round_ends_its_leases_and_a_late_answer_is_refused(project, bob):
    round_ = make_round(project, n=2)
    lease = hold_assignments(project, labeler=bob, hold=1).leases[0]

    round_.is_labeling = False
    round_.save()
    tasks.close(round_)

    with pytest.raises(LeaseExpired, match="moved on"):
        label(lease, bob)
    assert hold_assignments(project, labeler=bob, hold=1).leases == []
    assert not Label.objects.exists()


def test_reopening_a_round_puts_unfinished_tasks_back(project, bob):
    round_ = make_round(project, n=3)
    label(hold_assignments(project, labeler=bob, hold=1).leases[0], bob)
    tasks.close(round_)

    assert tasks.reopen(round_) == 2

    assert len(hold_assignments(project, labeler=bob, hold=3).leases) == 2


def test_progress_counts_first_words_only(project, bob):
    round_ = make_round(project, n=3, labels_wanted=2)
    label(hold_assignments(project, labeler=bob, hold=2).leases[0], bob)

    progress = tasks.progress(round_)

    assert (progress.tasks, progress.done, progress.total, progress.leased) == (3, 1, 6, 1)
    assert not tasks.is_labeled(round_)


def test_says_how_many_tasks_nobody_can_take_any_more(project, team, alice, bob):
    round_ = make_round(project, n=2)
    assert tasks.stranded(round_) == 0

    for who in (alice, bob):
        while held := hold_assignments(project, labeler=who, hold=1).leases:
            skip_assignment(assignment_of(held[0]), by=who, reason="", hold=1)

    assert tasks.stranded(round_) == 2
    make_labelers(team, 1)
    assert tasks.stranded(round_) == 0


def test_queues_say_what_waits(project, bob, client_of):
    round_ = make_round(project, n=4)
    label(hold_assignments(project, labeler=bob, hold=2).leases[0], bob)

    body = client_of(bob).get("/api/queues/").json()

    assert body["count"] == 1
    queue = body["results"][0]
    assert queue["round"] == {"id": str(round_.pk), "number": 1}
    assert (queue["waiting"], queue["mine_today"], queue["mine_week"]) == (3, 1, 1)
    assert queue["guidelines_changed"] is False


def test_a_viewer_has_no_queues(team, project, carol, client_of):
    Membership.objects.create(team=team, user=carol, role="viewer")

    assert client_of(carol).get("/api/queues/").json()["results"] == []
