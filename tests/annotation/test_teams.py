import json
import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from annotation.errors import Conflict, Forbidden
from annotation.models import Event, Label, Membership, Team, User
from annotation.services.agreement import (
    agreement_of_labelers,
    agreement_of_members,
    agreement_of_project,
)
from annotation.services.comparisons import import_comparisons
from annotation.services.teams import change_member, create_team, label_counts

pytestmark = pytest.mark.django_db


def membership_of(user, team):
    return Membership.objects.get(user=user, team=team)


def test_who_makes_a_team_owns_it(carol, client_of):
    client = client_of(carol)

    made = client.post("/api/teams/", {"name": "Fresh"}, format="json").json()

    assert (made["role"], made["members_count"]) == ("owner", 1)
    team = Team.objects.get(pk=made["id"])
    assert membership_of(carol, team).role == "owner"
    assert Event.objects.get(team=team).action == "team.created"


def test_suspended_members_are_not_counted(team, alice, bob, client_of):
    Membership.objects.filter(user=bob).update(status="suspended")

    answer = client_of(alice).get(f"/api/teams/{team.pk}/").json()

    assert answer["members_count"] == 1


def test_a_change_of_role_is_told_and_kept(team, alice, bob, client_of):
    bobs = membership_of(bob, team)

    answer = client_of(alice).patch(f"/api/members/{bobs.pk}/", {"role": "reviewer"}, format="json")

    assert answer.json()["role"] == "reviewer"
    bobs.refresh_from_db()
    assert bobs.role == "reviewer"
    event = Event.objects.get(action="member.changed")
    assert event.detail["was"] == {"role": "labeler", "status": "active"}
    assert event.detail["now"] == {"role": "reviewer", "status": "active"}


@pytest.mark.parametrize("change", [{"role": "manager"}, {"status": "suspended"}])
def test_the_last_owner_stays(team, alice, change):
    with pytest.raises(Conflict, match="last owner"):
        change_member(membership_of(alice, team), by=alice, **change)

    assert membership_of(alice, team).role == "owner"
    assert membership_of(alice, team).status == "active"
    assert not Event.objects.exists()


def test_a_suspended_owner_does_not_count_as_one_who_stays(team, alice, bob):
    Membership.objects.filter(user=bob).update(role="owner", status="suspended")

    with pytest.raises(Conflict, match="last owner"):
        change_member(membership_of(alice, team), by=alice, role="manager")


@pytest.mark.django_db(transaction=True)
def test_of_two_owners_who_leave_at_once_one_stays(team, alice, bob):
    Membership.objects.filter(user=bob).update(role="owner")
    start = threading.Barrier(2)
    refused = []

    def leave(user):
        start.wait()
        try:
            change_member(membership_of(user, team), by=user, role="viewer")
        except Conflict as error:
            refused.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=leave, args=[user]) for user in (alice, bob)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert Membership.objects.filter(team=team, role="owner").count() == 1
    assert len(refused) == 1


@pytest.mark.parametrize("change", [{"role": "labeler"}, {"status": "suspended"}])
def test_a_manager_does_not_touch_owners(team, alice, bob, change):
    Membership.objects.filter(user=bob).update(role="manager")

    with pytest.raises(Forbidden, match="Only an owner"):
        change_member(membership_of(alice, team), by=bob, **change)
    with pytest.raises(Forbidden, match="Only an owner"):
        change_member(membership_of(bob, team), by=bob, role="owner")

    assert membership_of(alice, team).role == "owner"
    assert membership_of(bob, team).role == "manager"


def test_email_addresses_are_for_those_who_manage(team, alice, bob, client_of):
    Membership.objects.filter(user=bob).update(role="reviewer")

    of_owner = client_of(alice).get(f"/api/teams/{team.pk}/members/").json()["results"]
    of_reviewer = client_of(bob).get(f"/api/teams/{team.pk}/members/").json()["results"]

    assert {row["user"]["email"] for row in of_owner} == {"alice@example.com", "bob@example.com"}
    assert not any("email" in row["user"] for row in of_reviewer)


