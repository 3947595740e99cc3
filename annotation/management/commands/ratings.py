"""`manage.py ratings FILE.csv`: ratings with intervals from a file of votes, without a server."""

import csv
import json
import math
import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from annotation.aggregation import bradley_terry
from annotation.aggregation.charts import draw_ladder
from annotation.aggregation.covariates import shown_first
from annotation.aggregation.errors import InvalidInput, NotConverged
from annotation.aggregation.ratings import ELO_PER_NAT, Ratings
from annotation.aggregation.standings import OpenPair, Standing, open_pairs, standings
from annotation.aggregation.table import VoteTable, read_votes

OPEN_PAIRS_SHOWN = 10


class Command(BaseCommand):
    help = (
        "Rate models from a CSV file of votes (columns: first, second, score or winner; optional: "
        "annotator, prompt, weight) by Bradley-Terry, with intervals, possible ranks and the pairs "
        "that are not distinguishable yet."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", help="CSV file with a header, - for standard input")
        parser.add_argument("--ties", choices=["half", "davidson"], default="half")
        parser.add_argument(
            "--prior", type=float, default=0.0, help="precision of a normal prior, 1/nats^2"
        )
        parser.add_argument("--level", type=float, default=0.95, help="of intervals and ranks")
        parser.add_argument(
            "--errors-by",
            choices=["annotator", "prompt", "vote"],
            help="what counts as independent; by default annotators if the file names them",
        )
        parser.add_argument(
            "--order-effect",
            action="store_true",
            help="estimate and remove the advantage of being shown first",
        )
        parser.add_argument("--csv", type=Path, metavar="OUT", help="write the table as CSV")
        parser.add_argument("--json", type=Path, metavar="OUT", help="write everything as JSON")
        parser.add_argument("--png", type=Path, metavar="OUT", help="draw intervals and win matrix")

    def handle(self, *args: Any, **options: Any) -> None:
        level = options["level"]
        if not 0 < level < 1:
            raise CommandError(f"expected a --level between 0 and 1, such as 0.95, got {level}")
        try:
            table = _read(options["file"])
            ratings = _fit(table, options)
        except (InvalidInput, NotConverged) as error:
            raise CommandError(f"{options['file']}: {error}") from error
        rows = standings(table.names, ratings, level=level)
        undecided = open_pairs(table.names, ratings, level=level)
        self.stdout.write(_printed(rows, level))
        self.stdout.write(_remarks(table, ratings, undecided, options))
        try:
            if options["csv"]:
                _write_csv(options["csv"], rows)
            if options["json"]:
                _write_json(options["json"], table, ratings, rows, undecided, level)
            if options["png"]:
                draw_ladder(options["png"], table.names, ratings, rows, level=level)
        except OSError as error:
            raise CommandError(f"cannot write {error.filename}: {error.strerror}") from error


def _read(name: str) -> VoteTable:
    if name == "-":
        return read_votes(sys.stdin)
    try:
        with Path(name).open(newline="", encoding="utf-8-sig") as lines:
            return read_votes(lines)
    except OSError as error:
        raise CommandError(f"cannot read {name}: {error.strerror}") from error


def _fit(table: VoteTable, options: dict[str, Any]) -> Ratings:
    by = options["errors_by"] or ("annotator" if table.annotator is not None else "vote")
    groups = {"annotator": table.annotator, "prompt": table.prompt, "vote": None}[by]
    if by != "vote" and groups is None:
        raise InvalidInput(f"errors by {by} need a column {by!r}: add it or use --errors-by vote")
    return bradley_terry.fit(
        table.first,
        table.second,
        table.score,
        n_items=len(table.names),
        weights=table.weight,
        groups=groups,
        ties=options["ties"],
        prior=options["prior"],
        covariates=shown_first(len(table.first)) if options["order_effect"] else None,
    )


def _printed(rows: Sequence[Standing], level: float) -> str:
    width = max(5, *(len(row.name) for row in rows))
    lines = [
        f"{'rank':>7}  {'model':<{width}}  {'Elo':>7}  {f'{100 * level:g} %':^17}  {'votes':>8}"
    ]
    for row in rows:
        rank = f"{row.best_rank}-{row.worst_rank}" if row.best_rank != row.worst_rank else ""
        lines.append(
            f"{rank or row.best_rank:>7}  {row.name:<{width}}  {_number(row.elo):>7}  "
            f"{_number(row.low):>8} {_number(row.high):>8}  {row.votes:>8g}  {row.note}".rstrip()
        )
    return "\n".join(lines)


def _number(value: float) -> str:
    if math.isnan(value):
        return "?"
    return f"{value:+g}" if math.isinf(value) else f"{value:.1f}"


def _remarks(
    table: VoteTable, ratings: Ratings, undecided: Sequence[OpenPair], options: dict[str, Any]
) -> str:
    lines = [""]
    n_pairs = len(table.names) * (len(table.names) - 1) // 2
    lines.append(f"{len(table.first)} votes; {len(undecided)} of {n_pairs} pairs not settled yet.")
    if ratings.tie_parameter is not None:
        lines.append(f"Tie parameter {ratings.tie_parameter:.3f} (Davidson).")
    if len(ratings.covariate_effects):
        effect, error = ratings.covariate_effects[0], ratings.covariate_errors[0]
        lines.append(
            f"Being shown first is worth {ELO_PER_NAT * effect:+.1f} Elo "
            f"(standard error {ELO_PER_NAT * error:.1f})."
        )
    if ratings.components.max() > 0:
        lines.append(
            "Not every model is linked to every other by wins both ways; unlinked ratings are "
            "infinite or unknown, not guessed. More votes, or --prior 0.5, would link them."
        )
    if undecided and options["verbosity"] > 0:
        lines.append("Not distinguishable yet, and more votes between them that should tell:")
        for pair in undecided[:OPEN_PAIRS_SHOWN]:
            needed = pair.votes_needed
            votes = f"{needed:.0f}" if math.isfinite(needed) else "unknown"
            lines.append(f"  {pair.first} - {pair.second}: {votes}")
        if len(undecided) > OPEN_PAIRS_SHOWN:
            lines.append(f"  ... and {len(undecided) - OPEN_PAIRS_SHOWN} more")
    return "\n".join(lines)


def _write_csv(path: Path, rows: Sequence[Standing]) -> None:
    with path.open("w", newline="", encoding="utf-8") as out:
        writer = csv.DictWriter(out, [field.name for field in fields(Standing)])
        writer.writeheader()
        writer.writerows(asdict(row) for row in rows)


def _write_json(
    path: Path,
    table: VoteTable,
    ratings: Ratings,
    rows: Sequence[Standing],
    undecided: Sequence[OpenPair],
    level: float,
) -> None:
    """JSON has no infinity: null stands for it and for "unknown"; `note` says which."""
    content = {
        "level": level,
        "votes": len(table.first),
        "ratings": [asdict(row) for row in rows],
        "tie_parameter": ratings.tie_parameter,
        "order_effect_nats": ratings.covariate_effects.tolist(),
        "models": list(table.names),
        "win_probability": ratings.win_probability().tolist(),
        "components": ratings.components.tolist(),
        "not_settled": [asdict(pair) for pair in undecided],
    }
    path.write_text(json.dumps(_finite(content), indent=1, allow_nan=False), encoding="utf-8")


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _finite(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_finite(inner) for inner in value]
    return value
