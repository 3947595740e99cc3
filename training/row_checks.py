"""What a dataset row must look like: each check answers with a sentence, or None if all is well."""

from collections.abc import Callable
from typing import Any

SPLITS = ("train", "eval")


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
    optional = {"weights", "votes", "all_bad"}
    if problem := _check_shape(row, {"prompt", "responses", "ranks"}, optional):
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
