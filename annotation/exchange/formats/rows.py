"""`rows`: dataset rows, as a round freezes them and `training` reads them."""

from collections.abc import Iterator

from annotation.errors import InvalidInput
from annotation.exchange.format import Format, Holds, Scope, Shape
from annotation.exchange.formats.prompts import messages_of
from annotation.exchange.preferences import each
from annotation.exchange.record import Record, Row
from annotation.models import Project
from annotation.sentences import say
from annotation.services.prompts import short
from training.contract.rows import PreferenceRow


def read(row: Row) -> list[Record]:
    """A dataset row. Its split is not taken over: the prompt alone decides its side."""
    responses, ranks = row.get("responses"), row.get("ranks")
    if not isinstance(responses, list) or not all(isinstance(text, str) for text in responses):
        raise InvalidInput(
            say(
                "response_texts_wanted",
                "expected responses as a list of texts, got {got}",
                got=short(responses),
            )
        )
    if not isinstance(ranks, list):
        raise InvalidInput(
            say("ranks_wanted", "expected ranks as a list, got {got}", got=short(ranks))
        )
    messages = messages_of({"prompt": row["prompt"]} if "prompt" in row else {})
    answers = [(text, None) for text in responses]
    return [Record(messages, [*answers], [("Consensus", ranks)], source=FORMAT.name)]


def write(project: Project, scope: Scope) -> Iterator[list[Row]]:
    return each(project, scope, _itself)


def _itself(row: PreferenceRow) -> Iterator[Row]:
    yield {name: row.get(name) for name in FIELDS if name in row}


FIELDS = {
    "prompt": Shape.MESSAGES,
    "responses": Shape.TEXTS,
    "ranks": Shape.WHOLES,
    "weights": Shape.JSON,
    "votes": Shape.WHOLE,
    "all_bad": Shape.WHOLE,
    "split": Shape.TEXT,
    "ids": Shape.JSON,
}
FORMAT = Format(
    "rows",
    Holds.COMPARISONS,
    FIELDS,
    telling=(frozenset({"prompt", "responses", "ranks"}),),
    read=read,
    write=write,
)
