"""`kto`: one completion per row and whether it is wanted."""

from collections.abc import Iterator

from annotation.exchange.format import Format, Holds, Scope, Shape
from annotation.exchange.preferences import each
from annotation.exchange.record import Row
from annotation.models import Project
from training.contract import records
from training.contract.rows import PreferenceRow


def write(project: Project, scope: Scope) -> Iterator[list[Row]]:
    return each(project, scope, completions)


def completions(row: PreferenceRow) -> Iterator[Row]:
    for kto in records.kto_rows(row):
        yield {
            "prompt": kto.prompt,
            "completion": [{"role": "assistant", "content": kto.completion}],
            "label": kto.label,
            "split": row.get("split"),
        }


FORMAT = Format(
    "kto",
    Holds.COMPLETIONS,
    {
        "prompt": Shape.MESSAGES,
        "completion": Shape.MESSAGES,
        "label": Shape.FLAG,
        "split": Shape.TEXT,
    },
    write=write,
)
