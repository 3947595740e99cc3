import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from annotation.errors import AlreadyLabeled, Conflict, InvalidInput, InvalidRanking, NothingToUndo
from annotation.kinds import RANK
from annotation.models import Assignment, Label, Membership, Project, Round, Seat
from annotation.services import labelers
from annotation.services.assignments import expire_leases
from annotation.services.labels import amend_last, submit_label
from tests.annotation.labeling import (
    assignment_of,
    hold_assignments,
    make_labelers,
    make_round,
    post,
    ranked,
    submission,
    url,
)

pytestmark = pytest.mark.django_db


def lease_one(project, labeler):
    return hold_assignments(project, labeler=labeler, hold=1).leases[0]


def submit(lease, answer, submission_id=None, hold=0):
    return submit_label(
        assignment_of(lease),
        answer,
        submission_id=submission_id or uuid.uuid4(),
        hold=hold,
    )


def test_a_submitted_answer_is_stored_as_said(project, bob, client_of):
    make_round(project, n=3, responses=3)
    lease = lease_one(project, bob)
    # The labeler puts the responses in the order of their texts: response 0 is best.
    ranking = [int(text[-1]) + 1 for text in lease.texts]

    response = post(
        client_of(bob),
        url(lease, "label"),
        submission_id=str(uuid.uuid4()),
        answer={"ranking": ranking},
        flags=["unsure"],
        comment="close call",
        active_seconds=12.5,
        guideline_version=3,
        hold=2,
    )

    assert response.status_code == 201
    body = response.json()
    label = Label.objects.get()
    assert body["label"]["id"] == str(label.pk)
    assert body["label"]["assignment"] == str(lease.id)
    assert body["label"]["answer"]["ranking"] == ranking
    assert len(body["assignments"]) == 2
    assert body["done_today"] == 1
    assert label.answer["ranking"] == [1, 2, 3]
    assert (label.flags, label.comment) == (["unsure"], "close call")
    assert (label.active_seconds, label.guideline_version) == (12.5, 3)
    assert (label.labeler.user, label.round.project) == (bob, project)
    assert abs(label.created_at - timezone.now()) < timedelta(minutes=1)
    assert Assignment.objects.get(pk=lease.id).state == "submitted"


def test_the_same_submission_again_is_answered_with_the_same_label(project, bob, client_of):
    make_round(project, n=3)
    lease = lease_one(project, bob)
    sent = submission([1, 2], hold=1)
    client = client_of(bob)

    first = post(client, url(lease, "label"), **sent)
    again = post(client, url(lease, "label"), **sent)

    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()
    assert Label.objects.count() == 1


def test_asking_and_answering_take_few_statements(project, bob, client_of):
    make_round(project, n=9)
    client = client_of(bob)
    path = f"/api/projects/{project.pk}/assignments/"
    for _ in range(2):
        (lease, *_) = post(client, path, hold=2).json()["assignments"]

    with CaptureQueriesContext(connection) as asking:
        post(client, path, hold=2)
    with CaptureQueriesContext(connection) as answering:
        post(client, url(lease["id"], "label"), hold=2, **submission([1, 2]))

    # Who asks, what they may do here and who they are as a labeler, what they hold.
    assert len(asking) == 3
    # The first two again; a transaction of seat, assignment, label, next task, its lease and
    # whether it is full; what they hold.
    assert len(answering) == 2 + (1 + 6 + 1) + 1


def test_another_answer_to_the_same_task_is_refused(project, bob, client_of):
    make_round(project, n=3)
    lease = lease_one(project, bob)
    submit(lease, ranked([1, 2]))

    response = post(client_of(bob), url(lease, "label"), **submission([2, 1]))

    assert (response.status_code, response.json()["code"]) == (409, "already_labeled")
    assert Label.objects.count() == 1


def test_a_submission_id_belongs_to_one_task(project, bob):
    make_round(project, n=3)
    first, second = hold_assignments(project, labeler=bob, hold=2).leases
    same = uuid.uuid4()
    submit(first, ranked([1, 2]), same)

    with pytest.raises(Conflict, match="another task"):
        submit(second, ranked([1, 2]), same)

    assert Label.objects.count() == 1
    assert Assignment.objects.get(pk=second.id).state == "leased"


def test_an_answer_after_the_lease_is_taken_if_the_place_is_free(project, bob):
    make_round(project, n=1)
    lease = lease_one(project, bob)
    expire_leases(now=timezone.now() + timedelta(days=1))
    assert Assignment.objects.get().state == "expired"

    submitted = submit(lease, ranked([1, 2]))

    assert submitted.is_new
    assert Assignment.objects.get().state == "submitted"
    assert not submitted.label.task.is_open


