from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from annotation.api.access import get_project, get_round
from annotation.api.base import EstimateOf, NameOf, View, user_of
from annotation.models import Round
from annotation.services import overviews, ratings, recipes, rounds
from training.contract.spec import describe_settings


class ChoiceOf(serializers.Serializer[Any]):
    action = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]


class BlockOf(serializers.Serializer[Any]):
    state = serializers.ChoiceField(Round.State.choices, help_text="Where the round stopped.")
    reason = serializers.CharField()
    evidence = serializers.JSONField()
    actions = ChoiceOf(many=True)


class CountOf(serializers.Serializer[Any]):
    done = serializers.IntegerField()
    total = serializers.IntegerField()


class LabelCountOf(CountOf):
    per_hour = serializers.FloatField(help_text="Labels of the last hour.")
    eta_seconds = serializers.FloatField(allow_null=True, help_text="Null when nobody is at work.")


class ProgressOf(serializers.Serializer[Any]):
    prompts = serializers.IntegerField()
    responses = CountOf()
    labels = LabelCountOf()
    people_now = serializers.IntegerField(help_text="Labelers with a lease or a recent label.")
    jobs = CountOf()


class StepOf(serializers.Serializer[Any]):
    state = serializers.ChoiceField(Round.State.choices)
    started_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)


class RoundOf(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    project = NameOf()
    number = serializers.IntegerField()
    state = serializers.ChoiceField(Round.State.choices)
    blocked = BlockOf(allow_null=True)
    recipe = serializers.JSONField()
    created_at = serializers.DateTimeField()
    archived_at = serializers.DateTimeField(allow_null=True)
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)
    progress = ProgressOf()
    steps = StepOf(many=True)


class RecipeInput(serializers.Serializer[Any]):
    recipe = serializers.JSONField(help_text="See GET /api/recipes/ for its names and defaults.")


class ResolveInput(serializers.Serializer[Any]):
    action = serializers.CharField(max_length=50)


class CheckpointNameOf(NameOf):
    kind = serializers.CharField()


class EntryOf(serializers.Serializer[Any]):
    checkpoint = CheckpointNameOf()
    elo = serializers.FloatField(allow_null=True)
    low = serializers.FloatField(allow_null=True, help_text="95 % interval; null where unbounded.")
    high = serializers.FloatField(allow_null=True)
    se = serializers.FloatField(allow_null=True)
    rank_low = serializers.IntegerField()
    rank_high = serializers.IntegerField()
    votes = serializers.IntegerField()
    wins = serializers.IntegerField()
    ties = serializers.IntegerField()
    losses = serializers.IntegerField()
    win_rate = serializers.FloatField(
        allow_null=True, help_text="Share of votes, ties half, as if pairs were asked evenly."
    )
    anchored = serializers.BooleanField()
    estimable = serializers.BooleanField()
    component = serializers.IntegerField()


class LiveOf(serializers.Serializer[Any]):
    checkpoint = serializers.UUIDField()
    elo = serializers.FloatField()
    spread = serializers.FloatField(help_text="Standard deviation over random orders of the votes.")


class DuelOf(serializers.Serializer[Any]):
    """The newest checkpoint against the base; the bounds hold however often one looks."""

    newest = serializers.UUIDField()
    base = serializers.UUIDField()
    win_rate = serializers.FloatField(help_text="A tie is half a win.")
    low = serializers.FloatField()
    high = serializers.FloatField()
    tasks = serializers.IntegerField()
    decided = serializers.BooleanField()
    more = serializers.FloatField(allow_null=True, help_text="Tasks still needed, roughly.")


class LadderOf(serializers.Serializer[Any]):
    computed_at = serializers.DateTimeField()
    final = serializers.BooleanField()
    votes = serializers.IntegerField()
    labelers = serializers.IntegerField()
    method = serializers.CharField()
    entries = EntryOf(many=True)
    order = serializers.ListField(
        child=serializers.UUIDField(), help_text="Rows and columns of win_matrix."
    )
    win_matrix = serializers.ListField(
        child=serializers.ListField(child=serializers.FloatField(allow_null=True))
    )
    indistinguishable = serializers.JSONField(
        help_text="[checkpoint, checkpoint, votes that would settle the pair or null]"
    )
    components = serializers.ListField(child=serializers.ListField(child=serializers.UUIDField()))
    duel = DuelOf(allow_null=True)
    live_elo = LiveOf(many=True)


class SampleResponseOf(serializers.Serializer[Any]):
    checkpoint = NameOf(allow_null=True)
    text = serializers.CharField(allow_blank=True)
    finish_reason = serializers.CharField(allow_blank=True)
    rank = serializers.IntegerField(allow_null=True, help_text="Consensus rank, 1 best.")


