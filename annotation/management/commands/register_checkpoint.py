"""`manage.py register_checkpoint`: make one's own model known to a project."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotation.errors import DomainError
from annotation.management.lookup import find_project
from annotation.models import Checkpoint
from annotation.services.checkpoints import register_checkpoint


class Command(BaseCommand):
    help = "Register a Hugging Face folder (or a hub id, where allowed) as a project's checkpoint."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", help="folder with config.json and *.safetensors, or owner/name")
        parser.add_argument("--project", required=True, help="name or id of the project")
        parser.add_argument("--name", required=True, help="what the checkpoint is called here")
        parser.add_argument(
            "--kind",
            choices=[Checkpoint.Kind.BASE, Checkpoint.Kind.POLICY, Checkpoint.Kind.REWARD],
            default=Checkpoint.Kind.BASE,
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            checkpoint = register_checkpoint(
                find_project(options["project"]),
                name=options["name"],
                path=options["path"],
                kind=options["kind"],
            )
        except DomainError as error:
            raise CommandError(error.message) from error
        self.stdout.write(f"{checkpoint.name}: {checkpoint.digest or checkpoint.path}")
