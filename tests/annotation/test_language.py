"""A library refuses in the language that the request asks for."""

import pytest
from rest_framework.test import APIClient

from annotation.language import asked_for

pytestmark = pytest.mark.django_db
CHINESE = {"Accept-Language": "zh-CN,zh;q=0.9,en;q=0.8"}


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("", "en"),
        ("*", "en"),
        ("de-CH, fr;q=0.9", "en"),
        ("en-GB,en;q=0.9,zh;q=0.8", "en"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh-hans"),
        ("zh-Hans", "zh-hans"),
        ("de, zh-SG;q=0.5", "zh-hans"),
    ],
)
def test_the_best_language_that_is_spoken_here(accepted, language):
    assert asked_for(accepted) == language


def test_a_form_is_refused_in_chinese(settings):
    settings.SIGNUP_OPEN = True
    account = {"email": "nobody", "password": "12345", "name": ""}

    answer = APIClient(headers=CHINESE).post("/api/account/", account, format="json")

    assert answer.json()["fields"] == {
        "email": ["请输入合法的邮件地址。"],
        "name": ["该字段不能为空。"],
    }


def test_the_labelers_path_is_refused_in_chinese(bob, project):
    client = APIClient(headers=CHINESE)
    client.force_login(bob)

    answer = client.post(f"/api/projects/{project.pk}/assignments/", {"hold": 0}, format="json")

    assert answer.status_code == 400
    assert answer.json()["fields"] == {"hold": ["请确保该值大于或者等于 1。"]}


def test_the_next_request_of_the_same_thread_is_answered_in_its_own_language(bob, project):
    path = f"/api/projects/{project.pk}/assignments/"
    client = APIClient()
    client.force_login(bob)
    client.post(path, {"hold": 0}, format="json", headers=CHINESE)

    answer = client.post(path, {"hold": 0}, format="json")

    assert "greater than or equal to 1" in answer.json()["message"]
