"""Every URL x role -> status, in one table.

A URL or a method that is not in the table fails the first test, so nothing can be added without a
decision about who may reach it. `nobody` is not signed in, `stranger` owns another team,
`suspended` was a manager of this one. Bodies are empty: whoever is let in is then told what is
missing (400), or that the thing is not in the right state (409).
"""

import uuid
from dataclasses import dataclass

import pytest
from django.db import transaction
from django.urls import URLPattern
from rest_framework.test import APIClient

from annotation.api import urls
from annotation.models import Membership, Team, User
from tests.annotation.everything import make_one_of_everything

ROLES = (
    "nobody", "stranger", "suspended", "labeler", "viewer", "reviewer", "manager", "owner",
)  # fmt: skip
TABLE = """
                                                     nobody strn susp labl view revw mana ownr
GET    session/                                          200  200  200  200  200  200  200  200
POST   session/                                          400  400  400  400  400  400  400  400
DELETE session/                                          204  204  204  204  204  204  204  204
POST   account/                                          400  400  400  400  400  400  400  400
PATCH  account/                                          401  200  200  200  200  200  200  200
GET    tokens/                                           401  200  200  200  200  200  200  200
POST   tokens/                                           401  400  400  400  400  400  400  400
DELETE tokens/<uuid:token_id>/                           401  404  404  204  404  404  404  404
GET    teams/                                            401  200  200  200  200  200  200  200
POST   teams/                                            401  400  400  400  400  400  400  400
GET    teams/<uuid:team_id>/                             401  404  404  200  200  200  200  200
PATCH  teams/<uuid:team_id>/                             401  404  404  403  403  403  403  400
GET    teams/<uuid:team_id>/members/                     401  404  404  403  200  200  200  200
PATCH  members/<uuid:membership_id>/                     401  404  404  403  403  403  200  200
GET    teams/<uuid:team_id>/invitations/                 401  404  404  403  403  403  200  200
POST   teams/<uuid:team_id>/invitations/                 401  404  404  403  403  403  400  400
DELETE invitations/<uuid:invitation_id>/                 401  404  404  403  403  403  204  204
GET    invitations/by-token/<str:token>/                 200  200  200  200  200  200  200  200
POST   invitations/by-token/<str:token>/accept/          401  200  409  409  409  409  409  409
GET    projects/                                         401  200  200  200  200  200  200  200
POST   projects/                                         401  400  400  400  400  400  400  400
GET    projects/<uuid:project_id>/                       401  404  404  200  200  200  200  200
PATCH  projects/<uuid:project_id>/                       401  404  404  403  403  403  200  200
GET    projects/<uuid:project_id>/guidelines/            401  404  404  200  200  200  200  200
POST   projects/<uuid:project_id>/guidelines/            401  404  404  403  403  403  400  400
GET    projects/<uuid:project_id>/prompts/               401  404  404  403  200  200  200  200
POST   projects/<uuid:project_id>/prompts/               401  404  404  403  403  403  400  400
POST   projects/<uuid:project_id>/prompts/import/        401  404  404  403  403  403  400  400
GET    prompts/<uuid:prompt_id>/                         401  404  404  403  200  200  200  200
GET    projects/<uuid:project_id>/responses/             401  404  404  403  200  200  200  200
GET    projects/<uuid:project_id>/events/                401  404  404  403  200  200  200  200
GET    projects/<uuid:project_id>/export/                401  404  404  403  200  403  200  200
GET    recipes/                                          401  200  200  200  200  200  200  200
GET    projects/<uuid:project_id>/overview/              401  404  404  403  200  200  200  200
GET    projects/<uuid:project_id>/rounds/                401  404  404  403  200  200  200  200
POST   projects/<uuid:project_id>/rounds/                401  404  404  403  403  403  400  400
GET    rounds/<uuid:round_id>/                           401  404  404  403  200  200  200  200
PATCH  rounds/<uuid:round_id>/                           401  404  404  403  403  403  200  200
POST   rounds/<uuid:round_id>/start/                     401  404  404  403  403  403  200  200
POST   rounds/<uuid:round_id>/decisions/                 401  404  404  403  403  403  400  400
GET    rounds/<uuid:round_id>/ladder/                    401  404  404  403  200  200  200  200
GET    rounds/<uuid:round_id>/samples/                   401  404  404  403  200  200  200  200
GET    rounds/<uuid:round_id>/jobs/                      401  404  404  403  200  200  200  200
GET    projects/<uuid:project_id>/jobs/                  401  404  404  403  200  200  200  200
GET    jobs/<uuid:job_id>/                               401  404  404  403  200  200  200  200
GET    jobs/<uuid:job_id>/metrics/                       401  404  404  403  200  200  200  200
GET    jobs/<uuid:job_id>/log/                           401  404  404  403  200  200  200  200
POST   jobs/<uuid:job_id>/cancel/                        401  404  404  403  403  403  200  200
POST   jobs/<uuid:job_id>/retry/                         401  404  404  403  403  403  409  409
GET    projects/<uuid:project_id>/checkpoints/           401  404  404  403  200  200  200  200
POST   projects/<uuid:project_id>/checkpoints/           401  404  404  403  403  403  400  400
GET    checkpoints/<uuid:checkpoint_id>/                 401  404  404  403  200  200  200  200
GET    projects/<uuid:project_id>/datasets/              401  404  404  403  200  200  200  200
GET    datasets/<uuid:dataset_id>/                       401  404  404  403  200  200  200  200
GET    datasets/<uuid:dataset_id>/preview/               401  404  404  403  200  200  200  200
GET    datasets/<uuid:dataset_id>/download/              401  404  404  403  200  403  200  200
GET    queues/                                           401  200  200  200  200  200  200  200
POST   projects/<uuid:project_id>/assignments/           401  404  404  200  403  200  200  200
POST   projects/<uuid:project_id>/undo/                  401  404  404  409  403  409  409  409
GET    projects/<uuid:project_id>/labels/                401  404  404  403  200  200  200  200
PUT    assignments/<uuid:assignment_id>/draft/           401  404  404  204  404  404  404  404
POST   assignments/<uuid:assignment_id>/label/           401  404  404  201  404  404  404  404
POST   assignments/<uuid:assignment_id>/skip/            401  404  404  200  404  404  404  404
GET    me/labels/                                        401  200  200  200  200  200  200  200
GET    schema/                                           200  200  200  200  200  200  200  200
GET    docs/                                             200  200  200  200  200  200  200  200
"""
# Where an empty body would be refused before anybody asks who sent it.
BODIES = {
    "assignments/<uuid:assignment_id>/label/": {
        "submission_id": "7c0d3a52-6a0f-4f6e-9a0b-0d6a3a1f0f11",
        "ranking": [1, 2],
        "active_seconds": 1,
        "guideline_version": 0,
    }
}


