"""Every question that can be asked in the demo's world, with what is true about it.

The world is finite: all questions are listed once, so that prompts can be drawn without repeats
and a reader can find a question again from its text alone.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from itertools import permutations

from annotation.simulation import facts
from training.contract.rows import Message

LEAD_INS = {
    "en": ("", "Please tell me: ", "Quick question: ", "I wonder: "),
    "zh": ("", "请问，"),
}


@dataclass(frozen=True)
class Question:
    """One question. `statement` and `short` are sentences with `{}` where an answer goes.

    `truth` is the right answer, `rivals` are wrong ones of the same sort.
    """

    kind: str
    language: str
    text: str
    truth: str
    rivals: tuple[str, ...]
    statement: str
    short: str = "{}."

    @property
    def messages(self) -> list[Message]:
        return [{"role": "user", "content": self.text}]


def _ask(
    kind: str,
    truth: str,
    among: list[str] | tuple[str, ...],
    says: str,
    *texts: str,
    short: str = "",
) -> Iterator[Question]:
    """The same question in each of the wordings `texts`."""
    language = "en" if texts[0].isascii() else "zh"
    rivals = tuple(dict.fromkeys(rival for rival in among if rival != truth))
    short = short or ("{}." if language == "en" else "{}。")
    for text in texts:
        yield Question(kind, language, text, truth, rivals, says, short)


def capitalised(text: str) -> str:
    """`text` with its first letter large and the others as they are."""
    return text[:1].upper() + text[1:]


def _near(number: int) -> list[str]:
    """The wrong results that somebody would give for `number`."""
    return [str(n) for n in (number - 2, number - 1, number + 1, number + 2, number + 10) if n >= 0]


def _arithmetic() -> Iterator[Question]:
    for a in range(1, 10):
        for b in range(1, 7):
            yield from _ask(
                "arithmetic", str(a + b), _near(a + b), "It is {}.",
                f"What is {a} plus {b}?", f"Add {a} and {b}.", f"How much is {a} + {b}?",
            )  # fmt: skip
            if a > b and a - b != b:
                yield from _ask(
                    "arithmetic", str(a - b), _near(a - b), "It is {}.",
                    f"What is {a} minus {b}?", f"How much is {a} - {b}?",
                )  # fmt: skip
            if a < 6:
                yield from _ask(
                    "arithmetic", str(a + b), _near(a + b), "等于{}。",
                    f"{a}加{b}等于几？", f"{a}加{b}是多少？",
                )  # fmt: skip


def _colours() -> Iterator[Question]:
    among = list(facts.COLOURS.values())
    for thing, colour in facts.COLOURS.items():
        yield from _ask(
            "colour", colour, among, "It is {}.",
            f"What colour is {thing}?", f"Name the colour of {thing}.",
            f"Which colour has {thing}?",
        )  # fmt: skip
    among = list(facts.COLOURS_ZH.values())
    for thing, colour in facts.COLOURS_ZH.items():
        yield from _ask("colour", colour, among, "是{}的。", f"{thing}是什么颜色的？")


def _opposites() -> Iterator[Question]:
    among = [word for pair in facts.OPPOSITES for word in pair]
    for pair in facts.OPPOSITES:
        for word, opposite in permutations(pair):
            yield from _ask(
                "opposite", opposite, [w for w in among if w != word],
                "The opposite is {}.",
                f"What is the opposite of {word}?", f"Which word means the opposite of {word}?",
            )  # fmt: skip
    among = [word for pair in facts.OPPOSITES_ZH for word in pair]
    for pair in facts.OPPOSITES_ZH:
        for word, opposite in permutations(pair):
            yield from _ask(
                "opposite", opposite, [w for w in among if w != word],
                "反义词是{}。", f"{word}的反义词是什么？",
            )  # fmt: skip


def _plurals() -> Iterator[Question]:
    for word, plural in facts.PLURALS.items():
        among = [f"{word}s", f"{word}es", word, *facts.PLURALS.values()]
        yield from _ask(
            "plural", plural, among, "The plural is {}.",
            f"What is the plural of {word}?", f"How do you write more than one {word}?",
            f"One {word}, two what?",
        )  # fmt: skip


def _capitals() -> Iterator[Question]:
    among = list(facts.CAPITALS.values())
    for country, capital in facts.CAPITALS.items():
        yield from _ask(
            "capital", capital, among, "The capital is {}.",
            f"What is the capital of {country}?", f"Which city is the capital of {country}?",
            f"Name the capital of {country}.",
        )  # fmt: skip
    among = list(facts.CAPITALS_ZH.values())
    for country, capital in facts.CAPITALS_ZH.items():
        yield from _ask("capital", capital, among, "首都是{}。", f"{country}的首都是哪里？")


def _animals() -> Iterator[Question]:
    for animal, sound in facts.SOUNDS.items():
        yield from _ask(
            "animal", sound, list(facts.SOUNDS.values()), "It says {}.",
            f"What sound does the {animal} make?", f"What does the {animal} say?",
        )  # fmt: skip
    for animal, young in facts.YOUNG.items():
        yield from _ask(
            "animal", young, list(facts.YOUNG.values()), "It is called a {}.",
            f"What is a baby {animal} called?", f"What do we call a young {animal}?",
        )  # fmt: skip


def _counts() -> Iterator[Question]:
    among = ["0", "2", "3", "4", "5", "6", "8", "10"]
    for body, legs in facts.LEGS.items():
        yield from _ask(
            "count", str(legs), among, "It has {} legs.",
            f"How many legs does the {body} have?", f"Count the legs of the {body}.",
        )  # fmt: skip
    for body, legs in facts.LEGS_ZH.items():
        yield from _ask("count", str(legs), among, "有{}条腿。", f"{body}有几条腿？")


def _orders() -> Iterator[Question]:
    for names, noun in ((facts.DAYS, "day"), (facts.MONTHS, "month")):
        for name, following in zip(names, names[1:] + names[:1], strict=True):
            directions = [("after", name, following), ("before", following, name)]
            for word, given, wanted in directions if noun == "day" else directions[:1]:
                yield from _ask(
                    "order", wanted, [n for n in names if n != given],
                    f"The {noun} is {{}}.",
                    f"Which {noun} comes {word} {given}?", f"Name the {noun} {word} {given}.",
                )  # fmt: skip
    for name, following in zip(facts.DAYS_ZH, facts.DAYS_ZH[1:] + facts.DAYS_ZH[:1], strict=True):
        among = [n for n in facts.DAYS_ZH if n != name]
        yield from _ask("order", following, among, "后一天是{}。", f"{name}的后一天是星期几？")


def _comparisons() -> Iterator[Question]:
    for a, b in permutations(range(1, 11), 2):
        pair = [str(a), str(b)]
        yield from _ask(
            "compare", str(max(a, b)), pair, "{} is bigger.",
            f"Which is bigger, {a} or {b}?",
        )  # fmt: skip
        if a < 7 and b < 7:
            yield from _ask("compare", str(max(a, b)), pair, "{}更大。", f"{a}和{b}哪个更大？")
    for first, second in permutations(facts.BY_SIZE, 2):
        larger = max(first, second, key=facts.BY_SIZE.index)
        yield from _ask(
            "compare", larger, [first, second], "{} is bigger.",
            f"Which is bigger, {first} or {second}?",
        )  # fmt: skip


def _sorts() -> Iterator[Question]:
    for numbers in permutations(range(1, 8), 3):
        orders = [", ".join(map(str, order)) for order in permutations(sorted(numbers))]
        yield from _ask(
            "sort", orders[0], orders, "The order is {}.",
            f"Sort these numbers: {', '.join(map(str, numbers))}.",
            f"Put in order: {', '.join(map(str, numbers))}.",
        )  # fmt: skip


def _requests() -> Iterator[Question]:
    for wish in facts.WISHES:
        yield from _ask(
            "request", wish, facts.WISHES, "Could you please give me {}?",
            f"Ask politely for {wish}.", f"How do I ask for {wish}?",
            f"Write a polite request for {wish}.",
            short="{}, please.",
        )  # fmt: skip
    for wish in facts.WISHES_ZH:
        yield from _ask(
            "request", wish, facts.WISHES_ZH, "请给我{}好吗？", f"怎样礼貌地要{wish}？",
            short="请给我{}。",
        )  # fmt: skip


def _explanations() -> Iterator[Question]:
    among = list(facts.REASONS.values())
    for fact, reason in facts.REASONS.items():
        yield from _ask(
            "explain", reason, among, "It is {}.",
            f"Why is it that {fact}?", f"Explain why {fact}.", f"Tell me the reason why {fact}.",
        )  # fmt: skip


_TOPICS = (
    _arithmetic, _colours, _opposites, _plurals, _capitals, _animals, _counts, _orders,
    _comparisons, _sorts, _requests, _explanations,
)  # fmt: skip


@cache
def every_question() -> tuple[Question, ...]:
    """All questions without lead-ins, always in the same order."""
    return tuple(question for topic in _TOPICS for question in topic())


@cache
def _by_text() -> dict[str, Question]:
    return {question.text: question for question in every_question()}


def find(text: str) -> Question | None:
    """The question that `text` asks, with or without a lead-in; None if it is not of this world."""
    text = text.strip()
    for lead_in in (lead_in for lead_ins in LEAD_INS.values() for lead_in in lead_ins):
        question = _by_text().get(text.removeprefix(lead_in))
        if question is not None:
            return replace(question, text=text)
    return None
