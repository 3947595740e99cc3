"""Where models come from, and what is refused."""

from pathlib import Path

import pytest

from tests.training.tiny import make_policy
from training import models
from training.contract.records import folder_digest
from training.contract.spec import ModelRef, SpecError


def test_path_is_taken_relative_to_the_run_directory(tmp_path: Path):
    folder = make_policy(tmp_path / "model")

    found = models.resolve(ModelRef("../model", folder_digest(folder)), tmp_path / "model")

    assert found.resolve() == folder


def test_hub_id_is_refused_with_a_sentence_while_the_hub_is_not_allowed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")

    with pytest.raises(SpecError, match="the operator allows downloads with HF_HUB_OFFLINE=0"):
        models.resolve(ModelRef("nobody/never-published"), tmp_path)


@pytest.mark.parametrize("name", ["weights.pt", "sub/training_args.bin", "model.pkl"])
def test_any_pickle_in_the_folder_is_refused_by_name(tmp_path: Path, name: str):
    folder = make_policy(tmp_path / "model")
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_bytes(b"")

    with pytest.raises(SpecError, match=f"{name} is a pickle"):
        models.resolve(ModelRef(str(folder)), tmp_path)


def test_folder_without_safetensors_and_missing_folder_are_refused(tmp_path: Path):
    (tmp_path / "empty").mkdir()

    with pytest.raises(SpecError, match="holds no weights as safetensors"):
        models.resolve(ModelRef("empty"), tmp_path)
    with pytest.raises(SpecError, match="there is no model folder at"):
        models.resolve(ModelRef("missing"), tmp_path)


def test_weights_of_no_known_architecture_are_a_spec_error(tmp_path: Path):
    folder = make_policy(tmp_path / "model")
    (folder / "config.json").write_text('{"model_type": "never-heard-of"}')

    with pytest.raises(SpecError, match="cannot be loaded as AutoModelForCausalLM"):
        models.load_policy(folder, device="cpu")
