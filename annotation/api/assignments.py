"""Taking work, saving a draft, skipping. Nothing here names a response or who wrote it."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from drf_spectacular.utils import extend_schema
from rest_framework import serializers

from annotation.api.access import get_labeling_project, get_my_assignment
from annotation.api.fast import FastView, body, checked
from annotation.api.prompts import MessageOf
from annotation.errors import InvalidInput
from annotation.models import Project, TaskKind, User
from annotation.services import assignments
from annotation.services.assignments import Held, Lease
from annotation.services.seats import MOST_HELD

LETTERS = "ABCDEFGHI"
STRENGTHS = 3


class PromptShown(serializers.Serializer[Any]):
    messages = MessageOf(many=True)
    language = serializers.CharField()


class ResponseShown(serializers.Serializer[Any]):
    letter = serializers.CharField()
    text = serializers.CharField()


class ProjectNamed(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField()


class RoundNumber(serializers.Serializer[Any]):
    number = serializers.IntegerField()


class AnswerPolicy(serializers.Serializer[Any]):
    allow_ties = serializers.BooleanField()
    allow_unrankable = serializers.BooleanField()
    strengths = serializers.IntegerField()


class AssignmentOf(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    kind = serializers.ChoiceField(TaskKind.choices)
    project = ProjectNamed()
    round = RoundNumber()
    prompt = PromptShown()
    responses = ResponseShown(many=True)
    policy = AnswerPolicy()
    guidelines_version = serializers.IntegerField()
    leased_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
    draft = serializers.JSONField(allow_null=True)
    amends = serializers.BooleanField()


class HeldOf(serializers.Serializer[Any]):
    assignments = AssignmentOf(many=True)
    done_today = serializers.IntegerField()
    waiting = serializers.BooleanField(
        help_text="Nothing is left for you now, but the round is still labeling."
    )


class HoldInput(serializers.Serializer[Any]):
    hold = serializers.IntegerField(min_value=1, max_value=MOST_HELD, default=2)


class SkipInput(HoldInput):
    reason = serializers.CharField(max_length=200, allow_blank=True, default="")


class DraftInput(serializers.Serializer[Any]):
    saved_at = serializers.IntegerField(
        help_text="Milliseconds on the client's clock; the newest draft wins. The draft may hold "
        "anything else besides, 16 kB in all."
    )


# A form is made once and only ever asked: making one costs more than checking with it.
_hold = HoldInput()
_skip = SkipInput()


def shown_lease(lease: Lease, project: Project, guideline_version: int) -> dict[str, Any]:
    """`AssignmentOf`, by hand."""
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
            "allow_unrankable": lease.kind == TaskKind.RANK,
            "strengths": STRENGTHS if lease.kind == TaskKind.COMPARE else 0,
        },
        "guidelines_version": guideline_version,
        "leased_at": lease.leased_at.isoformat(),
        "expires_at": lease.expires_at.isoformat(),
        "draft": lease.draft,
        "amends": lease.amends,
    }


def shown_held(held: Held, project: Project) -> dict[str, Any]:
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
    def post(self, request: HttpRequest, user: User, project_id: UUID) -> tuple[int, Any]:
        """Top up my leases to `hold`, oldest first; asking again returns the same ones."""
        form = checked(_hold, body(request))
        project = get_labeling_project(user, project_id)
        held = assignments.hold_assignments(project, labeler=user, hold=form["hold"])
        return 200, shown_held(held, project)


class DraftView(FastView):
    @extend_schema(request=DraftInput, responses={204: None}, operation_id="draft_save")
    def put(self, request: HttpRequest, user: User, assignment_id: UUID) -> tuple[int, Any]:
        """Keep an answer that is not submitted yet."""
        draft = body(request)
        saved_at = draft.get("saved_at", 0) if isinstance(draft, dict) else 0
        if type(saved_at) is not int or not 0 <= saved_at < 2**62:
            raise InvalidInput(f"saved_at expects milliseconds, got {saved_at!r}.")
        assignment = get_my_assignment(user, assignment_id)
        assignments.save_draft(assignment, draft=draft, saved_at=saved_at)
        return 204, None


class SkipView(FastView):
    @extend_schema(request=SkipInput, responses=HeldOf, operation_id="assignment_skip")
    def post(self, request: HttpRequest, user: User, assignment_id: UUID) -> tuple[int, Any]:
        """Give a task back for good, and take the next."""
        form = checked(_skip, body(request))
        assignment = get_my_assignment(user, assignment_id)
        assignments.skip_assignment(assignment, by=user, reason=form["reason"], hold=form["hold"])
        held = assignments.read_held(assignment.project, labeler=user)
        return 200, shown_held(held, assignment.project)
