from typing import Any, cast
from uuid import UUID

from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from annotation.api.access import get_project, get_team
from annotation.api.base import Fields, NameOf, View, user_of
from annotation.kinds import MOST_RESPONSES
from annotation.models import Guideline, Membership, Project, Prompt, Role
from annotation.models.project import POLICY_KINDS
from annotation.permissions import ALLOWED
from annotation.services import projects


class Guidelines(Fields):
    version = serializers.IntegerField(help_text="0 where nobody has written any.")
    text = serializers.CharField(allow_blank=True)


class GuidelineOf(Guidelines):
    id = serializers.UUIDField()
    created_by = serializers.CharField(source="created_by.name", allow_null=True, default=None)
    created_at = serializers.DateTimeField()


class GuidelineInput(Fields):
    text = serializers.CharField(max_length=100_000)


class PolicyOf(Fields):
    task_kind = serializers.ChoiceField(POLICY_KINDS, required=False)
    responses_per_prompt = serializers.IntegerField(
        min_value=0, max_value=MOST_RESPONSES, required=False
    )
    allow_ties = serializers.BooleanField(required=False)
    labels_wanted = serializers.IntegerField(min_value=1, max_value=100, required=False)
    lease_seconds = serializers.IntegerField(min_value=5, max_value=86_400, required=False)


class ProjectChange(Fields):
    name = serializers.CharField(max_length=100, required=False)
    description = serializers.CharField(max_length=10_000, required=False, allow_blank=True)
    policy = PolicyOf(required=False)


class ProjectInput(ProjectChange):
    team = serializers.UUIDField()
    name = serializers.CharField(max_length=100)
    guidelines = serializers.CharField(max_length=100_000, required=False, allow_blank=True)


class PolicyShown(Fields):
    task_kind = serializers.ChoiceField(POLICY_KINDS)
    responses_per_prompt = serializers.IntegerField()
    allow_ties = serializers.BooleanField()
    labels_wanted = serializers.IntegerField()
    lease_seconds = serializers.IntegerField()


class ProjectOf(Fields):
    id = serializers.UUIDField()
    team = NameOf()
    name = serializers.CharField()
    description = serializers.CharField(allow_blank=True)
    guidelines = serializers.SerializerMethodField()
    policy = PolicyShown(source="*")
    prompts_count = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    archived_at = serializers.DateTimeField(allow_null=True)
    my_role = serializers.ChoiceField(Role.choices)
    permissions = serializers.SerializerMethodField()

    @extend_schema_field(Guidelines)
    def get_guidelines(self, project: Any) -> dict[str, Any]:
        return {
            "version": project.guideline_version or 0,
            "text": project.guideline_text or "",
        }

    def get_permissions(self, project: Any) -> list[str]:
        return sorted(ALLOWED[project.my_role])


class ProjectQuery(Fields):
    team = serializers.UUIDField(required=False)
    archived = serializers.BooleanField(default=False, help_text="The archived ones instead.")


def shown(user: Any) -> QuerySet[Project]:
    """The user's projects with their role, the guidelines in force and the number of prompts."""
    mine = Membership.objects.filter(
        team=OuterRef("team"), user=user, status=Membership.Status.ACTIVE
    )
    newest = Guideline.objects.filter(project=OuterRef("pk")).order_by("-version")
    prompts = (
        Prompt.objects.filter(project=OuterRef("pk"), archived_at__isnull=True)
        .order_by()
        .values("project")
        .annotate(n=Count("pk"))
        .values("n")
    )
    return (
        Project.objects.for_user(user)
        .select_related("team")
        .annotate(
            my_role=Subquery(mine.values("role")[:1]),
            guideline_version=Subquery(newest.values("version")[:1]),
            guideline_text=Subquery(newest.values("text")[:1]),
            prompts_count=Coalesce(Subquery(prompts, output_field=IntegerField()), 0),
        )
    )


class ProjectsView(View):
    @extend_schema(
        parameters=[ProjectQuery],
        responses=ProjectOf(many=True),
        operation_id="projects_list",
    )
    def get(self, request: Request) -> Response:
        query = self.query(request, ProjectQuery)
        rows = shown(request.user).filter(archived_at__isnull=not query.pop("archived"), **query)
        return self.page(request, rows.order_by("name", "id"), ProjectOf)

    @extend_schema(request=ProjectInput, responses={201: ProjectOf}, operation_id="projects_create")
    def post(self, request: Request) -> Response:
        form = self.parse(request, ProjectInput)
        team = get_team(request.user, form.pop("team"), "project.edit")
        guidelines = form.pop("guidelines", "")
        project = projects.create_project(
            team, by=user_of(request), settings=cast(projects.Settings, form), guidelines=guidelines
        )
        return Response(ProjectOf(shown(request.user).get(pk=project.pk)).data, status=201)


class ProjectView(View):
    @extend_schema(responses=ProjectOf, operation_id="projects_show")
    def get(self, request: Request, project_id: UUID) -> Response:
        project = get_project(request.user, project_id, "project.view")
        return Response(ProjectOf(shown(request.user).get(pk=project.pk)).data)

    @extend_schema(request=ProjectChange, responses=ProjectOf, operation_id="projects_change")
    def patch(self, request: Request, project_id: UUID) -> Response:
        project = get_project(request.user, project_id, "project.edit")
        settings = cast(projects.Settings, self.parse(request, ProjectChange))
        projects.change_project(project, by=user_of(request), settings=settings)
        return Response(ProjectOf(shown(request.user).get(pk=project.pk)).data)


class GuidelinesView(View):
    @extend_schema(responses=GuidelineOf(many=True), operation_id="guidelines_list")
    def get(self, request: Request, project_id: UUID) -> Response:
        project = get_project(request.user, project_id, "project.view")
        rows = project.guidelines.select_related("created_by").order_by("-version")
        return self.page(request, rows, GuidelineOf)

    @extend_schema(
        request=GuidelineInput, responses={201: GuidelineOf}, operation_id="guidelines_create"
    )
    def post(self, request: Request, project_id: UUID) -> Response:
        """A new version. Labels remember the version they were made under."""
        project = get_project(request.user, project_id, "project.edit")
        guideline = projects.write_guidelines(
            project, by=user_of(request), **self.parse(request, GuidelineInput)
        )
        return Response(GuidelineOf(guideline).data, status=201)
