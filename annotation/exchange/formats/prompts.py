"""`prompts`: a conversation per row, with the responses that there are and its tags."""

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from uuid import UUID

from django.db import connection

from annotation.database import fetch
from annotation.errors import InvalidInput
from annotation.exchange.format import Format, Holds, Scope, Shape
from annotation.exchange.record import Answer, Record, Row
from annotation.models import Project
from annotation.sentences import say
from annotation.services.prompts import (
    MOST_LANGUAGE,
    MOST_SOURCE,
    Message,
    check_messages,
    check_question,
    check_text,
    short,
)

FIELDS = {
    "prompt": Shape.TEXT,
    "messages": Shape.MESSAGES,
    "responses": Shape.JSON,
    "models": Shape.TEXTS,
    "tags": Shape.TEXTS,
    "language": Shape.TEXT,
    "source": Shape.TEXT,
    "split": Shape.TEXT,
    "ids": Shape.JSON,
}
MOST_NAME = 200


def read_prompt(row: Row) -> Record:
    """A row, checked; InvalidInput says what was expected and what came.

    `split` and `ids`, which an export writes, are read over: the prompt alone decides its side.
    """
    if unknown := row.keys() - FIELDS.keys():
        raise InvalidInput(
            say(
                "prompt_field_unknown",
                "expected messages or prompt, responses, models, tags, language and source, "
                "got {got}",
                got=repr(sorted(unknown)[0]),
            )
        )
    messages = messages_of(row)
    check_question(messages)
    tags = row.get("tags") or []
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        raise InvalidInput(
            say("tags_wanted", "expected tags as a list of texts, got {got}", got=short(tags))
        )
    source, language = row.get("source") or "", row.get("language") or "en"
    if not isinstance(source, str) or len(source) > MOST_SOURCE:
        raise InvalidInput(
            say(
                "source_wanted",
                "expected source as a text of at most {most} characters, got {got}",
                most=MOST_SOURCE,
                got=short(source),
            )
        )
    if not isinstance(language, str) or len(language) > MOST_LANGUAGE:
        raise InvalidInput(
            say(
                "language_wanted",
                "expected language as a code such as en, got {got}",
                got=short(language),
            )
        )
    check_text(source, language, *tags)
    return Record(messages, _responses(row), [], language, source, tags)


def messages_of(row: Row) -> list[Message]:
    """The conversation of a row: `messages`, or `prompt` as one text of the user or as messages."""
    if ("messages" in row) == ("prompt" in row):
        raise InvalidInput(say("messages_or_prompt", "expected exactly one of messages and prompt"))
    given = row["messages"] if "messages" in row else row["prompt"]
    if isinstance(given, str):
        given = [{"role": "user", "content": given}]
    return check_messages(given)


def _responses(row: Row) -> list[Answer]:
    found, models = row.get("responses") or [], row.get("models")
    if not isinstance(found, list):
        raise InvalidInput(
            say(
                "responses_wanted",
                "expected {name} as a list, got {got}",
                name="responses",
                got=short(found),
            )
        )
    responses = [_response(one) for one in found]
    if not models:
        return responses
    if not isinstance(models, list) or len(models) != len(responses):
        raise InvalidInput(
            say(
                "models_wanted",
                "expected models as a list of {n} names, one per response, got {got}",
                n=len(responses),
                got=short(models),
            )
        )
    return [
        _response({"text": text, "model": model})
        for (text, _), model in zip(responses, models, strict=True)
    ]


def _response(value: object) -> Answer:
    if isinstance(value, str):
        text: object = value
        model: object = None
    elif isinstance(value, dict) and "text" in value and value.keys() <= {"text", "model"}:
        text, model = value["text"], value.get("model")
    else:
        raise InvalidInput(
            say(
                "response_wanted",
                "expected a response as text or as an object with text and model, got {got}",
                got=short(value),
            )
        )
    if not isinstance(text, str) or not (model is None or (isinstance(model, str) and model)):
        raise InvalidInput(
            say(
                "response_parts_wanted",
                "expected text and model of a response as texts, got {got}",
                got=short(value),
            )
        )
    check_text(text, model or "")
    if model and len(model) > MOST_NAME:
        raise InvalidInput(
            say(
                "model_name_too_long",
                "expected a model name of at most {most} characters, got {got}",
                most=MOST_NAME,
                got=len(model),
            )
        )
    return text, model


def read(row: Row) -> list[Record]:
    return [read_prompt(row)]


def encode(project: Project, scope: Scope) -> Iterator[list[bytes]]:
    """All prompts with their responses as JSON lines, in chunks, as `read` takes them.

    What is JSON in the database stays the text it is. The table is walked by a key in chunks, each
    a short query of its own, so that a slow download holds neither memory nor a transaction open.
    """
    is_sqlite = connection.vendor == "sqlite"
    # SQLite keeps rows in the order in which they came; walking them in any other order reads
    # most pages many times.
    place = "rowid" if is_sqlite else "id"
    last: Any = -1 if is_sqlite else UUID(int=0)
    names = {
        id_.hex if is_sqlite else id_: name
        for id_, name in project.checkpoints.values_list("id", "name")
    }
    prompts = _PROMPTS.format(place=place)
    responses = _RESPONSES.format(place=place)
    split = scope.split or ""
    while chunk := fetch(prompts, project.pk, last, split, split, AT_ONCE):
        first, last = chunk[0][0], chunk[-1][0]
        written: dict[Any, list[tuple[int, str, Any]]] = {row[1]: [] for row in chunk}
        for prompt, index, text, writer in fetch(responses, project.pk, first, last):
            if prompt in written:
                written[prompt].append((index, text, names.get(writer)))
        yield [_line(row[1:], sorted(written[row[1]], key=_place)) for row in chunk]


def write(project: Project, scope: Scope) -> Iterator[list[Row]]:
    for lines in encode(project, scope):
        yield [json.loads(line) for line in lines]


# What a client that never reads holds in memory; fetching fewer at a time costs no more here.
AT_ONCE = 200
_PROMPTS = """
SELECT {place}, id, messages, source, tags, language, split FROM annotation_prompt
WHERE project_id = %s AND {place} > %s AND (%s = '' OR split = %s) AND archived_at IS NULL
ORDER BY {place} LIMIT %s"""
_RESPONSES = """
SELECT r.prompt_id, r."index", r.text, r.checkpoint_id
FROM annotation_prompt p JOIN annotation_response r ON r.prompt_id = p.id
WHERE p.project_id = %s AND p.{place} >= %s AND p.{place} <= %s"""
_text = json.JSONEncoder(ensure_ascii=False).encode


def _line(row: Sequence[Any], responses: Iterable[tuple[int, str, str | None]]) -> bytes:
    id_, messages, source, tags, language, split = row
    written = ", ".join(
        f'{{"text": {_text(text)}, "model": {_text(model)}}}'
        if model
        else f'{{"text": {_text(text)}}}'
        for _, text, model in responses
    )
    return (
        f'{{"messages": {messages}, "responses": [{written}], "source": {_text(source)}, '
        f'"tags": {tags}, "language": {_text(language)}, "split": "{split}", '
        f'"ids": {{"prompt": "{UUID(str(id_))}"}}}}\n'
    ).encode()


def _place(response: tuple[int, str, Any]) -> tuple[int, str]:
    index, text, _ = response
    return index, text


FORMAT = Format(
    "prompts",
    Holds.PROMPTS,
    FIELDS,
    telling=(frozenset({"prompt"}), frozenset({"messages"})),
    by_round=False,
    read=read,
    write=write,
    encode=encode,
)
