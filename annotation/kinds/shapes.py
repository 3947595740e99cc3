"""How an answer looks, said once: one schema checks what comes in and is what OpenAPI shows."""

from typing import Literal, TypedDict

from annotation.errors import InvalidInput
from annotation.sentences import Sentence, say

Json = bool | int | float | str | list["Json"] | dict[str, "Json"] | None


class Schema(TypedDict, total=False):
    """The part of an OpenAPI 3.0 schema that an answer needs.

    An object has no other names than its `properties`; one with a `default` may be left out.
    """

    type: Literal["object", "array", "string", "integer", "number", "boolean"]
    description: str
    nullable: bool
    default: Json
    minimum: float
    maximum: float
    maxLength: int
    minItems: int
    maxItems: int
    items: "Schema"
    properties: dict[str, "Schema"]
    required: list[str]
    additionalProperties: bool


def shape(description: str, **properties: Schema) -> Schema:
    """The schema of an object with these names and no others."""
    schema: Schema = {
        "type": "object",
        "description": description,
        "properties": properties,
        "additionalProperties": False,
    }
    if needed := [name for name, of in properties.items() if "default" not in of]:
        schema["required"] = needed
    return schema


def fit(schema: Schema, value: object, at: str) -> Json:
    """`value` as the schema has it, defaults filled in. Raises InvalidInput that names the place.

    `at` is the name of the place, for example "answer.ranking.0".
    """
    if value is None and schema.get("nullable"):
        return None
    match schema["type"]:
        case "object" if isinstance(value, dict):
            return _object(schema, value, at)
        case "array" if isinstance(value, list):
            least, most = schema.get("minItems", 0), schema.get("maxItems", len(value))
            if not least <= len(value) <= most:
                raise _refuse(
                    at,
                    say(
                        "answer_items",
                        "{at}: expected {least} to {most} entries, got {got}.",
                        at=at,
                        least=least,
                        most=most,
                        got=len(value),
                    ),
                )
            return [fit(schema["items"], one, f"{at}.{i}") for i, one in enumerate(value)]
        case "string" if isinstance(value, str):
            if len(value) > schema.get("maxLength", len(value)):
                raise _refuse(
                    at,
                    say(
                        "answer_too_long",
                        "{at}: expected at most {most} characters, got {got}.",
                        at=at,
                        most=schema["maxLength"],
                        got=len(value),
                    ),
                )
            return value
        case "boolean" if isinstance(value, bool):
            return value
        case "integer" if isinstance(value, int) and not isinstance(value, bool):
            return _within(schema, value, at)
        case "number" if isinstance(value, int | float) and not isinstance(value, bool):
            return _within(schema, value, at)
    came = "null" if value is None else type(value).__name__
    raise _refuse(
        at,
        say(
            "answer_wrong_type",
            "{at}: expected {expected}, got {came}.",
            at=at,
            expected=schema["type"],
            came=came,
        ),
    )


def _object(schema: Schema, value: dict[str, object], at: str) -> dict[str, Json]:
    properties = schema["properties"]
    if unknown := sorted(map(str, value.keys() - properties.keys())):
        raise _refuse(
            f"{at}.{unknown[0]}",
            say(
                "answer_unknown_name",
                "{at}: unknown name {name}; expected {names}.",
                at=at,
                name=unknown[0],
                names=", ".join(properties),
            ),
        )
    found: dict[str, Json] = {}
    for name, of in properties.items():
        if name in value:
            found[name] = fit(of, value[name], f"{at}.{name}")
        elif "default" in of:
            found[name] = of["default"]
        else:
            raise _refuse(
                f"{at}.{name}",
                say("answer_name_missing", "{at}: {name} is needed.", at=at, name=name),
            )
    return found


def _within(schema: Schema, value: float, at: str) -> float:
    least, most = schema.get("minimum", float("-inf")), schema.get("maximum", float("inf"))
    if not least <= value <= most:
        sentence = say(
            "answer_number",
            "{at}: expected {least} to {most}, got {got}.",
            at=at,
            # As text: JSON knows neither infinity nor what is no number.
            least=f"{least:g}",
            most=f"{most:g}",
            got=f"{value:g}",
        )
        raise _refuse(at, sentence)
    return value


def _refuse(at: str, sentence: Sentence) -> InvalidInput:
    return InvalidInput(sentence, fields={at: [sentence]})
