"""`pandalm`: the PandaLM test set, two models' answers and what each annotator preferred."""

from annotation.errors import InvalidInput
from annotation.exchange.format import Format, Holds, Shape
from annotation.exchange.record import Record, Row, texts_of
from annotation.kinds import Ranks
from annotation.sentences import say
from annotation.services.prompts import short

# 1 and 2 name the better response, 0 is a tie.
RANKS: tuple[tuple[int, int], ...] = ((1, 1), (1, 2), (2, 1))


def read(row: Row) -> list[Record]:
    instruction, given, key = texts_of(row, "instruction", "input", "cmp_key")
    models = key.split("_")
    if len(models) != 2:
        raise InvalidInput(
            say(
                "cmp_key_wanted",
                "expected cmp_key as two model names joined by _, got {got}",
                got=short(key),
            )
        )
    content = "\n\n".join(part for part in (instruction, given) if part.strip())
    if not content:
        raise InvalidInput(
            say("instruction_wanted", "expected an instruction or an input, got neither")
        )
    rankings: list[tuple[str, Ranks]] = []
    for name in sorted(name for name in row if name.startswith("annotator")):
        vote = row[name]
        if type(vote) is not int or vote not in (0, 1, 2):
            raise InvalidInput(
                say(
                    "annotator_vote_wanted",
                    "expected {name} as 0, 1 or 2, got {got}",
                    name=name,
                    got=short(vote),
                )
            )
        rankings.append((f"PandaLM {name.replace('annotator', 'annotator ')}", [*RANKS[vote]]))
    if not rankings:
        raise InvalidInput(
            say("annotator_wanted", "expected at least annotator1, got no annotator")
        )
    texts = [_answer(row, "response1"), _answer(row, "response2")]
    return [
        Record(
            [{"role": "user", "content": content}],
            list(zip(texts, models, strict=True)),
            rankings,
            source=FORMAT.name,
        )
    ]


def _answer(row: Row, name: str) -> str:
    """The response's text. An answer "True" became a JSON boolean in the published file."""
    text = row.get(name)
    return str(text) if isinstance(text, bool) else texts_of(row, name)[0]


FORMAT = Format(
    "pandalm",
    Holds.COMPARISONS,
    {
        "instruction": Shape.TEXT,
        "input": Shape.TEXT,
        "cmp_key": Shape.TEXT,
        "response1": Shape.TEXT,
        "response2": Shape.TEXT,
        "annotator1": Shape.WHOLE,
        "annotator2": Shape.WHOLE,
        "annotator3": Shape.WHOLE,
    },
    telling=(frozenset({"cmp_key", "response1"}),),
    read=read,
)
