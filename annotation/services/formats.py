"""How preference files from elsewhere look: each line becomes comparisons in one shape.

`hh` is Anthropic's HH-RLHF, `pandalm` the PandaLM test set, `oasst` OpenAssistant's trees, `ours`
the dataset rows that Whetstone writes.
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, takewhile
from typing import Any

from annotation.errors import InvalidInput
from annotation.kinds import MOST_RESPONSES
from annotation.services.prompts import Message, check_text, parse_json, parse_messages, short

TURN = re.compile(r"\n\n(Human|Assistant):")
SPEAKER = {"Human": "user", "Assistant": "assistant", "prompter": "user"}


@dataclass(frozen=True)
class Comparison:
    """Responses to one prompt and how people ranked them.

    `responses` are (text, name of the model or None); `rankings` are (annotator, one rank per
    response), 1 best, equal ranks tie, None was not ranked.
    """

    messages: list[Message]
    responses: list[tuple[str, str | None]]
    rankings: list[tuple[str, list[int | None]]]
    language: str = "en"

    def digest(self) -> str:
        """Names the content, wherever in whichever file it stands."""
        value = [self.messages, self.responses, self.rankings]
        return hashlib.sha256(json.dumps(value).encode()).hexdigest()


def read_comparisons(
    lines: Iterable[bytes], format_: str
) -> tuple[str, Iterator[tuple[int, list[Comparison] | InvalidInput]]]:
    """The format's name, and per line what it holds or why it cannot be used.

    `auto` decides by the first line that is JSON. A file may also be one JSON array; its entries
    then go by the line on which they begin. Raises InvalidInput for an unknown format.
    """
    values = _values(lines)
    if format_ == "auto":
        head = list(_through_first_object(values))
        values = chain(head, values)
        format_ = _recognise(head[-1][1] if head else None)
    if format_ not in FORMATS:
        raise InvalidInput(f"expected a format of {', '.join(FORMATS)}, got {format_!r}")
    return format_, _comparisons(values, FORMATS[format_])


def _comparisons(
    values: Iterable[tuple[int, Any]], parse: Callable[[dict[str, Any]], list[Comparison]]
) -> Iterator[tuple[int, list[Comparison] | InvalidInput]]:
    for number, value in values:
        try:
            if isinstance(value, InvalidInput):
                raise value
            if not isinstance(value, dict):
                raise InvalidInput(f"expected a JSON object, got {short(value)}")
            found = parse(value)
            for comparison in found:
                _check(comparison)
            yield number, found
        except InvalidInput as error:
            yield number, error


def _check(comparison: Comparison) -> None:
    n = len(comparison.responses)
    if not 2 <= n <= MOST_RESPONSES:
        raise InvalidInput(f"expected 2 to {MOST_RESPONSES} responses, got {n}")
    if len(set(comparison.responses)) < n:
        raise InvalidInput("expected responses that differ, got the same text twice")
    check_text(*(message["content"] for message in comparison.messages))
    check_text(*(text for text, _ in comparison.responses))
    for _, ranking in comparison.rankings:
        if len(ranking) != n or not all(r is None or (type(r) is int and r >= 1) for r in ranking):
            raise InvalidInput(
                f"expected {n} ranks, each a whole number from 1 or null, got {short(ranking)}"
            )


def _values(lines: Iterable[bytes]) -> Iterator[tuple[int, Any]]:
    """(line, value or InvalidInput) for JSON lines or for the entries of one JSON array."""
    numbered = enumerate(lines, start=1)
    for number, line in numbered:
        if not line.strip():
            continue
        if line.lstrip().startswith(b"["):
            rest = b"".join(chain([line], (more for _, more in numbered)))
            yield from _entries(rest, number)
            return
        try:
            yield number, parse_json(line)
        except InvalidInput as error:
            yield number, error


def _entries(content: bytes, first_line: int) -> Iterator[tuple[int, Any]]:
    """The entries of a JSON array with their lines.

    After a broken entry reading goes on at the next line that is indented like the first entry
    and opens an object, as pretty-printed files are.
    """
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        yield first_line, InvalidInput(f"expected UTF-8, got {error.reason}")
        return
    decoder = json.JSONDecoder()
    opening = re.compile(r"^[ \t]*(?=\{)", re.MULTILINE)
    first = opening.search(text, text.index("[") + 1)
    at_entry = re.compile(rf"^{first[0]}(?=\{{)", re.MULTILINE) if first else opening
    place = text.index("[") + 1
    line, counted = first_line, 0
    while (begin := _skip_between(text, place)) < len(text) and text[begin] != "]":
        line, counted = line + text.count("\n", counted, begin), begin
        try:
            value, place = decoder.raw_decode(text, begin)
            yield line, value
        except ValueError as error:
            yield (
                line,
                InvalidInput(f"expected a JSON object, got an entry that breaks off: {error}"),
            )
            next_entry = at_entry.search(text, begin + 1)
            if next_entry is None:
                return
            place = next_entry.start()


def _skip_between(text: str, place: int) -> int:
    while place < len(text) and text[place] in " \t\r\n,":
        place += 1
    return place


def _through_first_object(values: Iterator[tuple[int, Any]]) -> Iterator[tuple[int, Any]]:
    found = []

    def before(entry: tuple[int, Any]) -> bool:
        found.append(entry)
        return not isinstance(entry[1], dict)

    for _ in takewhile(before, values):
        pass
    return iter(found)


def _recognise(value: Any) -> str:
    names = value.keys() if isinstance(value, dict) else set()
    for format_, telling in TELLING.items():
        if telling <= names:
            return format_
    raise InvalidInput(
        f"expected a file of {', '.join(FORMATS)}, "
        f"got fields {', '.join(sorted(names)) or 'none'}; name the format with --format"
    )


def _texts(value: dict[str, Any], *names: str) -> list[str]:
    for name in names:
        if not isinstance(value.get(name), str):
            raise InvalidInput(f"expected {name} as text, got {short(value.get(name))}")
    return [value[name] for name in names]


def _hh(value: dict[str, Any]) -> list[Comparison]:
    """Two dialogues with a common beginning, which is the prompt.

    Where they part before their last turn, the response carries all turns that follow, as they
    stand in the file.
    """
    chosen, rejected = _texts(value, "chosen", "rejected")
    turns = [_turns("chosen", chosen), _turns("rejected", rejected)]
    common = [one for one, other in takewhile(_same, zip(*turns, strict=False))]
    while common and common[-1][0] != "Human":
        common.pop()
    if not common:
        raise InvalidInput("expected two dialogues that begin with the same words of the human")
    responses: list[tuple[str, str | None]] = []
    for text, parts in zip((chosen, rejected), turns, strict=True):
        if len(parts) <= len(common) or parts[len(common)][0] != "Assistant":
            raise InvalidInput("expected the assistant to speak after what the two share")
        start = sum(len(f"\n\n{who}:{said}") for who, said in common) + len("\n\nAssistant:")
        responses.append((text[start:].removeprefix(" "), None))
    messages = [{"role": SPEAKER[who], "content": said.removeprefix(" ")} for who, said in common]
    return [Comparison(messages, responses, [("HH-RLHF annotator", [1, 2])])]


def _turns(name: str, text: str) -> list[tuple[str, str]]:
    before, *parts = TURN.split(text)
    if before or not parts:
        raise InvalidInput(
            f"expected {name} to begin with '\\n\\nHuman:' or '\\n\\nAssistant:', got {short(text)}"
        )
    return list(zip(parts[::2], parts[1::2], strict=True))


def _same(pair: tuple[tuple[str, str], tuple[str, str]]) -> bool:
    return pair[0] == pair[1]


def _pandalm(value: dict[str, Any]) -> list[Comparison]:
    """Two models' answers and what each annotator preferred: 1, 2, or 0 for a tie."""
    instruction, given, key = _texts(value, "instruction", "input", "cmp_key")
    models = key.split("_")
    if len(models) != 2:
        raise InvalidInput(f"expected cmp_key as two model names joined by _, got {short(key)}")
    content = "\n\n".join(part for part in (instruction, given) if part.strip())
    if not content:
        raise InvalidInput("expected an instruction or an input, got neither")
    rankings = []
    for name in sorted(name for name in value if name.startswith("annotator")):
        if value[name] not in (0, 1, 2) or isinstance(value[name], bool):
            raise InvalidInput(f"expected {name} as 0, 1 or 2, got {short(value[name])}")
        ranks: list[int | None] = [[1, 1], [1, 2], [2, 1]][value[name]]
        rankings.append((f"PandaLM {name.replace('annotator', 'annotator ')}", ranks))
    if not rankings:
        raise InvalidInput("expected at least annotator1, got no annotator")
    texts = [_answer(value, "response1"), _answer(value, "response2")]
    return [
        Comparison(
            [{"role": "user", "content": content}],
            list(zip(texts, models, strict=True)),
            rankings,
        )
    ]


