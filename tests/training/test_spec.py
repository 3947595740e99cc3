"""A job spec: it comes back as it was written, and says what is wrong with it."""

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from training.contract.spec import (
    METHODS,
    DatasetRef,
    JobSpec,
    Limits,
    ModelRef,
    Resources,
    SpecError,
    describe_settings,
    read_spec,
    validate_settings,
    with_half_micro_batch,
    write_spec,
)

SPEC = JobSpec(
    job_id="8c5f",
    method="ppo",
    dataset=DatasetRef("dataset.jsonl", "sha256:ab", "prompts"),
    seed=3,
    model=ModelRef("/checkpoints/policy", "sha256:cd"),
    reference=ModelRef("/checkpoints/base", None),
    reward=ModelRef("../reward", "sha256:ef"),
    settings={"learning_rate": 1e-5},
    resources=Resources(gpus=1, threads=8),
    limits=Limits(max_seconds=60.5, max_steps=None),
    lineage={"round": 2, "labels": 300},
)


def test_spec_comes_back_from_disk_as_it_was_written(tmp_path: Path):
    write_spec(tmp_path / "new", SPEC)

    assert read_spec(tmp_path / "new") == SPEC


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"schema": 2}, "this runner reads spec schema 1, got 2"),
        ({"method": "pop"}, "unknown method 'pop'; expected one of pretrain"),
        ({"colour": "red"}, r"spec\.colour: Unknown name; expected one of job_id, method"),
        ({"seed": -1}, r"seed must be in \[0, 2\*\*63\), got -1"),
        ({"seed": "3"}, r'spec\.seed: Expected a whole number, got "3"'),
        ({"model": None}, "ppo needs a model"),
        ({"reward": None}, "ppo needs a reward model"),
        ({"model": {"digest": "sha256:ab"}}, r"spec\.model\.path: This is needed and missing"),
        ({"dataset": None}, r"spec\.dataset: Expected a JSON object, got null"),
        (
            {"dataset": {"path": "a", "digest": "b", "kind": "text"}},
            "ppo reads a dataset of kind prompts, got 'text'",
        ),
        ({"resources": {"threads": 0}}, "resources need threads >= 1"),
        ({"limits": {"max_steps": 1.5}}, r"limits\.max_steps: Expected a whole number, got 1\.5"),
        ({"settings": {"clip": 2}}, r"spec\.settings\.clip: Must be at most 1, got 2\.0"),
        ({"settings": [1]}, r"spec\.settings: Expected a JSON object, got \[1\]"),
        ({"lineage": "mine"}, 'lineage: Expected a JSON object, got "mine"'),
        (
            {"method": "sft", "dataset": {"path": "a", "digest": "b", "kind": "messages"}},
            "sft takes no reference model",
        ),
    ],
)
def test_says_in_one_sentence_what_is_wrong(changes: dict[str, Any], sentence: str):
    with pytest.raises(SpecError, match=sentence):
        JobSpec.from_json({**SPEC.to_json(), **changes})


@pytest.mark.parametrize("content", ["{", "[]", "\x00", '{"schema": 1}'])
def test_broken_file_is_a_spec_error(tmp_path: Path, content: str):
    (tmp_path / "spec.json").write_text(content)

    with pytest.raises(SpecError):
        read_spec(tmp_path)


@pytest.mark.parametrize(
    ("method", "given", "sentence"),
    [
        ("dpo", {"bata": 0.1}, r"settings\.bata: Unknown name; did you mean beta\?"),
        ("dpo", {"beta": "0.1"}, 'beta: Expected a number, got "0.1"'),
        ("dpo", {"beta": True}, "beta: Expected a number, got true"),
        ("dpo", {"beta": float("nan")}, "beta: Expected a finite number, got NaN"),
        ("dpo", {"beta": 0}, r"beta: Must be above 0, got 0\.0"),
        ("sft", {"steps": 0}, "steps: Must be at least 1, got 0"),
        ("sft", {"schedule": "magic"}, "schedule: Expected one of constant, linear, cosine"),
        (
            "sft",
            {"batch_size": 6, "micro_batch_size": 4},
            "batch_size: 6 is not a multiple of",
        ),
        (
            "pretrain",
            {"hidden_size": 100, "heads": 3},
            "hidden_size: 100 is not a multiple",
        ),
    ],
)
def test_settings_outside_their_range_are_refused_by_name(
    method: str, given: dict[str, Any], sentence: str
):
    with pytest.raises(SpecError, match=sentence):
        validate_settings(method, given)


@pytest.mark.parametrize("method", METHODS)
def test_every_default_is_valid_and_described(method: str):
    described = {entry["name"]: entry for entry in describe_settings(method)}

    settings = validate_settings(method, {})

    assert set(described) == set(settings)
    assert validate_settings(method, settings) == settings
    assert all(entry["description"] and entry["code"] for entry in described.values())
    assert {name: entry["default"] for name, entry in described.items()} == settings


def test_half_the_micro_batch_divides_the_same_batch_until_one_row_is_left():
    spec = dataclasses.replace(
        SPEC, method="ppo", settings={"batch_size": 36, "micro_batch_size": 36}
    )
    sizes = []
    while (smaller := with_half_micro_batch(spec)) is not None:
        spec = smaller
        sizes.append(spec.settings["micro_batch_size"])

    assert sizes == [18, 9, 4, 2, 1]
    assert spec.settings["batch_size"] == 36


def test_generation_is_retried_with_fewer_rows_at_a_time():
    spec = dataclasses.replace(
        SPEC, method="generate", reference=None, reward=None, settings={"batch_size": 3}
    )

    smaller = with_half_micro_batch(spec)

    assert smaller is not None
    assert smaller.settings == {"batch_size": 1}
    assert with_half_micro_batch(smaller) is None
