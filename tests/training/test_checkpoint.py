"""A checkpoint holds everything, and half of one is none."""

import random
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from training import checkpoint


def trained_step(model: nn.Module, optimizer: torch.optim.Optimizer) -> None:
    model(torch.randn(4, 3)).square().sum().backward()
    optimizer.step()
    optimizer.zero_grad()


def test_model_optimizer_and_generators_continue_as_if_nothing_had_happened(tmp_path: Path):
    model = nn.Linear(3, 2)
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.1, fused=True)
    trained_step(model, optimizer)
    state = {
        "model": model.state_dict(),
        "optimizer": optimizer.state_dict(),
        "random": checkpoint.random_state(),
    }
    checkpoint.save(tmp_path, 1, state)
    trained_step(model, optimizer)
    expected = [model.weight.clone(), torch.rand(2), np.random.rand(2), random.random()]

    again = nn.Linear(3, 2)
    its_optimizer = torch.optim.AdamW(again.parameters(), lr=0.1, fused=True)
    loaded = checkpoint.load(tmp_path, 1)
    again.load_state_dict(loaded["model"])
    its_optimizer.load_state_dict(loaded["optimizer"])
    checkpoint.restore_random_state(loaded["random"])
    trained_step(again, its_optimizer)

    assert again.weight.equal(expected[0])
    assert torch.rand(2).equal(expected[1])
    assert (np.random.rand(2) == expected[2]).all()
    assert random.random() == expected[3]


def test_any_nesting_of_tensors_and_json_comes_back_as_it_was(tmp_path: Path):
    shared = torch.arange(6.0).reshape(2, 3)
    state = {
        "tied": [shared, shared],
        "transposed": shared.T,
        "mixed": {3: (1, 2.5, None), "empty": torch.empty(0), "flag": True, "": "text"},
    }
    checkpoint.save(tmp_path, 7, state)

    loaded = checkpoint.load(tmp_path, 7)

    assert loaded["tied"][0].equal(shared)
    assert loaded["tied"][1].equal(shared)
    assert loaded["transposed"].equal(shared.T)
    assert loaded["mixed"].pop("empty").shape == (0,)
    assert loaded["mixed"] == {3: (1, 2.5, None), "flag": True, "": "text"}


def test_what_is_neither_tensor_nor_json_is_refused_by_name(tmp_path: Path):
    with pytest.raises(TypeError, match=r"state\.optimizer\.hook is a function"):
        checkpoint.save(tmp_path, 1, {"optimizer": {"hook": trained_step}})

    assert checkpoint.newest(tmp_path) is None


@pytest.mark.parametrize("damage", ["flipped byte", "no manifest", "missing file", "cut manifest"])
def test_broken_checkpoint_does_not_exist(tmp_path: Path, damage: str):
    for step in (10, 20):
        checkpoint.save(tmp_path, step, {"weight": torch.ones(5), "step": step})
    newest = tmp_path / "checkpoints" / "step-20"
    if damage == "flipped byte":
        content = bytearray((newest / "tensors.safetensors").read_bytes())
        content[-1] ^= 1
        (newest / "tensors.safetensors").write_bytes(content)
    elif damage == "no manifest":
        (newest / "manifest.json").unlink()
    elif damage == "missing file":
        (newest / "state.json").unlink()
    else:
        (newest / "manifest.json").write_text('{"step": 20, "fil')

    assert checkpoint.newest(tmp_path) == 10
    assert checkpoint.load(tmp_path, 10)["step"] == 10

    checkpoint.save(tmp_path, 20, {"weight": torch.ones(5), "step": 20})
    assert checkpoint.newest(tmp_path) == 20


def test_leftover_of_a_killed_save_is_ignored_and_removed(tmp_path: Path):
    checkpoint.save(tmp_path, 1, {"a": 1})
    leftover = tmp_path / "checkpoints" / "step-2.tmp"
    leftover.mkdir()
    (leftover / "state.json").write_text("{}")

    assert checkpoint.newest(tmp_path) == 1

    checkpoint.save(tmp_path, 3, {"a": 3})
    assert not leftover.exists()


def test_only_the_newest_two_are_kept(tmp_path: Path):
    for step in (5, 10, 15, 20):
        checkpoint.save(tmp_path, step, {"step": step})

    kept = {path.name for path in (tmp_path / "checkpoints").iterdir()}
    assert kept == {"step-15", "step-20"}


def test_nothing_is_stored_as_a_pickle(tmp_path: Path):
    checkpoint.save(tmp_path, 1, {"weight": torch.ones(2), "random": checkpoint.random_state()})

    files = {path.name for path in (tmp_path / "checkpoints" / "step-1").iterdir()}
    assert files == {"manifest.json", "state.json", "tensors.safetensors"}
