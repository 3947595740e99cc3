"""A labeler's home: the projects they label in and what waits there."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from annotation.api.base import Fields, NameOf, View, user_of
from annotation.api.jobs import RoundNameOf
from annotation.models.project import POLICY_KINDS
from annotation.services import queues


class QueueOf(Fields):
    project = NameOf()
    team = NameOf()
    round = RoundNameOf(
        allow_null=True, help_text="The one that is labeling; null: nothing to do now."
    )
    kind = serializers.ChoiceField(POLICY_KINDS)
    waiting = serializers.IntegerField(
        help_text=f"Tasks I hold or that wait ahead of me, counted up to {queues.MOST_COUNTED}."
    )
    mine_today = serializers.IntegerField()
    mine_week = serializers.IntegerField()
    guidelines_version = serializers.IntegerField()
    guidelines_changed = serializers.BooleanField(
        help_text="They changed since the version I last labeled under."
    )


class QueuesView(View):
    @extend_schema(responses=QueueOf(many=True), operation_id="queues_list")
    def get(self, request: Request) -> Response:
        """The projects I may label in, those with a round that is labeling first."""
        found = queues.queues_for(user_of(request))
        return Response({"count": len(found), "results": QueueOf(found, many=True).data})
