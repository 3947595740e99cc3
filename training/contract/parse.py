"""JSON into dataclasses, strictly: what is declared is all there is.

`parse(Recipe, value, "recipe")` gives a Recipe, or a ParseError whose path names the place
("recipe.steps.2.settings.beta") and whose sentence says what was expected there and what came. A
number given as text is refused, a truth value is no number, an unknown name is refused by name.
A union of dataclasses is closed: a field of every member, a Literal, tells which one is meant.
`to_json` is the way back.
"""

import dataclasses
import difflib
import enum
import functools
import json
import math
import types
import typing
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from training.contract.errors import ParseError
from training.contract.sentences import Scalar, Sentence, say

T = TypeVar("T")
Json = Scalar | list["Json"] | dict[str, "Json"]


def parse(kind: type[T], value: object, where: str) -> T:
    """`value` (as `json.loads` gives it) as a `kind`: a dataclass or TypedDict, or what they hold.

    Fields may be bool, int, float, str, None, Literal, Enum, object (any JSON), lists, tuples,
    dicts by text, dataclasses, TypedDicts and unions of these. A field with `limited` metadata
    keeps to its limits. What `__post_init__` refuses is refused: a ParseError there has its path
    relative to the dataclass, another ValueError becomes one at the dataclass's place.
    """
    found: T = _parse(kind, value, where)
    return found


def parse_one_of(kinds: Iterable[type[T]], value: object, where: str) -> T:
    """As `parse`, into that one of the dataclasses which the value's tag names."""
    found: T = _tagged(tuple(kinds), value, where)
    return found


def to_json(value: object) -> Json:
    """What `parse` reads: dataclasses as objects, tuples as lists, enums as their values."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {
            field.name: to_json(getattr(value, field.name)) for field in dataclasses.fields(value)
        }
    if isinstance(value, tuple | list):
        return [to_json(one) for one in value]
    if isinstance(value, Mapping):
        return {str(name): to_json(one) for name, one in value.items()}
    if isinstance(value, enum.Enum):
        return to_json(value.value)
    if value is None or isinstance(value, SCALARS):
        return value
    raise TypeError(f"{value!r} is nothing that JSON can hold")


@dataclass(frozen=True)
class Limits:
    """What a hint cannot say: the range of a number, the length of a list, the known words.

    `above` excludes its end, the others do not. Words may be known only when they are asked for.
    """

    least: float | None = None
    above: float | None = None
    most: float | None = None
    choices: tuple[str, ...] | Callable[[], tuple[str, ...]] = ()

    def words(self) -> tuple[str, ...]:
        return self.choices() if callable(self.choices) else self.choices


def limited(
    *,
    least: float | None = None,
    above: float | None = None,
    most: float | None = None,
    choices: tuple[str, ...] | Callable[[], tuple[str, ...]] = (),
) -> dict[str, object]:
    """The metadata of a field that has limits; of a list, its length and the words in it."""
    return {"limits": Limits(least, above, most, choices)}


def limits_of(field: "dataclasses.Field[Any]") -> Limits:
    found: Limits = field.metadata.get("limits", FREE)
    return found


FREE = Limits()


def _parse(hint: Any, value: object, where: str) -> Any:
    origin = typing.get_origin(hint)
    if hint is object or hint is Any:
        return value
    if hint in SCALARS:
        return _scalar(hint, value, where)
    if origin is Literal:
        return _choice(typing.get_args(hint), value, where)
    if origin in (types.UnionType, typing.Union):
        return _union(typing.get_args(hint), value, where)
    if origin in (list, tuple):
        return _sequence(hint, value, where)
    if origin in (dict, Mapping):
        return {
            name: _parse(typing.get_args(hint)[1], part, f"{where}.{name}")
            for name, part in _object(value, where).items()
        }
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return hint(_choice(tuple(one.value for one in hint), value, where))
    if dataclasses.is_dataclass(hint):
        return _dataclass(hint, value, where)
    if typing.is_typeddict(hint):
        return _names(_hints(hint), hint.__required_keys__, value, where)
    raise TypeError(f"{where} is declared as {hint!r}, which JSON cannot hold")


def _scalar(hint: type, value: object, where: str) -> object:
    if hint is float and type(value) is int:
        return float(value)
    if type(value) is not hint:
        raise ParseError(where, _expected(hint, value))
    if isinstance(value, float) and not math.isfinite(value):
        raise ParseError(
            where,
            say("value_not_finite", "Expected a finite number, got {got}.", got=_shown(value)),
        )
    return value


def _choice(choices: tuple[object, ...], value: object, where: str) -> object:
    if not any(type(value) is type(one) and value == one for one in choices):
        raise ParseError(where, not_among(choices, value))
    return value


def _union(members: tuple[object, ...], value: object, where: str) -> object:
    if value is None and type(None) in members:
        return None
    members = tuple(member for member in members if member is not type(None))
    if len(members) == 1:
        return _parse(members[0], value, where)
    if all(dataclasses.is_dataclass(member) for member in members):
        return _tagged(members, value, where)
    refusals = []
    for member in members:
        try:
            return _parse(member, value, where)
        except ParseError as error:
            refusals.append(error)
    if inside := [error for error in refusals if error.path != where]:
        raise inside[0]
    raise ParseError(
        where,
        say(
            "value_of_no_kind",
            "Expected one of the types {kinds}, got {got}.",
            kinds=", ".join(getattr(member, "__name__", str(member)) for member in members),
            got=_shown(value),
        ),
    )


def _tagged(members: tuple[object, ...], value: object, where: str) -> Any:
    """The one of several dataclasses that the value's tag names."""
    tag, by_tag = _tags(members)
    given = _object(value, where)
    if tag not in given:
        raise ParseError(f"{where}.{tag}", _missing())
    choice = _choice(tuple(by_tag), given[tag], f"{where}.{tag}")
    return _dataclass(by_tag[choice], value, where)


