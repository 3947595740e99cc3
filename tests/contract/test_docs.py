"""What the README and the documentation show is what the code does."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from annotation.settings import KNOWN

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()
COMMANDS = [
    line.partition(" #")[0].strip()
    for block in re.findall(r"```sh\n(.*?)```", README, re.S)
    for line in block.splitlines()
]


def test_every_make_target_of_the_readme_exists():
    makefile = (ROOT / "Makefile").read_text()

    for command in COMMANDS:
        words = shlex.split(command)
        if words[0] == "make":
            assert re.search(rf"^{words[1]}:", makefile, re.M), command


def test_the_commands_of_the_readme_run_in_their_order(tmp_path, tiny_model):
    (tmp_path / "prompts.jsonl").write_text(
        '{"prompt": "Why is the sky blue?"}\n'
        '{"messages": [{"role": "user", "content": "Why is grass green?"}], "tags": ["physics"]}\n'
    )
    (tmp_path / "votes.csv").write_text("first,second,winner\nb,a,b\na,b,a\nb,a,b\nb,a,tie\n")
    (tmp_path / "my-model").symlink_to(tiny_model)
    env = {
        **os.environ,
        "WHETSTONE_STORAGE": str(tmp_path / "var"),
        "PYTHONPATH": str(ROOT),
        "DATABASE_URL": "",
    }
    ran = 0
    for command in COMMANDS:
        words = shlex.split(command)
        if "manage.py" not in words[1:2]:
            continue
        done = subprocess.run(
            [sys.executable, str(ROOT / "manage.py"), *words[2:]],
            cwd=tmp_path,
            env=env,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        ran += 1

    assert ran >= 5
    assert (tmp_path / "ladder.png").stat().st_size > 1000


@pytest.fixture
def tiny_model(tmp_path):
    """A model folder as `register_checkpoint` wants it; it is registered here, not run."""
    folder = tmp_path / "weights"
    folder.mkdir()
    (folder / "config.json").write_text('{"model_type": "llama"}')
    (folder / "model.safetensors").write_bytes(b"\x02\0\0\0\0\0\0\0{}")
    return folder


def test_links_and_pictures_of_the_documentation_are_there():
    for page in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
            if "://" not in target:
                assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_operating_shows_every_setting():
    page = (ROOT / "docs" / "operating.md").read_text()

    for name, text in KNOWN.items():
        assert f"| `{name}` | {text} |" in page


def test_an_unknown_setting_stops_the_start_by_name():
    done = subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=ROOT,
        env={**os.environ, "WHETSTONE_STORGE": "/tmp"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode != 0
    assert "Unknown setting WHETSTONE_STORGE" in done.stderr


def test_the_web_process_never_imports_the_training_stack(tmp_path):
    source = (
        "import sys, annotation.asgi, annotation.worker, annotation.api.urls\n"
        "from django.core.management import get_commands, load_command_class\n"
        "for name, app in get_commands().items():\n"
        "    app == 'annotation' and load_command_class(app, name)\n"
        "print([m for m in ('torch', 'transformers', 'trl', 'ray') if m in sys.modules])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", source],
        cwd=ROOT,
        env={**os.environ, "WHETSTONE_STORAGE": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().endswith("[]")


def test_more_processes_without_redis_are_refused_in_a_sentence(tmp_path):
    env = {**os.environ, "WHETSTONE_STORAGE": str(tmp_path), "REDIS_URL": "", "DATABASE_URL": ""}
    done = subprocess.run(
        [sys.executable, "manage.py", "serve", "--processes", "2"],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert "2 processes need REDIS_URL" in done.stderr