def _answer(value: dict[str, Any], name: str) -> str:
    """The response's text. An answer "True" became a JSON boolean in the published file."""
    text = value.get(name)
    return str(text) if isinstance(text, bool) else _texts(value, name)[0]


def _oasst(value: dict[str, Any]) -> list[Comparison]:
    """A conversation tree: every message with two or more ranked replies is a comparison."""
    root = value.get("prompt")
    if not isinstance(root, dict):
        raise InvalidInput(f"expected prompt as a message with replies, got {short(root)}")
    found = []
    waiting: list[tuple[dict[str, Any], list[Message]]] = [(root, [])]
    while waiting:
        node, before = waiting.pop()
        role, text = _texts(node, "role", "text")
        if role not in ("prompter", "assistant"):
            raise InvalidInput(f"expected role prompter or assistant, got {short(role)}")
        messages = [*before, {"role": SPEAKER.get(role, role), "content": text}]
        replies = node.get("replies", [])
        if not isinstance(replies, list) or not all(isinstance(one, dict) for one in replies):
            raise InvalidInput(f"expected replies as a list of messages, got {short(replies)}")
        waiting.extend((reply, messages) for reply in reversed(replies))
        ranked = [reply for reply in replies if reply.get("rank") is not None]
        if len(ranked) >= 2:
            found.append(_ranked(ranked, messages, str(node.get("lang") or "en")))
    return found


