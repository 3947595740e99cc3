"""Dataset rows and fingerprints."""

import doctest
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.contract import records
from training.contract.records import (
    file_digest,
    folder_digest,
    kto_rows,
    pairs,
    read_rows,
    write_rows,
)
from training.contract.spec import SpecError

ASK = [{"role": "user", "content": "你好, 2 + 2?"}]
ROW = {
    "prompt": ASK,
    "responses": ["4", "four", "5"],
    "ranks": [1, 1, 2],
    "weights": None,
    "votes": 3,
    "split": "train",
    "ids": {"prompt": "p", "responses": ["a", "b", "c"], "labels": ["l"]},
}


def test_worked_examples_of_the_docstrings_hold():
    assert doctest.testmod(records).failed == 0


def test_rows_come_back_and_the_digest_is_that_of_the_file(tmp_path: Path):
    path = tmp_path / "rows.jsonl"

    digest = write_rows(path, [ROW, ROW])

    assert list(read_rows(path, "preference")) == [ROW, ROW]
    assert digest == file_digest(path)
    assert digest == "sha256:" + hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize(
    ("kind", "row", "sentence"),
    [
        ("preference", {**ROW, "ranks": [1, 2]}, r"expected 3 ranks, got \[1, 2\]"),
        ("preference", {**ROW, "ranks": [0, 1, 2]}, "a rank is a whole number from 1 or null"),
        ("preference", {**ROW, "weights": [[0, 0, 1.0]]}, "two different responses"),
        ("preference", {**ROW, "weights": [[0, 3, 1.0]]}, "two different responses"),
        ("preference", {**ROW, "split": "test"}, r"row\.split: Expected one of train, eval"),
        ("preference", {**ROW, "prompt": []}, "a list of messages that is not empty"),
        ("preference", {**ROW, "author": "m"}, r"row\.author: Unknown name"),
        ("prompts", {"ids": {}}, r"row\.prompt: This is needed"),
        (
            "prompts",
            {"prompt": [{"role": "robot", "content": ""}]},
            r"0\.role: Expected one of",
        ),
        (
            "prompts",
            {"prompt": [{"role": "user", "content": 4}]},
            r"0\.content: Expected text",
        ),
        ("text", {"text": "a", "messages": ASK}, "exactly one of text and messages"),
        ("text", [1], r"row: Expected a JSON object, got \[1\]"),
        ("messages", {"messages": ASK}, "the last message is the assistant's, got 'user'"),
    ],
)
def test_wrong_row_is_refused_with_its_line(tmp_path: Path, kind: str, row: Any, sentence: str):
    good = {
        "preference": ROW,
        "prompts": {"prompt": ASK},
        "text": {"text": "a"},
        "messages": {"messages": [*ASK, {"role": "assistant", "content": "4"}]},
    }[kind]
    path = tmp_path / "rows.jsonl"
    path.write_text(f"{json.dumps(good)}\n\n{json.dumps(row)}\n")

    with pytest.raises(SpecError, match=f"line 3: .*{sentence}"):
        list(read_rows(path, kind))


ranks = st.lists(st.none() | st.integers(1, 4), min_size=2, max_size=6)


@given(ranks)
def test_pairs_are_exactly_the_strict_preferences_with_their_rank_distance(found: list[int | None]):
    row = {"prompt": ASK, "responses": [f"r{i}" for i in range(len(found))], "ranks": found}

    derived = pairs(row)

    better = {
        (i, j): found[j] - found[i]
        for i in range(len(found))
        for j in range(len(found))
        if found[i] is not None and found[j] is not None and found[i] < found[j]
    }
    assert {(pair.i, pair.j): pair.margin for pair in derived} == better
    assert all(pair.chosen == f"r{pair.i}" and pair.rejected == f"r{pair.j}" for pair in derived)
    assert len(derived) == len(better)


def test_weights_replace_the_ranks_and_keep_both_directions():
    row = {**ROW, "weights": [[0, 2, 2.0], [2, 0, 1.0], [1, 0, 0]]}

    derived = [(pair.i, pair.j, pair.weight, pair.margin) for pair in pairs(row)]

    assert derived == [(0, 2, 2.0, 1.0), (2, 0, 1.0, 0.0)]


@given(ranks)
def test_kto_labels_the_best_desirable_and_the_worst_not(found: list[int | None]):
    row = {"prompt": ASK, "responses": [f"r{i}" for i in range(len(found))], "ranks": found}

    labels = {kto.completion: kto.label for kto in kto_rows(row)}

    ranked = [rank for rank in found if rank is not None]
    for i, rank in enumerate(found):
        if rank is None or min(ranked) == max(ranked):
            assert f"r{i}" not in labels
        elif rank in (min(ranked), max(ranked)):
            assert labels[f"r{i}"] is (rank == min(ranked))


def test_folder_digest_follows_names_and_bytes_but_not_the_model_card(tmp_path: Path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "config.json").write_bytes(b"{}")
    (tmp_path / "sub" / "model.safetensors").write_bytes(b"weights")
    lines = [
        f"{name}\0{hashlib.sha256(content).hexdigest()}\n"
        for name, content in (("config.json", b"{}"), ("sub/model.safetensors", b"weights"))
    ]
    expected = "sha256:" + hashlib.sha256("".join(lines).encode()).hexdigest()
    assert folder_digest(tmp_path) == expected

    (tmp_path / "README.md").write_text("edited")
    assert folder_digest(tmp_path) == expected

    (tmp_path / "config.json").rename(tmp_path / "other.json")
    assert folder_digest(tmp_path) != expected
