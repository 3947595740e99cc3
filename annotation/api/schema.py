"""What the generated schema cannot know from the views: how a refusal looks."""

from typing import Any

from annotation.rounds.recipe import schemas

REFUSAL = {
    "type": "object",
    "description": "How every refusal looks. The message is a sentence for people.",
    "required": ["code", "message", "fields"],
    "properties": {
        "code": {"type": "string"},
        "message": {"type": "string"},
        "fields": {
            "type": "object",
            "additionalProperties": {"type": "array", "items": {"type": "string"}},
        },
    },
}


def add_refusals(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    result["components"].setdefault("schemas", {})["Refusal"] = REFUSAL
    result["components"]["schemas"] |= schemas()
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/Refusal"}}}
    for operations in result["paths"].values():
        for operation in operations.values():
            operation["responses"]["4XX"] = {"description": "Refused", "content": content}
    return result
