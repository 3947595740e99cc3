"""What the import commands share: their options, the report, the exit status."""

import json
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Collection
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from annotation.errors import DomainError
from annotation.exchange.files import FILES
from annotation.exchange.format import Format, Holds
from annotation.exchange.formats import FORMATS
from annotation.exchange.imports import Source, import_file
from annotation.exchange.record import Report
from annotation.exchange.round_of_file import Plan
from annotation.management.lookup import Progress, find_project


class ImportCommand(BaseCommand):
    """A command that reads a file of some of the formats: `of` says which."""

    of: Collection[Holds] = ()
    brings_a_round = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--project", required=True, help="name or id")
        parser.add_argument("--team", help="make the project in this team where it does not exist")
        formats = [one.name for one in self.formats()]
        parser.add_argument("--format", default="auto", choices=["auto", *formats])
        kinds = [one.name for one in FILES.values() if one.read]
        parser.add_argument("--file-kind", default="auto", choices=["auto", *kinds])
        parser.add_argument(
            "--columns",
            type=_json_object,
            help="""which column says what, as JSON: '{"prompt": "question"}'""",
        )
        parser.add_argument("--strict", action="store_true", help="all lines or none")
        if self.brings_a_round:
            parser.add_argument("--recipe", type=_json_object, help="the round's recipe as JSON")
            parser.add_argument("--labels-wanted", type=int, default=1, help="per unjudged task")

    def formats(self) -> list[Format]:
        return [one for one in FORMATS.values() if one.read and one.holds in self.of]

    def handle(self, *args: Any, **options: Any) -> None:
        project = find_project(options["project"], team=options["team"])
        progress = Progress()

        def tell(report: Report) -> None:
            progress.tell(f"{report.lines:,} lines, {report.prompts:,} prompts")

        path: Path = options["file"]
        try:
            with path.open("rb") as file:
                report = import_file(
                    project,
                    Source(
                        file,
                        path.name,
                        options["file_kind"],
                        self.format_of(options["format"]),
                        options["columns"],
                    ),
                    plan=self.plan(options),
                    strict=options["strict"],
                    of=self.of,
                    on_progress=tell,
                )
        except OSError as error:
            raise CommandError(f"{path} cannot be read: {error}") from error
        except DomainError as error:
            raise CommandError(f"{path}: {error.message}") from error
        for line_error in report.errors:
            self.stderr.write(str(line_error))
        self.stdout.write(self.said(report))
        if report.round:
            self.stdout.write(f"Round {report.round.number} has them and is {report.round.state}.")
        if report.bad_lines:
            kept = "Nothing was stored" if options["strict"] else "The others were stored"
            raise CommandError(f"{report.bad_lines:,} lines could not be used. {kept}.")

    def format_of(self, named: str) -> str:
        """A command that reads one format does not ask which one it is."""
        only = self.formats()
        return only[0].name if named == "auto" and len(only) == 1 else named

    def plan(self, options: dict[str, Any]) -> Plan:
        return Plan(options.get("recipe"), options.get("labels_wanted", 1))

    def said(self, report: Report) -> str:
        if not self.brings_a_round:
            return (
                f"{report.prompts:,} prompts and {report.responses:,} responses stored, "
                f"{report.duplicates:,} prompts were here already."
            )
        return (
            f"{report.format}: {report.prompts:,} prompts, {report.responses:,} responses, "
            f"{report.tasks:,} tasks and {report.labels:,} labels stored; "
            f"{report.duplicates:,} tasks were here already."
        )


def _json_object(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError as error:
        raise ArgumentTypeError(f"expected JSON, got {text!r}: {error}") from error
    if not isinstance(found, dict):
        raise ArgumentTypeError(f"expected a JSON object, got {text!r}")
    return found
