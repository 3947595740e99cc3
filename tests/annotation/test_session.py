import pytest
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.core.cache import cache
from rest_framework.test import APIClient

from annotation.models import ApiToken, Membership, User
from annotation.services.accounts import make_token

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def no_attempts_yet():
    cache.clear()


def sign_in(client, email="alice@example.com", password=PASSWORD):
    return client.post("/api/session/", {"email": email, "password": password}, format="json")


def test_nobody_is_told_so_and_gets_a_csrf_token():
    answer = APIClient().get("/api/session/")

    assert answer.status_code == 200
    assert answer.json()["user"] is None
    assert answer.json()["memberships"] == []
    assert answer.json()["csrf_token"]
    assert "csrftoken" in answer.cookies


def test_signs_in_with_email_and_password(alice, team):
    client = APIClient()

    answer = sign_in(client, email="Alice@Example.com")

    assert answer.status_code == 200
    assert answer.json()["user"]["email"] == "alice@example.com"
    (membership,) = answer.json()["memberships"]
    assert (membership["team"]["name"], membership["role"]) == ("Sharpeners", "owner")
    assert "team.edit" in membership["permissions"]
    assert client.get("/api/teams/").status_code == 200


def test_denies_a_wrong_password_without_saying_which_part_is_wrong(alice):
    client = APIClient()

    wrong = sign_in(client, password="wrong")
    unknown = sign_in(client, email="nobody@example.com")

    assert wrong.status_code == unknown.status_code == 400
    assert wrong.json() == unknown.json()
    assert wrong.json()["code"] == "sign_in_failed"
    assert client.get("/api/teams/").status_code == 401


def test_slows_down_whoever_guesses_passwords(alice):
    answers = [sign_in(APIClient(), password=f"guess {n}").status_code for n in range(6)]

    assert answers == [400] * 5 + [429]
    blocked = sign_in(APIClient())
    assert blocked.status_code == 429
    assert blocked.json()["code"] == "too_many_attempts"


def test_an_account_that_was_closed_cannot_sign_in(alice):
    User.objects.update(is_active=False)

    assert sign_in(APIClient()).status_code == 400


def test_a_password_alone_does_not_pass_a_second_factor(alice):
    TOTP.activate(alice, generate_totp_secret())
    RecoveryCodes.activate(alice)
    client = APIClient()

    answer = sign_in(client)

    assert answer.status_code == 401
    assert answer.json()["code"] == "second_factor_needed"
    assert client.get("/api/teams/").status_code == 401
    code = RecoveryCodes(alice.authenticator_set.get(type="recovery_codes")).get_unused_codes()[0]
    client.post("/api/auth/browser/v1/auth/2fa/authenticate", {"code": code}, format="json")
    assert client.get("/api/session/").json()["user"]["email"] == "alice@example.com"


def test_signs_out(alice):
    client = APIClient()
    sign_in(client)

    assert client.delete("/api/session/").status_code == 204
    assert client.get("/api/session/").json()["user"] is None
    assert client.get("/api/teams/").status_code == 401


def test_a_write_in_a_session_needs_the_csrf_token(alice, team):
    client = APIClient(enforce_csrf_checks=True)
    token = sign_in(client).json()["csrf_token"]

    denied = client.post("/api/teams/", {"name": "Mine"}, format="json")
    allowed = client.post("/api/teams/", {"name": "Mine"}, format="json", HTTP_X_CSRFTOKEN=token)

    assert (denied.status_code, allowed.status_code) == (403, 201)


def test_a_suspended_member_loses_access_at_once(bob, team, project, client_of):
    client = client_of(bob)
    assert client.get(f"/api/projects/{project.pk}/").status_code == 200

    Membership.objects.filter(user=bob).update(status="suspended")

    assert client.get(f"/api/projects/{project.pk}/").status_code == 404
    assert client.get("/api/projects/").json()["count"] == 0
    assert client.get("/api/session/").json()["memberships"] == []


def test_seeing_somebody_is_written_once_in_a_while(alice, client_of):
    client = client_of(alice)
    client.get("/api/teams/")
    first = User.objects.get(pk=alice.pk).last_seen_at
    assert first is not None

    client.get("/api/teams/")

    assert User.objects.get(pk=alice.pk).last_seen_at == first


def test_a_token_speaks_for_its_owner_until_it_is_revoked(alice, team):
    token, key = make_token(alice, name="script")
    client = APIClient(HTTP_AUTHORIZATION=f"Bearer {key}")

    assert client.get("/api/teams/").json()["count"] == 1
    token.refresh_from_db()
    assert token.last_used_at is not None
    assert key not in str(ApiToken.objects.values().get())

    assert client.delete(f"/api/tokens/{token.pk}/").status_code == 204
    assert client.get("/api/teams/").status_code == 401


def test_a_token_is_shown_once(alice, client_of):
    client = client_of(alice)

    made = client.post("/api/tokens/", {"name": "script"}, format="json")

    assert made.status_code == 201
    key = made.json()["token"]
    assert APIClient(HTTP_AUTHORIZATION=f"Bearer {key}").get("/api/teams/").status_code == 200
    (listed,) = client.get("/api/tokens/").json()["results"]
    assert "token" not in listed
    assert key.startswith(listed["prefix"])


def test_a_token_makes_no_tokens(alice):
    _, key = make_token(alice, name="script")

    answer = APIClient(HTTP_AUTHORIZATION=f"Bearer {key}").post(
        "/api/tokens/", {"name": "another"}, format="json"
    )

    assert answer.status_code == 403
    assert ApiToken.objects.count() == 1


def test_a_token_cannot_end_before_it_begins(alice, client_of):
    answer = client_of(alice).post(
        "/api/tokens/", {"name": "old", "expires_at": "2001-01-01T00:00:00Z"}, format="json"
    )

    assert answer.status_code == 400
    assert "expires_at" in answer.json()["fields"]
    assert not ApiToken.objects.exists()


def test_changes_name_and_language(alice, client_of):
    answer = client_of(alice).patch(
        "/api/account/", {"name": "Alice A.", "language": "zh-hans"}, format="json"
    )

    assert (answer.json()["name"], answer.json()["language"]) == ("Alice A.", "zh-hans")
    alice.refresh_from_db()
    assert (alice.name, alice.language) == ("Alice A.", "zh-hans")


def test_a_refusal_says_its_sentence_by_code(client):
    nobody = client.get("/api/me/labels/")
    stale = client.get("/api/me/labels/", headers={"Authorization": "Bearer wht_none"})

    assert nobody.status_code == stale.status_code == 401
    assert nobody.json() == {
        "code": "not_authenticated",
        "message": "Sign in first.",
        "fields": {},
        "sentence": {"code": "sign_in_first", "params": {}, "text": "Sign in first."},
        "field_sentences": {},
    }
    assert stale.json()["sentence"]["code"] == "token_not_valid"
