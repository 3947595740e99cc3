"""The demo's world: who asks what, and answers of mixed quality to it.

A base model is pretrained on `pretraining_rows`: it learns to speak, and to be polite, wrong,
rude or unfinished in the same proportions. Preference is what then tells these apart.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from random import Random

from annotation.simulation.questions import LEAD_INS, Question, capitalised, every_question
from training.contract.rows import TextRow

# Share of questions per language; inside a language every kind is equally likely.
SHARES: Mapping[str, float] = {"en": 0.88, "zh": 0.12}

# Share of each way of answering in the pretraining text.
QUALITIES: Mapping[str, float] = {
    "polite": 0.22,
    "curt": 0.24,
    "wrong": 0.18,
    "rambling": 0.12,
    "rude": 0.14,
    "unfinished": 0.10,
}

# No phrase below contains a word that answers some question.
OPENINGS = {
    "en": ("Good question!", "Of course.", "Glad to help.", "Thank you for asking.", "Gladly."),
    "zh": ("您好！", "好的。", "谢谢您的提问。"),
}
CLOSINGS = {
    "en": (
        "I hope this helps.",
        "Have a nice time!",
        "You are welcome.",
        "Feel free to ask again.",
    ),
    "zh": ("希望能帮到您。", "祝您顺利！"),
}
INSULTS = {
    "en": (
        "Are you stupid?", "Everybody knows that, you fool.", "What a dumb question.",
        "Stop bothering me.", "Go away, idiot.", "I cannot believe you ask me this nonsense.",
    ),
    "zh": ("你真笨。", "这都不知道？", "别烦我。"),
}  # fmt: skip
RAMBLES = {
    "en": (
        "Well, one could say so much about it.",
        "My uncle used to tell a story about this.",
        "I was thinking about it the other week.",
        "Some say this and some say that.",
        "But then again, who knows in the end.",
        "Anyway, where was I, yes, I was going to say something.",
        "It reminds me of a song, although I forgot how it goes.",
    ),
    "zh": ("嗯，这件事说起来真不简单。", "我以前听别人说过这件事。", "不过呢，也要看你怎么想。"),
}  # fmt: skip

_ENDS = ".!?。！？"


def questions(rng: Random, n: int) -> list[Question]:
    """`n` questions drawn with repetition: language by SHARES, kind evenly, then lead-in."""
    return [_draw(rng) for _ in range(n)]


def prompts(seed: int, n: int) -> list[Question]:
    """`n` questions, no two with the same text; the same for the same seed.

    Raises ValueError when `n` is more than two thirds of what can be asked: drawing would crawl.
    """
    room = sum(len(LEAD_INS[question.language]) for question in every_question()) * 2 // 3
    if n > room:
        raise ValueError(f"expected at most {room} prompts, got {n}; this world has no more")
    rng = Random(f"prompts/{seed}")
    drawn: dict[str, Question] = {}
    while len(drawn) < n:
        question = _draw(rng)
        drawn.setdefault(question.text, question)
    return list(drawn.values())


def answer(rng: Random, question: Question, quality: str) -> str:
    """An answer in one of the QUALITIES; KeyError for any other."""
    return _ANSWERS[quality](rng, question)


def pretraining_rows(seed: int, n: int = 20_000) -> list[TextRow]:
    """`n` rows of kind "text": a question and an answer of a quality drawn from QUALITIES."""
    rng = Random(f"pretraining/{seed}")
    qualities = rng.choices(list(QUALITIES), weights=list(QUALITIES.values()), k=n)
    return [
        {
            "messages": [
                *question.messages,
                {"role": "assistant", "content": answer(rng, question, quality)},
            ]
        }
        for question, quality in zip(questions(rng, n), qualities, strict=True)
    ]


@cache
def _by_kind() -> dict[str, dict[str, tuple[Question, ...]]]:
    """language -> kind -> questions."""
    found: dict[str, dict[str, list[Question]]] = {lang: defaultdict(list) for lang in SHARES}
    for question in every_question():
        found[question.language][question.kind].append(question)
    return {
        language: {kind: tuple(questions) for kind, questions in kinds.items()}
        for language, kinds in found.items()
    }


def _draw(rng: Random) -> Question:
    language = rng.choices(list(SHARES), weights=list(SHARES.values()))[0]
    kinds = _by_kind()[language]
    question = rng.choice(kinds[rng.choice(list(kinds))])
    return replace(question, text=rng.choice(LEAD_INS[language]) + question.text)


def _state(rng: Random, question: Question, *, right: bool, short: bool = False) -> str:
    said = question.truth if right else rng.choice(question.rivals)
    return capitalised((question.short if short else question.statement).format(said))


def _join(question: Question, *sentences: str) -> str:
    return (" " if question.language == "en" else "").join(filter(None, sentences))


def _polite(rng: Random, question: Question, *, right: bool = True) -> str:
    opening, closing = rng.choice(((True, False), (False, True), (True, True)))
    return _join(
        question,
        rng.choice(OPENINGS[question.language]) if opening else "",
        _state(rng, question, right=right),
        rng.choice(CLOSINGS[question.language]) if closing else "",
    )


def _curt(rng: Random, question: Question) -> str:
    return _state(rng, question, right=True, short=rng.random() < 0.5)


def _wrong(rng: Random, question: Question) -> str:
    if rng.random() < 0.4:
        return _polite(rng, question, right=False)
    return _state(rng, question, right=False, short=rng.random() < 0.5)


def _rambling(rng: Random, question: Question) -> str:
    sentences = rng.sample(RAMBLES[question.language], 2)
    sentences.insert(rng.randint(0, 2), _state(rng, question, right=rng.random() < 0.8))
    return _join(question, *sentences)


def _rude(rng: Random, question: Question) -> str:
    stated = rng.random() < 0.7
    sentences = [
        _state(rng, question, right=rng.random() < 0.7) if stated else "",
        rng.choice(INSULTS[question.language]),
    ]
    rng.shuffle(sentences)
    return _join(question, *sentences)


def _unfinished(rng: Random, question: Question) -> str:
    """Cut off in the middle of the last sentence that is there."""
    whole = rng.choice((_polite, _rambling))(rng, question)
    if question.language == "zh":
        return whole[: rng.randint(2, len(whole) - 1)].rstrip(_ENDS)
    words = whole.split()
    return " ".join(words[: rng.randint(2, max(2, len(words) - 1))]).rstrip(_ENDS)


_ANSWERS = {
    "polite": _polite,
    "curt": _curt,
    "wrong": _wrong,
    "rambling": _rambling,
    "rude": _rude,
    "unfinished": _unfinished,
}
