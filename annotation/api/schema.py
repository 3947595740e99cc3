"""What the generated schema cannot know from the views: how a refusal looks."""

from typing import Any

from annotation.rounds import recipe

SAID = {"allOf": [{"$ref": "#/components/schemas/SentenceOf"}], "nullable": True}
REFUSAL = {
    "type": "object",
    "description": (
        "How every refusal looks. The message is a sentence for people, and so are those of the "
        "fields; a sentence is null where a library said it."
    ),
    "required": ["code", "message", "fields", "sentence", "field_sentences"],
    "properties": {
        "code": {"type": "string"},
        "message": {"type": "string"},
        "fields": {
            "type": "object",
            "additionalProperties": {"type": "array", "items": {"type": "string"}},
        },
        "sentence": SAID,
        "field_sentences": {
            "type": "object",
            "additionalProperties": {"type": "array", "items": SAID},
        },
    },
}


def add_refusals(result: dict[str, Any], **_: object) -> dict[str, Any]:
    schemas = result["components"].setdefault("schemas", {})
    schemas["Refusal"] = REFUSAL
    schemas.update(recipe.schemas())
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/Refusal"}}}
    for operations in result["paths"].values():
        for operation in operations.values():
            operation["responses"]["4XX"] = {"description": "Refused", "content": content}
    return result
