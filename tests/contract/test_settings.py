"""Every setting from the environment does something, and a wrong one stops the start by name."""

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import global_settings

from annotation.settings import KNOWN

ROOT = Path(__file__).resolve().parents[2]
SOURCE = (ROOT / "annotation" / "settings.py").read_text()


def named(node):
    """The WHETSTONE_ names that an expression reads."""
    return {
        one.value for one in ast.walk(node) if isinstance(one, ast.Constant) and one.value in KNOWN
    }


def assigned(statement):
    """The names that a statement assigns, of `A = B = ...`, `A, B = ...`."""
    targets = statement.targets if isinstance(statement, ast.Assign) else []
    return {one.id for target in targets for one in ast.walk(target) if isinstance(one, ast.Name)}


# Setting -> the names that settings.py gives what it holds.
MEANS = {
    name: {
        target
        for statement in ast.parse(SOURCE).body
        if name in named(statement) and not assigned(statement) & {"KNOWN", "_unknown"}
        for target in assigned(statement)
    }
    for name in KNOWN
}


def is_read(target):
    """By Django, by us, or by another setting."""
    if hasattr(global_settings, target):
        return True
    ours = [path.read_text() for path in (ROOT / "annotation").rglob("*.py")]
    if any(f"settings.{target}" in text for text in ours):
        return True
    return any(
        isinstance(node, ast.Name) and node.id == target and isinstance(node.ctx, ast.Load)
        for node in ast.walk(ast.parse(SOURCE))
    )


@pytest.mark.parametrize("name", KNOWN)
def test_a_setting_is_read_by_somebody(name):
    assert MEANS[name], f"{name} is listed and not read"
    assert all(is_read(target) for target in MEANS[name])


def start(**env):
    return subprocess.run(
        [
            sys.executable,
            "-c",
            "import json\nfrom django.conf import settings as s\n"
            "print(json.dumps({k: getattr(s, k) for k in dir(s) if k.startswith('EMAIL')"
            " or k in ('WRITE_SECONDS', 'DEFAULT_FROM_EMAIL')}, default=str))",
        ],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "annotation.settings", **env},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("WHETSTONE_WRITE_SECONDS", "soon", "expects a number, got 'soon'"),
        ("WHETSTONE_WRITE_SECONDS", "0", "expects at least 0.1, got 0"),
        ("WHETSTONE_EMAIL", "http://mail", "expects smtp://... or smtps://..., got http://"),
        ("WHETSTONE_SIGNUP", "maybe", "expects 0 or 1, got 'maybe'"),
        ("WHETSTONE_LAUNCHER", "rocket", "expects local or ray, got 'rocket'"),
    ],
)
def test_a_wrong_value_stops_the_start_with_what_was_expected(name, value, sentence, tmp_path):
    done = start(WHETSTONE_STORAGE=str(tmp_path), **{name: value})

    assert done.returncode != 0
    assert f"{name} {sentence}" in done.stderr


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("", {"EMAIL_BACKEND": "django.core.mail.backends.console.EmailBackend"}),
        (
            "smtp://post:a%40b@mail.example",
            {
                "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
                "EMAIL_HOST": "mail.example",
                "EMAIL_PORT": 587,
                "EMAIL_HOST_USER": "post",
                "EMAIL_HOST_PASSWORD": "a@b",
                "EMAIL_USE_TLS": True,
                "EMAIL_USE_SSL": False,
            },
        ),
        (
            "smtps://mail.example",
            {"EMAIL_PORT": 465, "EMAIL_USE_TLS": False, "EMAIL_USE_SSL": True},
        ),
        ("smtp://localhost:25", {"EMAIL_PORT": 25, "EMAIL_USE_TLS": False}),
    ],
)
def test_mail_goes_where_the_address_says(address, expected, tmp_path):
    done = start(WHETSTONE_STORAGE=str(tmp_path), WHETSTONE_EMAIL=address)

    found = json.loads(done.stdout)
    assert {name: found[name] for name in expected} == expected
