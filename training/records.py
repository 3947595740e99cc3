"""Dataset rows: how they look, how they are read, written and fingerprinted.

One JSON object per line. Kinds: `text` (pretrain), `messages` (sft), `preference` (reward, dpo,
rrhf, evaluate), `prompts` (ppo, generate, evaluate). Standard library only.
"""

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NotRequired, TypedDict, overload

from training.errors import SpecError
from training.files import sync_directory

SPLITS = ("train", "eval")


class Message(TypedDict):
    role: str
    content: str


class TextRow(TypedDict):
    """Plain text or a conversation to learn the language from: exactly one of the two."""

    text: NotRequired[str]
    messages: NotRequired[list[Message]]
    split: NotRequired[str]


class MessagesRow(TypedDict):
    """A demonstration: the last message is the assistant's."""

    messages: list[Message]
    split: NotRequired[str]


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


@dataclass(frozen=True)
class Pair:
    """`chosen` beat `rejected`; i and j are their places in the row's responses.

    `margin` is how many ranks apart the two are (0.0 where the ranks do not say), `weight` how
    much the pair counts.
    """

    prompt: list[Message]
    chosen: str
    rejected: str
    margin: float
    weight: float
    i: int
    j: int


@dataclass(frozen=True)
class KtoRow:
    """One completion and whether it is desirable."""

    prompt: list[Message]
    completion: str
    label: bool


def pairs(row: PreferenceRow) -> list[Pair]:
    """The comparisons in a preference row, winners first; ties and null ranks give none.

    >>> row = {"prompt": [], "responses": ["a", "b", "c"], "ranks": [2, 1, 2]}
    >>> [(pair.chosen, pair.rejected, pair.margin) for pair in pairs(row)]
    [('b', 'a', 1.0), ('b', 'c', 1.0)]
    """
    ranks, weights = row["ranks"], row.get("weights")
    if weights is None:
        votes = [
            (i, j, 1.0)
            for i, mine in enumerate(ranks)
            for j, other in enumerate(ranks)
            if mine is not None and other is not None and mine < other
        ]
    else:
        votes = [(int(i), int(j), w) for i, j, w in weights if w > 0]
    responses = row["responses"]
    return [
        Pair(row["prompt"], responses[i], responses[j], _margin(ranks[i], ranks[j]), w, i, j)
        for i, j, w in votes
    ]


def kto_rows(row: PreferenceRow) -> list[KtoRow]:
    """Desirable where a response beats more than it loses to, undesirable where fewer.

    Where most votes found all responses bad, all are undesirable, whatever their order.

    >>> row = {"prompt": [], "responses": ["a", "b", "c"], "ranks": [1, 2, 3]}
    >>> [(kto.completion, kto.label) for kto in kto_rows(row)]
    [('a', True), ('c', False)]
    """
    if 2 * row.get("all_bad", 0) > row.get("votes", 0):
        return [KtoRow(row["prompt"], text, False) for text in row["responses"]]
    balance = [0.0] * len(row["responses"])
    for pair in pairs(row):
        balance[pair.i] += pair.weight
        balance[pair.j] -= pair.weight
    return [
        KtoRow(row["prompt"], text, score > 0)
        for text, score in zip(row["responses"], balance, strict=True)
        if score != 0
    ]


@overload
def read_rows(path: Path | str, kind: Literal["text"]) -> Iterator[TextRow]: ...
@overload
def read_rows(path: Path | str, kind: Literal["messages"]) -> Iterator[MessagesRow]: ...
@overload
def read_rows(path: Path | str, kind: Literal["preference"]) -> Iterator[PreferenceRow]: ...
@overload
def read_rows(path: Path | str, kind: Literal["prompts"]) -> Iterator[PromptRow]: ...
@overload
def read_rows(path: Path | str, kind: str) -> Iterator[Any]: ...
def read_rows(path: Path | str, kind: str) -> Iterator[Any]:
    """The rows of a dataset, one at a time; SpecError names the line and what was expected."""
    check = CHECKS[kind]
    with Path(path).open(encoding="utf-8") as file:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except json.JSONDecodeError as error:
                raise SpecError(f"{path}, line {number}: not JSON ({error.msg})") from error
            if problem := check(row):
                raise SpecError(f"{path}, line {number}: {problem}")
            yield row


