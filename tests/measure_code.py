"""What the code is like, in numbers: loose types, casts, sizes; beside an older commit.

    python -m tests.measure_code [--write] [--beside COMMIT]

Counts by syntax tree, so that words in texts and comments do not count. `--write` puts the table
into docs/architecture.md.
"""

import argparse
import ast
import re
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "architecture.md"
BEFORE = "1a32581"
TABLE = re.compile(r"(<!-- measured -->\n).*?(<!-- /measured -->)", re.S)
# A cast of TypeScript: `x as T`, but not `as const` and not a name in an import or export.
TS_CAST = re.compile(r"(?<![*{,])\s+as\s+(?!const\b)[A-Za-z({\[]")
TS_RENAMES = re.compile(r"^(?:import|export)\b.*?;\s*$|/\*.*?\*/|//[^\n]*", re.M | re.S)


def python(tree: Path, *packages: str) -> Iterator[Path]:
    for package in packages:
        for path in sorted((tree / package).rglob("*.py")):
            if "migrations" not in path.parts:
                yield path


def lines(paths: list[Path]) -> list[int]:
    return [len(path.read_text().splitlines()) for path in paths]


def count(paths: list[Path], counts: Callable[[ast.AST], bool]) -> int:
    return sum(counts(node) for path in paths for node in ast.walk(ast.parse(path.read_text())))


def is_any(node: ast.AST) -> bool:
    """A use of Any, its import too; an annotation in quotes is read as well."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return bool(re.fullmatch(r'[\w\[\], .|"]*\bAny\b[\w\[\], .|"]*', node.value))
    name = node.name if isinstance(node, ast.alias) else getattr(node, "id", None)
    return name == "Any"


def is_cast(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node.func) in {"cast", "typing.cast"}


def per_thousand(paths: list[Path], counts: Callable[[ast.AST], bool]) -> float:
    return 1000 * count(paths, counts) / sum(lines(paths))


def functions(paths: list[Path]) -> list[int]:
    """Lines of each function, decorators and docstring included."""
    return [
        (node.end_lineno or node.lineno) - node.lineno + 1
        for path in paths
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]


def ts_casts(folder: Path) -> int:
    paths = [path for path in folder.rglob("*.ts*") if path.name != "schema.d.ts"]
    product = [path for path in paths if ".test." not in path.name]
    return sum(len(TS_CAST.findall(TS_RENAMES.sub("", path.read_text()))) for path in product)


def measure(tree: Path) -> dict[str, str]:
    annotation, training = list(python(tree, "annotation")), list(python(tree, "training"))
    both = annotation + training
    sizes, lengths = lines(both), functions(both)
    ignored = sum(path.read_text().count("# type: ignore") for path in both)
    return {
        "Any per 1,000 lines, annotation/": f"{per_thousand(annotation, is_any):.1f}",
        "Any per 1,000 lines, training/": f"{per_thousand(training, is_any):.1f}",
        "casts, Python": f"{count(both, is_cast)}",
        "type: ignore, Python": f"{ignored}",
        "casts, frontend/src/api": f"{ts_casts(tree / 'frontend/src/api')}",
        "casts, the rest of frontend/src": (
            f"{ts_casts(tree / 'frontend/src') - ts_casts(tree / 'frontend/src/api')}"
        ),
        "Python files": f"{len(both)}",
        "lines": f"{sum(sizes):,}",
        "lines of a file, median": f"{statistics.median(sizes):.0f}",
        "lines of the largest file": f"{max(sizes)}",
        "files of more than 300 lines": f"{sum(size > 300 for size in sizes)}",
        "functions": f"{len(lengths):,}",
        "lines of a function, median": f"{statistics.median(lengths):.0f}",
        "lines of a function, 95 of 100 at most": (
            f"{sorted(lengths)[int(0.95 * (len(lengths) - 1))]}"
        ),
        "lines of the longest function": f"{max(lengths)}",
    }


def table(before: str) -> str:
    with tempfile.TemporaryDirectory() as name:
        archive = subprocess.run(
            ["git", "archive", before, "annotation", "training", "frontend/src"],
            cwd=ROOT,
            capture_output=True,
            check=True,
        )
        subprocess.run(["tar", "-x", "-C", name], input=archive.stdout, check=True)
        then, now = measure(Path(name)), measure(ROOT)
    rows = [f"| {what} | {then[what]} | {now[what]} |" for what in now]
    return "\n".join([f"| | {before} | now |", "|---|---:|---:|", *rows, ""])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--beside", default=BEFORE)
    options = parser.parse_args()
    text = table(options.beside)
    sys.stdout.write(text)
    if options.write:
        PAGE.write_text(TABLE.sub(lambda found: found[1] + text + found[2], PAGE.read_text()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
