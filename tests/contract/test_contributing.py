"""What CONTRIBUTING.md lists is what it takes; docs/architecture.md names what is there."""

import ast
import re
from pathlib import Path

import pytest

from annotation.kinds import KINDS
from annotation.rounds.steps import STEPS
from tests.measure_code import python
from training.contract.methods import METHODS

ROOT = Path(__file__).resolve().parents[2]
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text()
SECTIONS = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", CONTRIBUTING, re.M | re.S))
ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text()
FORMAT_FILES = [path.stem for path in (ROOT / "annotation/exchange/formats").glob("[a-z]*.py")]
# Section, files at most, and what is there already, each in the files that the section names.
ADDED = {
    "A kind of task": (3, list(KINDS)),
    "A training method": (2, list(METHODS)),
    "A gate": (2, []),
    "A format": (2, FORMAT_FILES),
    "A happening": (2, []),
    "A kind of step": (2, list(STEPS)),
}


def files_of(section):
    return re.findall(r"^- `([^`]+)`$", SECTIONS[section], re.M)


@pytest.mark.parametrize("section", ADDED)
def test_adding_one_takes_the_files_that_are_listed(section):
    most, members = ADDED[section]
    files = files_of(section)

    assert 1 <= len(files) <= most
    for file in files:
        fixed, _, _ = file.partition("<")
        assert (ROOT / fixed).exists() or (ROOT / fixed).parent.is_dir(), file
        if "<" not in file:
            assert (ROOT / file).is_file(), file
        for member in members:
            path = ROOT / re.sub(r"<\w+>", member, file)
            assert path.exists(), f"{member} is not in {file}"


def test_the_files_of_the_architecture_are_there():
    for name in re.findall(r"`((?:annotation|training|frontend|tests)/[\w./-]+)`", ARCHITECTURE):
        assert (ROOT / name).exists(), name


def test_what_is_not_reached_yet_is_listed():
    listed = re.search(r"<!-- unreached -->\n(.*?)<!-- /unreached -->", ARCHITECTURE, re.S)[1]

    assert set(re.findall(r"`([\w/]+\.py)`", listed)) == unreached()


def unreached():
    """Modules that no process of the product imports, directly or through others."""
    modules = {}
    for path in python(ROOT, "annotation", "training"):
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        modules[name] = path
    waiting = [name for name in modules if name.startswith(ENTRANCES)]
    seen = set()
    while waiting:
        name = waiting.pop()
        if name in seen or name not in modules:
            continue
        seen.add(name)
        waiting += imports(modules[name])
        waiting += [name.rsplit(".", n)[0] for n in range(1, name.count(".") + 1)]
    return {str(modules[name].relative_to(ROOT)) for name in modules.keys() - seen}


# What a process begins with, or what settings and the runner load by its name.
ENTRANCES = (
    "annotation.management.commands",
    "annotation.asgi",
    "annotation.apps",
    "annotation.settings",
    "annotation.urls",
    "annotation.api.",
    "annotation.accounts",
    "annotation.language",
    "training.__main__",
    *(f"training.{name}" for name in METHODS),
)


def imports(path):
    """Modules and names that the file imports; a text that is a module's name counts as well."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
