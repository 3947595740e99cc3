"""Who says something: a person, a model or an import; roles are another matter."""

import threading
import uuid

import pytest
from django.db import IntegrityError, connection, transaction

from annotation.models import Assignment, Checkpoint, Label, Labeler, Membership, User
from annotation.services import assignments, labelers
from annotation.services.agreement import agreement_of_team
from annotation.services.labels import submit_label
from tests.annotation.labeling import assignment_of, hold_assignments, make_round, post, ranked

pytestmark = pytest.mark.django_db


def test_a_person_is_one_labeler_per_team(team, other_team, bob, carol):
    here = labelers.of(bob, team)

    assert labelers.of(bob, team) == here
    assert (here.kind, here.shown_name) == ("person", "Bob")
    assert labelers.of(bob, other_team) != here
    assert labelers.of(carol, team) != here


@pytest.mark.django_db(transaction=True)
def test_a_person_who_asks_for_work_in_two_tabs_at_once_is_one_labeler(project, bob):
    make_round(project, n=5)
    start = threading.Barrier(4)
    found = []

    def ask():
        start.wait()
        try:
            found.append(labelers.of(bob, project.team_id).pk)
        finally:
            connection.close()

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert found == [Labeler.objects.get().pk] * 4


def test_only_who_asks_for_work_becomes_a_labeler(project, alice, bob, client_of):
    make_round(project, n=1)
    client_of(alice).get("/api/queues/")
    assert not Labeler.objects.exists()

    post(client_of(bob), f"/api/projects/{project.pk}/assignments/", hold=1)

    assert Labeler.objects.get().user == bob
    members = client_of(alice).get(f"/api/teams/{project.team_id}/members/").json()["results"]
    assert {row["user"]["name"]: row["labeler"] for row in members} == {
        "Alice": None,
        "Bob": str(Labeler.objects.get().pk),
    }


def test_a_person_who_has_left_still_said_what_they_said(project, alice, bob, client_of):
    make_round(project, n=1)
    (lease,) = hold_assignments(project, labeler=bob, hold=1).leases
    submit_label(assignment_of(lease), ranked([1, 2]), submission_id=uuid.uuid4())

    Membership.objects.filter(user=bob).delete()

    (label,) = client_of(alice).get(f"/api/projects/{project.pk}/labels/").json()["results"]
    assert (label["labeler"]["name"], label["labeler"]["kind"]) == ("Bob", "person")


def test_a_model_labels_without_an_account_and_counts_in_agreement(
    project, team, alice, bob, client_of, monkeypatch
):
    monkeypatch.setattr("annotation.services.agreement.LEAST_TASKS", 3)
    make_round(project, n=3, labels_wanted=2)
    judge = Checkpoint.objects.create(project=project, name="judge", kind="external")
    model = Labeler.objects.create(team=team, kind="model", name="judge 7B", checkpoint=judge)
    people = User.objects.count()

    for labeler in (model, labelers.of(bob, team)):
        for lease in assignments.hold_assignments(project, labeler=labeler, hold=3).leases:
            ranks = [index + 1 for index in assignment_of(lease).order]
            submit_label(assignment_of(lease), ranked(ranks), submission_id=uuid.uuid4())

    assert Label.objects.filter(labeler=model).count() == 3
    assert agreement_of_team(team)[model.pk].value == 1
    labels = (
        client_of(alice)
        .get(f"/api/projects/{project.pk}/labels/", {"labeler": str(model.pk)})
        .json()
    )
    assert labels["count"] == 3
    assert labels["results"][0]["labeler"] == {
        "id": str(model.pk), "name": "judge 7B", "kind": "model",
    }  # fmt: skip
    members = client_of(alice).get(f"/api/teams/{team.pk}/members/").json()
    assert (members["count"], User.objects.count()) == (2, people)


def test_nobody_reaches_a_lease_that_a_model_holds(project, team, alice, client_of):
    make_round(project, n=1)
    judge = Checkpoint.objects.create(project=project, name="judge", kind="external")
    model = Labeler.objects.create(team=team, kind="model", name="judge", checkpoint=judge)
    (lease,) = assignments.hold_assignments(project, labeler=model, hold=1).leases

    assert post(client_of(alice), f"/api/assignments/{lease.id}/skip/").status_code == 404

    assert Assignment.objects.get().state == "leased"


@pytest.mark.parametrize("kind", ["person", "model"])
def test_a_labeler_is_somebody(team, kind):
    with pytest.raises(IntegrityError), transaction.atomic():
        Labeler.objects.create(team=team, kind=kind, name="nobody")

    assert not Labeler.objects.exists()