@dataclass(frozen=True)
class Rule:
    method: str
    route: str
    statuses: dict[str, int]


def rules():
    for line in TABLE.strip().splitlines()[1:]:
        method, route, *statuses = line.split()
        yield Rule(method, route, dict(zip(ROLES, map(int, statuses), strict=True)))


RULES = list(rules())


def own_patterns():
    """Our own URLs; those below auth/ are allauth's, which tests them."""
    return [pattern for pattern in urls.urlpatterns if isinstance(pattern, URLPattern)]


def methods(pattern):
    view = getattr(pattern.callback, "view_class", None) or pattern.callback.cls
    return [name for name in view.http_method_names if name != "options" and hasattr(view, name)]


def test_every_url_and_method_has_a_row_in_the_table():
    found = {
        (method.upper(), str(pattern.pattern))
        for pattern in own_patterns()
        for method in methods(pattern)
        if method != "head"
    }

    assert found == {(rule.method, rule.route) for rule in RULES}


@pytest.fixture
def world(db, tmp_path, settings):
    """A team with one person in every role, and one of everything."""
    settings.STORAGE_DIR = tmp_path
    people = {
        role: User.objects.create_user(f"{role}@example.com", name=role.title())
        for role in ROLES[1:]
    }
    team = Team.objects.create(name="Sharpeners")
    for role in ROLES[3:]:
        Membership.objects.create(team=team, user=people[role], role=role)
    suspended = Membership.Status.SUSPENDED
    Membership.objects.create(team=team, user=people["suspended"], role="manager", status=suspended)
    others = Team.objects.create(name="Others")
    Membership.objects.create(team=others, user=people["stranger"], role="owner")
    ids = make_one_of_everything(team, people, tmp_path)
    return people, ids


def ask(rule, user, ids):
    """The status that `user` gets; whatever the request changed is undone."""
    method, route = rule.method, rule.route
    for name, value in ids.items():
        for kind in ("uuid", "str"):
            route = route.replace(f"<{kind}:{name}>", str(value))
    client = APIClient()
    if user:
        client.force_login(user)
    body = None if method == "GET" else BODIES.get(rule.route, {})
    with transaction.atomic():
        answer = getattr(client, method.lower())(f"/api/{route}", body, format="json")
        transaction.set_rollback(True)
    return answer.status_code


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.method} {rule.route}")
def test_each_role_gets_what_the_table_says_and_an_unknown_id_is_not_found(world, rule):
    people, ids = world

    found = {role: ask(rule, people.get(role), ids) for role in ROLES}

    assert found == rule.statuses
    if "<uuid:" in rule.route:
        unknown = {name: uuid.uuid4() for name in ids}
        assert ask(rule, people["owner"], unknown) == 404
