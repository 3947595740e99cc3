"""An answer in a body: one of the shapes that the kinds of task declare, in OpenAPI, too."""

from typing import Any

from drf_spectacular.extensions import OpenApiSerializerFieldExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent
from rest_framework import serializers

from annotation.kinds import KINDS


class AnswerField(serializers.Field[Any, Any, Any, Any]):
    """What a labeler said or says. Which kind it is of, the task knows, and its kind checks it."""

    def to_internal_value(self, data: object) -> object:
        return data

    def to_representation(self, value: object) -> object:
        return value


class AnswerShapes(OpenApiSerializerFieldExtension):
    target_class = AnswerField

    def map_serializer_field(self, auto_schema: AutoSchema, direction: str) -> dict[str, Any]:
        shapes = []
        for kind in KINDS.values():
            component = ResolvedComponent(
                name=kind.answer_name,
                type=ResolvedComponent.SCHEMA,
                schema=dict(kind.answer),
                object=kind.answer_name,
            )
            auto_schema.registry.register_on_missing(component)
            shapes.append(component.ref)
        return {"anyOf": shapes}
