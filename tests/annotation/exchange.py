"""Files for the tests of imports: lines as a file, a file through the door."""

from io import BytesIO

from annotation.exchange.format import Holds
from annotation.exchange.imports import READABLE, Source, import_file
from annotation.exchange.round_of_file import Plan

# The labels of the file are weighed, and nothing is trained.
WEIGH = {
    "steps": [
        {
            "name": "preferences",
            "kind": "aggregate",
            "reads": {"labels": "imported"},
            "learn_from": "round",
        }
    ]
}


def as_file(content):
    """Bytes, or lines of them, as a file."""
    return BytesIO(
        content
        if isinstance(content, bytes)
        else b"\n".join(line.rstrip(b"\n") for line in content)
    )


def load_lines(
    project, content, *, recipe=None, labels_wanted=1, of=READABLE, source=None, **options
):
    """The report of importing a file of comparisons, responses or prompts."""
    found = Source(as_file(content), **(source or {}))
    plan = Plan(recipe, labels_wanted)
    return import_file(project, found, plan=plan, of=of, **options)


def load_prompts(project, lines, **options):
    """The report of importing JSON lines as prompts, whatever else they hold."""
    source = {"format": "prompts", "kind": "jsonl"}
    return load_lines(project, lines, of=(Holds.PROMPTS,), source=source, **options)