@functools.cache
def _tags(members: tuple[object, ...]) -> tuple[str, dict[object, object]]:
    """The field that tells the members apart, and the member of each of its values."""
    for name in _hints(members[0]):
        hints = [_hints(member).get(name) for member in members]
        if all(typing.get_origin(hint) is Literal for hint in hints):
            pairs = zip(hints, members, strict=True)
            return name, {tag: member for hint, member in pairs for tag in typing.get_args(hint)}
    names = ", ".join(getattr(member, "__name__", str(member)) for member in members)
    raise TypeError(f"{names}: a union of dataclasses needs a Literal field that all of them have")


def _sequence(hint: object, value: object, where: str) -> object:
    if not isinstance(value, list | tuple):
        raise ParseError(
            where, say("value_not_list", "Expected a list, got {got}.", got=_shown(value))
        )
    kind, parts = typing.get_origin(hint) or tuple, typing.get_args(hint)
    if kind is list or parts[-1] is Ellipsis:
        parts = (parts[0],) * len(value)
    elif len(parts) != len(value):
        raise ParseError(
            where,
            say(
                "value_wrong_length",
                "Expected a list of {length}, got {got}.",
                length=len(parts),
                got=len(value),
            ),
        )
    pairs = enumerate(zip(parts, value, strict=True))
    return kind(_parse(part, item, f"{where}.{i}") for i, (part, item) in pairs)


def _dataclass(kind: Any, value: object, where: str) -> object:
    fields = {field.name: field for field in dataclasses.fields(kind) if field.init}
    hints = {name: _hints(kind)[name] for name in fields}
    required = frozenset(
        name
        for name, field in fields.items()
        if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
    )
    found = _names(hints, required, value, where)
    for name, part in found.items():
        _check_limits(limits_of(fields[name]), part, f"{where}.{name}")
    try:
        return kind(**found)
    except ParseError as error:
        path = f"{where}.{error.path}" if error.path else where
        raise ParseError(path, error.sentence) from error
    except ValueError as error:
        raise ParseError(where, say("value_refused", "{reason}", reason=str(error))) from error


