"""Who labels: found by account, or by the name an import knows them by."""

from uuid import UUID

from annotation.models import Labeler, Team, User


def of(user: User, team: Team | UUID) -> Labeler:
    """The person as a labeler of the team; there from the first time they are asked for."""
    labeler, _ = Labeler.objects.get_or_create(
        team_id=team if isinstance(team, UUID) else team.pk,
        user=user,
        defaults={"kind": Labeler.Kind.PERSON},
    )
    return labeler


def imported(team: Team, name: str) -> Labeler:
    """Who an import calls `name`: the same one in every import of the team."""
    labeler, _ = Labeler.objects.get_or_create(team=team, kind=Labeler.Kind.IMPORT, name=name[:200])
    return labeler
