"""The OpenAPI schema of a dataclass that `parse` reads: the class is the only declaration."""

import dataclasses
import types
import typing
from collections.abc import Callable
from typing import Any, Literal

from training.contract.parse import FREE, Limits, limited, limits_of

Schema = dict[str, Any]


def setting(
    default: Any = dataclasses.MISSING,
    *,
    least: float | None = None,
    most: float | None = None,
    choices: tuple[str, ...] | Callable[[], tuple[str, ...]] = (),
) -> Any:
    """A dataclass field with a range (ends included; of a list, its length) or known words."""
    metadata = limited(least=least, most=most, choices=choices)
    if default is dataclasses.MISSING:
        return dataclasses.field(metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)


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
        words = dataclasses.replace(FREE, choices=limits.choices)
        found: Schema = {"type": "array", "items": _schema(arguments[0], words, names)}
        return {**found, "minItems": int(limits.least)} if limits.least else found
    if origin is dict:
        scalars = [{"type": "string"}, {"type": "number"}, {"type": "boolean"}]
        return {"type": "object", "additionalProperties": {"oneOf": scalars, "nullable": True}}
    if dataclasses.is_dataclass(hint):
        return {"$ref": f"#/components/schemas/{names(typing.cast(type, hint))}"}
    found = {"type": OPENAPI[hint]}
    if known := limits.words():
        found["enum"] = list(known)
    if limits.least is not None:
        found["minimum"] = limits.least
    if limits.most is not None:
        found["maximum"] = limits.most
    return found


OPENAPI: dict[type, str] = {int: "integer", float: "number", str: "string", bool: "boolean"}


def _is_required(field: "dataclasses.Field[Any]") -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
