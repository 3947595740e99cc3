"""One strict reader of JSON into frozen dataclasses, and the OpenAPI schema of the same classes.

The class is the only declaration: its type hints say what a value may be, `setting` adds the range.
Nothing is converted: a number given as text, a yes given as 1, a name nobody knows are refused,
each with the path of the field.
"""

import dataclasses
import math
import types
import typing
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from annotation.errors import InvalidRecipe
from annotation.sentences import Sentence, say
from training.contract.errors import ParseError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Scalar = str | int | float | bool | None
Json = Scalar | list["Json"] | dict[str, "Json"]
Schema = dict[str, Any]
Part = TypeVar("Part", bound="DataclassInstance")
Choices = Callable[[], tuple[str, ...]]


@dataclasses.dataclass(frozen=True)
class Limits:
    """What a hint cannot say: the range of a number, the length of a list, the known words."""

    least: float | None = None
    most: float | None = None
    choices: Choices | None = None


FREE = Limits()


def setting(
    default: Any = dataclasses.MISSING,
    *,
    least: float | None = None,
    most: float | None = None,
    choices: Choices | None = None,
) -> Any:
    """A dataclass field with a range (ends included; of a list, its length) or known words."""
    metadata = {"limits": Limits(least, most, choices)}
    if default is dataclasses.MISSING:
        return dataclasses.field(metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)


def limits_of(field: "dataclasses.Field[Any]") -> Limits:
    found: Limits = field.metadata.get("limits", FREE)
    return found


def read(kind: type[Part], value: Json, where: str) -> Part:
    """The `kind` that `value` says, or InvalidRecipe naming the field, what it takes and got."""
    given = read_object(value, where)
    fields = {field.name: field for field in dataclasses.fields(kind) if field.init}
    if unknown := sorted(set(given) - set(fields)):
        raise refuse(
            f"{where}.{unknown[0]}",
            say("recipe_unknown_name", "unknown name; expected {names}", names=", ".join(fields)),
        )
    for name, field in fields.items():
        if name not in given and _is_required(field):
            raise refuse(
                f"{where}.{name}", say("recipe_missing_name", "expected a value, got none")
            )
    hints = typing.get_type_hints(kind)
    return kind(
        **{
            name: _value(hints[name], item, f"{where}.{name}", limits_of(fields[name]))
            for name, item in given.items()
        }
    )


def read_object(value: Json, where: str) -> dict[str, Json]:
    if not isinstance(value, dict):
        raise refuse(
            where,
            say("recipe_not_an_object", "expected a JSON object, got {got}", got=_short(value)),
        )
    return value


def read_list(value: Json, where: str) -> list[Json]:
    if not isinstance(value, list):
        raise refuse(
            where, say("recipe_not_a_list", "expected a list, got {got}", got=_short(value))
        )
    return value


def refuse(where: str, why: Sentence) -> InvalidRecipe:
    """`where` is the path of the field, `why` what it takes and what it got."""
    said = say("recipe_refused", "{where}: {why}.", where=where, why=why)
    return InvalidRecipe(said, fields={where: [why]})


def refuse_value(error: ParseError) -> InvalidRecipe:
    """What the contract of training refuses, at the path where it was read."""
    return InvalidRecipe(error.said, fields={error.path: [error.sentence]})


