"""`manage.py simulate`: a simulated labeler who works at a running site."""

import time
from typing import Any

import httpx
from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotation.simulation.client import Desk, sign_in
from annotation.simulation.labelers import LABELERS

PRESETS = {labeler.name: labeler for labeler in LABELERS}


class Command(BaseCommand):
    help = "Sign in at a running site and label, through the same API as a browser."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--url", default="http://127.0.0.1:8000")
        parser.add_argument("--email", required=True)
        parser.add_argument("--password", required=True)
        parser.add_argument("--project", required=True, help="id of the project")
        parser.add_argument("--labeler", choices=sorted(PRESETS), default="average")
        parser.add_argument("--labels", type=int, help="stop after this many (default: go on)")
        parser.add_argument("--seconds", type=float, help="stop after this long (default: go on)")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            http = sign_in(options["url"], email=options["email"], password=options["password"])
        except httpx.HTTPError as error:
            raise CommandError(f"Could not sign in at {options['url']}: {error}") from error
        desk = Desk(PRESETS[options["labeler"]], http, options["project"])
        end = time.monotonic() + options["seconds"] if options["seconds"] else None

        def enough() -> bool:
            wanted = options["labels"]
            late = end is not None and time.monotonic() >= end
            return late or (wanted is not None and desk.labels >= wanted)

        try:
            desk.work(stop=enough)
        except KeyboardInterrupt:
            pass
        except httpx.HTTPError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{desk.labels} labels")
