"""Accounts and tokens for scripts. Passwords, sessions and second factors are allauth's."""

from datetime import datetime, timedelta

from allauth.account.models import EmailAddress
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from annotation.errors import InvalidInput
from annotation.models import ApiToken, Invitation, User
from annotation.sentences import Sentence, say
from annotation.services.invitations import accept_invitation

SEEN_RESOLUTION = timedelta(minutes=5)


def sign_up(*, email: str, password: str, name: str, invitation: Invitation | None = None) -> User:
    """A new account and, with an invitation, its membership: both or neither."""
    try:
        validate_password(password, User(email=email, name=name))
    except ValidationError as error:
        raise _invalid("password", " ".join(error.messages)) from error
    try:
        with transaction.atomic():
            user = User.objects.create_user(email, password, name=name)
            EmailAddress.objects.create(user=user, email=user.email, primary=True)
            if invitation:
                accept_invitation(invitation, by=user)
    except IntegrityError as error:
        taken = say(
            "account_exists", "This address has an account already. Sign in, or use another one."
        )
        raise _invalid("email", taken) from error
    return user


def _invalid(field: str, sentence: Sentence | str) -> InvalidInput:
    return InvalidInput(sentence, fields={field: [sentence]})


def change_account(user: User, *, name: str | None = None, language: str | None = None) -> User:
    """What people see and read; None leaves as it is."""
    user.name = user.name if name is None else name
    user.language = user.language if language is None else language
    user.save(update_fields=["name", "language"])
    return user


def see(user: User, *, now: datetime | None = None) -> None:
    """Remember that the user is here; written at most every few minutes, as it costs a write."""
    now = now or timezone.now()
    if user.last_seen_at is None or now - user.last_seen_at > SEEN_RESOLUTION:
        User.objects.filter(
            Q(last_seen_at=None) | Q(last_seen_at__lt=now - SEEN_RESOLUTION), pk=user.pk
        ).update(last_seen_at=now)
        user.last_seen_at = now


def make_token(
    user: User, *, name: str, expires_at: datetime | None = None
) -> tuple[ApiToken, str]:
    """The token's row and its text, which is not kept and cannot be shown again."""
    if expires_at and expires_at <= timezone.now():
        passed = say("token_expired_already", "Expected a time to come, got one that has passed.")
        raise _invalid("expires_at", passed)
    key = ApiToken.make_key()
    token = ApiToken.objects.create(
        user=user,
        name=name,
        prefix=key[:8],
        digest=ApiToken.digest_of(key),
        expires_at=expires_at,
    )
    return token, key


def revoke_token(token: ApiToken) -> None:
    ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=timezone.now())
