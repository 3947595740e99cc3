import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from annotation.errors import AlreadyLabeled, Conflict, InvalidInput, InvalidRanking, NothingToUndo
from annotation.models import Assignment, Label, Membership, Project, Round
from annotation.services.assignments import expire_leases, hold_assignments
from annotation.services.labels import Answer, amend_last, canonical, shown, submit_label
from tests.annotation.labeling import assignment_of, make_labelers, make_round, post, url

pytestmark = pytest.mark.django_db


def lease_one(project, labeler):
    return hold_assignments(project, labeler=labeler, hold=1).leases[0]


def submit(lease, answer, by, submission_id=None, hold=0):
    return submit_label(
        assignment_of(lease),
        answer,
        by=by,
        submission_id=submission_id or uuid.uuid4(),
        hold=hold,
    )


def test_ranks_in_the_order_shown_are_stored_in_the_order_of_the_task():
    # Shown: A is response 2, B is response 0, C is response 1. A won, then B, then C.
    assert canonical([1, 2, 3], [2, 0, 1]) == [2, 3, 1]
    assert shown([2, 3, 1], [2, 0, 1]) == [1, 2, 3]
    assert canonical([1, None, 1], [1, 2, 0]) == [1, 1, None]
    assert canonical(None, [1, 0]) is None


def test_a_submitted_answer_is_stored_as_said(project, bob, client_of):
    make_round(project, n=3, responses=3)
    lease = lease_one(project, bob)
    # The labeler puts the responses in the order of their texts: response 0 is best.
    ranking = [int(text[-1]) + 1 for text in lease.texts]

    response = post(
        client_of(bob),
        url(lease, "label"),
        submission_id=str(uuid.uuid4()),
        ranking=ranking,
        flags=["unsure"],
        comment="close call",
        rewrite="better",
        active_seconds=12.5,
        guideline_version=3,
        hold=2,
    )

    assert response.status_code == 201
    body = response.json()
    label = Label.objects.get()
    assert body["label"]["id"] == str(label.pk)
    assert body["label"]["assignment"] == str(lease.id)
    assert body["label"]["ranking"] == ranking
    assert len(body["assignments"]) == 2
    assert body["done_today"] == 1
    assert label.ranking == [1, 2, 3]
    assert (label.flags, label.comment, label.rewrite) == (["unsure"], "close call", "better")
    assert (label.active_seconds, label.guideline_version) == (12.5, 3)
    assert (label.labeler, label.round.project) == (bob, project)
    assert abs(label.created_at - timezone.now()) < timedelta(minutes=1)
    assert Assignment.objects.get(pk=lease.id).state == "submitted"


def test_the_same_submission_again_is_answered_with_the_same_label(project, bob, client_of):
    make_round(project, n=3)
    lease = lease_one(project, bob)
    sent = {"submission_id": str(uuid.uuid4()), "ranking": [1, 2], "hold": 1}
    client = client_of(bob)

    first = post(client, url(lease, "label"), **sent)
    again = post(client, url(lease, "label"), **sent)

    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()
    assert Label.objects.count() == 1


def test_another_answer_to_the_same_task_is_refused(project, bob, client_of):
    make_round(project, n=3)
    lease = lease_one(project, bob)
    submit(lease, Answer([1, 2]), bob)

    response = post(
        client_of(bob), url(lease, "label"), submission_id=str(uuid.uuid4()), ranking=[2, 1]
    )

    assert (response.status_code, response.json()["code"]) == (409, "already_labeled")
    assert Label.objects.count() == 1


def test_a_submission_id_belongs_to_one_task(project, bob):
    make_round(project, n=3)
    first, second = hold_assignments(project, labeler=bob, hold=2).leases
    same = uuid.uuid4()
    submit(first, Answer([1, 2]), bob, same)

    with pytest.raises(Conflict, match="another task"):
        submit(second, Answer([1, 2]), bob, same)

    assert Label.objects.count() == 1
    assert Assignment.objects.get(pk=second.id).state == "leased"


