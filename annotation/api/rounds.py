from typing import Any
from uuid import UUID

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from annotation.api.access import get_project, get_round
from annotation.api.base import EstimateOf, Fields, NameOf, ScalarField, SentenceOf, View, user_of
from annotation.api.jobs import RoundNameOf
from annotation.api.prompts import MessageOf
from annotation.models import Checkpoint, Project, Round, RoundStep
from annotation.rounds import decisions, drafts, forms, overviews
from annotation.rounds.gates import GATES
from annotation.rounds.recipe import Amendment
from annotation.rounds.step import STAGES
from annotation.rounds.steps import STEPS
from annotation.rounds.steps.train import training_methods
from annotation.services import ratings

STEP_KINDS = [(kind, kind) for kind in STEPS]
STEP_STAGES = [(stage, stage) for stage in STAGES]
STAGES_SHOWN = [
    ("draft", "draft"),
    *STEP_STAGES,
    *((s, s) for s in ("blocked", "done", "cancelled")),
]


@extend_schema_field({"$ref": "#/components/schemas/Recipe"})
class RecipeField(serializers.JSONField):
    """A recipe as it is stored, every setting written out."""


@extend_schema_field({"$ref": "#/components/schemas/RecipeInput"})
class RecipeInputField(serializers.JSONField):
    """A recipe as it may be sent; `annotation.rounds.recipe` checks it and fills in defaults."""


class ChoiceOf(Fields):
    choice = serializers.ChoiceField(list(decisions.CHOICES))
    title = SentenceOf()


class QuestionOf(Fields):
    """One thing to decide; POST .../decisions/ with this step and subject answers it."""

    step = serializers.CharField()
    subject = serializers.CharField(allow_blank=True)
    title = SentenceOf(allow_null=True)
    said = SentenceOf()
    evidence = serializers.DictField(child=ScalarField(allow_null=True))
    choices = ChoiceOf(many=True)


class CountOf(Fields):
    done = serializers.IntegerField()
    total = serializers.IntegerField()


class LabelCountOf(CountOf):
    per_hour = serializers.FloatField(help_text="Labels of the last hour.")
    eta_seconds = serializers.FloatField(allow_null=True, help_text="Null when nobody is at work.")


class ProgressOf(Fields):
    prompts = serializers.IntegerField()
    responses = CountOf()
    labels = LabelCountOf()
    people_now = serializers.IntegerField(help_text="Labelers with a lease or a recent label.")
    jobs = CountOf()


class ReadOf(Fields):
    """One role of what a step reads: the names in the recipe, and what they meant."""

    role = serializers.CharField()
    names = serializers.ListField(child=serializers.CharField())
    checkpoints = NameOf(many=True)
    datasets = serializers.ListField(child=serializers.UUIDField())


class VerdictOf(Fields):
    """What a gate found at one bound. `value` is null where nothing was measured."""

    subject = serializers.CharField()
    gate = serializers.CharField()
    title = SentenceOf()
    unit = SentenceOf()
    least = serializers.FloatField(allow_null=True)
    most = serializers.FloatField(allow_null=True)
    value = serializers.FloatField(allow_null=True)
    passed = serializers.BooleanField()
    said = SentenceOf()
    evidence = serializers.DictField(child=ScalarField(allow_null=True))


class WinsOf(Fields):
    """Share of held-out prompts where the new answers score higher, 95 % interval."""

    value = serializers.FloatField()
    low = serializers.FloatField()
    high = serializers.FloatField()
    n = serializers.IntegerField()


class EvaluationOf(Fields):
    checkpoint = serializers.UUIDField()
    parent = serializers.UUIDField(allow_null=True)  # type: ignore[assignment]
    reward = serializers.UUIDField(allow_null=True)
    metrics = serializers.DictField(child=serializers.FloatField())
    parent_metrics = serializers.DictField(child=serializers.FloatField())
    wins = WinsOf(allow_null=True)


class StepOf(Fields):
    name = serializers.CharField()
    kind = serializers.ChoiceField(STEP_KINDS)
    title = SentenceOf()
    stage = serializers.ChoiceField(STEP_STAGES)
    state = serializers.ChoiceField(RoundStep.State.choices)
    attempts = serializers.IntegerField(help_text="How often it was begun.")
    take = serializers.IntegerField(help_text="1, and one more each time it started over.")
    reads = ReadOf(many=True)
    checkpoints = NameOf(many=True, help_text="Made by this take.")
    datasets = serializers.ListField(child=serializers.UUIDField())
    evaluation = EvaluationOf(allow_null=True)
    verdicts = VerdictOf(many=True)
    questions = QuestionOf(many=True, help_text="What it waits for people to decide.")
    jobs = serializers.ListField(child=serializers.UUIDField())
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)


