"""JSON into dataclasses: what fits comes in, what does not is refused by its place."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, NotRequired, TypedDict

import pytest

from training.contract.errors import ParseError
from training.contract.parse import limited, parse
from training.contract.sentences import say


class Split(StrEnum):
    TRAIN = "train"
    EVAL = "eval"


class Facts(TypedDict):
    labels: int
    note: NotRequired[str]


@dataclass(frozen=True)
class Write:
    name: str
    kind: Literal["write"] = "write"
    temperature: float = field(default=1.0, metadata=limited(above=0, most=2))


@dataclass(frozen=True)
class Train:
    method: str = field(metadata=limited(choices=("dpo", "ppo")))
    kind: Literal["train"] = "train"
    seed: int | None = field(default=None, metadata=limited(least=0))


@dataclass(frozen=True)
class Plan:
    steps: tuple[Write | Train, ...]
    tags: list[str] = field(default_factory=list)
    bound: tuple[float, float] = (0.0, 1.0)
    split: Split = Split.TRAIN
    is_open: bool = False
    facts: Facts | None = None
    settings: dict[str, int | str] = field(default_factory=dict)
    anything: object = None

    def __post_init__(self) -> None:
        if self.bound[0] > self.bound[1]:
            raise ParseError("bound.0", say("test_bound", "Above {most}.", most=self.bound[1]))
        if len(self.steps) > 3:
            raise ValueError("at most 3 steps")


STEPS = [{"kind": "write", "name": "responses"}]


def test_what_was_declared_comes_back_typed():
    found = parse(
        Plan,
        {
            "steps": [*STEPS, {"kind": "train", "method": "dpo", "seed": 3}],
            "tags": ["a"],
            "bound": [0, 2],
            "split": "eval",
            "is_open": True,
            "facts": {"labels": 4},
            "settings": {"a": 1, "b": "x"},
            "anything": [{"free": None}],
        },
        "plan",
    )

    assert found == Plan(
        steps=(Write("responses"), Train("dpo", seed=3)),
        tags=["a"],
        bound=(0.0, 2.0),
        split=Split.EVAL,
        is_open=True,
        facts={"labels": 4},
        settings={"a": 1, "b": "x"},
        anything=[{"free": None}],
    )
    assert type(found.bound[0]) is float


@pytest.mark.parametrize(
    ("changes", "path", "code"),
    [
        ({"tags": "abc"}, "plan.tags", "value_not_list"),
        ({"tags": [1]}, "plan.tags.0", "value_not_text"),
        ({"bound": [0, "1"]}, "plan.bound.1", "value_not_number"),
        ({"bound": [0, True]}, "plan.bound.1", "value_not_number"),
        ({"bound": [0, float("nan")]}, "plan.bound.1", "value_not_finite"),
        ({"bound": [0]}, "plan.bound", "value_wrong_length"),
        ({"bound": [3, 1]}, "plan.bound.0", "test_bound"),
        ({"is_open": 1}, "plan.is_open", "value_not_bool"),
        ({"split": "test"}, "plan.split", "value_not_among"),
        ({"facts": {}}, "plan.facts.labels", "value_missing"),
        ({"facts": {"labels": 1.0}}, "plan.facts.labels", "value_not_whole_number"),
        ({"facts": []}, "plan.facts", "value_not_object"),
        ({"settings": {"a": []}}, "plan.settings.a", "value_of_no_kind"),
        ({"colour": 1}, "plan.colour", "value_name_unknown"),
        ({"tag": 1}, "plan.tag", "value_name_misspelt"),
        ({"steps": STEPS * 4}, "plan", "value_refused"),
        ({"steps": [{"name": "x"}]}, "plan.steps.0.kind", "value_missing"),
        ({"steps": [{"kind": "sing"}]}, "plan.steps.0.kind", "value_not_among"),
        ({"steps": [{"kind": ["write"]}]}, "plan.steps.0.kind", "value_not_among"),
        ({"steps": [{"kind": "write"}]}, "plan.steps.0.name", "value_missing"),
        ({"steps": [{"kind": "train", "name": "x"}]}, "plan.steps.0.name", "value_name_unknown"),
        (
            {"steps": [{**STEPS[0], "temperature": "0.5"}]},
            "plan.steps.0.temperature",
            "value_not_number",
        ),
        (
            {"steps": [{**STEPS[0], "temperature": 0}]},
            "plan.steps.0.temperature",
            "value_not_above",
        ),
        (
            {"steps": [{**STEPS[0], "temperature": 3}]},
            "plan.steps.0.temperature",
            "value_too_large",
        ),
        (
            {"steps": [{"kind": "train", "method": "dpo", "seed": -1}]},
            "plan.steps.0.seed",
            "value_too_small",
        ),
        ({"steps": [{"kind": "train", "method": "pop"}]}, "plan.steps.0.method", "value_not_among"),
        ({"steps": None}, "plan.steps", "value_not_list"),
    ],
)
def test_what_was_not_is_refused_by_its_place(changes, path, code):
    with pytest.raises(ParseError) as refused:
        parse(Plan, {"steps": STEPS, **changes}, "plan")

    assert (refused.value.path, refused.value.sentence.code) == (path, code)


def test_a_refusal_says_what_was_expected_and_what_came():
    with pytest.raises(ParseError) as refused:
        parse(Train, {"method": "dpo", "seed": "3"}, "step")

    assert str(refused.value) == 'step.seed: Expected a whole number, got "3".'


def test_a_missing_plan_and_one_that_is_no_object_are_refused():
    for value in (None, [], "plan", 3):
        with pytest.raises(ParseError, match="plan: Expected a JSON object"):
            parse(Plan, value, "plan")
    with pytest.raises(ParseError, match=r"plan\.steps: This is needed and missing"):
        parse(Plan, {}, "plan")


def test_long_values_are_cut_in_the_sentence():
    with pytest.raises(ParseError) as refused:
        parse(Train, {"method": "dpo", "seed": "3" * 500}, "step")

    assert len(str(refused.value)) < 140
