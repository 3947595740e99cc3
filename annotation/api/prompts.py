from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Cast
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response as HttpResponse

from annotation.api.access import get_project, get_prompt
from annotation.api.base import Fields, NameOf, View, user_of
from annotation.models import Prompt, Response, Split
from annotation.services import prompts
from annotation.services.prompts import ROLES


class MessageOf(Fields):
    role = serializers.ChoiceField(ROLES)
    content = serializers.CharField(max_length=200_000, trim_whitespace=False)


class PromptOf(Fields):
    id = serializers.UUIDField()
    messages = MessageOf(many=True)
    source = serializers.CharField(allow_blank=True)  # type: ignore[assignment]
    tags = serializers.ListField(child=serializers.CharField())
    language = serializers.CharField()
    split = serializers.ChoiceField(Split.choices)
    created_at = serializers.DateTimeField()
    archived_at = serializers.DateTimeField(allow_null=True)


class PromptInput(Fields):
    messages = MessageOf(many=True, allow_empty=False)
    source = serializers.CharField(  # type: ignore[assignment]
        max_length=200, required=False, allow_blank=True
    )
    tags = serializers.ListField(
        child=serializers.CharField(max_length=100), max_length=50, required=False
    )
    language = serializers.CharField(max_length=10, required=False)


class ResponseOf(Fields):
    """A response with its writer: for those who watch the round, never for labelers."""

    id = serializers.UUIDField()
    text = serializers.CharField(allow_blank=True)
    source = serializers.ChoiceField(Response.Source.choices)  # type: ignore[assignment]
    checkpoint = NameOf(allow_null=True)
    round = serializers.UUIDField(source="round_id", allow_null=True)
    index = serializers.IntegerField()
    token_count = serializers.IntegerField(allow_null=True)
    finish_reason = serializers.CharField(allow_blank=True)
    created_at = serializers.DateTimeField()


class PromptWithResponses(PromptOf):
    responses = ResponseOf(many=True)


class PromptQuery(Fields):
    split = serializers.ChoiceField(Split.choices, required=False)
    tag = serializers.CharField(max_length=100, required=False)
    search = serializers.CharField(
        max_length=200, required=False, help_text="Words that occur in the conversation."
    )
    archived = serializers.BooleanField(default=False, help_text="The archived ones instead.")


def matching(rows: QuerySet[Prompt], query: dict[str, Any]) -> QuerySet[Prompt]:
    rows = rows.filter(archived_at__isnull=not query["archived"])
    if "split" in query:
        rows = rows.filter(split=query["split"])
    if "tag" in query:
        rows = rows.annotate(tags_text=Cast("tags", TextField())).filter(
            _either("tags_text__contains", f'"{query["tag"]}"')
        )
    if "search" in query:
        rows = rows.annotate(messages_text=Cast("messages", TextField())).filter(
            _either("messages_text__icontains", query["search"])
        )
    return rows


def _either(lookup: str, text: str) -> Q:
    """Text in stored JSON, which one database keeps as characters and the other as escapes."""
    escaped = text.encode("ascii", "backslashreplace").decode()
    return Q(**{lookup: text}) | Q(**{lookup: escaped})


class PromptsView(View):
    @extend_schema(
        parameters=[PromptQuery], responses=PromptOf(many=True), operation_id="prompts_list"
    )
    def get(self, request: Request, project_id: UUID) -> HttpResponse:
        project = get_project(request.user, project_id, "prompt.view")
        rows = matching(project.prompts.all(), self.query(request, PromptQuery))
        return self.page(request, rows.order_by("-created_at", "id"), PromptOf)

    @extend_schema(request=PromptInput, responses={201: PromptOf}, operation_id="prompts_create")
    def post(self, request: Request, project_id: UUID) -> HttpResponse:
        project = get_project(request.user, project_id, "prompt.edit")
        form = self.parse(request, PromptInput)
        form["messages"] = [dict(message) for message in form["messages"]]
        prompt = prompts.create_prompt(project, by=user_of(request), **form)
        return HttpResponse(PromptOf(prompt).data, status=201)


class PromptView(View):
    @extend_schema(responses=PromptWithResponses, operation_id="prompts_show")
    def get(self, request: Request, prompt_id: UUID) -> HttpResponse:
        prompt = get_prompt(request.user, prompt_id, "prompt.view")
        rows = prompt.responses.select_related("checkpoint").order_by("created_at", "index", "id")
        return HttpResponse(
            {**PromptOf(prompt).data, "responses": ResponseOf(rows, many=True).data}
        )