def test_an_answer_after_the_lease_is_taken_if_the_place_is_free(project, bob):
    make_round(project, n=1)
    lease = lease_one(project, bob)
    expire_leases(now=timezone.now() + timedelta(days=1))
    assert Assignment.objects.get().state == "expired"

    submitted = submit(lease, Answer([1, 2]), bob)

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

    response = post(
        client_of(bob), url(lease, "label"), submission_id=str(uuid.uuid4()), ranking=[1, 2]
    )

    assert (response.status_code, response.json()["code"]) == (409, "lease_expired")
    assert not Label.objects.exists()
    assert Assignment.objects.get(labeler=bob).state == "expired"


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

    response = post(
        client_of(bob), url(lease, "label"), submission_id=str(uuid.uuid4()), ranking=ranking
    )

    assert (response.status_code, response.json()["code"]) == (400, "invalid_ranking")
    assert sentence in response.json()["message"]
    assert not Label.objects.exists()
    assert Assignment.objects.get().state == "leased"


@pytest.mark.parametrize(
    "ranking", [[1, 1, 2, 2], [1, 2, 3, None], [1, None, None, None], [4, 3, 2, 1], [1, 1, 1, 1]]
)
def test_a_ranking_takes_ties_and_responses_that_cannot_be_ranked(project, bob, ranking):
    make_round(project, n=1, responses=4)

    label = submit(lease_one(project, bob), Answer(ranking), bob).label

    assert shown(label.ranking, Assignment.objects.get().order) == ranking


@pytest.mark.parametrize("ranking", [[None] * 4, [1, 2, 2, 4], [0, 1, 2, 3]])
def test_a_ranking_without_a_rank_or_with_a_gap_is_refused(project, bob, ranking):
    make_round(project, n=1, responses=4)

    with pytest.raises(InvalidRanking):
        submit(lease_one(project, bob), Answer(ranking), bob)

    assert not Label.objects.exists()


def test_a_tie_is_refused_where_the_project_allows_none(project, bob):
    Project.objects.update(allow_ties=False)
    make_round(project, n=1)

    with pytest.raises(InvalidRanking, match="does not allow ties"):
        submit(lease_one(project, bob), Answer([1, 1]), bob)


def test_all_bad_needs_no_ranking(project, bob):
    make_round(project, n=1)

    label = submit(lease_one(project, bob), Answer(None, all_bad=True), bob).label

    assert (label.ranking, label.all_bad) == (None, True)


@pytest.mark.parametrize(
    ("responses", "answer"),
    [
        (2, Answer([1, 1], strength=2)),
        (2, Answer([1, 2], strength=4)),
        (2, Answer(None, all_bad=True, strength=1)),
        (3, Answer([1, 2, 3], strength=1)),
    ],
)
def test_a_strength_belongs_to_a_comparison_that_was_won(project, bob, responses, answer):
    make_round(project, n=1, responses=responses)

    with pytest.raises(InvalidRanking, match="strength"):
        submit(lease_one(project, bob), answer, bob)


def test_seconds_that_are_no_number_are_refused(project, bob):
    make_round(project, n=1)
    lease = lease_one(project, bob)

    for seconds in (float("nan"), -1.0):
        with pytest.raises(InvalidInput, match="active_seconds"):
            submit(lease, Answer([1, 2], active_seconds=seconds), bob)


def test_undo_brings_the_last_task_back_as_it_was_said(project, bob, client_of):
    make_round(project, n=3)
    lease = lease_one(project, bob)
    submit(lease, Answer([2, 1], strength=3, comment="sure"), bob)

    response = post(client_of(bob), f"/api/projects/{project.pk}/undo/")

    assert response.status_code == 200
    assignment = response.json()["assignment"]
    assert assignment["id"] == str(lease.id)
    assert assignment["amends"] is True
    assert [shown["text"] for shown in assignment["responses"]] == lease.texts
    assert assignment["draft"]["ranking"] == [2, 1]
    assert (assignment["draft"]["strength"], assignment["draft"]["comment"]) == (3, "sure")


