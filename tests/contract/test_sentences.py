"""Every sentence a person can see has a code, and both catalogues of the front end say it."""

import ast
import re
from collections import defaultdict

import annotation.api.urls  # noqa: F401  every refusal is defined once this is imported
from annotation.errors import DomainError
from tests import catalogue

# The statistics are caught and said by who asked them; commands speak to a terminal.
NO_SCREEN = ("annotation/aggregation/", "annotation/management/")
# Files whose refusals are still plain English. It only gets shorter; in the end it is empty.
NOT_YET_CODED: set[str] = set()


def test_a_code_stands_for_one_text():
    texts = defaultdict(set)
    for one in catalogue.said():
        assert one.code.isidentifier(), one
        assert one.code == one.code.lower(), one
        texts[one.code].add(one.text)

    assert {code: found for code, found in texts.items() if len(found) > 1} == {}


def test_the_english_catalogue_says_what_the_code_says():
    assert catalogue.catalogue("en") == {one.code: one.text for one in catalogue.said()}


def test_the_chinese_catalogue_says_every_sentence_with_the_same_values():
    chinese = catalogue.catalogue("zh")
    holes = {code: frozenset(catalogue.HOLE.findall(text)) for code, text in chinese.items()}

    assert holes == {one.code: one.params for one in catalogue.said()}
    # Names of methods are the same; everything else has words, and they are Chinese.
    words = {code: re.sub(r"\{\{\w+\}\}|DPO|PPO|RRHF", "", text) for code, text in chinese.items()}
    assert [code for code, text in words.items() if text.isascii() and text.strip(" :;,.")] == []


def test_no_refusal_is_a_plain_text():
    names = _names(DomainError)
    plain = {
        name
        for path in catalogue.sources("annotation")
        if not (name := str(path.relative_to(catalogue.ROOT))).startswith(NO_SCREEN)
        if any(_is_plain(node, names) for node in ast.walk(ast.parse(path.read_text())))
    }

    assert plain == NOT_YET_CODED


def _names(error: type[DomainError]) -> set[str]:
    return {error.__name__}.union(*map(_names, error.__subclasses__()))


def _is_plain(node: ast.AST, refusals: set[str]) -> bool:
    """Whether the node makes a refusal, and of words that nobody can translate."""
    match node:
        case ast.Call(func=ast.Name(id=name), args=[words, *_]) if name in refusals:
            while isinstance(words, ast.BinOp):
                words = words.left
            return isinstance(words, ast.Constant | ast.JoinedStr) or (
                isinstance(words, ast.Call)
                and isinstance(words.func, ast.Attribute)
                and words.func.attr in {"format", "join"}
            )
    return False
