"""Archive, restore and delete: projects, rounds and prompts."""

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from annotation.api.access import get_project, get_prompt, get_round
from annotation.api.base import Fields, View, user_of
from annotation.rounds import archives
from annotation.services import erasure


class ArchivedOf(Fields):
    id = serializers.UUIDField()
    archived_at = serializers.DateTimeField(allow_null=True)


class ProjectDeletion(Fields):
    name = serializers.CharField(help_text="The project's name, typed by who means it.")


class RoundDeletion(Fields):
    number = serializers.IntegerField(help_text="The round's number, typed by who means it.")


class ProjectArchiveView(View):
    @extend_schema(request=None, responses=ArchivedOf, operation_id="projects_archive")
    def post(self, request: Request, project_id: UUID) -> Response:
        """Out of the lists and without new work, until it is restored."""
        project = get_project(request.user, project_id, "project.archive")
        return Response(ArchivedOf(archives.archive_project(project, by=user_of(request))).data)


class ProjectRestoreView(View):
    @extend_schema(request=None, responses=ArchivedOf, operation_id="projects_restore")
    def post(self, request: Request, project_id: UUID) -> Response:
        project = get_project(request.user, project_id, "project.archive")
        return Response(ArchivedOf(archives.restore_project(project, by=user_of(request))).data)


class ProjectDeleteView(View):
    @extend_schema(request=ProjectDeletion, responses={204: None}, operation_id="projects_delete")
    def post(self, request: Request, project_id: UUID) -> Response:
        """For good, with everything of it. Refused where another project depends on it."""
        project = get_project(request.user, project_id, "project.delete")
        form = self.parse(request, ProjectDeletion)
        erasure.delete_project(project, name=form["name"], by=user_of(request))
        return Response(status=204)


class RoundArchiveView(View):
    @extend_schema(request=None, responses=ArchivedOf, operation_id="rounds_archive")
    def post(self, request: Request, round_id: UUID) -> Response:
        """Out of the lists and without new work, until it is restored."""
        found = get_round(request.user, round_id, "round.edit")
        return Response(ArchivedOf(archives.archive_round(found, by=user_of(request))).data)


class RoundRestoreView(View):
    @extend_schema(request=None, responses=ArchivedOf, operation_id="rounds_restore")
    def post(self, request: Request, round_id: UUID) -> Response:
        found = get_round(request.user, round_id, "round.edit")
        return Response(ArchivedOf(archives.restore_round(found, by=user_of(request))).data)


class RoundDeleteView(View):
    @extend_schema(request=RoundDeletion, responses={204: None}, operation_id="rounds_delete")
    def post(self, request: Request, round_id: UUID) -> Response:
        """For good, with its tasks and labels. Refused where another round learned from it."""
        found = get_round(request.user, round_id, "round.delete")
        form = self.parse(request, RoundDeletion)
        erasure.delete_round(found, number=form["number"], by=user_of(request))
        return Response(status=204)


class PromptArchiveView(View):
    @extend_schema(request=None, responses=ArchivedOf, operation_id="prompts_archive")
    def post(self, request: Request, prompt_id: UUID) -> Response:
        """Out of the lists; new rounds do not ask about it."""
        prompt = get_prompt(request.user, prompt_id, "prompt.edit")
        return Response(ArchivedOf(archives.archive_prompt(prompt, by=user_of(request))).data)


class PromptRestoreView(View):
    @extend_schema(request=None, responses=ArchivedOf, operation_id="prompts_restore")
    def post(self, request: Request, prompt_id: UUID) -> Response:
        prompt = get_prompt(request.user, prompt_id, "prompt.edit")
        return Response(ArchivedOf(archives.restore_prompt(prompt, by=user_of(request))).data)


class PromptDeleteView(View):
    @extend_schema(request=None, responses={204: None}, operation_id="prompts_delete")
    def post(self, request: Request, prompt_id: UUID) -> Response:
        """For good, with its responses. Refused where it may be in a frozen dataset."""
        prompt = get_prompt(request.user, prompt_id, "prompt.delete")
        erasure.delete_prompt(prompt, by=user_of(request))
        return Response(status=204)
