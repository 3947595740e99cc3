"""Submitting, undoing and reading labels."""

from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from annotation.api.access import get_labeling_project, get_my_assignment, get_project
from annotation.api.answers import AnswerField
from annotation.api.assignments import AssignmentOf, HeldOf, shown_held, shown_lease
from annotation.api.base import Fields, NameOf, SentenceOf, View, user_of
from annotation.api.fast import FastView, body, checked
from annotation.kinds import KINDS, LETTERS, Answer
from annotation.models import Assignment, Label, Labeler, User
from annotation.sentences import SentenceJson
from annotation.services import assignments, labels
from annotation.services.labels import FLAG_LENGTH, MOST_FLAGS, TEXT_LENGTH, Said
from annotation.services.seats import MOST_HELD


class Submission(Fields):
    submission_id = serializers.UUIDField(help_text="Made by the client, once per answer.")
    answer = AnswerField()
    flags = serializers.ListField(
        child=serializers.CharField(max_length=FLAG_LENGTH), max_length=MOST_FLAGS, default=list
    )
    comment = serializers.CharField(max_length=TEXT_LENGTH, allow_blank=True, default="")
    active_seconds = serializers.FloatField(min_value=0, max_value=86_400, default=0)
    guideline_version = serializers.IntegerField(min_value=0, max_value=2**31 - 1, default=0)
    hold = serializers.IntegerField(min_value=1, max_value=MOST_HELD, default=2)


class LabelSaid(Fields):
    id = serializers.UUIDField()
    assignment = serializers.UUIDField()
    answer = AnswerField(help_text="As it was sent: A first.")
    created_at = serializers.DateTimeField()


class SubmittedOf(HeldOf):
    label = LabelSaid()  # type: ignore[assignment]  # a field, not the field's own label


class AmendedOf(Fields):
    assignment = AssignmentOf()


class MyLabel(Fields):
    id = serializers.UUIDField()
    project = NameOf()
    round = serializers.IntegerField(source="round.number")
    kind = serializers.CharField(source="task.kind")
    prompt = serializers.CharField(source="task.prompt", help_text="How it begins.")
    assignment = serializers.SerializerMethodField()
    answer = serializers.SerializerMethodField(help_text="A first.")
    said = serializers.SerializerMethodField(help_text="The answer in words.")
    comment = serializers.CharField()
    created_at = serializers.DateTimeField()

    def get_assignment(self, label: Label) -> UUID:
        return self._assignment(label).pk

    @extend_schema_field(AnswerField)
    def get_answer(self, label: Label) -> Answer:
        return labels.shown_answer(label, self._assignment(label).order)

    @extend_schema_field(SentenceOf)
    def get_said(self, label: Label) -> SentenceJson:
        answer = labels.shown_answer(label, self._assignment(label).order)
        return KINDS[label.task.kind].words(answer, LETTERS).to_json()

    def _assignment(self, label: Label) -> Assignment:
        mine: dict[UUID, Assignment] = self.context["assignments"]
        return mine[label.task_id]


class LabelerOf(Fields):
    id = serializers.UUIDField()
    name = serializers.CharField(source="shown_name")
    kind = serializers.ChoiceField(Labeler.Kind.choices)


class LabelOf(Fields):
    id = serializers.UUIDField()
    task = serializers.UUIDField(source="task_id")
    prompt = serializers.UUIDField(source="task.prompt_id")
    round = serializers.UUIDField(source="round_id")
    kind = serializers.CharField(source="task.kind")
    labeler = LabelerOf()
    responses = serializers.SerializerMethodField(
        help_text="Response ids, in the order of the answer."
    )
    answer = AnswerField()
    said = serializers.SerializerMethodField(
        help_text="The answer in words; A is the first of the responses."
    )
    flags = serializers.ListField(child=serializers.CharField())
    comment = serializers.CharField()
    active_seconds = serializers.FloatField()
    guideline_version = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    supersedes = serializers.UUIDField(source="supersedes_id", allow_null=True)
    is_superseded = serializers.SerializerMethodField()

    def get_responses(self, label: Label) -> list[UUID]:
        return [entry.response_id for entry in label.task.entries.all()]

    @extend_schema_field(SentenceOf)
    def get_said(self, label: Label) -> SentenceJson:
        return KINDS[label.task.kind].words(label.answer, LETTERS).to_json()

    def get_is_superseded(self, label: Label) -> bool:
        return hasattr(label, "superseded_by")


class LabelChoice(Fields):
    labeler = serializers.UUIDField(required=False)
    round = serializers.UUIDField(required=False)


# Made once: see assignments.py.
_submission = Submission()


class LabelView(FastView):
    @extend_schema(
        request=Submission,
        responses={201: SubmittedOf, 200: SubmittedOf},
        operation_id="label_submit",
    )
    def post(self, request: HttpRequest, user: User, assignment_id: UUID) -> tuple[int, object]:
        """Store my answer, exactly once (200: it was stored before), and take the next tasks."""
        form = checked(_submission, body(request))
        assignment = get_my_assignment(user, assignment_id)
        submission_id, hold = form.pop("submission_id"), form.pop("hold")
        submitted = labels.submit_label(
            assignment, Said(**form), submission_id=submission_id, hold=hold
        )
        label = submitted.label
        held = assignments.read_held(assignment.project, labeler=assignment.labeler)
        return 201 if submitted.is_new else 200, {
            "label": {
                "id": str(label.pk),
                "assignment": str(assignment.pk),
                "answer": KINDS[assignment.task.kind].to_shown(label.answer, assignment.order),
                "created_at": label.created_at.isoformat(),
            },
            **shown_held(held, assignment.project),
        }


class UndoView(FastView):
    @extend_schema(request=None, responses=AmendedOf, operation_id="label_undo")
    def post(self, request: HttpRequest, user: User, project_id: UUID) -> tuple[int, object]:
        """My newest label again, to say it better; it stands until I do."""
        project, labeler = get_labeling_project(user, project_id)
        assignment = labels.amend_last(project, by=labeler)
        held = assignments.read_held(project, labeler=labeler)
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
            Label.objects.for_user(user_of(request))
            .filter(project=project)
            .select_related("task", "labeler__user", "superseded_by")
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
            .filter(labeler__user=user)
            .select_related("project", "round", "task__prompt")
            .order_by("-created_at", "id")
        )
        paginator = self.pagination_class()
        found = paginator.paginate_queryset(rows, request, view=self) or []
        mine = Assignment.objects.filter(
            labeler__user=user, task__in=[row.task_id for row in found]
        )
        context = {"assignments": {assignment.task_id: assignment for assignment in mine}}
        return paginator.get_paginated_response(MyLabel(found, many=True, context=context).data)
