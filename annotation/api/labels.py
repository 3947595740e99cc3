"""Submitting, undoing and reading labels."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from annotation.api.access import get_labeling_project, get_my_assignment, get_project
from annotation.api.assignments import AssignmentOf, HeldOf, shown_held, shown_lease
from annotation.api.base import NameOf, View, user_of
from annotation.api.fast import FastView, body, checked
from annotation.models import Assignment, Label, User
from annotation.services import assignments, labels
from annotation.services.labels import FLAG_LENGTH, MOST_FLAGS, TEXT_LENGTH, Answer
from annotation.services.seats import MOST_HELD


class AnswerInput(serializers.Serializer[Any]):
    submission_id = serializers.UUIDField(help_text="Made by the client, once per answer.")
    ranking = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=9, allow_null=True),
        allow_null=True,
        default=None,
        max_length=9,
        help_text="One rank per response, A first: 1 is best, equal is a tie, dense; null cannot "
        "be ranked. Null as a whole only with all_bad.",
    )
    strength = serializers.IntegerField(
        min_value=1, max_value=3, allow_null=True, default=None, help_text="Of a pair's winner."
    )
    all_bad = serializers.BooleanField(default=False)
    flags = serializers.ListField(
        child=serializers.CharField(max_length=FLAG_LENGTH), max_length=MOST_FLAGS, default=list
    )
    comment = serializers.CharField(max_length=TEXT_LENGTH, allow_blank=True, default="")
    rewrite = serializers.CharField(
        max_length=TEXT_LENGTH, allow_blank=True, allow_null=True, default=None
    )
    active_seconds = serializers.FloatField(min_value=0, max_value=86_400, default=0)
    guideline_version = serializers.IntegerField(min_value=0, max_value=2**31 - 1, default=0)
    hold = serializers.IntegerField(min_value=1, max_value=MOST_HELD, default=2)


class Ranks(serializers.ListField):
    child = serializers.IntegerField(allow_null=True)


class LabelSaid(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    assignment = serializers.UUIDField()
    ranking = Ranks(allow_null=True, help_text="A first.")
    strength = serializers.IntegerField(allow_null=True)
    all_bad = serializers.BooleanField()
    created_at = serializers.DateTimeField()


class SubmittedOf(HeldOf):
    label = LabelSaid()  # type: ignore[assignment]  # a field, not the field's own label


class AmendedOf(serializers.Serializer[Any]):
    assignment = AssignmentOf()


class MyLabel(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    project = NameOf()
    round = serializers.IntegerField(source="round.number")
    kind = serializers.CharField(source="task.kind")
    prompt = serializers.CharField(source="task.prompt", help_text="How it begins.")
    assignment = serializers.SerializerMethodField()
    ranking = serializers.SerializerMethodField(help_text="A first.")
    strength = serializers.IntegerField(allow_null=True)
    all_bad = serializers.BooleanField()
    comment = serializers.CharField()
    created_at = serializers.DateTimeField()

    def get_assignment(self, label: Label) -> UUID:
        return self._assignment(label).pk

    def get_ranking(self, label: Label) -> list[int | None] | None:
        return labels.shown(label.ranking, self._assignment(label).order)

    def _assignment(self, label: Label) -> Assignment:
        mine: dict[UUID, Assignment] = self.context["assignments"]
        return mine[label.task_id]


class LabelOf(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    task = serializers.UUIDField(source="task_id")
    prompt = serializers.UUIDField(source="task.prompt_id")
    round = serializers.UUIDField(source="round_id")
    kind = serializers.CharField(source="task.kind")
    labeler = NameOf()
    responses = serializers.SerializerMethodField(
        help_text="Response ids, in the order of the ranking."
    )
    ranking = Ranks(allow_null=True)
    strength = serializers.IntegerField(allow_null=True)
    all_bad = serializers.BooleanField()
    flags = serializers.ListField(child=serializers.CharField())
    comment = serializers.CharField()
    rewrite = serializers.CharField()
    active_seconds = serializers.FloatField()
    guideline_version = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    supersedes = serializers.UUIDField(source="supersedes_id", allow_null=True)
    is_superseded = serializers.SerializerMethodField()

    def get_responses(self, label: Label) -> list[UUID]:
        return [entry.response_id for entry in label.task.entries.all()]

    def get_is_superseded(self, label: Label) -> bool:
        return hasattr(label, "superseded_by")


class LabelChoice(serializers.Serializer[Any]):
    labeler = serializers.UUIDField(required=False)
    round = serializers.UUIDField(required=False)


# Made once: see assignments.py.
_answer = AnswerInput()


class LabelView(FastView):
    @extend_schema(
        request=AnswerInput,
        responses={201: SubmittedOf, 200: SubmittedOf},
        operation_id="label_submit",
    )
    def post(self, request: HttpRequest, user: User, assignment_id: UUID) -> tuple[int, Any]:
        """Store my answer, exactly once (200: it was stored before), and take the next tasks."""
        form = checked(_answer, body(request))
        assignment = get_my_assignment(user, assignment_id)
        submission_id, hold = form.pop("submission_id"), form.pop("hold")
        form["rewrite"] = form["rewrite"] or ""
        submitted = labels.submit_label(
            assignment, Answer(**form), by=user, submission_id=submission_id, hold=hold
        )
        label = submitted.label
        held = assignments.read_held(assignment.project, labeler=user)
        return 201 if submitted.is_new else 200, {
            "label": {
                "id": str(label.pk),
                "assignment": str(assignment.pk),
                "ranking": labels.shown(label.ranking, assignment.order),
                "strength": label.strength,
                "all_bad": label.all_bad,
                "created_at": label.created_at.isoformat(),
            },
            **shown_held(held, assignment.project),
        }


class UndoView(FastView):
    @extend_schema(request=None, responses=AmendedOf, operation_id="label_undo")
    def post(self, request: HttpRequest, user: User, project_id: UUID) -> tuple[int, Any]:
        """My newest label again, to say it better; it stands until I do."""
        project = get_labeling_project(user, project_id)
        assignment = labels.amend_last(project, by=user)
        held = assignments.read_held(project, labeler=user)
        lease = assignments.read_lease(assignment)
        return 200, {"assignment": shown_lease(lease, project, held.guideline_version)}


class LabelsView(View):
    @extend_schema(
        parameters=[LabelChoice], responses=LabelOf(many=True), operation_id="labels_list"
    )
    def get(self, request: Request, project_id: UUID) -> Response:
        """What was said in a project, newest first, amended labels included."""
        project = get_project(request.user, project_id, "label.view")
        choice = self.query(request, LabelChoice)
        rows: QuerySet[Label] = (
            Label.objects.for_user(request.user)
            .filter(project=project)
            .select_related("task", "labeler", "superseded_by")
            .prefetch_related("task__entries")
            .order_by("-created_at", "id")
        )
        if "labeler" in choice:
            rows = rows.filter(labeler=choice["labeler"])
        if "round" in choice:
            rows = rows.filter(round=choice["round"])
        return self.page(request, rows, LabelOf)


class MyLabelsView(View):
    @extend_schema(responses=MyLabel(many=True), operation_id="my_labels_list")
    def get(self, request: Request) -> Response:
        """What I said, newest first, as it stands now."""
        user = user_of(request)
        rows = (
            Label.objects.for_user(user)
            .current()
            .filter(labeler=user)
            .select_related("project", "round", "task__prompt")
            .order_by("-created_at", "id")
        )
        paginator = self.pagination_class()
        found = paginator.paginate_queryset(rows, request, view=self) or []
        mine = Assignment.objects.filter(labeler=user, task__in=[row.task_id for row in found])
        context = {"assignments": {assignment.task_id: assignment for assignment in mine}}
        return paginator.get_paginated_response(MyLabel(found, many=True, context=context).data)