def to_json(value: Any) -> Any:
    """A dataclass (or a list, a dict, a scalar of them) as plain JSON; tuples become lists."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {
            field.name: to_json(getattr(value, field.name)) for field in dataclasses.fields(value)
        }
    if isinstance(value, tuple | list):
        return [to_json(one) for one in value]
    if isinstance(value, dict):
        return {name: to_json(one) for name, one in value.items()}
    return value


def _is_required(field: "dataclasses.Field[Any]") -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


def _value(hint: Any, value: Json, where: str, limits: Limits) -> Any:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):
        if value is None and type(None) in arguments:
            return None
        hint = next(one for one in arguments if one is not type(None))
        return _value(hint, value, where, limits)
    if origin is Literal:
        return _among(value, arguments, where)
    if origin is tuple:
        found = read_list(value, where)
        _within(len(found), limits, where)
        words = Limits(choices=limits.choices)
        return tuple(
            _value(arguments[0], one, f"{where}.{i}", words) for i, one in enumerate(found)
        )
    if origin is dict:
        given = read_object(value, where)
        return {name: _scalar(one, f"{where}.{name}") for name, one in given.items()}
    if dataclasses.is_dataclass(hint):
        return read(typing.cast("type[DataclassInstance]", hint), value, where)
    return _plain(hint, value, where, limits)


def _plain(hint: type, value: Json, where: str, limits: Limits) -> Scalar:
    if hint is float and type(value) is int:
        value = float(value)
    if type(value) is not hint:
        raise refuse(
            where,
            say(
                "recipe_wrong_type",
                "expected {type}, got {got}",
                type=WORDS[hint],
                got=_short(value),
            ),
        )
    assert isinstance(value, str | int | float | bool)
    if limits.choices is not None:
        _among(value, limits.choices(), where)
    if isinstance(value, int | float) and not isinstance(value, bool):
        _within(value, limits, where)
    return value


WORDS: dict[type, str] = {int: "an integer", float: "a number", str: "text", bool: "true or false"}


def _scalar(value: Json, where: str) -> Scalar:
    if isinstance(value, list | dict):
        raise refuse(
            where,
            say("recipe_not_a_scalar", "expected one value, got {got}", got=_short(value)),
        )
    return value


def _within(value: float, limits: Limits, where: str) -> None:
    low = limits.least is not None and value < limits.least
    high = limits.most is not None and value > limits.most
    if low or high or not math.isfinite(value):
        raise refuse(
            where,
            say(
                "recipe_out_of_range",
                "expected {least} to {most}, got {got}",
                least=_end(limits.least, "any"),
                most=_end(limits.most, "any"),
                got=_short(value),
            ),
        )


def _end(value: float | None, otherwise: str) -> str:
    return otherwise if value is None else f"{value:.10g}"


def _among(value: Json, allowed: tuple[Any, ...], where: str) -> Any:
    if value not in allowed:
        raise refuse(
            where,
            say(
                "recipe_not_among",
                "expected one of {allowed}, got {got}",
                allowed=", ".join(map(str, allowed)),
                got=_short(value),
            ),
        )
    return value


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def schema_of(kind: type, *, is_input: bool, names: Callable[[type], str]) -> Schema:
    """The OpenAPI schema of a dataclass; as input, what has a default may be left out.

    Dataclasses inside it are referred to by the component name that `names` gives them.
    """
    hints = typing.get_type_hints(kind)
    fields = dataclasses.fields(kind)
    required = [field.name for field in fields if not is_input or _is_required(field)]
    properties = {
        field.name: _schema(hints[field.name], limits_of(field), names) for field in fields
    }
    found: Schema = {
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
    }
    return {**found, "required": required} if required else found


def _schema(hint: Any, limits: Limits, names: Callable[[type], str]) -> Schema:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):
        inner = _schema(next(a for a in arguments if a is not type(None)), limits, names)
        return (
            {"allOf": [inner], "nullable": True} if "$ref" in inner else {**inner, "nullable": True}
        )
    if origin is Literal:
        return {"type": "string", "enum": list(arguments)}
    if origin is tuple:
        words = Limits(choices=limits.choices)
        found: Schema = {"type": "array", "items": _schema(arguments[0], words, names)}
        return {**found, "minItems": int(limits.least)} if limits.least else found
    if origin is dict:
        scalars = [{"type": "string"}, {"type": "number"}, {"type": "boolean"}]
        return {"type": "object", "additionalProperties": {"oneOf": scalars, "nullable": True}}
    if dataclasses.is_dataclass(hint):
        return {"$ref": f"#/components/schemas/{names(typing.cast(type, hint))}"}
    found = {"type": OPENAPI[hint]}
    if limits.choices is not None:
        found["enum"] = list(limits.choices())
    if limits.least is not None:
        found["minimum"] = limits.least
    if limits.most is not None:
        found["maximum"] = limits.most
    return found


OPENAPI: dict[type, str] = {int: "integer", float: "number", str: "string", bool: "boolean"}