def write_rows(path: Path | str, rows: Iterable[Any]) -> str:
    """Write rows as JSONL, atomically and durably; returns the file's digest."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(path.name + ".tmp")
    digest = hashlib.sha256()
    with draft.open("wb") as file:
        for row in rows:
            line = json.dumps(row, ensure_ascii=False, allow_nan=False).encode() + b"\n"
            digest.update(line)
            file.write(line)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    sync_directory(path.parent)
    return f"sha256:{digest.hexdigest()}"


def file_digest(path: Path | str) -> str:
    """ "sha256:<hex>" of a file's bytes."""
    with Path(path).open("rb") as file:
        return f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"


def folder_digest(path: Path | str) -> str:
    """One "sha256:<hex>" for all files of a folder: the hash of its sorted lines `path NUL hash`.

    README.md is left out: the model card may be edited without making it another model.
    """
    folder = Path(path)
    total = hashlib.sha256()
    names = sorted(
        item.relative_to(folder).as_posix() for item in folder.rglob("*") if item.is_file()
    )
    for name in names:
        if name != "README.md":
            total.update(f"{name}\0{file_digest(folder / name).removeprefix('sha256:')}\n".encode())
    return f"sha256:{total.hexdigest()}"


def _margin(better: int | None, worse: int | None) -> float:
    if better is None or worse is None or worse <= better:
        return 0.0
    return float(worse - better)


def _check_conversation(value: Any, name: str) -> str | None:
    if not isinstance(value, list) or not value:
        return f"{name} must be a list of messages that is not empty"
    for message in value:
        if not isinstance(message, dict) or set(message) != {"role", "content"}:
            return f"a message in {name} has exactly role and content, got {message!r}"
        if message["role"] not in ("system", "user", "assistant"):
            return f"a role is system, user or assistant, got {message['role']!r}"
        if not isinstance(message["content"], str):
            return f"the content of a message is text, got {message['content']!r}"
    return None


def _check_shape(row: Any, required: set[str], optional: set[str]) -> str | None:
    if not isinstance(row, dict):
        return f"expected a JSON object, got {type(row).__name__}"
    if missing := sorted(required - set(row)):
        return f"lacks {missing[0]!r}"
    if unknown := sorted(set(row) - required - optional - {"split", "ids"}):
        return f"unknown field {unknown[0]!r}"
    if row.get("split", "train") not in SPLITS:
        return f"split is train or eval, got {row['split']!r}"
    return None


def _check_text(row: Any) -> str | None:
    if problem := _check_shape(row, set(), {"text", "messages"}):
        return problem
    if ("text" in row) == ("messages" in row):
        return "expected exactly one of text and messages"
    if "messages" in row:
        return _check_conversation(row["messages"], "messages")
    return None if isinstance(row["text"], str) else f"text is text, got {row['text']!r}"


def _check_messages(row: Any) -> str | None:
    if problem := _check_shape(row, {"messages"}, set()):
        return problem
    if problem := _check_conversation(row["messages"], "messages"):
        return problem
    last = row["messages"][-1]["role"]
    return None if last == "assistant" else f"the last message is the assistant's, got {last!r}"


def _check_prompt(row: Any) -> str | None:
    if problem := _check_shape(row, {"prompt"}, {"responses"}):
        return problem
    return _check_conversation(row["prompt"], "prompt") or _check_responses(
        row.get("responses", [])
    )


def _check_responses(value: Any) -> str | None:
    if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
        return f"responses are a list of texts, got {value!r}"
    return None


def _check_preference(row: Any) -> str | None:
    if problem := _check_shape(row, {"prompt", "responses", "ranks"}, {"weights", "votes", "all_bad"}):
        return problem
    problem = _check_conversation(row["prompt"], "prompt") or _check_responses(row["responses"])
    if problem:
        return problem
    count, ranks, weights = len(row["responses"]), row["ranks"], row.get("weights")
    if not isinstance(ranks, list) or len(ranks) != count:
        return f"expected {count} ranks, got {ranks!r}"
    if not all(rank is None or (type(rank) is int and rank >= 1) for rank in ranks):
        return f"a rank is a whole number from 1 or null, got {ranks!r}"
    for entry in [] if weights is None else weights:
        if not (isinstance(entry, list) and len(entry) == 3 and _is_weight(entry, count)):
            return f"a weight is [i, j, w] with two different responses and w >= 0, got {entry!r}"
    return None


def _is_weight(entry: list[Any], count: int) -> bool:
    i, j, weight = entry
    return (
        type(i) is int
        and type(j) is int
        and 0 <= i < count
        and 0 <= j < count
        and i != j
        and type(weight) in (int, float)
        and weight >= 0
    )


CHECKS: dict[str, Callable[[Any], str | None]] = {
    "text": _check_text,
    "messages": _check_messages,
    "preference": _check_preference,
    "prompts": _check_prompt,
}
