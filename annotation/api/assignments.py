"""Taking work, saving a draft, skipping. Nothing here names a response or who wrote it."""

from uuid import UUID

from django.http import HttpRequest
from drf_spectacular.utils import extend_schema
from rest_framework import serializers

from annotation.api.access import get_labeling_project, get_my_assignment
from annotation.api.answers import AnswerField
from annotation.api.base import Fields
from annotation.api.fast import FastView, body, checked
from annotation.api.prompts import MessageOf
from annotation.kinds import KINDS, LETTERS, MOST_RESPONSES
from annotation.models import Project, User
from annotation.services import assignments
from annotation.services.assignments import Held, Lease
from annotation.services.labels import FLAG_LENGTH, MOST_FLAGS, TEXT_LENGTH
from annotation.services.seats import MOST_HELD


class PromptShown(Fields):
    messages = MessageOf(many=True)
    language = serializers.CharField()


class ResponseShown(Fields):
    letter = serializers.CharField()
    text = serializers.CharField()


class ProjectNamed(Fields):
    id = serializers.UUIDField()
    name = serializers.CharField()


class RoundNumber(Fields):
    number = serializers.IntegerField()


class AnswerPolicy(Fields):
    allow_ties = serializers.BooleanField()
    allow_unrankable = serializers.BooleanField()
    strengths = serializers.IntegerField()


class DraftOf(Fields):
    saved_at = serializers.IntegerField(
        min_value=0,
        max_value=2**62,
        help_text="Milliseconds on the client's clock; the newest draft wins.",
    )
    answer = AnswerField(help_text="As far as it goes.")
    open = serializers.ListField(
        child=serializers.IntegerField(min_value=0, max_value=MOST_RESPONSES),
        max_length=MOST_RESPONSES,
        required=False,
        help_text="Places of responses that the answer does not speak of yet.",
    )
    flags = serializers.ListField(
        child=serializers.CharField(max_length=FLAG_LENGTH), max_length=MOST_FLAGS, default=list
    )
    comment = serializers.CharField(
        max_length=TEXT_LENGTH, allow_blank=True, trim_whitespace=False, default=""
    )
    active_seconds = serializers.FloatField(min_value=0, max_value=86_400, default=0)


class AssignmentOf(Fields):
    id = serializers.UUIDField()
    kind = serializers.ChoiceField(list(KINDS))
    project = ProjectNamed()
    round = RoundNumber()
    prompt = PromptShown()
    responses = ResponseShown(many=True)
    policy = AnswerPolicy()
    guidelines_version = serializers.IntegerField()
    leased_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
    draft = DraftOf(allow_null=True)
    amends = serializers.BooleanField()


class HeldOf(Fields):
    assignments = AssignmentOf(many=True)
    done_today = serializers.IntegerField()
    waiting = serializers.BooleanField(
        help_text="Nothing is left for you now, but the round is still labeling."
    )


class HoldInput(Fields):
    hold = serializers.IntegerField(min_value=1, max_value=MOST_HELD, default=2)


class SkipInput(HoldInput):
    reason = serializers.CharField(max_length=200, allow_blank=True, default="")


# A form is made once and only ever asked: making one costs more than checking with it.
_hold = HoldInput()
_skip = SkipInput()
_draft = DraftOf()


def shown_lease(lease: Lease, project: Project, guideline_version: int) -> dict[str, object]:
    """`AssignmentOf`, by hand."""
    kind = KINDS[lease.kind]
    return {
        "id": str(lease.id),
        "kind": lease.kind,
        "project": {"id": str(project.pk), "name": project.name},
        "round": {"number": lease.round_number},
        "prompt": {"messages": lease.messages, "language": lease.language},
        "responses": [
            {"letter": letter, "text": text}
            for letter, text in zip(LETTERS, lease.texts, strict=False)
        ],
        "policy": {
            "allow_ties": project.allow_ties,
            "allow_unrankable": kind.allow_unrankable,
            "strengths": kind.strengths,
        },
        "guidelines_version": guideline_version,
        "leased_at": lease.leased_at.isoformat(),
        "expires_at": lease.expires_at.isoformat(),
        "draft": lease.draft,
        "amends": lease.amends,
    }


def shown_held(held: Held, project: Project) -> dict[str, object]:
    """`HeldOf`, by hand."""
    return {
        "assignments": [
            shown_lease(lease, project, held.guideline_version) for lease in held.leases
        ],
        "done_today": held.done_today,
        "waiting": held.is_waiting,
    }


class AssignmentsView(FastView):
    @extend_schema(request=HoldInput, responses=HeldOf, operation_id="assignments_hold")
    def post(self, request: HttpRequest, user: User, project_id: UUID) -> tuple[int, object]:
        """Top up my leases to `hold`, oldest first; asking again returns the same ones."""
        form = checked(_hold, body(request))
        project, labeler = get_labeling_project(user, project_id)
        held = assignments.hold_assignments(project, labeler=labeler, hold=form["hold"])
        return 200, shown_held(held, project)


class DraftView(FastView):
    @extend_schema(request=DraftOf, responses={204: None}, operation_id="draft_save")
    def put(self, request: HttpRequest, user: User, assignment_id: UUID) -> tuple[int, object]:
        """Keep an answer that is not submitted yet."""
        draft = _draft.run_validation(body(request))
        assignment = get_my_assignment(user, assignment_id)
        assignments.save_draft(assignment, draft=draft)
        return 204, None


class SkipView(FastView):
    @extend_schema(request=SkipInput, responses=HeldOf, operation_id="assignment_skip")
    def post(self, request: HttpRequest, user: User, assignment_id: UUID) -> tuple[int, object]:
        """Give a task back for good, and take the next."""
        form = checked(_skip, body(request))
        assignment = get_my_assignment(user, assignment_id)
        assignments.skip_assignment(assignment, reason=form["reason"], hold=form["hold"])
        held = assignments.read_held(assignment.project, labeler=assignment.labeler)
        return 200, shown_held(held, assignment.project)