class AmendmentOf(Fields):
    """`change` is laid over the settings of the step: objects are merged, all else replaced."""

    step = serializers.CharField(max_length=30)
    change = serializers.DictField(child=serializers.JSONField(allow_null=True))


class DecisionOf(Fields):
    """Who chose what, why, and what they saw."""

    id = serializers.UUIDField()
    step = serializers.CharField(allow_blank=True, help_text="Empty: the round was steered.")
    subject = serializers.CharField(allow_blank=True)
    choice = serializers.ChoiceField(list(decisions.CHOICES))
    title = SentenceOf()
    why = serializers.CharField(allow_blank=True)
    evidence = serializers.DictField(child=serializers.JSONField(allow_null=True))
    amendments = AmendmentOf(many=True)
    by = NameOf(allow_null=True)
    at = serializers.DateTimeField()


class RoundOf(Fields):
    id = serializers.UUIDField()
    project = NameOf()
    number = serializers.IntegerField()
    state = serializers.ChoiceField(Round.State.choices)
    stage = serializers.ChoiceField(STAGES_SHOWN, help_text="Derived from the steps.")
    is_paused = serializers.BooleanField()
    recipe = RecipeField(help_text="As it was when the round started.")
    effective_recipe = RecipeField(help_text="With what people decided laid over it.")
    after = RoundNameOf(allow_null=True, help_text="This draft starts when that round is done.")
    successor = RoundNameOf(allow_null=True)
    created_at = serializers.DateTimeField()
    archived_at = serializers.DateTimeField(allow_null=True)
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)
    progress = ProgressOf()
    steps = StepOf(many=True)
    decisions = DecisionOf(many=True)
    choices = ChoiceOf(many=True, help_text="How the round can be steered now.")


class RoundInput(Fields):
    recipe = RecipeInputField()
    after = serializers.UUIDField(
        allow_null=True, default=None, help_text="Start by itself when that round is done."
    )


class DraftInput(Fields):
    recipe = RecipeInputField(required=False)
    after = serializers.UUIDField(allow_null=True, required=False)


class DecisionInput(Fields):
    choice = serializers.ChoiceField(list(decisions.CHOICES))
    decision_id = serializers.UUIDField(
        help_text="Made by the client. Sending it again decides nothing again."
    )
    step = serializers.CharField(
        max_length=30, allow_blank=True, default="", help_text="Whose question is answered."
    )
    subject = serializers.CharField(max_length=80, allow_blank=True, default="")
    why = serializers.CharField(max_length=5000, allow_blank=True, default="")
    count = serializers.IntegerField(
        min_value=1,
        allow_null=True,
        default=None,
        help_text="more_labels: labels per task; more_prompts: prompts in all.",
    )
    redo_from = serializers.CharField(max_length=30, allow_blank=True, default="")
    changes = AmendmentOf(many=True, default=list)
    checkpoint = serializers.UUIDField(allow_null=True, default=None)


class CheckpointNameOf(NameOf):
    kind = serializers.CharField()


class EntryOf(Fields):
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


class UndecidedOf(Fields):
    first = serializers.UUIDField()
    second = serializers.UUIDField()
    more = serializers.FloatField(allow_null=True, help_text="Votes that would settle the pair.")


class LiveOf(Fields):
    checkpoint = serializers.UUIDField()
    elo = serializers.FloatField()
    spread = serializers.FloatField(help_text="Standard deviation over random orders of the votes.")


class DuelOf(Fields):
    """The newest checkpoint against the base; the bounds hold however often one looks."""

    newest = serializers.UUIDField()
    base = serializers.UUIDField()
    win_rate = serializers.FloatField(help_text="A tie is half a win.")
    low = serializers.FloatField()
    high = serializers.FloatField()
    tasks = serializers.IntegerField()
    decided = serializers.BooleanField()
    more = serializers.FloatField(allow_null=True, help_text="Tasks still needed, roughly.")


