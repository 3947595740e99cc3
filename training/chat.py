"""Conversations as text and tokens: one template for every model that brings none.

    <|user|>2 + 2?<|end|><|assistant|>4.<|end|>

Each turn is its role's marker, its content and the end-of-sequence token, so a model ends its
answer with the token that ends generation.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from transformers import PreTrainedTokenizerBase

from training.contract.errors import SpecError
from training.contract.rows import Message

PAD, END = "<|pad|>", "<|end|>"
ROLES = ("<|system|>", "<|user|>", "<|assistant|>")
SPECIAL_TOKENS = (PAD, END, *ROLES)

TEMPLATE = (
    "{% for message in messages %}"
    "{{ '<|' + message['role'] + '|>' + message['content'] + eos_token }}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}"
)


@dataclass(frozen=True)
class Encoded:
    """Token ids of a text and, for each, 1 where it belongs to an answer (its end included)."""

    ids: list[int]
    answer: list[int]


def prepare(tokenizer: PreTrainedTokenizerBase) -> PreTrainedTokenizerBase:
    """Give a tokenizer what it lacks: our template, and padding with its end token."""
    if tokenizer.eos_token is None:
        raise SpecError("the tokenizer has no end-of-sequence token, answers could never end")
    if tokenizer.chat_template is None:
        tokenizer.chat_template = TEMPLATE
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer


def render(
    tokenizer: PreTrainedTokenizerBase, messages: Sequence[Message], *, answer_next: bool
) -> str:
    """The conversation as text, open for the assistant's turn if `answer_next`.

    A content that spells a special token (someone typing `<|assistant|>`) must not become one:
    a zero-width space breaks it up.
    """
    special = tokenizer.all_special_tokens
    plain = [{"role": m["role"], "content": _without(special, m["content"])} for m in messages]
    if not plain:
        plain = [{"role": "user", "content": ""}]
    text = tokenizer.apply_chat_template(plain, tokenize=False, add_generation_prompt=answer_next)
    return str(text)


def encode_prompts(
    tokenizer: PreTrainedTokenizerBase, prompts: Iterable[Sequence[Message]], *, max_tokens: int
) -> list[list[int]]:
    """Token ids of each conversation, ready for the answer; the oldest tokens are cut."""
    texts = [render(tokenizer, prompt, answer_next=True) for prompt in prompts]
    if not texts:
        return []
    ids: list[list[int]] = tokenizer(texts, add_special_tokens=False)["input_ids"]
    return [row[-max_tokens:] for row in ids]


def encode_conversations(
    tokenizer: PreTrainedTokenizerBase, conversations: Iterable[Sequence[Message]]
) -> list[Encoded]:
    """Each conversation's tokens, the assistant's turns marked; nothing is cut.

    Works with any template whose text for the first turns is the beginning of the whole text;
    SpecError otherwise, because the answers could not be told from the rest. A token that
    belongs to both (a space before the answer that merges with its first word) is the answer's.
    """
    texts: list[str] = []
    spans: list[list[tuple[int, int]]] = []
    for messages in conversations:
        texts.append(render(tokenizer, messages, answer_next=False))
        spans.append(_answer_spans(tokenizer, messages, texts[-1]))
    if not texts:
        return []
    out = tokenizer(texts, add_special_tokens=False, return_offsets_mapping=True)
    return [
        Encoded(ids, [int(any(start < b and end > a for a, b in marked)) for start, end in offsets])
        for ids, offsets, marked in zip(out["input_ids"], out["offset_mapping"], spans, strict=True)
    ]


def encode_texts(tokenizer: PreTrainedTokenizerBase, texts: Iterable[str]) -> list[Encoded]:
    """Plain texts, each ended by the end token, all of it to be learned."""
    cleaned = [_without(tokenizer.all_special_tokens, text) for text in texts]
    if not cleaned:
        return []
    rows: list[list[int]] = tokenizer(cleaned, add_special_tokens=False)["input_ids"]
    end = int(tokenizer.eos_token_id)
    return [Encoded([*ids, end], [1] * (len(ids) + 1)) for ids in rows]


def decode(tokenizer: PreTrainedTokenizerBase, ids: Sequence[int]) -> str:
    """The text of a response, without its end token."""
    return str(tokenizer.decode(list(ids), skip_special_tokens=True)).strip()


def _answer_spans(
    tokenizer: PreTrainedTokenizerBase, messages: Sequence[Message], text: str
) -> list[tuple[int, int]]:
    spans = []
    for i, message in enumerate(messages):
        if message["role"] != "assistant":
            continue
        before = render(tokenizer, messages[:i], answer_next=True) if i else ""
        through = (
            text
            if i + 1 == len(messages)
            else render(tokenizer, messages[: i + 1], answer_next=False)
        )
        if not (text.startswith(before) and text.startswith(through)):
            raise SpecError(
                "the tokenizer's chat template rewrites earlier turns, "
                "so the assistant's answers cannot be told from the rest"
            )
        spans.append((len(before), len(through)))
    return spans


def _without(special: Sequence[str], content: str) -> str:
    for token in special:
        if token in content:
            content = content.replace(token, token[:1] + "\u200b" + token[1:])
    return content
