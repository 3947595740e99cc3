"""What the views share: parse a body, give a page, name a row."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotation.api.pagination import Pages
from annotation.models import User


def user_of(request: Request) -> User:
    """Who asks; for views that admit nobody else."""
    assert isinstance(request.user, User)
    return request.user


class Fields(serializers.Serializer[Any]):
    # Any, because a body is made of rows, of dataclasses and of dicts. A comment, as a docstring
    # would describe every body in the schema.
    pass


class View(APIView):
    pagination_class = Pages

    def parse(self, request: Request, serializer: type[Fields]) -> dict[str, Any]:
        """The checked body; ValidationError (400) names the fields that are wrong."""
        form = serializer(data=request.data)
        form.is_valid(raise_exception=True)
        return dict(form.validated_data)

    def query(self, request: Request, serializer: type[Fields]) -> dict[str, Any]:
        """The checked query string; a name that is not asked for is ignored."""
        form = serializer(data=request.query_params)
        form.is_valid(raise_exception=True)
        return dict(form.validated_data)

    def page(
        self,
        request: Request,
        rows: QuerySet[Any, Any],
        serializer: type[Fields],
        **context: Any,
    ) -> Response:
        paginator = self.pagination_class()
        found = paginator.paginate_queryset(rows, request, view=self)
        return paginator.get_paginated_response(serializer(found, many=True, context=context).data)


@extend_schema_field(
    {
        "type": "object",
        "additionalProperties": {
            "oneOf": [
                {"type": "string"},
                {"type": "number"},
                {"type": "boolean"},
                {"$ref": "#/components/schemas/SentenceOf"},
            ],
            "nullable": True,
        },
    }
)
class ParamsField(serializers.DictField):
    pass


class NameOf(Fields):
    id = serializers.UUIDField()
    name = serializers.CharField()


class SentenceOf(Fields):
    """What the server says, for a screen that says it in another language.

    A parameter may be a sentence itself.
    """

    code = serializers.CharField()
    params = ParamsField()
    text = serializers.CharField(help_text="In English, the parameters in it.")


class EstimateOf(Fields):
    value = serializers.FloatField()
    low = serializers.FloatField()
    high = serializers.FloatField()
    n = serializers.IntegerField()


@extend_schema_field(
    {"oneOf": [{"type": kind} for kind in ("string", "number", "boolean")], "nullable": True}
)
class ScalarField(serializers.JSONField):
    """One value: text, a number, yes or no, or nothing."""