def _ranked(replies: list[dict[str, Any]], messages: list[Message], language: str) -> Comparison:
    given = [reply["rank"] for reply in replies]
    if not all(type(rank) is int for rank in given):
        raise InvalidInput(f"expected rank as whole numbers, got {short(given)}")
    places = {rank: place for place, rank in enumerate(sorted(set(given)), start=1)}
    responses: list[tuple[str, str | None]] = [
        (_texts(reply, "text")[0], reply.get("model_name")) for reply in replies
    ]
    ranks: list[int | None] = [places[rank] for rank in given]
    return Comparison(messages, responses, [("OpenAssistant ranking", ranks)], language[:10])


def _ours(value: dict[str, Any]) -> list[Comparison]:
    """A dataset row. Its split is not taken over: the prompt alone decides its side."""
    responses, ranks = value.get("responses"), value.get("ranks")
    if not isinstance(responses, list) or not all(isinstance(text, str) for text in responses):
        raise InvalidInput(f"expected responses as a list of texts, got {short(responses)}")
    if not isinstance(ranks, list):
        raise InvalidInput(f"expected ranks as a list, got {short(ranks)}")
    messages = parse_messages({"prompt": value["prompt"]} if "prompt" in value else {})
    return [Comparison(messages, [(text, None) for text in responses], [("Consensus", ranks)])]


FORMATS: dict[str, Callable[[dict[str, Any]], list[Comparison]]] = {
    "hh": _hh,
    "pandalm": _pandalm,
    "oasst": _oasst,
    "ours": _ours,
}
TELLING = {
    "hh": {"chosen", "rejected"},
    "pandalm": {"cmp_key", "response1"},
    "oasst": {"message_tree_id", "prompt"},
    "ours": {"prompt", "responses", "ranks"},
}