def test_an_answer_after_the_lease_is_refused_once_somebody_else_has_the_task(
    project, team, bob, client_of
):
    make_round(project, n=1)
    lease = lease_one(project, bob)
    expire_leases(now=timezone.now() + timedelta(days=1))
    other = make_labelers(team, 1)[0]
    lease_one(project, other)

    response = post(client_of(bob), url(lease, "label"), **submission([1, 2]))

    assert (response.status_code, response.json()["code"]) == (409, "lease_expired")
    assert not Label.objects.exists()
    assert Assignment.objects.get(labeler__user=bob).state == "expired"


COMPARE_REFUSED = [
    ([1], "Expected 2 ranks, got 1"),
    ([1, 2, 3], "Expected 2 ranks, got 3"),
    ([1, 3], "without a gap"),
    ([2, 2], "without a gap"),
    ([1, None], "both"),
    (None, "all are bad"),
]


@pytest.mark.parametrize(("ranking", "sentence"), COMPARE_REFUSED)
def test_a_comparison_that_makes_no_sense_is_refused(project, bob, client_of, ranking, sentence):
    make_round(project, n=1)
    lease = lease_one(project, bob)

    response = post(client_of(bob), url(lease, "label"), **submission(ranking))

    assert (response.status_code, response.json()["code"]) == (400, "invalid_ranking")
    assert sentence in response.json()["message"]
    assert not Label.objects.exists()
    assert Assignment.objects.get().state == "leased"


@pytest.mark.parametrize(
    "ranking", [[1, 1, 2, 2], [1, 2, 3, None], [1, None, None, None], [4, 3, 2, 1], [1, 1, 1, 1]]
)
def test_a_ranking_takes_ties_and_responses_that_cannot_be_ranked(project, bob, ranking):
    make_round(project, n=1, responses=4)

    label = submit(lease_one(project, bob), ranked(ranking)).label

    assert RANK.to_shown(label.answer, Assignment.objects.get().order)["ranking"] == ranking


@pytest.mark.parametrize("ranking", [[None] * 4, [1, 2, 2, 4], [0, 1, 2, 3]])
def test_a_ranking_without_a_rank_or_with_a_gap_is_refused(project, bob, ranking):
    make_round(project, n=1, responses=4)

    with pytest.raises(InvalidInput):
        submit(lease_one(project, bob), ranked(ranking))

    assert not Label.objects.exists()


def test_a_tie_is_refused_where_the_project_allows_none(project, bob):
    Project.objects.update(allow_ties=False)
    make_round(project, n=1)

    with pytest.raises(InvalidRanking, match="does not allow ties"):
        submit(lease_one(project, bob), ranked([1, 1]))


def test_all_bad_needs_no_ranking(project, bob):
    make_round(project, n=1)

    label = submit(lease_one(project, bob), ranked(None, all_bad=True)).label

    assert label.answer == {"ranking": None, "strength": None, "all_bad": True}


@pytest.mark.parametrize(
    ("responses", "answer"),
    [
        (2, ranked([1, 1], strength=2)),
        (2, ranked([1, 2], strength=4)),
        (2, ranked(None, all_bad=True, strength=1)),
        (3, ranked([1, 2, 3], strength=1)),
    ],
)
def test_a_strength_belongs_to_a_comparison_that_was_won(project, bob, responses, answer):
    make_round(project, n=1, responses=responses)

    with pytest.raises(InvalidInput, match="strength"):
        submit(lease_one(project, bob), answer)


def test_seconds_that_are_no_number_are_refused(project, bob):
    make_round(project, n=1)
    lease = lease_one(project, bob)

    for seconds in (float("nan"), -1.0):
        with pytest.raises(InvalidInput, match="active_seconds"):
            submit(lease, ranked([1, 2], active_seconds=seconds))


def test_undo_brings_the_last_task_back_as_it_was_said(project, bob, client_of):
    make_round(project, n=3)
    lease = lease_one(project, bob)
    submit(lease, ranked([2, 1], strength=3, comment="sure"))

    response = post(client_of(bob), f"/api/projects/{project.pk}/undo/")

    assert response.status_code == 200
    assignment = response.json()["assignment"]
    assert assignment["id"] == str(lease.id)
    assert assignment["amends"] is True
    assert [shown["text"] for shown in assignment["responses"]] == lease.texts
    assert assignment["draft"]["answer"] == {"ranking": [2, 1], "strength": 3, "all_bad": False}
    assert assignment["draft"]["comment"] == "sure"