def pandalm(n, votes):
    return json.dumps(
        {
            "cmp_key": "a_b",
            "instruction": f"Question {n}",
            "input": "",
            "response1": "x",
            "response2": "y",
            **{f"annotator{i}": vote for i, vote in enumerate(votes, start=1)},
        }
    ).encode()


def load(project, lines):
    steps = [{"name": "preferences", "kind": "aggregate", "reads": {"labels": "imported"}}]
    recipe = {"steps": steps}
    return import_comparisons(project, lines, recipe=recipe)


def test_labels_are_counted_per_person_and_week(project, alice, client_of):
    load(project, [pandalm(n, [1, 2]) for n in range(3)])
    old = Label.objects.filter(labeler__name="PandaLM annotator 1").first()
    Label.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(days=8))
    amended = Label.objects.filter(labeler__name="PandaLM annotator 2").first()
    Label.objects.create(
        task=amended.task,
        labeler=amended.labeler,
        round=amended.round,
        project=project,
        submission_id=amended.pk,
        ranking=[1, 1],
        supersedes=amended,
    )

    rows = client_of(alice).get(f"/api/teams/{project.team_id}/members/").json()["results"]

    counts = {row["user"]["name"]: (row["labels_total"], row["labels_week"]) for row in rows}
    assert counts["PandaLM annotator 1"] == (3, 2)
    assert counts["PandaLM annotator 2"] == (3, 3)
    assert counts["Alice"] == (0, 0)


def test_counting_labels_takes_one_query(project, django_assert_num_queries):
    load(project, [pandalm(0, [1, 2])])
    people = list(User.objects.values_list("pk", flat=True))

    with django_assert_num_queries(1):
        counts = label_counts(project.team, people)

    assert sum(count["total"] for count in counts.values()) == 2


def test_agreement_is_the_share_of_pairs_ordered_alike():
    # Ten tasks with three responses each, thus three pairs; two labelers, who on every task agree
    # on two pairs and differ on one.
    labels = [
        said for task in range(10) for said in ((task, "ann", [1, 2, 3]), (task, "ben", [2, 1, 3]))
    ]

    found = agreement_of_labelers(labels)

    assert found["ann"].value == found["ben"].value == pytest.approx(2 / 3)
    assert found["ann"].n == 10
    assert 0 < found["ann"].low < 2 / 3 < found["ann"].high < 1


def test_a_tie_agrees_with_a_tie_only_and_unranked_pairs_do_not_count():
    labels = [
        said
        for task in range(10)
        for said in (
            (task, "ann", [1, 1, None]),
            (task, "ben", [1, 1, 2]),
            (task, "cleo", [1, 2, 3]),
            (task, "dan", None),
        )
    ]

    found = agreement_of_labelers(labels)

    # ann: one comparable pair; agrees with ben and dan, not with cleo.
    assert found["ann"].value == pytest.approx(2 / 3)
    # cleo: differs from ann (1 pair); from ben on the first pair, agrees on two; differs from
    # dan, for whom all are equally bad, on all three.
    assert found["cleo"].value == pytest.approx(2 / 7)


def test_agreement_on_few_tasks_is_not_told():
    labels = [said for task in range(9) for said in ((task, "ann", [1, 2]), (task, "ben", [1, 2]))]

    assert agreement_of_labelers(labels) == {}


def test_agreement_reads_the_team_s_labels(project):
    load(project, [pandalm(n, [1, 1, 2]) for n in range(12)])
    names = dict(User.objects.values_list("pk", "name"))

    found = {names[id_]: estimate for id_, estimate in agreement_of_members(project.team).items()}

    assert found["PandaLM annotator 1"].value == pytest.approx(1 / 2)
    assert found["PandaLM annotator 3"].value == 0
    assert found["PandaLM annotator 3"].n == 12
    whole = agreement_of_project(project)
    assert (whole.value, whole.n) == (pytest.approx(1 / 3), 12)


def test_another_team_s_labels_are_not_read(project, other_team):
    load(project, [pandalm(n, [1, 1]) for n in range(12)])

    assert agreement_of_members(other_team) == {}


def test_a_team_made_in_a_service_has_one_owner(carol):
    team = create_team(name="Fresh", by=carol)

    assert list(team.memberships.values_list("user", "role")) == [(carol.pk, "owner")]
