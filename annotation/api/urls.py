"""The whole API on one page, a list of paths per noun."""

from django.urls import URLPattern, URLResolver, include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from annotation.api.account import AccountView
from annotation.api.assignments import AssignmentsView, DraftView, SkipView
from annotation.api.checkpoints import CheckpointsView, CheckpointView
from annotation.api.datasets import (
    DatasetDownloadView,
    DatasetPreviewView,
    DatasetsView,
    DatasetView,
)
from annotation.api.events import EventsView
from annotation.api.exports import ExportView
from annotation.api.invitations import (
    InvitationAcceptView,
    InvitationByLinkView,
    InvitationsView,
    InvitationView,
)
from annotation.api.jobs import (
    JobCancelView,
    JobLogView,
    JobMetricsView,
    JobRetryView,
    JobsOfProjectView,
    JobsOfRoundView,
    JobView,
)
from annotation.api.labels import LabelsView, LabelView, MyLabelsView, UndoView
from annotation.api.members import MembersView, MemberView
from annotation.api.projects import GuidelinesView, ProjectsView, ProjectView
from annotation.api.prompts import PromptImportView, PromptsView, PromptView
from annotation.api.queues import QueuesView
from annotation.api.responses import ResponsesView
from annotation.api.rounds import (
    DecisionsView,
    LadderView,
    OverviewView,
    RecipesView,
    RoundStartView,
    RoundsView,
    RoundView,
    SamplesView,
)
from annotation.api.session import SessionView
from annotation.api.teams import TeamsView, TeamView
from annotation.api.tokens import TokensView, TokenView

accounts: list[URLPattern | URLResolver] = [
    path("session/", SessionView.as_view()),
    path("account/", AccountView.as_view()),
    path("tokens/", TokensView.as_view()),
    path("tokens/<uuid:token_id>/", TokenView.as_view()),
    path("auth/", include("allauth.headless.urls")),
]
teams = [
    path("teams/", TeamsView.as_view()),
    path("teams/<uuid:team_id>/", TeamView.as_view()),
    path("teams/<uuid:team_id>/members/", MembersView.as_view()),
    path("members/<uuid:membership_id>/", MemberView.as_view()),
    path("teams/<uuid:team_id>/invitations/", InvitationsView.as_view()),
    path("invitations/<uuid:invitation_id>/", InvitationView.as_view()),
    path("invitations/by-token/<str:token>/", InvitationByLinkView.as_view()),
    path("invitations/by-token/<str:token>/accept/", InvitationAcceptView.as_view()),
]
projects = [
    path("projects/", ProjectsView.as_view()),
    path("projects/<uuid:project_id>/", ProjectView.as_view()),
    path("projects/<uuid:project_id>/guidelines/", GuidelinesView.as_view()),
    path("projects/<uuid:project_id>/prompts/", PromptsView.as_view()),
    path("projects/<uuid:project_id>/prompts/import/", PromptImportView.as_view()),
    path("prompts/<uuid:prompt_id>/", PromptView.as_view()),
    path("projects/<uuid:project_id>/responses/", ResponsesView.as_view()),
    path("projects/<uuid:project_id>/events/", EventsView.as_view()),
    path("projects/<uuid:project_id>/export/", ExportView.as_view()),
]
rounds = [
    path("recipes/", RecipesView.as_view()),
    path("projects/<uuid:project_id>/overview/", OverviewView.as_view()),
    path("projects/<uuid:project_id>/rounds/", RoundsView.as_view()),
    path("rounds/<uuid:round_id>/", RoundView.as_view()),
    path("rounds/<uuid:round_id>/start/", RoundStartView.as_view()),
    path("rounds/<uuid:round_id>/decisions/", DecisionsView.as_view()),
    path("rounds/<uuid:round_id>/ladder/", LadderView.as_view()),
    path("rounds/<uuid:round_id>/samples/", SamplesView.as_view()),
    path("rounds/<uuid:round_id>/jobs/", JobsOfRoundView.as_view()),
]
training = [
    path("projects/<uuid:project_id>/jobs/", JobsOfProjectView.as_view()),
    path("jobs/<uuid:job_id>/", JobView.as_view()),
    path("jobs/<uuid:job_id>/metrics/", JobMetricsView.as_view()),
    path("jobs/<uuid:job_id>/log/", JobLogView.as_view()),
    path("jobs/<uuid:job_id>/cancel/", JobCancelView.as_view()),
    path("jobs/<uuid:job_id>/retry/", JobRetryView.as_view()),
    path("projects/<uuid:project_id>/checkpoints/", CheckpointsView.as_view()),
    path("checkpoints/<uuid:checkpoint_id>/", CheckpointView.as_view()),
    path("projects/<uuid:project_id>/datasets/", DatasetsView.as_view()),
    path("datasets/<uuid:dataset_id>/", DatasetView.as_view()),
    path("datasets/<uuid:dataset_id>/preview/", DatasetPreviewView.as_view()),
    path("datasets/<uuid:dataset_id>/download/", DatasetDownloadView.as_view()),
]
labeling = [
    path("queues/", QueuesView.as_view()),
    path("projects/<uuid:project_id>/assignments/", AssignmentsView.as_view()),
    path("projects/<uuid:project_id>/undo/", UndoView.as_view()),
    path("projects/<uuid:project_id>/labels/", LabelsView.as_view()),
    path("assignments/<uuid:assignment_id>/draft/", DraftView.as_view()),
    path("assignments/<uuid:assignment_id>/label/", LabelView.as_view()),
    path("assignments/<uuid:assignment_id>/skip/", SkipView.as_view()),
    path("me/labels/", MyLabelsView.as_view()),
]
schema = [
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    path("docs/", SpectacularSwaggerSplitView.as_view(url_name="schema"), name="docs"),
]

urlpatterns: list[URLPattern | URLResolver] = [
    # First, because the search for a path goes from the top and these are asked for most.
    *labeling,
    *accounts,
    *teams,
    *projects,
    *rounds,
    *training,
    *schema,
]
