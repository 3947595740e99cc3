"""Prompts: what a conversation must look like, and prompts written one by one."""

from collections.abc import Sequence

from django.db import transaction

from annotation.errors import Conflict, InvalidInput
from annotation.happenings import happened
from annotation.models import Project, Prompt, User
from annotation.models.prompt import content_hash, split_of
from annotation.sentences import say

ROLES = ("system", "user", "assistant")
MOST_SOURCE, MOST_LANGUAGE = 200, 10


Message = dict[str, str]


def create_prompt(
    project: Project,
    *,
    by: User,
    messages: list[Message],
    source: str = "",
    tags: Sequence[str] = (),
    language: str = "en",
) -> Prompt:
    """One prompt; Conflict where the project has the same conversation already."""
    check_messages(messages)
    check_question(messages)
    check_text(source, language, *tags)
    digest = content_hash(messages)
    with transaction.atomic():
        prompt, made = Prompt.objects.get_or_create(
            project=project,
            content_hash=digest,
            defaults={
                "messages": messages,
                "source": source,
                "tags": list(tags),
                "language": language,
                "split": split_of(digest),
            },
        )
        if not made:
            raise Conflict(say("prompt_known", "The project has this prompt already."))
        happened("prompt.created", prompt, by=by)
    return prompt


def check_messages(given: object) -> list[Message]:
    """A conversation as it is given, checked; InvalidInput says what was expected and came."""
    if not isinstance(given, list) or not given:
        raise InvalidInput(
            say("messages_wanted", "expected a list of messages, got {got}", got=short(given))
        )
    for message in given:
        if not isinstance(message, dict) or message.keys() != {"role", "content"}:
            raise InvalidInput(
                say(
                    "message_fields_wanted",
                    "expected a message with exactly role and content, got {got}",
                    got=short(message),
                )
            )
        if message["role"] not in ROLES:
            raise InvalidInput(
                say(
                    "message_role_wanted",
                    "expected role system, user or assistant, got {got}",
                    got=short(message["role"]),
                )
            )
        content = message["content"]
        if not isinstance(content, str) or not content.strip():
            raise InvalidInput(
                say(
                    "message_content_wanted",
                    "expected content as text that is not empty, got {got}",
                    got=short(content),
                )
            )
        check_text(content)
    return given


def check_question(messages: Sequence[Message]) -> None:
    if messages[-1]["role"] != "user":
        raise InvalidInput(
            say(
                "prompt_ends_with_user",
                "expected a conversation that ends with the user, got {role} last",
                role=repr(messages[-1]["role"]),
            )
        )


def check_text(*texts: str) -> None:
    """InvalidInput for text that no database or browser can hold."""
    for text in texts:
        if "\x00" in text:
            raise InvalidInput(
                say("text_holds_nul", "expected text without the character NUL (\\u0000)")
            )
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise InvalidInput(
                say(
                    "text_not_whole",
                    "expected whole characters in UTF-8, got half a surrogate pair or broken bytes",
                )
            ) from error


def short(value: object) -> str:
    """A value as it stands in a sentence."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
