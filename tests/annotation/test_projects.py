import pytest
from rest_framework.test import APIClient

from annotation.models import Event, Guideline, Project
from annotation.services.projects import write_guidelines

pytestmark = pytest.mark.django_db


def test_a_project_is_made_with_its_policy_and_guidelines(team, alice, client_of):
    body = {
        "team": str(team.pk),
        "name": "Fresh",
        "guidelines": "Be fair.",
        "policy": {"task_kind": "compare", "labels_wanted": 3},
    }

    answer = client_of(alice).post("/api/projects/", body, format="json")

    assert answer.status_code == 201
    made = answer.json()
    assert made["guidelines"] == {"version": 1, "text": "Be fair."}
    assert made["policy"]["task_kind"] == "compare"
    assert made["policy"]["labels_wanted"] == 3
    assert made["policy"]["responses_per_prompt"] == 4
    project = Project.objects.get(pk=made["id"])
    assert (project.team, project.labels_wanted) == (team, 3)
    assert Event.objects.get(project=project).action == "project.created"


def test_part_of_a_policy_changes_and_the_rest_stays(project, alice, client_of):
    Project.objects.update(labels_wanted=3)

    answer = client_of(alice).patch(
        f"/api/projects/{project.pk}/", {"policy": {"lease_seconds": 60}}, format="json"
    )

    assert answer.json()["policy"]["lease_seconds"] == 60
    project.refresh_from_db()
    assert (project.lease_seconds, project.labels_wanted, project.name) == (60, 3, "Demo")


@pytest.mark.parametrize(
    "policy",
    [
        {"responses_per_prompt": 1},
        {"responses_per_prompt": 10},
        {"task_kind": "guess"},
        {"labels_wanted": 0},
        {"lease_seconds": 1},
    ],
)
def test_a_policy_that_makes_no_sense_is_refused(project, alice, client_of, policy):
    answer = client_of(alice).patch(
        f"/api/projects/{project.pk}/", {"policy": policy}, format="json"
    )

    assert answer.status_code == 400
    (name,) = policy
    assert f"policy.{name}" in answer.json()["fields"]
    assert not Event.objects.exists()


def test_two_projects_of_a_team_do_not_share_a_name(project, team, alice, client_of):
    answer = client_of(alice).post(
        "/api/projects/", {"team": str(team.pk), "name": "Demo"}, format="json"
    )

    assert answer.status_code == 409
    assert "name" in answer.json()["fields"]
    assert Project.objects.count() == 1


def test_every_version_of_the_guidelines_stays(project, alice, client_of):
    client = client_of(alice)
    for text in ("First", "Second"):
        client.post(f"/api/projects/{project.pk}/guidelines/", {"text": text}, format="json")

    shown = client.get(f"/api/projects/{project.pk}/").json()["guidelines"]
    listed = client.get(f"/api/projects/{project.pk}/guidelines/").json()["results"]

    assert shown == {"version": 2, "text": "Second"}
    assert [(row["version"], row["created_by"]) for row in listed] == [(2, "Alice"), (1, "Alice")]
    assert Guideline.objects.count() == 2


def test_projects_are_listed_by_team(project, other_team, alice, carol, client_of):
    other_team.projects.create(name="Theirs")

    assert client_of(alice).get("/api/projects/").json()["count"] == 1
    assert client_of(alice).get(f"/api/projects/?team={other_team.pk}").json()["count"] == 0
    (theirs,) = client_of(carol).get("/api/projects/").json()["results"]
    assert (theirs["name"], theirs["my_role"]) == ("Theirs", "owner")


def test_the_audit_shows_who_did_what(project, alice, client_of):
    write_guidelines(project, text="Be fair.", by=alice)

    (event,) = client_of(alice).get(f"/api/projects/{project.pk}/events/").json()["results"]

    assert event["action"] == "guidelines.written"
    assert event["actor"]["name"] == "Alice"
    assert event["detail"] == {"version": 1}


def test_every_path_that_is_no_file_and_no_api_is_the_page(settings, tmp_path, db):
    settings.FRONTEND_DIR = tmp_path
    (tmp_path / "index.html").write_text("<!doctype html><title>Whetstone</title>")
    client = APIClient()

    for path in ("/", "/projects/1/", "/invite/a:b:c", "/apiary"):
        answer = client.get(path)
        assert answer.status_code == 200
        assert b"<title>Whetstone</title>" in answer.content
        assert "csrftoken" in answer.cookies
        assert "default-src 'self'" in answer["Content-Security-Policy"]
        assert "no-store" in answer["Cache-Control"]
    for path in ("/api/nothing/", "/api", "/ws/nothing", "/static/nothing.js"):
        assert client.get(path).status_code == 404


def test_without_a_build_the_page_says_what_to_do(settings, tmp_path, db):
    settings.FRONTEND_DIR = tmp_path / "nothing"

    answer = APIClient().get("/")

    assert answer.status_code == 503
    assert b"make setup" in answer.content
