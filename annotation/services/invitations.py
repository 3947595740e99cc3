"""Invitations: a signed, expiring link that makes its first user a member, once."""

from uuid import UUID

from django.core.signing import BadSignature, TimestampSigner
from django.db import transaction
from django.utils import timezone

from annotation.errors import Conflict, Forbidden, NotFound
from annotation.happenings import happened
from annotation.models import Invitation, Membership, Role, Team, User
from annotation.sentences import say

_signer = TimestampSigner(salt="annotation.invitation")
GONE = {
    "accepted": say("invitation_used", "This invitation has been used already. Ask for a new one."),
    "revoked": say("invitation_revoked", "This invitation was withdrawn. Ask for a new one."),
    "expired": say("invitation_expired", "This invitation has expired. Ask for a new one."),
}
NOT_VALID = say("invitation_not_valid", "This invitation link is not valid. Ask for a new one.")


@transaction.atomic
def invite(team: Team, *, role: str, by: User, email: str = "") -> Invitation:
    """An open invitation; `email`, where given, is the only account that may accept it."""
    if role == Role.OWNER and not team.memberships.filter(user=by, role=Role.OWNER).exists():
        raise Forbidden(
            say("only_owners_invite_owners", "Only an owner can invite an owner. Ask one of them.")
        )
    invitation = Invitation.objects.create(
        team=team,
        role=role,
        email=email.lower(),
        created_by=by,
        expires_at=timezone.now() + Invitation.LIFETIME,
    )
    happened("invitation.created", invitation, by=by, role=role)
    return invitation


def token_of(invitation: Invitation) -> str:
    """The secret part of the link. It is computed, never stored: a leaked table holds no links."""
    return _signer.sign(str(invitation.pk))


def find_invitation(token: str) -> Invitation:
    """The invitation behind a link in whatever state it is; NotFound for a link we did not make."""
    try:
        id_ = UUID(_signer.unsign(token, max_age=Invitation.LIFETIME * 2))
    except (BadSignature, ValueError) as error:
        raise NotFound(NOT_VALID) from error
    invitation = Invitation.objects.select_related("team").filter(pk=id_).first()
    if invitation is None:
        raise NotFound(NOT_VALID)
    return invitation


@transaction.atomic
def accept_invitation(invitation: Invitation, *, by: User) -> Membership:
    """The new membership; Conflict when the link is used up or `by` is a member already."""
    if invitation.email and invitation.email != by.email.lower():
        raise Forbidden(
            say(
                "invitation_for_another",
                "This invitation is for another e-mail address. Sign in with that one.",
            )
        )
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
        raise Conflict(
            say("member_already", "You are in this team already. A manager can change your role.")
        )
    happened(
        "invitation.accepted",
        invitation,
        by=by,
        role=membership.role,
        membership=str(membership.id),
    )
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
        happened("invitation.revoked", invitation, by=by, role=invitation.role)
    return invitation
