"""What a recipe may say, for whoever draws a form of it: read off the tables, nothing by hand."""

import dataclasses
import typing
from typing import Any, TypedDict

from annotation.rounds.decisions import CHOICES
from annotation.rounds.gates import GATES
from annotation.rounds.parse import Limits, Schema, limits_of, schema_of
from annotation.rounds.recipe import DEFAULT, DEFAULT_IMPORT, RecipeJson
from annotation.rounds.step import Source, Step
from annotation.rounds.steps import STEPS
from annotation.rounds.steps.train import training_methods
from annotation.sentences import SentenceJson
from training.contract.methods import METHODS, Method, describe_settings
from training.contract.settings import SettingFacts


class MethodForm(TypedDict):
    method: str
    title: SentenceJson
    description: SentenceJson
    makes: str
    reads_model: bool
    reads_reward: bool
    settings: list[SettingFacts]


class GateForm(TypedDict):
    gate: str
    title: SentenceJson
    unit: SentenceJson
    direction: str
    usual: float


class RoleForm(TypedDict):
    role: str
    kinds: list[str]
    words: list[str]
    takes_checkpoint: bool
    is_reward: bool | None
    is_list: bool
    is_needed: bool


class KindForm(TypedDict):
    kind: str
    title: SentenceJson
    stage: str
    is_single: bool
    reads: list[RoleForm]
    settings: list[dict[str, Any]]


class ChoiceForm(TypedDict):
    choice: str
    title: SentenceJson


class RecipeForms(TypedDict):
    default: RecipeJson
    default_import: RecipeJson
    kinds: list[KindForm]
    methods: list[MethodForm]
    gates: list[GateForm]
    choices: list[ChoiceForm]


def describe_recipes() -> RecipeForms:
    return {
        "default": DEFAULT.to_json(),
        "default_import": DEFAULT_IMPORT.to_json(),
        "kinds": [_kind(name, kind) for name, kind in STEPS.items()],
        "methods": [_method(METHODS[name]) for name in training_methods()],
        "gates": [
            {
                "gate": name,
                "title": gate.title.to_json(),
                "unit": gate.unit.to_json(),
                "direction": gate.direction,
                "usual": gate.usual,
            }
            for name, gate in GATES.items()
        ],
        "choices": [
            {"choice": name, "title": choice.title.to_json()} for name, choice in CHOICES.items()
        ],
    }


def _method(row: Method) -> MethodForm:
    needs = row.needs(row.dataset_kind)
    assert row.makes is not None, "a training step leaves a checkpoint"
    return {
        "method": row.name,
        "title": row.title.to_json(),
        "description": row.description.to_json(),
        "makes": row.makes,
        "reads_model": "model" in needs,
        "reads_reward": "reward" in needs,
        "settings": describe_settings(row.name),
    }


def _kind(name: str, kind: type[Step]) -> KindForm:
    hints = typing.get_type_hints(kind)
    return {
        "kind": name,
        "title": kind.title.to_json(),
        "stage": kind.stage,
        "is_single": kind.is_single,
        "reads": [_role(field) for field in dataclasses.fields(hints["reads"])],
        "settings": list(_settings(kind, "")),
    }


def _role(field: "dataclasses.Field[Any]") -> RoleForm:
    source: Source = field.metadata["source"]
    return {
        "role": field.name,
        "kinds": list(source.kinds),
        "words": list(source.words),
        "takes_checkpoint": source.takes_checkpoint,
        "is_reward": source.is_reward,
        "is_list": "tuple" in str(field.type),
        "is_needed": field.default is dataclasses.MISSING,
    }


def _settings(kind: type, prefix: str) -> typing.Iterator[dict[str, Any]]:
    """The plain settings, those of an object inside as `object.name`."""
    hints = typing.get_type_hints(kind)
    schema: Schema = schema_of(kind, is_input=False, names=lambda part: part.__name__)
    for field in dataclasses.fields(kind):
        hint = hints[field.name]
        if field.name in ("name", "kind", "reads"):
            continue
        if dataclasses.is_dataclass(hint):
            yield from _settings(typing.cast(type, hint), f"{prefix}{field.name}.")
            continue
        described = schema["properties"][field.name]
        if described["type"] in ("array", "object"):
            continue
        limits: Limits = limits_of(field)
        found = {
            "name": f"{prefix}{field.name}",
            "type": described["type"],
            "default": None if field.default is dataclasses.MISSING else field.default,
            "choices": described.get("enum"),
            "least": limits.least,
            "most": limits.most,
        }
        yield {
            name: value for name, value in found.items() if name == "default" or value is not None
        }