def test_the_amended_answer_supersedes_and_is_one_label_of_the_task(project, bob):
    round_ = make_round(project, n=3)
    lease = lease_one(project, bob)
    first = submit(lease, Answer([2, 1]), bob).label
    amend_last(project, by=bob)

    second = submit(lease, Answer([1, 2]), bob).label

    assert second.supersedes == first
    assert list(Label.objects.current()) == [second]
    assert Label.objects.count() == 2
    assert bob.seats.get().labels_today == 1
    assert not Assignment.objects.get(pk=lease.id).amends
    with pytest.raises(AlreadyLabeled):
        submit(lease, Answer([2, 1]), bob)
    assert round_.labels.current().count() == 1


def test_a_label_stands_until_its_amendment_and_skipping_leaves_it(project, bob, client_of):
    make_round(project, n=3)
    lease = lease_one(project, bob)
    first = submit(lease, Answer([2, 1]), bob).label
    amend_last(project, by=bob)
    assert list(Label.objects.current()) == [first]

    response = post(client_of(bob), url(lease, "skip"), reason="", hold=1)

    assert response.status_code == 200
    assert list(Label.objects.current()) == [first]
    assert Assignment.objects.get(pk=lease.id).state == "submitted"


def test_there_is_nothing_to_undo_before_the_first_label_or_after_the_round(project, bob):
    round_ = make_round(project, n=2)
    lease = lease_one(project, bob)
    with pytest.raises(NothingToUndo, match="not labeled anything"):
        amend_last(project, by=bob)
    submit(lease, Answer([1, 2]), bob)
    Round.objects.filter(pk=round_.pk).update(is_labeling=False)

    with pytest.raises(NothingToUndo, match="moved on"):
        amend_last(project, by=bob)

    assert not Assignment.objects.get(pk=lease.id).amends


def test_an_amendment_is_refused_once_the_round_has_moved_on(project, bob, client_of):
    round_ = make_round(project, n=2)
    lease = lease_one(project, bob)
    submit(lease, Answer([1, 2]), bob)
    amend_last(project, by=bob)
    Round.objects.filter(pk=round_.pk).update(is_labeling=False)

    response = post(
        client_of(bob), url(lease, "label"), submission_id=str(uuid.uuid4()), ranking=[2, 1]
    )

    assert (response.status_code, response.json()["code"]) == (409, "lease_expired")
    assert Label.objects.count() == 1


def test_a_reviewer_reads_labels_with_their_responses_and_a_labeler_does_not(
    project, team, bob, carol, client_of
):
    make_round(project, n=1)
    label = submit(lease_one(project, bob), Answer([1, 2]), bob).label
    Membership.objects.create(team=team, user=carol, role="reviewer")
    path = f"/api/projects/{project.pk}/labels/"

    body = client_of(carol).get(path, {"labeler": str(bob.pk)}).json()

    assert body["count"] == 1
    row = body["results"][0]
    entries = label.task.entries.values_list("response", flat=True)
    assert row["responses"] == [str(pk) for pk in entries]
    assert row["ranking"] == label.ranking
    assert (row["labeler"]["name"], row["is_superseded"]) == ("Bob", False)
    assert client_of(bob).get(path).status_code == 403
    assert client_of(carol).get(path, {"labeler": str(carol.pk)}).json()["count"] == 0


def test_my_history_speaks_in_the_order_shown(project, bob, carol, client_of):
    make_round(project, n=1, responses=3)
    lease = lease_one(project, bob)
    submit(lease, Answer([3, 1, 2]), bob)

    mine = client_of(bob).get("/api/me/labels/").json()

    assert mine["count"] == 1
    assert mine["results"][0]["ranking"] == [3, 1, 2]
    assert mine["results"][0]["assignment"] == str(lease.id)
    assert "responses" not in mine["results"][0]
    assert client_of(carol).get("/api/me/labels/").json()["count"] == 0
