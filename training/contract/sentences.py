"""A sentence the server says to a person: English here, and a code by which a screen translates it.

`say("round_not_draft", "Only a draft can start; this round is {state}.", state=round.state)` keeps
the words beside the place that says them. The code goes to the browser with the parameters, and
the browser looks it up in its own language; whoever has no translation shows the English. A code
stands for one text: a test collects every call and holds the catalogues of the front end to them.
"""

from dataclasses import dataclass, field
from typing import TypeAlias, TypedDict

Scalar = str | int | float | bool | None
Param: TypeAlias = "Scalar | Sentence"


class SentenceJson(TypedDict):
    """A sentence as stored and sent; `text` is the English, parameters in it."""

    code: str
    params: "dict[str, Scalar | SentenceJson]"
    text: str


@dataclass(frozen=True)
class Sentence:
    """`text` has the names of `params` in braces; `code` is snake_case and never changes.

    A parameter may be a sentence itself: what is quoted is said in the reader's language, too.
    """

    code: str
    text: str
    params: dict[str, Param] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.text.format(**self.params)

    def to_json(self) -> SentenceJson:
        params = {
            name: value.to_json() if isinstance(value, Sentence) else value
            for name, value in self.params.items()
        }
        return {"code": self.code, "params": params, "text": str(self)}

    @classmethod
    def stored(cls, found: SentenceJson) -> "Sentence":
        """The sentence that `to_json` stored; its text is said as it was then."""
        params = {
            name: cls.stored(value) if isinstance(value, dict) else value
            for name, value in found["params"].items()
        }
        return cls(found["code"], found["text"].replace("{", "{{").replace("}", "}}"), params)


def say(code: str, text: str, /, **params: Param) -> Sentence:
    return Sentence(code, text, params)
