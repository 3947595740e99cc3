"""Teams and the people in them."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from annotation import events
from annotation.errors import Conflict, Forbidden
from annotation.models import Label, Membership, Role, Team, User


@transaction.atomic
def create_team(*, name: str, by: User) -> Team:
    """A new team, with its maker as the owner."""
    team = Team.objects.create(name=name)
    Membership.objects.create(team=team, user=by, role=Role.OWNER)
    events.record("team.created", team=team, actor=by, object_id=team.id, name=name)
    return team


@transaction.atomic
def rename_team(team: Team, *, name: str, by: User) -> Team:
    events.record("team.renamed", team=team, actor=by, object_id=team.id, was=team.name, name=name)
    team.name = name
    team.save(update_fields=["name"])
    events.tell(f"team:{team.id}", "team.changed", team.id)
    return team


@transaction.atomic
def change_member(
    membership: Membership, *, by: User, role: str | None = None, status: str | None = None
) -> Membership:
    """Give a member another role, suspend them or let them back in. None leaves as it is.

    Only owners make and unmake owners. Raises Conflict for the last active owner, who would leave
    a team that nobody can run.
    """
    # Without the lock two owners who demote each other at once would each see the other as the
    # owner who stays.
    Team.objects.select_for_update(no_key=True).get(pk=membership.team_id)
    membership = Membership.objects.select_related("team", "user").get(pk=membership.pk)
    role, status = role or membership.role, status or membership.status
    if Role.OWNER in (membership.role, role) and not _is_owner(by, membership.team_id):
        raise Forbidden("Only an owner can make, change or suspend an owner. Ask one of them.")
    stays = role == Role.OWNER and status == Membership.Status.ACTIVE
    if not stays and _is_owner(membership.user, membership.team_id):
        owners = Membership.objects.filter(
            team=membership.team_id, role=Role.OWNER, status=Membership.Status.ACTIVE
        )
        if owners.count() == 1:
            raise Conflict("This is the last owner of the team. Make somebody else an owner first.")
    was = {"role": membership.role, "status": membership.status}
    membership.role, membership.status = role, status
    membership.save(update_fields=["role", "status"])
    events.record(
        "member.changed",
        team=membership.team,
        actor=by,
        object_id=membership.id,
        was=was,
        now={"role": role, "status": status},
    )
    events.tell(f"team:{membership.team_id}", "member.changed", membership.id)
    return membership


def _is_owner(user: User, team_id: UUID) -> bool:
    return Membership.objects.filter(
        user=user, team=team_id, role=Role.OWNER, status=Membership.Status.ACTIVE
    ).exists()


def members_of(team: Team) -> QuerySet[Membership]:
    """The members in the order in which they came, active ones first."""
    return team.memberships.select_related("user").order_by("status", "created_at", "id")


def label_counts(
    team: Team, users: list[UUID], *, now: datetime | None = None
) -> dict[UUID, dict[str, int]]:
    """{user: {"total", "week"}}: tasks labeled in the team, ever and in the last seven days.

    Amendments do not count: they correct a label that already does.
    """
    week_ago = (now or timezone.now()) - timedelta(days=7)
    rows = (
        Label.objects.filter(project__team=team, labeler__user__in=users, supersedes__isnull=True)
        .values("labeler__user")
        .annotate(total=Count("pk"), week=Count("pk", filter=Q(created_at__gte=week_ago)))
    )
    return {row["labeler__user"]: {"total": row["total"], "week": row["week"]} for row in rows}
