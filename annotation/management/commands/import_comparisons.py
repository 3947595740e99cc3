import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from annotation.errors import DomainError
from annotation.management.lookup import Progress, find_project
from annotation.rounds.recipe import DEFAULT_IMPORT
from annotation.services.comparisons import ComparisonReport, import_comparisons
from annotation.services.formats import FORMATS
from annotation.services.prompts import open_lines


class Command(BaseCommand):
    help = (
        "Import human preferences as prompts, responses and labels of a new round, which then "
        "aggregates and trains. Formats: hh (HH-RLHF), pandalm, oasst, ours (dataset rows); "
        ".jsonl, .json, .gz. The same file again adds nothing. Exit status 1 when a line could "
        "not be used."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--project", required=True, help="name or id")
        parser.add_argument("--team", help="make the project in this team where it does not exist")
        parser.add_argument("--format", default="auto", choices=["auto", *FORMATS])
        parser.add_argument("--recipe", type=json.loads, help="the round's recipe as JSON")
        parser.add_argument("--strict", action="store_true", help="all lines or none")

    def handle(self, *args: Any, **options: Any) -> None:
        project = find_project(options["project"], team=options["team"])
        progress = Progress()

        def tell(report: ComparisonReport) -> None:
            progress.tell(f"{report.comparisons:,} comparisons, {report.labels:,} labels")

        recipe = options["recipe"]
        try:
            with open_lines(options["file"]) as lines:
                report = import_comparisons(
                    project,
                    lines,
                    recipe=DEFAULT_IMPORT.to_json() if recipe is None else recipe,
                    format_=options["format"],
                    strict=options["strict"],
                    on_progress=tell,
                )
        except OSError as error:
            raise CommandError(f"{options['file']} cannot be read: {error}") from error
        except DomainError as error:
            raise CommandError(f"{options['file']}: {error.message}") from error
        for line_error in report.errors:
            self.stderr.write(str(line_error))
        self.stdout.write(
            f"{report.format}: {report.prompts:,} prompts, {report.responses:,} responses, "
            f"{report.tasks:,} tasks and {report.labels:,} labels stored; "
            f"{report.duplicates:,} comparisons were here already."
        )
        if report.round:
            self.stdout.write(f"Round {report.round.number} has them and is {report.round.state}.")
        if report.bad_lines:
            kept = "Nothing was stored" if options["strict"] else "The others were stored"
            raise CommandError(f"{report.bad_lines:,} lines could not be used. {kept}.")
