"""Invitations: a signed, expiring link that makes its first user a member, once."""

from uuid import UUID

from django.core.signing import BadSignature, TimestampSigner
from django.db import transaction
from django.utils import timezone

from annotation import events
from annotation.errors import Conflict, Forbidden, NotFound
from annotation.models import Invitation, Membership, Role, Team, User

_signer = TimestampSigner(salt="annotation.invitation")
GONE = {
    "accepted": "This invitation has been used already. Ask for a new one.",
    "revoked": "This invitation was withdrawn. Ask for a new one.",
    "expired": "This invitation has expired. Ask for a new one.",
}


@transaction.atomic
def invite(team: Team, *, role: str, by: User, email: str = "") -> Invitation:
    """An open invitation; `email`, where given, is the only account that may accept it."""
    if role == Role.OWNER and not team.memberships.filter(user=by, role=Role.OWNER).exists():
        raise Forbidden("Only an owner can invite an owner. Ask one of them.")
    invitation = Invitation.objects.create(
        team=team,
        role=role,
        email=email.lower(),
        created_by=by,
        expires_at=timezone.now() + Invitation.LIFETIME,
    )
    events.record("invitation.created", team=team, actor=by, object_id=invitation.id, role=role)
    events.tell(f"team:{team.id}", "invitation.changed", invitation.id)
    return invitation


def token_of(invitation: Invitation) -> str:
    """The secret part of the link. It is computed, never stored: a leaked table holds no links."""
    return _signer.sign(str(invitation.pk))


def find_invitation(token: str) -> Invitation:
    """The invitation behind a link in whatever state it is; NotFound for a link we did not make."""
    try:
        id_ = UUID(_signer.unsign(token, max_age=Invitation.LIFETIME * 2))
    except (BadSignature, ValueError) as error:
        raise NotFound("This invitation link is not valid. Ask for a new one.") from error
    invitation = Invitation.objects.select_related("team").filter(pk=id_).first()
    if invitation is None:
        raise NotFound("This invitation link is not valid. Ask for a new one.")
    return invitation


@transaction.atomic
def accept_invitation(invitation: Invitation, *, by: User) -> Membership:
    """The new membership; Conflict when the link is used up or `by` is a member already."""
    if invitation.email and invitation.email != by.email.lower():
        raise Forbidden("This invitation is for another e-mail address. Sign in with that one.")
    now = timezone.now()
    # Of two people who follow the link at once, one UPDATE finds the row still open.
    taken = Invitation.objects.filter(
        pk=invitation.pk, accepted_at=None, revoked_at=None, expires_at__gt=now
    ).update(accepted_at=now, accepted_by=by)
    if not taken:
        invitation.refresh_from_db()
        raise Conflict(GONE[invitation.state(now)])
    membership, made = Membership.objects.get_or_create(
        team=invitation.team, user=by, defaults={"role": invitation.role}
    )
    if not made:
        # Leaving the transaction gives the link back.
        raise Conflict("You are in this team already. A manager can change your role.")
    events.record(
        "invitation.accepted",
        team=invitation.team,
        actor=by,
        object_id=invitation.id,
        membership=str(membership.id),
    )
    events.tell(f"team:{invitation.team_id}", "member.changed", membership.id)
    return membership


@transaction.atomic
def revoke_invitation(invitation: Invitation, *, by: User) -> Invitation:
    """The link stops working; Conflict when somebody has used it already."""
    now = timezone.now()
    open_ = Invitation.objects.filter(pk=invitation.pk, accepted_at=None, revoked_at=None)
    changed = open_.update(revoked_at=now)
    invitation.refresh_from_db()
    if invitation.accepted_at:
        raise Conflict(GONE["accepted"])
    if changed:
        events.record("invitation.revoked", team=invitation.team, actor=by, object_id=invitation.id)
        events.tell(f"team:{invitation.team_id}", "invitation.changed", invitation.id)
    return invitation