class LadderOf(Fields):
    computed_at = serializers.DateTimeField()
    final = serializers.BooleanField()
    votes = serializers.IntegerField()
    labelers = serializers.IntegerField()
    method = SentenceOf()
    entries = EntryOf(many=True)
    order = serializers.ListField(
        child=serializers.UUIDField(), help_text="Rows and columns of win_matrix."
    )
    win_matrix = serializers.ListField(
        child=serializers.ListField(child=serializers.FloatField(allow_null=True))
    )
    indistinguishable = UndecidedOf(many=True)
    components = serializers.ListField(child=serializers.ListField(child=serializers.UUIDField()))
    duel = DuelOf(allow_null=True)
    live_elo = LiveOf(many=True)


class SampleResponseOf(Fields):
    checkpoint = NameOf(allow_null=True)
    text = serializers.CharField(allow_blank=True)
    finish_reason = serializers.CharField(allow_blank=True)
    rank = serializers.IntegerField(allow_null=True, help_text="Consensus rank, 1 best.")


class SamplePromptOf(Fields):
    id = serializers.UUIDField()
    messages = MessageOf(many=True)
    split = serializers.CharField()


class SampleOf(Fields):
    prompt = SamplePromptOf()
    votes = serializers.IntegerField()
    responses = SampleResponseOf(many=True)


class OpenQuestionOf(QuestionOf):
    round = serializers.UUIDField()
    number = serializers.IntegerField()


class AccuracyAtOf(Fields):
    labels = serializers.IntegerField()
    accuracy = serializers.FloatField()
    low = serializers.FloatField()
    high = serializers.FloatField()
    pairs = serializers.IntegerField()


class GainOf(Fields):
    more = serializers.IntegerField(help_text="Labels more than now.")
    value = serializers.FloatField(help_text="Points of held-out accuracy.")
    low = serializers.FloatField()
    high = serializers.FloatField()


class ForecastOf(Fields):
    points = AccuracyAtOf(many=True)
    gain = GainOf(allow_null=True)
    reason = SentenceOf(allow_null=True, help_text="Why there is no forecast.")


class OverviewOf(Fields):
    rounds = RoundOf(many=True)
    people_now = serializers.IntegerField()
    questions = OpenQuestionOf(many=True)
    latest_ladder = LadderOf(allow_null=True)
    agreement = EstimateOf(allow_null=True)
    forecast = ForecastOf()


class SettingOf(Fields):
    name = serializers.CharField()
    type = serializers.CharField()
    default = ScalarField(allow_null=True)
    code = serializers.CharField(help_text="By which a screen says the description.")
    description = serializers.CharField()
    least = serializers.FloatField(required=False)
    above = serializers.FloatField(required=False)
    most = serializers.FloatField(required=False)
    choices = serializers.ListField(child=serializers.CharField(), required=False)


class MethodOf(Fields):
    """A method of training: which checkpoints it starts from, and its settings."""

    method = serializers.ChoiceField(list(training_methods()))
    title = SentenceOf()
    description = SentenceOf()
    makes = serializers.ChoiceField(Checkpoint.Kind.choices)
    reads_model = serializers.BooleanField(help_text="Whether it starts from a model.")
    reads_reward = serializers.BooleanField(help_text="Whether a reward model judges it.")
    settings = SettingOf(many=True)


class GateOf(Fields):
    gate = serializers.ChoiceField(list(GATES))
    title = SentenceOf()
    unit = SentenceOf()
    direction = serializers.ChoiceField(["least", "most"], help_text="The bound that is usual.")
    usual = serializers.FloatField()


class RoleOf(Fields):
    """One role of what a kind of step reads, and what it may name."""

    role = serializers.CharField()
    kinds = serializers.ListField(
        child=serializers.ChoiceField(STEP_KINDS), help_text="Earlier steps of these kinds."
    )
    words = serializers.ListField(child=serializers.CharField())
    takes_checkpoint = serializers.BooleanField(help_text="The id of a checkpoint will do.")
    is_reward = serializers.BooleanField(allow_null=True)
    is_list = serializers.BooleanField()
    is_needed = serializers.BooleanField()


class FieldOf(Fields):
    """A setting of a step; `prompts.count` is `count` of the object `prompts`."""

    name = serializers.CharField()
    type = serializers.ChoiceField(["integer", "number", "string", "boolean"])
    default = ScalarField(allow_null=True)
    least = serializers.FloatField(required=False)
    most = serializers.FloatField(required=False)
    choices = serializers.ListField(child=serializers.CharField(), required=False)


