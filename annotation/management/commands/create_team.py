"""`manage.py create_team`: the first team of an installation, and its owner."""

import secrets
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_email
from django.db import transaction
from django.forms import ValidationError

from annotation.models import Team, User
from annotation.services.teams import create_team


class Command(BaseCommand):
    help = "Create a team. Its owner gets an account, unless there is one for the address."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name")
        parser.add_argument("--owner", required=True, metavar="EMAIL")

    def handle(self, *args: Any, **options: Any) -> None:
        email, name = options["owner"].lower(), options["name"].strip()
        try:
            validate_email(email)
        except ValidationError as error:
            raise CommandError(f"--owner expects an email address, got {email!r}.") from error
        if not 1 <= len(name) <= 100:
            raise CommandError(f"A team's name has 1 to 100 characters, got {len(name)}.")
        if Team.objects.filter(name=name, memberships__user__email=email).exists():
            raise CommandError(f"{email} has a team named {name!r} already.")
        password = None
        with transaction.atomic():
            owner = User.objects.filter(email=email).first()
            if owner is None:
                password = secrets.token_urlsafe(12)
                owner = User.objects.create_user(email, password, name=email.partition("@")[0])
            create_team(name=name, by=owner)
        self.stdout.write(f"Team {name!r}, owner {email}")
        if password:
            self.stdout.write(f"Password (shown once): {password}")