def test_the_amended_answer_supersedes_and_is_one_label_of_the_task(project, bob):
    round_ = make_round(project, n=3)
    lease = lease_one(project, bob)
    first = submit(lease, ranked([2, 1])).label
    amend_last(project, by=labelers.of(bob, project.team_id))

    second = submit(lease, ranked([1, 2])).label

    assert second.supersedes == first
    assert list(Label.objects.current()) == [second]
    assert Label.objects.count() == 2
    assert Seat.objects.get(labeler__user=bob).labels_today == 1
    assert not Assignment.objects.get(pk=lease.id).amends
    with pytest.raises(AlreadyLabeled):
        submit(lease, ranked([2, 1]))
    assert round_.labels.current().count() == 1


def test_a_label_stands_until_its_amendment_and_skipping_leaves_it(project, bob, client_of):
    make_round(project, n=3)
    lease = lease_one(project, bob)
    first = submit(lease, ranked([2, 1])).label
    amend_last(project, by=labelers.of(bob, project.team_id))
    assert list(Label.objects.current()) == [first]

    response = post(client_of(bob), url(lease, "skip"), reason="", hold=1)

    assert response.status_code == 200
    assert list(Label.objects.current()) == [first]
    assert Assignment.objects.get(pk=lease.id).state == "submitted"


def test_there_is_nothing_to_undo_before_the_first_label_or_after_the_round(project, bob):
    round_ = make_round(project, n=2)
    lease = lease_one(project, bob)
    with pytest.raises(NothingToUndo, match="not labeled anything"):
        amend_last(project, by=labelers.of(bob, project.team_id))
    submit(lease, ranked([1, 2]))
    Round.objects.filter(pk=round_.pk).update(state="aggregating")

    with pytest.raises(NothingToUndo, match="moved on"):
        amend_last(project, by=labelers.of(bob, project.team_id))

    assert not Assignment.objects.get(pk=lease.id).amends


def test_an_amendment_is_refused_once_the_round_has_moved_on(project, bob, client_of):
    round_ = make_round(project, n=2)
    lease = lease_one(project, bob)
    submit(lease, ranked([1, 2]))
    amend_last(project, by=labelers.of(bob, project.team_id))
    Round.objects.filter(pk=round_.pk).update(state="aggregating")

    response = post(client_of(bob), url(lease, "label"), **submission([2, 1]))

    assert (response.status_code, response.json()["code"]) == (409, "lease_expired")
    assert Label.objects.count() == 1


def test_a_reviewer_reads_labels_with_their_responses_and_a_labeler_does_not(
    project, team, bob, carol, client_of
):
    make_round(project, n=1)
    label = submit(lease_one(project, bob), ranked([1, 2])).label
    Membership.objects.create(team=team, user=carol, role="reviewer")
    path = f"/api/projects/{project.pk}/labels/"

    body = client_of(carol).get(path, {"labeler": str(label.labeler_id)}).json()

    assert body["count"] == 1
    row = body["results"][0]
    entries = label.task.entries.values_list("response", flat=True)
    assert row["responses"] == [str(pk) for pk in entries]
    assert row["answer"] == label.answer
    assert row["labeler"] == {"id": str(label.labeler_id), "name": "Bob", "kind": "person"}
    winner, loser = "AB" if label.answer["ranking"] == [1, 2] else "BA"
    assert row["said"]["text"] == f"{winner} is better than {loser}."
    assert not row["is_superseded"]
    assert client_of(bob).get(path).status_code == 403
    assert client_of(carol).get(path, {"labeler": str(uuid.uuid4())}).json()["count"] == 0


def test_my_history_speaks_in_the_order_shown(project, bob, carol, client_of):
    make_round(project, n=1, responses=3)
    lease = lease_one(project, bob)
    submit(lease, ranked([3, 1, 2]))

    mine = client_of(bob).get("/api/me/labels/").json()

    assert mine["count"] == 1
    assert mine["results"][0]["answer"]["ranking"] == [3, 1, 2]
    assert mine["results"][0]["said"]["text"] == "B > C > A"
    assert mine["results"][0]["assignment"] == str(lease.id)
    assert "responses" not in mine["results"][0]
    assert client_of(carol).get("/api/me/labels/").json()["count"] == 0
