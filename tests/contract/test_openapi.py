"""The committed schema is the API's, and no input that fits or breaks it brings the API down.

After a change of the API: `make schema`.
"""

import json
from pathlib import Path

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiYamlRenderer
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error

from annotation.models import Membership, Team, User
from annotation.services.accounts import make_token
from tests.annotation.everything import make_one_of_everything

COMMITTED = Path(__file__).parents[2] / "docs" / "openapi.yaml"
GENERATED = SchemaGenerator().get_schema(public=True)

schema = schemathesis.openapi.from_dict(GENERATED)
schema.app = get_wsgi_application()
quick = settings(
    max_examples=8,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)


@schemathesis.serializer("application/x-ndjson")
def one_line(context, value):
    return json.dumps(value).encode()


def test_the_committed_schema_is_current():
    current = OpenApiYamlRenderer().render(GENERATED, renderer_context={}).decode()

    assert COMMITTED.read_text() == current, "the API has changed: run `make schema`"


@pytest.fixture
def one_connection():
    """As in Django's own test client: the end of a request must not close the test's database."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def ids(db, one_connection, tmp_path):
    team = Team.objects.create(name="Sharpeners")
    people = {}
    for role in ("owner", "labeler", "viewer"):
        people[role] = User.objects.create_user(f"{role}@example.com", name=role.title())
        Membership.objects.create(team=team, user=people[role], role=role)
    found = make_one_of_everything(team, people, tmp_path)
    _, found["key"] = make_token(people["owner"], name="fuzz")
    return found


@schema.parametrize()
@quick
def test_no_input_of_an_owner_is_a_server_error(case, ids):
    answer(case, ids, headers={"Authorization": f"Bearer {ids['key']}"})


@schema.parametrize()
@settings(quick, max_examples=2)
def test_no_input_of_a_stranger_is_a_server_error(case, ids):
    answer(case, ids, headers={})


def answer(case, ids, headers):
    """Send the case about rows that exist; a random id would never get past the door."""
    known = {name: str(ids[name]) for name in case.path_parameters if name in ids}
    case.path_parameters = {**case.path_parameters, **known}
    response = case.call(headers=headers)
    case.validate_response(response, checks=[not_a_server_error])
