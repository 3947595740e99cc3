"""A sentence the server says to a person: English here, and a code by which a screen translates it.

`say("round_not_draft", "Only a draft can start; this round is {state}.", state=round.state)` keeps
the words beside the place that says them. The code goes to the browser with the parameters, and
the browser looks it up in its own language; whoever has no translation shows the English. A code
stands for one text: a test collects every call and holds the catalogues of the front end to them.
"""

from dataclasses import dataclass, field
from typing import TypedDict

Param = str | int | float | bool | None


class SentenceJson(TypedDict):
    """A sentence as stored and sent; `text` is the English, parameters in it."""

    code: str
    params: dict[str, Param]
    text: str


@dataclass(frozen=True)
class Sentence:
    """`text` has the names of `params` in braces; `code` is snake_case and never changes."""

    code: str
    text: str
    params: dict[str, Param] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.text.format(**self.params)

    def to_json(self) -> SentenceJson:
        return {"code": self.code, "params": self.params, "text": str(self)}


def say(code: str, text: str, **params: Param) -> Sentence:
    return Sentence(code, text, params)
