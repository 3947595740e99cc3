"""`pairs`: one chosen and one rejected answer per row, as trainers of preferences read them."""

from collections.abc import Iterator

from annotation.errors import InvalidInput
from annotation.exchange.format import Format, Holds, Scope, Shape
from annotation.exchange.formats.prompts import messages_of
from annotation.exchange.preferences import each
from annotation.exchange.record import Answer, Record, Row
from annotation.kinds import Ranks
from annotation.models import Project
from annotation.sentences import say
from annotation.services.prompts import check_messages, short
from training.contract import records
from training.contract.rows import PreferenceRow


def read(row: Row) -> list[Record]:
    """A prompt and two answers, each as text or as messages of which the last one is the answer."""
    messages = messages_of({"prompt": row.get("prompt")})
    answers = [_answer(name, row.get(name)) for name in ("chosen", "rejected")]
    ranks: Ranks = [1, 2]
    responses: list[Answer] = [(text, None) for text in answers]
    return [Record(messages, responses, [("Pairs", ranks)], source=FORMAT.name)]


def _answer(name: str, value: object) -> str:
    if isinstance(value, str):
        return value
    last = check_messages(value)[-1]
    if last["role"] != "assistant":
        raise InvalidInput(
            say(
                "answer_wanted",
                "expected {name} as text or as messages that end with the assistant, got {got}",
                name=name,
                got=short(value),
            )
        )
    return last["content"]


def write(project: Project, scope: Scope) -> Iterator[list[Row]]:
    return each(project, scope, pairs)


def pairs(row: PreferenceRow) -> Iterator[Row]:
    for pair in records.pairs(row):
        yield {
            "prompt": pair.prompt,
            "chosen": [{"role": "assistant", "content": pair.chosen}],
            "rejected": [{"role": "assistant", "content": pair.rejected}],
            "margin": pair.margin,
            "weight": pair.weight,
            "split": row.get("split"),
        }


FORMAT = Format(
    "pairs",
    Holds.PAIRS,
    {
        "prompt": Shape.MESSAGES,
        "chosen": Shape.MESSAGES,
        "rejected": Shape.MESSAGES,
        "margin": Shape.NUMBER,
        "weight": Shape.NUMBER,
        "split": Shape.TEXT,
    },
    telling=(frozenset({"prompt", "chosen", "rejected"}),),
    read=read,
    write=write,
)
