"""The sentences of the server, and the two catalogues that say them on screen.

`python -m tests.catalogue` writes the English one anew from the code, drops from the Chinese one
what nothing says any more, and names what has no Chinese yet.
"""

import ast
import json
import re
import string
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
I18N = ROOT / "frontend" / "src" / "i18n"
ENTRY = re.compile(r"""^  (\w+):\s*("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'),$""", re.M)
HOLE = re.compile(r"\{\{(\w+)\}\}")
ABOUT = {
    "en": "/** What the server says, by code; `python -m tests.catalogue` writes it. */",
    "zh": "/** What the server says, by code; `python -m tests.catalogue` says what is missing. */",
}


@dataclass(frozen=True)
class Said:
    """One call of `say`: `text` as in the catalogue, with {{param}} where a value goes."""

    code: str
    text: str
    params: frozenset[str]
    where: str


class NotPlain(Exception):
    """A call of `say` whose words cannot be read off the code."""


def sources(*packages: str) -> Iterator[Path]:
    for package in packages or ("annotation", "training"):
        yield from sorted((ROOT / package).rglob("*.py"))


def said() -> list[Said]:
    """Every call of `say` in the code. Raises NotPlain where code or text is not a literal."""
    return [
        _read(call, f"{path.relative_to(ROOT)}:{call.lineno}")
        for path in sources()
        for call in ast.walk(ast.parse(path.read_text()))
        if isinstance(call, ast.Call) and _is_say(call.func)
    ]


def _is_say(function: ast.expr) -> bool:
    if isinstance(function, ast.Attribute):
        return function.attr == "say" and ast.unparse(function.value) == "sentences"
    return isinstance(function, ast.Name) and function.id == "say"


def _read(call: ast.Call, where: str) -> Said:
    match call.args:
        case [ast.Constant(value=str(code)), ast.Constant(value=str(text))]:
            pass
        case _:
            raise NotPlain(f"{where}: say expects a code and a text as literals")
    names = [keyword.arg for keyword in call.keywords]
    if None in names:
        raise NotPlain(f"{where}: say expects each parameter by its name, not **")
    holes = []
    for words, name, spec, conversion in string.Formatter().parse(text):
        if "{" in words or "}" in words:
            raise NotPlain(f"{where}: give a text with braces as a parameter")
        if name is not None:
            holes.append(name)
            if spec or conversion or not name.isidentifier():
                raise NotPlain(f"{where}: {{{name}}} expects a plain name; format the value before")
    if set(holes) != set(names):
        raise NotPlain(f"{where}: the text has {sorted(set(holes))}, the call {sorted(names)}")
    return Said(code, re.sub(r"\{(\w+)\}", r"{{\1}}", text), frozenset(holes), where)


def catalogue(language: str) -> dict[str, str]:
    """Code -> text of `frontend/src/i18n/<language>/server.ts`."""
    return {code: _literal(text) for code, text in ENTRY.findall(_path(language).read_text())}


def write(language: str, texts: dict[str, str]) -> None:
    """As the front end's formatter would."""
    lines = [ABOUT[language], "export default {"]
    for code in sorted(texts):
        line = f"  {code}: {_quoted(texts[code])},"
        # The formatter counts a Chinese character as two columns.
        width = sum(1 + (ord(character) >= 0x1100) for character in line)
        lines += [line] if width <= 100 else [f"  {code}:", f"    {_quoted(texts[code])},"]
    end = "} as const;" if language == "en" else "};"
    _path(language).write_text("\n".join([*lines, end, ""]))


def _path(language: str) -> Path:
    return I18N / language / "server.ts"


def _literal(text: str) -> str:
    if text[0] == "'":
        text = '"' + text[1:-1].replace("\\'", "'").replace('"', '\\"') + '"'
    return str(json.loads(text))


def _quoted(text: str) -> str:
    double = json.dumps(text, ensure_ascii=False)
    if text.count('"') <= text.count("'"):
        return double
    return "'" + double[1:-1].replace('\\"', '"').replace("'", "\\'") + "'"


def main() -> int:
    english = {one.code: one.text for one in said()}
    chinese = catalogue("zh")
    write("en", english)
    write("zh", {code: text for code, text in chinese.items() if code in english})
    missing = [code for code in sorted(english) if code not in chinese]
    for code in missing:
        print(f"no Chinese yet: {code}: {english[code]}")
    return bool(missing)


if __name__ == "__main__":
    sys.exit(main())
