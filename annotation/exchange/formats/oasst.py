"""`oasst`: OpenAssistant's conversation trees, whose messages have ranked replies."""

from typing import Any

from annotation.errors import InvalidInput
from annotation.exchange.format import Format, Holds, Shape
from annotation.exchange.record import Answer, Record, Row, texts_of
from annotation.kinds import Ranks
from annotation.sentences import say
from annotation.services.prompts import MOST_LANGUAGE, Message, short

ROLES = {"prompter": "user", "assistant": "assistant"}


def read(row: Row) -> list[Record]:
    """Every message of the tree with two or more ranked replies is a comparison."""
    root = row.get("prompt")
    if not isinstance(root, dict):
        raise InvalidInput(
            say(
                "tree_wanted",
                "expected prompt as a message with replies, got {got}",
                got=short(root),
            )
        )
    found = []
    waiting: list[tuple[dict[str, Any], list[Message]]] = [(root, [])]
    while waiting:
        node, before = waiting.pop()
        role, text = texts_of(node, "role", "text")
        if role not in ROLES:
            raise InvalidInput(
                say(
                    "tree_role_wanted",
                    "expected role prompter or assistant, got {got}",
                    got=short(role),
                )
            )
        messages: list[Message] = [*before, {"role": ROLES[role], "content": text}]
        replies = node.get("replies", [])
        if not isinstance(replies, list) or not all(isinstance(one, dict) for one in replies):
            raise InvalidInput(
                say(
                    "replies_wanted",
                    "expected replies as a list of messages, got {got}",
                    got=short(replies),
                )
            )
        waiting.extend((reply, messages) for reply in reversed(replies))
        ranked = [reply for reply in replies if reply.get("rank") is not None]
        if len(ranked) >= 2:
            found.append(_ranked(ranked, messages, str(node.get("lang") or "en")))
    return found


def _ranked(replies: list[dict[str, Any]], messages: list[Message], language: str) -> Record:
    given = [reply["rank"] for reply in replies]
    if not all(type(rank) is int for rank in given):
        raise InvalidInput(
            say(
                "reply_rank_wanted",
                "expected rank as whole numbers, got {got}",
                got=short(given),
            )
        )
    places = {rank: place for place, rank in enumerate(sorted(set(given)), start=1)}
    responses: list[Answer] = [
        (texts_of(reply, "text")[0], reply.get("model_name")) for reply in replies
    ]
    ranks: Ranks = [places[rank] for rank in given]
    return Record(
        messages,
        responses,
        [("OpenAssistant ranking", ranks)],
        language[:MOST_LANGUAGE],
        source=FORMAT.name,
    )


FORMAT = Format(
    "oasst",
    Holds.COMPARISONS,
    {"message_tree_id": Shape.TEXT, "prompt": Shape.JSON},
    telling=(frozenset({"message_tree_id", "prompt"}),),
    read=read,
)
