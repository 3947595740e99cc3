"""Which column of a file says what: by name, as told, or guessed from the usual names."""

import re
from collections.abc import Iterable, Mapping

from annotation.errors import InvalidInput
from annotation.exchange.files.csv_table import meant
from annotation.exchange.format import Shape
from annotation.exchange.record import Row
from annotation.sentences import say

# {field: column, or columns whose values make a list}
Columns = Mapping[str, str | list[str]]
# As `models`: each response was written by the model its column is named after.
HEADINGS = "*"
USUAL = {
    "prompt": ("prompt", "question", "instruction", "query", "input", "text"),
    "messages": ("messages", "conversation", "conversations"),
    "responses": ("responses", "answers", "completions", "outputs"),
    "models": ("models", "model_names"),
    "tags": ("tags", "labels", "category", "topic"),
    "language": ("language", "lang", "locale"),
    "source": ("source", "origin"),
}
ONE_RESPONSE = re.compile(r"(response|answer|completion|output)s?[ _-]?\w+")
ONE_MODEL = re.compile(r"(model|writer)[ _-]?\w+")


def check_mapping(value: object, fields: Iterable[str]) -> Columns:
    """A mapping as it came from outside; InvalidInput names what is wrong with it."""
    if not isinstance(value, dict):
        raise InvalidInput(
            say(
                "mapping_wanted",
                "Expected a mapping such as {example}, got {got}.",
                example='{"prompt": "question"}',
                got=repr(value),
            )
        )
    known = set(fields)
    for name, columns in value.items():
        if name not in known:
            raise InvalidInput(
                say(
                    "mapping_field_unknown",
                    "The mapping names {got}; this format has {known}.",
                    got=repr(name),
                    known=", ".join(sorted(known)),
                )
            )
        given = columns if isinstance(columns, list) else [columns]
        if not given or not all(isinstance(one, str) and one for one in given):
            raise InvalidInput(
                say(
                    "mapping_column_wanted",
                    "Expected a column's name, or a list of them, for {name}, got {got}.",
                    name=name,
                    got=repr(columns),
                )
            )
    return value


def guess(columns: Iterable[str]) -> dict[str, str | list[str]]:
    """What the columns of a file of prompts or responses probably say."""
    names = {name.strip().lower(): name for name in columns}
    found: dict[str, str | list[str]] = {}
    for name, usual in USUAL.items():
        if one := next((names[word] for word in usual if word in names), None):
            found[name] = one
    for name, pattern in (("responses", ONE_RESPONSE), ("models", ONE_MODEL)):
        many = [given for lower, given in names.items() if pattern.fullmatch(lower)]
        if name not in found and many:
            found[name] = many
    if "messages" in found:
        found.pop("prompt", None)
    if "models" in found and len(found["models"]) != len(found.get("responses", [])):
        del found["models"]
    return found


def arrange(
    row: Row, columns: Columns | None, fields: Mapping[str, Shape], *, is_table: bool
) -> Row:
    """The row by the format's own names; columns that it does not know are left out.

    A field that is not mapped is read from the column of its own name. `is_table`: a
    text in a cell is turned into what it means in the field.
    """
    mapped = columns or {}
    taken = {
        one for given in mapped.values() for one in ([given] if isinstance(given, str) else given)
    }
    found: Row = {}
    for name, shape in fields.items():
        given = mapped.get(name)
        if given == HEADINGS:
            continue
        if isinstance(given, list):
            values = [row[one] for one in given if one in row]
            found[name] = values
        else:
            column = given or name
            if column in row and (given or column not in taken):
                value = row[column]
                found[name] = meant(value, shape) if is_table and isinstance(value, str) else value
    return _with_models(found, row, mapped)


def _with_models(found: Row, row: Row, mapped: Columns) -> Row:
    """Where responses stand in columns of their own, a missing one has no model either."""
    responses, models = mapped.get("responses"), mapped.get("models")
    if isinstance(responses, list):
        there = [
            place for place, column in enumerate(responses) if row.get(column) not in (None, "")
        ]
        found["responses"] = [row[responses[place]] for place in there]
        if models == HEADINGS:
            found["models"] = [responses[place] for place in there]
        elif isinstance(models, list) and len(models) == len(responses):
            found["models"] = [row.get(models[place]) for place in there]
    return found
