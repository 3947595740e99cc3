from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from annotation.errors import DomainError
from annotation.exchange.bundle.read import unpack
from annotation.models import Project, Team


class Command(BaseCommand):
    help = (
        "Read a project that export_dataset --format project wrote, here or elsewhere, into a "
        "team: all of it or nothing. Rounds that were under way arrive cancelled."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--team", required=True, help="name")
        parser.add_argument("--name", default="", help="the project's new name")

    def handle(self, *args: Any, **options: Any) -> None:
        teams = list(Team.objects.filter(name=options["team"])[:2])
        if len(teams) != 1:
            raise CommandError(f"Expected one team named {options['team']!r}, found {len(teams)}.")
        try:
            with options["file"].open("rb") as file:
                made = unpack(file, teams[0], options["name"], None)
        except OSError as error:
            raise CommandError(f"{options['file']} cannot be read: {error}") from error
        except DomainError as error:
            raise CommandError(f"{options['file']}: {error.message}") from error
        project = Project.objects.get(pk=made)
        self.stdout.write(f"{project.name} is in {teams[0]}: {project.pk}")
