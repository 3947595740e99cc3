"""`hh`: Anthropic's HH-RLHF, two dialogues of which one was chosen."""

import re
from collections.abc import Iterator
from itertools import takewhile

from annotation.errors import InvalidInput
from annotation.exchange.format import Format, Holds, Scope, Shape
from annotation.exchange.preferences import each
from annotation.exchange.record import Answer, Record, Row, texts_of
from annotation.models import Project
from annotation.sentences import say
from annotation.services.prompts import short
from training.contract import records
from training.contract.rows import PreferenceRow

TURN = re.compile(r"\n\n(Human|Assistant):")
SPEAKER = {"Human": "user", "Assistant": "assistant"}
NAMES = {role: speaker for speaker, role in SPEAKER.items()}
Turn = tuple[str, str]


def read(row: Row) -> list[Record]:
    """Two dialogues with a common beginning, which is the prompt.

    Where they part before their last turn, the response carries all turns that follow, as they
    stand in the file.
    """
    chosen, rejected = texts_of(row, "chosen", "rejected")
    turns = [_turns("chosen", chosen), _turns("rejected", rejected)]
    common = [one for one, other in takewhile(_same, zip(*turns, strict=False))]
    while common and common[-1][0] != "Human":
        common.pop()
    if not common:
        raise InvalidInput(
            say(
                "dialogues_share_nothing",
                "expected two dialogues that begin with the same words of the human",
            )
        )
    responses: list[Answer] = []
    for text, parts in zip((chosen, rejected), turns, strict=True):
        if len(parts) <= len(common) or parts[len(common)][0] != "Assistant":
            raise InvalidInput(
                say(
                    "assistant_must_follow",
                    "expected the assistant to speak after what the two share",
                )
            )
        start = sum(len(f"\n\n{who}:{said}") for who, said in common) + len("\n\nAssistant:")
        responses.append((text[start:].removeprefix(" "), None))
    return [
        Record(
            [{"role": SPEAKER[who], "content": said.removeprefix(" ")} for who, said in common],
            responses,
            [("HH-RLHF annotator", [1, 2])],
            source=FORMAT.name,
        )
    ]


def _turns(name: str, text: str) -> list[Turn]:
    before, *parts = TURN.split(text)
    if before or not parts:
        raise InvalidInput(
            say(
                "dialogue_wanted",
                "expected {name} to begin with '\\n\\nHuman:' or '\\n\\nAssistant:', got {got}",
                name=name,
                got=short(text),
            )
        )
    return list(zip(parts[::2], parts[1::2], strict=True))


def _same(pair: tuple[Turn, Turn]) -> bool:
    return pair[0] == pair[1]


def write(project: Project, scope: Scope) -> Iterator[list[Row]]:
    return each(project, scope, dialogues)


def dialogues(row: PreferenceRow) -> Iterator[Row]:
    # HH-RLHF knows two speakers; what the system says goes before the first words of the human.
    system = "".join(m["content"] + "\n\n" for m in row["prompt"] if m["role"] == "system")
    turns = [(NAMES[m["role"]], m["content"]) for m in row["prompt"] if m["role"] in NAMES]
    if not turns:
        return
    turns[0] = (turns[0][0], system + turns[0][1])
    start = "".join(f"\n\n{who}: {said}" for who, said in turns) + "\n\nAssistant: "
    for pair in records.pairs(row):
        yield {"chosen": start + pair.chosen, "rejected": start + pair.rejected}


FIELDS = {"chosen": Shape.TEXT, "rejected": Shape.TEXT}
FORMAT = Format(
    "hh", Holds.COMPARISONS, FIELDS, telling=(frozenset(FIELDS),), read=read, write=write
)
