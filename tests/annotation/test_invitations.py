import threading
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.db import connection
from django.utils import timezone
from rest_framework.test import APIClient

from annotation import events
from annotation.errors import Conflict, Forbidden, NotFound
from annotation.models import Event, Invitation, Membership, Team, User
from annotation.services.invitations import (
    accept_invitation,
    find_invitation,
    invite,
    revoke_invitation,
    token_of,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def invitation(team, alice):
    return invite(team, role="labeler", by=alice)


def test_the_link_makes_its_user_a_member(invitation, team, carol, monkeypatch):
    told = []
    monkeypatch.setattr(events, "tell", lambda *message: told.append(message))

    membership = accept_invitation(find_invitation(token_of(invitation)), by=carol)

    assert (membership.team, membership.user, membership.role) == (team, carol, "labeler")
    invitation.refresh_from_db()
    assert (invitation.state(), invitation.accepted_by) == ("accepted", carol)
    assert Event.objects.filter(action="invitation.accepted", actor=carol).exists()
    assert told == [(f"team:{team.pk}", "invitation.accepted", invitation.pk)]


def test_the_link_works_once(invitation, carol, db):
    accept_invitation(invitation, by=carol)
    dave = User.objects.create_user("dave@example.com")

    with pytest.raises(Conflict, match="has been used already"):
        accept_invitation(invitation, by=dave)

    assert not Membership.objects.filter(user=dave).exists()


@pytest.mark.django_db(transaction=True)
def test_of_many_who_follow_the_link_at_once_one_gets_in(invitation, team):
    people = [User.objects.create_user(f"{n}@example.com") for n in range(6)]
    start = threading.Barrier(len(people))
    refused = []

    def follow(user):
        start.wait()
        try:
            accept_invitation(find_invitation(token_of(invitation)), by=user)
        except Conflict as error:
            refused.append(error.message)
        finally:
            connection.close()

    threads = [threading.Thread(target=follow, args=[user]) for user in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert Membership.objects.filter(user__in=people).count() == 1
    assert len(refused) == 5


def test_a_member_does_not_use_up_the_link(invitation, bob, carol):
    with pytest.raises(Conflict, match="in this team already"):
        accept_invitation(invitation, by=bob)

    accept_invitation(invitation, by=carol)
    assert Membership.objects.get(user=bob).role == "labeler"


def test_a_suspended_member_does_not_come_back_by_a_link(invitation, bob):
    Membership.objects.filter(user=bob).update(status="suspended")

    with pytest.raises(Conflict, match="in this team already"):
        accept_invitation(invitation, by=bob)

    assert Membership.objects.get(user=bob).status == "suspended"


def test_an_expired_link_is_refused(invitation, carol):
    Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))

    with pytest.raises(Conflict, match="has expired"):
        accept_invitation(find_invitation(token_of(invitation)), by=carol)

    assert not Membership.objects.filter(user=carol, team=invitation.team).exists()


def test_a_revoked_link_is_refused(invitation, alice, carol):
    revoke_invitation(invitation, by=alice)

    with pytest.raises(Conflict, match="was withdrawn"):
        accept_invitation(invitation, by=carol)


def test_a_used_link_cannot_be_revoked(invitation, alice, carol):
    accept_invitation(invitation, by=carol)

    with pytest.raises(Conflict, match="used already"):
        revoke_invitation(invitation, by=alice)

    invitation.refresh_from_db()
    assert invitation.revoked_at is None


def test_a_forged_link_is_not_found(invitation):
    token = token_of(invitation)

    for forged in (str(invitation.pk), token[:-1] + "x", "", "nonsense"):
        with pytest.raises(NotFound):
            find_invitation(forged)


def test_a_link_for_one_address_is_refused_to_another(team, alice, carol):
    invitation = invite(team, role="labeler", by=alice, email="Dave@example.com")

    with pytest.raises(Forbidden, match="another e-mail address"):
        accept_invitation(invitation, by=carol)

    dave = User.objects.create_user("dave@example.com")
    assert accept_invitation(invitation, by=dave).team == team


def test_a_manager_invites_but_makes_no_owner(team, bob):
    Membership.objects.filter(user=bob).update(role="manager")

    with pytest.raises(Forbidden, match="Only an owner can invite an owner"):
        invite(team, role="owner", by=bob)

    assert invite(team, role="manager", by=bob).role == "manager"


def test_an_account_and_its_membership_are_made_together(invitation, team):
    client = APIClient()
    body = {
        "email": "Dave@Example.com",
        "password": "a long enough phrase",
        "name": "Dave",
        "invitation": token_of(invitation),
    }

    answer = client.post("/api/account/", body, format="json")

    assert answer.status_code == 201
    assert answer.json()["memberships"][0]["team"]["name"] == "Sharpeners"
    dave = User.objects.get(email="dave@example.com")
    assert EmailAddress.objects.get(user=dave).email == "dave@example.com"
    assert client.get("/api/teams/").json()["count"] == 1

    again = APIClient().post("/api/account/", {**body, "email": "x@example.com"}, format="json")

    assert again.status_code == 409
    assert not User.objects.filter(email="x@example.com").exists()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"password": "short"}, "password"),
        ({"password": "password"}, "password"),
        ({"email": "bob@example.com"}, "email"),
        ({"email": "no address"}, "email"),
        ({"name": ""}, "name"),
    ],
)
def test_an_account_that_cannot_be_made_leaves_the_link_open(invitation, bob, change, field):
    body = {
        "email": "dave@example.com",
        "password": "a long enough phrase",
        "name": "Dave",
        "invitation": token_of(invitation),
        **change,
    }

    answer = APIClient().post("/api/account/", body, format="json")

    assert answer.status_code == 400
    assert field in answer.json()["fields"]
    invitation.refresh_from_db()
    assert invitation.state() == "open"


def test_without_an_invitation_there_is_no_account_unless_the_site_is_open(db, settings):
    body = {"email": "d@example.com", "password": "a long enough phrase", "name": "Dave"}

    assert APIClient().post("/api/account/", body, format="json").status_code == 403
    settings.SIGNUP_OPEN = True
    assert APIClient().post("/api/account/", body, format="json").status_code == 201


def test_a_stranger_sees_what_the_link_offers(invitation):
    answer = APIClient().get(f"/api/invitations/by-token/{token_of(invitation)}/")

    assert answer.json()["team"] == {"name": "Sharpeners"}
    assert (answer.json()["role"], answer.json()["state"]) == ("labeler", "open")


def test_the_link_is_shown_once(team, alice, client_of):
    client = client_of(alice)

    made = client.post(f"/api/teams/{team.pk}/invitations/", {"role": "viewer"}, format="json")

    token = made.json()["url"].removeprefix("http://testserver/invite/")
    assert find_invitation(token).role == "viewer"
    (listed,) = client.get(f"/api/teams/{team.pk}/invitations/").json()["results"]
    assert "url" not in listed
    assert listed["state"] == "open"


def test_a_link_is_not_good_for_another_team(invitation, other_team, carol):
    accept_invitation(invitation, by=carol)

    assert set(Team.objects.for_user(carol)) == {other_team, invitation.team}