def _names(
    hints: Mapping[str, object], required: frozenset[str], value: object, where: str
) -> dict[str, object]:
    given = _object(value, where)
    for name in given:
        if name not in hints:
            raise ParseError(f"{where}.{name}", _unknown(name, tuple(hints)))
    for name in hints:
        if name in required and name not in given:
            raise ParseError(f"{where}.{name}", _missing())
    return {name: _parse(hints[name], part, f"{where}.{name}") for name, part in given.items()}


def _check_limits(limits: Limits, value: object, where: str) -> None:
    if isinstance(value, list | tuple):
        _check_length(limits, len(value), where)
        for i, one in enumerate(value):
            _check_words(limits, one, f"{where}.{i}")
        return
    _check_words(limits, value, where)
    if not isinstance(value, int | float) or isinstance(value, bool):
        return
    got = _shown(value)
    if limits.least is not None and value < limits.least:
        raise ParseError(
            where,
            say(
                "value_too_small",
                "Must be at least {least}, got {got}.",
                least=limits.least,
                got=got,
            ),
        )
    if limits.above is not None and value <= limits.above:
        raise ParseError(
            where,
            say(
                "value_not_above", "Must be above {above}, got {got}.", above=limits.above, got=got
            ),
        )
    if limits.most is not None and value > limits.most:
        raise ParseError(
            where,
            say("value_too_large", "Must be at most {most}, got {got}.", most=limits.most, got=got),
        )


def _check_words(limits: Limits, value: object, where: str) -> None:
    words = limits.words()
    if words and value is not None and value not in words:
        raise ParseError(where, not_among(words, value))


def _check_length(limits: Limits, length: int, where: str) -> None:
    if limits.least is not None and length < limits.least:
        raise ParseError(
            where,
            say(
                "list_too_short",
                "Expected a list of at least {least}, got {got}.",
                least=limits.least,
                got=length,
            ),
        )
    if limits.most is not None and length > limits.most:
        raise ParseError(
            where,
            say(
                "list_too_long",
                "Expected a list of at most {most}, got {got}.",
                most=limits.most,
                got=length,
            ),
        )


def _object(value: object, where: str) -> dict[str, object]:
    if not isinstance(value, dict):
        raise ParseError(
            where, say("value_not_object", "Expected a JSON object, got {got}.", got=_shown(value))
        )
    return value


def _expected(hint: type, value: object) -> Sentence:
    got = _shown(value)
    if hint is bool:
        return say("value_not_bool", "Expected true or false, got {got}.", got=got)
    if hint is int:
        return say("value_not_whole_number", "Expected a whole number, got {got}.", got=got)
    if hint is float:
        return say("value_not_number", "Expected a number, got {got}.", got=got)
    if hint is str:
        return say("value_not_text", "Expected text, got {got}.", got=got)
    return say("value_not_null", "Expected nothing, got {got}.", got=got)


def not_among(choices: Iterable[object], value: object) -> Sentence:
    return say(
        "value_not_among",
        "Expected one of {choices}, got {got}.",
        choices=", ".join(map(str, choices)),
        got=_shown(value),
    )


def _unknown(name: str, names: tuple[str, ...]) -> Sentence:
    if close := difflib.get_close_matches(name, names, n=1):
        return say("value_name_misspelt", "Unknown name; did you mean {close}?", close=close[0])
    return say(
        "value_name_unknown", "Unknown name; expected one of {names}.", names=", ".join(names)
    )


def _missing() -> Sentence:
    return say("value_missing", "This is needed and missing.")


@functools.cache
def _hints(kind: object) -> dict[str, object]:
    return typing.get_type_hints(kind)


def _shown(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, default=repr)
    return text if len(text) <= 80 else f"{text[:79]}…"


SCALARS = (bool, int, float, str, type(None))
