from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from annotation.errors import DomainError
from annotation.exchange.exports import export, kinds_of, write_file
from annotation.exchange.files import FILES
from annotation.exchange.format import Scope
from annotation.exchange.formats import FORMATS
from annotation.management.lookup import Progress, find_project
from annotation.models import Round


class Command(BaseCommand):
    help = (
        "Write what people prefer, or the prompts, to a file and print its digest. Formats: rows "
        "(dataset rows), pairs (chosen and rejected), kto (one completion and whether it is "
        "wanted), hh (as HH-RLHF), labels (everything that was said), prompts (every prompt with "
        "its responses, as import_prompts reads them), project (everything, as import_project "
        "reads it). The kind of file goes by its name: .jsonl, .jsonl.gz, .csv, .parquet, .zip."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--project", required=True, help="name or id")
        parser.add_argument("--round", type=int, help="number; default: all rounds")
        parser.add_argument("--split", choices=["train", "eval"])
        written = [one.name for one in FORMATS.values() if kinds_of(one)]
        parser.add_argument("--format", default="rows", choices=written)
        parser.add_argument("--file-kind", choices=list(FILES), help="where the name does not say")
        parser.add_argument(
            "--with-weights", action="store_true", help="of a project: its checkpoints, too"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        project = find_project(options["project"])
        round_ = None
        if options["round"] is not None:
            round_ = Round.objects.filter(project=project, number=options["round"]).first()
            if round_ is None:
                raise CommandError(f"{project} has no round {options['round']}.")
        path: Path = options["file"]
        progress, rows = Progress(), 0

        def count(more: int) -> None:
            nonlocal rows
            rows += more
            progress.tell(f"{rows:,} rows")

        try:
            made = export(
                project,
                format=options["format"],
                kind=options["file_kind"] or _kind_by_name(path, options["format"]),
                scope=Scope(round_, options["split"], options["with_weights"]),
                count=count,
            )
            digest = write_file(path, made.chunks)
        except OSError as error:
            raise CommandError(f"{path} cannot be written: {error}") from error
        except DomainError as error:
            raise CommandError(error.message) from error
        counted = f"{rows:,} rows" if rows or made.media_type != "application/zip" else "All of it"
        self.stdout.write(f"{counted} in {path}\n{digest}")


def _kind_by_name(path: Path, format_: str) -> str:
    """The kind of file that its name says; else the first that the format is written as."""
    for kind in sorted(FILES, key=len, reverse=True):
        if path.name.endswith(f".{kind}"):
            return kind
    return kinds_of(FORMATS[format_])[0]
