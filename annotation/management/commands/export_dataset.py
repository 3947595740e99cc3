from argparse import ArgumentParser
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any, TypeVar

from django.core.management.base import BaseCommand, CommandError

from annotation.management.lookup import Progress, find_project
from annotation.models import Project, Round
from annotation.services import exports
from annotation.services.label_rows import label_rows
from training.contract import records

Row = TypeVar("Row")


class Command(BaseCommand):
    help = (
        "Write what people prefer, or the prompts, to a file and print its digest. Formats: rows "
        "(dataset rows, JSON lines), pairs (chosen and rejected), kto (one completion and whether "
        "it is wanted), hh (as HH-RLHF), parquet (dataset rows), labels (what each labeler "
        "said, one flat row per label), prompts (every prompt with its responses, as "
        "import_prompts reads them)."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--project", required=True, help="name or id")
        parser.add_argument("--round", type=int, help="number; default: all rounds")
        parser.add_argument("--split", choices=["train", "eval"])
        parser.add_argument(
            "--format", default="rows", choices=[*exports.SHAPES, "parquet", "labels", "prompts"]
        )

    def handle(self, *args: Any, **options: Any) -> None:
        project = find_project(options["project"])
        round_ = None
        if options["round"] is not None:
            round_ = Round.objects.filter(project=project, number=options["round"]).first()
            if round_ is None:
                raise CommandError(f"{project} has no round {options['round']}.")
        self.count = 0
        try:
            digest = self.write(
                project,
                round_,
                path=options["file"],
                format_=options["format"],
                split=options["split"],
            )
        except OSError as error:
            raise CommandError(f"{options['file']} cannot be written: {error}") from error
        self.stdout.write(f"{self.count:,} rows in {options['file']}\n{digest}")

    def write(
        self,
        project: Project,
        round_: Round | None,
        *,
        path: Path,
        format_: str,
        split: str | None,
    ) -> str:
        if format_ == "prompts":
            if round_ is not None:
                raise CommandError("Prompts belong to the project, not to a round: leave --round.")
            lines = chain.from_iterable(exports.prompt_lines(project, split=split))
            return exports.write_lines(path, self.counted(lines))
        if format_ == "labels":
            labels = label_rows(project, round_)
            said = (row for row in labels if split in (None, row["split"]))
            return records.write_rows(path, self.counted(said))
        rows = exports.preference_rows(project, round_)
        if split:
            rows = (row for row in rows if row["split"] == split)
        if format_ == "parquet":
            return exports.write_parquet(path, self.counted(rows))
        return records.write_rows(path, self.counted(exports.shaped(rows, format_)))

    def counted(self, rows: Iterable[Row]) -> Iterator[Row]:
        progress = Progress()
        for row in rows:
            self.count += 1
            if self.count % 1000 == 0:
                progress.tell(f"{self.count:,} rows")
            yield row
