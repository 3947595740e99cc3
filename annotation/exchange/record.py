"""What a line of a file says, whichever format it was written in; and what an import did."""

import hashlib
import json
from dataclasses import dataclass, field

from annotation.errors import InvalidInput
from annotation.kinds import MOST_RESPONSES, Ranks
from annotation.models import Round
from annotation.models.prompt import content_hash
from annotation.sentences import Sentence, say
from annotation.services.prompts import Message, check_text, short

# One row of a file as it stands there: column or JSON name -> value.
Row = dict[str, object]
# The text and the name of the model that wrote it, or None.
Answer = tuple[str, str | None]
MOST_ERRORS = 1000


@dataclass(slots=True)
class Record:
    """A conversation, the responses to it where there are some, and how people ranked those.

    `rankings` are (annotator, one rank per response): 1 best, equal ranks tie, None was not
    ranked. Not frozen, which at 100,000 lines costs more than it guards.
    """

    messages: list[Message]
    responses: list[Answer] = field(default_factory=list)
    rankings: list[tuple[str, Ranks]] = field(default_factory=list)
    language: str = "en"
    source: str = ""
    tags: list[str] = field(default_factory=list)
    prompt_hash: str = field(init=False)

    def __post_init__(self) -> None:
        # Where a line is parsed, beside the database's work, and not when it is stored.
        self.prompt_hash = content_hash(self.messages)

    def digest(self) -> str:
        """Names the content, wherever in whichever file it stands."""
        value = [self.messages, self.responses, self.rankings]
        return hashlib.sha256(json.dumps(value).encode()).hexdigest()


@dataclass(frozen=True)
class LineError:
    """Why a line cannot be used. Of a Parquet file, `line` is the row's number."""

    line: int
    sentence: Sentence

    @property
    def message(self) -> str:
        return str(self.sentence)

    def __str__(self) -> str:
        return f"line {self.line}: {self.message}"


@dataclass
class Report:
    """What an import did. `errors` holds the first thousand; `bad_lines` counts them all.

    `duplicates` are prompts (of a file of prompts) or tasks (of the others) that were here already;
    `round` is the one that was made for tasks.
    """

    format: str
    lines: int = 0
    prompts: int = 0
    responses: int = 0
    tasks: int = 0
    labels: int = 0
    duplicates: int = 0
    bad_lines: int = 0
    errors: list[LineError] = field(default_factory=list)
    round: Round | None = None

    def reject(self, line: int, why: InvalidInput) -> None:
        self.bad_lines += 1
        if len(self.errors) < MOST_ERRORS:
            said = why.sentence or say("line_not_usable", "{why}", why=why.message)
            self.errors.append(LineError(line, said))

    def nothing_stored(self) -> "Report":
        """The report of an import that was to store all or nothing, and stored nothing."""
        return Report(self.format, self.lines, bad_lines=self.bad_lines, errors=self.errors)


def check_comparable(record: Record) -> None:
    """InvalidInput unless the record's responses can be put before a labeler together."""
    n = len(record.responses)
    if not 2 <= n <= MOST_RESPONSES:
        raise InvalidInput(
            say(
                "responses_out_of_range",
                "expected 2 to {most} responses, got {n}",
                most=MOST_RESPONSES,
                n=n,
            )
        )
    if len(set(record.responses)) < n:
        raise InvalidInput(
            say("responses_repeated", "expected responses that differ, got the same text twice")
        )
    check_text(*(message["content"] for message in record.messages))
    check_text(*(text for text, _ in record.responses))
    for _, ranking in record.rankings:
        if len(ranking) != n or not all(r is None or (type(r) is int and r >= 1) for r in ranking):
            raise InvalidInput(
                say(
                    "ranks_not_usable",
                    "expected {n} ranks, each a whole number from 1 or null, got {got}",
                    n=n,
                    got=short(ranking),
                )
            )


def texts_of(row: Row, *names: str) -> list[str]:
    """The named fields as texts; InvalidInput names the one that is not."""
    found = []
    for name in names:
        text = row.get(name)
        if not isinstance(text, str):
            raise InvalidInput(
                say(
                    "field_wants_text",
                    "expected {name} as text, got {got}",
                    name=name,
                    got=short(text),
                )
            )
        found.append(text)
    return found
