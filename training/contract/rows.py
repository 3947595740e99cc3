"""Dataset rows: the fields of each kind, and what a row must be beyond its fields."""

from collections.abc import Callable
from typing import Any, Literal, NotRequired, TypedDict

from training.contract.parse import parse


class Part(TypedDict):
    """Which part of the data a row belongs to; training learns where nothing is said."""

    split: Literal["train", "eval"]


class Message(TypedDict):
    role: Literal["system", "user", "assistant"]
    content: str


class TextRow(TypedDict):
    """Plain text or a conversation to learn the language from: exactly one of the two."""

    text: NotRequired[str]
    messages: NotRequired[list[Message]]
    split: NotRequired[str]
    ids: NotRequired[dict[str, Any]]


class MessagesRow(TypedDict):
    """A demonstration: the last message is the assistant's."""

    messages: list[Message]
    split: NotRequired[str]
    ids: NotRequired[dict[str, Any]]


class PreferenceRow(TypedDict):
    """A prompt, its responses and what people thought of them.

    `ranks`: 1 is best, equal is tied, None cannot be ranked. `weights`: `[i, j, w]` says that
    response i beat response j with weight w; None derives every pair from the ranks.
    """

    prompt: list[Message]
    responses: list[str]
    ranks: list[int | None]
    weights: NotRequired[list[list[float]] | None]
    votes: NotRequired[int]
    all_bad: NotRequired[int]  # how many of the votes found every response bad
    split: NotRequired[str]
    ids: NotRequired[dict[str, Any]]


class PromptRow(TypedDict):
    """A conversation awaiting an answer; `responses` only where evaluation brings its own."""

    prompt: list[Message]
    responses: NotRequired[list[str]]
    split: NotRequired[str]
    ids: NotRequired[dict[str, Any]]


def parse_row(kind: str, value: object, where: str) -> Any:
    """`value` as a row of `kind`; ValueError (of what is wrong, at `where`) unless it is one."""
    shape, check = KINDS[kind]
    row = parse(shape, value, where)
    if "split" in row:
        parse(Part, {"split": row["split"]}, where)
    if problem := check(row):
        raise ValueError(f"{where}: {problem}")
    return row


def _check_text(row: TextRow) -> str | None:
    if ("text" in row) == ("messages" in row):
        return "expected exactly one of text and messages"
    return _check_conversation(row["messages"], "messages") if "messages" in row else None


def _check_messages(row: MessagesRow) -> str | None:
    if problem := _check_conversation(row["messages"], "messages"):
        return problem
    last = row["messages"][-1]["role"]
    return None if last == "assistant" else f"the last message is the assistant's, got {last!r}"


def _check_prompt(row: PromptRow) -> str | None:
    return _check_conversation(row["prompt"], "prompt")


def _check_preference(row: PreferenceRow) -> str | None:
    if problem := _check_conversation(row["prompt"], "prompt"):
        return problem
    count, ranks = len(row["responses"]), row["ranks"]
    if len(ranks) != count:
        return f"expected {count} ranks, got {ranks!r}"
    if not all(rank is None or rank >= 1 for rank in ranks):
        return f"a rank is a whole number from 1 or null, got {ranks!r}"
    for entry in row.get("weights") or []:
        if not _is_weight(entry, count):
            return f"a weight is [i, j, w] with two different responses and w >= 0, got {entry!r}"
    return None


def _check_conversation(messages: list[Message], name: str) -> str | None:
    return None if messages else f"{name} must be a list of messages that is not empty"


def _is_weight(entry: list[float], count: int) -> bool:
    if len(entry) != 3:
        return False
    i, j, weight = entry
    return i in range(count) and j in range(count) and i != j and weight >= 0


KINDS: dict[str, tuple[type[Any], Callable[[Any], str | None]]] = {
    "text": (TextRow, _check_text),
    "messages": (MessagesRow, _check_messages),
    "preference": (PreferenceRow, _check_preference),
    "prompts": (PromptRow, _check_prompt),
}
