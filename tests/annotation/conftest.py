"""The cast: alice owns the team, bob labels in it, carol owns another one."""

import pytest
from rest_framework.test import APIClient

from annotation.models import Membership, Project, Role, Team, User


@pytest.fixture(autouse=True)
def quick_passwords(settings):
    """A password that is slow to try is slow to make, too, for every user of every test."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def alice(db):
    return User.objects.create_user("alice@example.com", "correct horse battery", name="Alice")


@pytest.fixture
def bob(db):
    return User.objects.create_user("bob@example.com", "correct horse battery", name="Bob")


@pytest.fixture
def carol(db):
    return User.objects.create_user("carol@example.com", "correct horse battery", name="Carol")


@pytest.fixture
def team(alice, bob):
    team = Team.objects.create(name="Sharpeners")
    Membership.objects.create(team=team, user=alice, role=Role.OWNER)
    Membership.objects.create(team=team, user=bob, role=Role.LABELER)
    return team


@pytest.fixture
def other_team(carol):
    team = Team.objects.create(name="Others")
    Membership.objects.create(team=team, user=carol, role=Role.OWNER)
    return team


@pytest.fixture
def project(team):
    return Project.objects.create(team=team, name="Demo")


@pytest.fixture
def client_of():
    """A client signed in as the given user."""

    def make(user):
        client = APIClient()
        client.force_login(user)
        return client

    return make
