from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from annotation.management.lookup import Progress, find_project
from annotation.services.prompts import ImportReport, import_prompts, open_lines


class Command(BaseCommand):
    help = (
        "Import prompts, with responses where there are some, from JSON lines (.jsonl, .jsonl.gz): "
        '{"prompt": text} or {"messages": [{"role", "content"}]}, and "responses": [text or '
        '{"text", "model"}], "tags", "language", "source" as wanted. The same file again adds '
        "nothing. Exit status 1 when a line could not be used."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--project", required=True, help="name or id")
        parser.add_argument("--team", help="make the project in this team where it does not exist")
        parser.add_argument("--strict", action="store_true", help="all lines or none")

    def handle(self, *args: Any, **options: Any) -> None:
        project = find_project(options["project"], team=options["team"])
        progress = Progress()

        def tell(report: ImportReport) -> None:
            progress.tell(f"{report.lines:,} lines, {report.created:,} prompts")

        try:
            with open_lines(options["file"]) as lines:
                report = import_prompts(
                    project, lines, by=None, strict=options["strict"], on_progress=tell
                )
        except OSError as error:
            raise CommandError(f"{options['file']} cannot be read: {error}") from error
        for line_error in report.errors:
            self.stderr.write(str(line_error))
        self.stdout.write(
            f"{report.created:,} prompts and {report.responses:,} responses stored, "
            f"{report.duplicates:,} prompts were here already."
        )
        if report.bad_lines:
            kept = "Nothing was stored" if options["strict"] else "The others were stored"
            raise CommandError(f"{report.bad_lines:,} lines could not be used. {kept}.")