class KindOf(Fields):
    """A kind of step, for a form."""

    kind = serializers.ChoiceField(STEP_KINDS)
    title = SentenceOf()
    stage = serializers.ChoiceField(STEP_STAGES)
    is_single = serializers.BooleanField(help_text="A recipe holds one of it at most.")
    reads = RoleOf(many=True)
    settings = FieldOf(many=True)


class RecipesOf(Fields):
    default = RecipeField()
    default_import = RecipeField()
    kinds = KindOf(many=True)
    methods = MethodOf(many=True)
    gates = GateOf(many=True)
    choices = ChoiceOf(many=True)


def shown(round: Round) -> dict[str, Any]:
    return RoundOf(overviews.describe_round(round)).data


def _before(project: Project, id_: UUID | None) -> Round | None:
    return None if id_ is None else get_object_or_404(project.rounds, pk=id_)


class RecipesView(View):
    @extend_schema(responses=RecipesOf, operation_id="recipes_show")
    def get(self, request: Request) -> Response:
        """What a recipe may say: kinds of step, training methods, gates, and the default one."""
        return Response(RecipesOf(forms.describe_recipes()).data)


class RoundsQuery(Fields):
    archived = serializers.BooleanField(default=False, help_text="The archived ones instead.")


class RoundsView(View):
    @extend_schema(
        parameters=[RoundsQuery], responses=RoundOf(many=True), operation_id="rounds_list"
    )
    def get(self, request: Request, project_id: UUID) -> Response:
        project = get_project(request.user, project_id, "round.view")
        archived = self.query(request, RoundsQuery)["archived"]
        rows = project.rounds.shown(archived=archived)
        rows = rows.select_related("project", "after").order_by("-number")
        found = self.pagination_class()
        page = found.paginate_queryset(rows, request, view=self) or []
        return found.get_paginated_response([shown(one) for one in page])

    @extend_schema(request=RoundInput, responses={201: RoundOf}, operation_id="rounds_create")
    def post(self, request: Request, project_id: UUID) -> Response:
        """A draft. With `after` it starts by itself when that round is done."""
        project = get_project(request.user, project_id, "round.edit")
        form = self.parse(request, RoundInput)
        made = drafts.create_round(
            project,
            recipe=form["recipe"],
            after=_before(project, form["after"]),
            by=user_of(request),
        )
        return Response(shown(made), status=201)


class RoundView(View):
    @extend_schema(responses=RoundOf, operation_id="rounds_show")
    def get(self, request: Request, round_id: UUID) -> Response:
        return Response(shown(get_round(request.user, round_id, "round.view")))

    @extend_schema(request=DraftInput, responses=RoundOf, operation_id="rounds_change")
    def patch(self, request: Request, round_id: UUID) -> Response:
        """Change the recipe of a draft, or the round it waits for."""
        found = get_round(request.user, round_id, "round.edit")
        form = self.parse(request, DraftInput)
        by = user_of(request)
        if "recipe" in form:
            drafts.change_recipe(found, recipe=form["recipe"], by=by)
        if "after" in form:
            drafts.follow_round(found, after=_before(found.project, form["after"]), by=by)
        return Response(shown(found))


class RoundStartView(View):
    @extend_schema(request=None, responses=RoundOf, operation_id="rounds_start")
    def post(self, request: Request, round_id: UUID) -> Response:
        found = get_round(request.user, round_id, "round.edit")
        return Response(shown(drafts.start_round(found, by=user_of(request))))


class DecisionsView(View):
    @extend_schema(request=DecisionInput, responses=RoundOf, operation_id="rounds_decide")
    def post(self, request: Request, round_id: UUID) -> Response:
        """Answer a question of a step, or steer the round (pause, more labels, cancel ...)."""
        found = get_round(request.user, round_id, "round.edit")
        form = self.parse(request, DecisionInput)
        form["changes"] = tuple(
            Amendment(step=one["step"], change=one["change"]) for one in form["changes"]
        )
        decisions.decide(found, decisions.Wanted(**form), by=user_of(request))
        return Response(shown(found))


class LadderView(View):
    @extend_schema(responses=LadderOf, operation_id="rounds_ladder")
    def get(self, request: Request, round_id: UUID) -> Response:
        found = get_round(request.user, round_id, "round.view")
        return Response(LadderOf(ratings.current(found)).data)


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