class SamplePromptOf(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    messages = serializers.JSONField()
    split = serializers.CharField()


class SampleOf(serializers.Serializer[Any]):
    prompt = SamplePromptOf()
    votes = serializers.IntegerField()
    responses = SampleResponseOf(many=True)


class DecisionOf(serializers.Serializer[Any]):
    round = serializers.UUIDField()
    number = serializers.IntegerField()
    reason = serializers.CharField()
    actions = ChoiceOf(many=True)


class AccuracyAtOf(serializers.Serializer[Any]):
    labels = serializers.IntegerField()
    accuracy = serializers.FloatField()
    low = serializers.FloatField()
    high = serializers.FloatField()
    pairs = serializers.IntegerField()


class GainOf(serializers.Serializer[Any]):
    more = serializers.IntegerField(help_text="Labels more than now.")
    value = serializers.FloatField(help_text="Points of held-out accuracy.")
    low = serializers.FloatField()
    high = serializers.FloatField()


class ForecastOf(serializers.Serializer[Any]):
    points = AccuracyAtOf(many=True)
    gain = GainOf(allow_null=True)
    reason = serializers.CharField(allow_null=True, help_text="Why there is no forecast.")


class OverviewOf(serializers.Serializer[Any]):
    rounds = RoundOf(many=True)
    people_now = serializers.IntegerField()
    decisions = DecisionOf(many=True)
    latest_ladder = LadderOf(allow_null=True)
    agreement = EstimateOf(allow_null=True)
    forecast = ForecastOf()


class SettingOf(serializers.Serializer[Any]):
    name = serializers.CharField()
    type = serializers.CharField()
    default = serializers.JSONField(allow_null=True)
    description = serializers.CharField()
    least = serializers.FloatField(required=False)
    above = serializers.FloatField(required=False)
    most = serializers.FloatField(required=False)
    choices = serializers.ListField(child=serializers.CharField(), required=False)


class RecipesOf(serializers.Serializer[Any]):
    default = serializers.JSONField()
    methods = serializers.DictField(child=SettingOf(many=True))
    gates = serializers.ListField(child=serializers.CharField())


def shown(round: Round) -> dict[str, Any]:
    return RoundOf(overviews.describe_round(round)).data


class RecipesView(View):
    @extend_schema(responses=RecipesOf, operation_id="recipes_show")
    def get(self, request: Request) -> Response:
        """What a recipe may say: the default one, and every setting of every method."""
        methods = (*recipes.TRAINING_METHODS, "generate")
        value = {
            "default": recipes.parse_recipe({"training": [{"method": "reward"}]}).to_json(),
            "methods": {method: describe_settings(method) for method in methods},
            "gates": list(recipes.GATE_METRICS),
        }
        return Response(RecipesOf(value).data)


class RoundsQuery(serializers.Serializer[Any]):
    archived = serializers.BooleanField(default=False, help_text="The archived ones instead.")


class RoundsView(View):
    @extend_schema(
        parameters=[RoundsQuery], responses=RoundOf(many=True), operation_id="rounds_list"
    )
    def get(self, request: Request, project_id: UUID) -> Response:
        project = get_project(request.user, project_id, "round.view")
        archived = self.query(request, RoundsQuery)["archived"]
        rows = project.rounds.shown(archived=archived).select_related("project").order_by("-number")
        found = self.pagination_class()
        page = found.paginate_queryset(rows, request, view=self) or []
        return found.get_paginated_response([shown(one) for one in page])

    @extend_schema(request=RecipeInput, responses={201: RoundOf}, operation_id="rounds_create")
    def post(self, request: Request, project_id: UUID) -> Response:
        project = get_project(request.user, project_id, "round.edit")
        form = self.parse(request, RecipeInput)
        made = rounds.create_round(project, recipe=form["recipe"], by=user_of(request))
        return Response(shown(made), status=201)


class RoundView(View):
    @extend_schema(responses=RoundOf, operation_id="rounds_show")
    def get(self, request: Request, round_id: UUID) -> Response:
        return Response(shown(get_round(request.user, round_id, "round.view")))

    @extend_schema(request=RecipeInput, responses=RoundOf, operation_id="rounds_change")
    def patch(self, request: Request, round_id: UUID) -> Response:
        """Change the recipe of a draft."""
        found = get_round(request.user, round_id, "round.edit")
        form = self.parse(request, RecipeInput)
        return Response(
            shown(rounds.change_recipe(found, recipe=form["recipe"], by=user_of(request)))
        )


class RoundStartView(View):
    @extend_schema(request=None, responses=RoundOf, operation_id="rounds_start")
    def post(self, request: Request, round_id: UUID) -> Response:
        found = get_round(request.user, round_id, "round.edit")
        return Response(shown(rounds.start_round(found, by=user_of(request))))


class RoundCancelView(View):
    @extend_schema(request=None, responses=RoundOf, operation_id="rounds_cancel")
    def post(self, request: Request, round_id: UUID) -> Response:
        found = get_round(request.user, round_id, "round.edit")
        return Response(shown(rounds.cancel_round(found, by=user_of(request))))


class RoundResolveView(View):
    @extend_schema(request=ResolveInput, responses=RoundOf, operation_id="rounds_resolve")
    def post(self, request: Request, round_id: UUID) -> Response:
        """Choose one of the actions that a blocked round offers."""
        found = get_round(request.user, round_id, "round.edit")
        action = self.parse(request, ResolveInput)["action"]
        return Response(shown(rounds.resolve_block(found, action=action, by=user_of(request))))


class LadderView(View):
    @extend_schema(responses=LadderOf, operation_id="rounds_ladder")
    def get(self, request: Request, round_id: UUID) -> Response:
        found = get_round(request.user, round_id, "round.view")
        return Response(ratings.current(found))


class SamplesView(View):
    @extend_schema(responses=SampleOf(many=True), operation_id="rounds_samples")
    def get(self, request: Request, round_id: UUID) -> Response:
        """Prompts of the round with every writer's responses side by side, newest writer last."""
        found = get_round(request.user, round_id, "round.view")
        rows = overviews.sample_prompts(found)
        pages = self.pagination_class()
        page = pages.paginate_queryset(rows, request, view=self) or []
        value = overviews.describe_samples(found, list(page))
        return pages.get_paginated_response(SampleOf(value, many=True).data)


class OverviewView(View):
    @extend_schema(responses=OverviewOf, operation_id="projects_overview")
    def get(self, request: Request, project_id: UUID) -> Response:
        """Everything the project page needs, in one answer."""
        project = get_project(request.user, project_id, "round.view")
        return Response(OverviewOf(overviews.describe_project(project)).data)
