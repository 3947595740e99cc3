"""Resumable checkpoints: RUN/checkpoints/step-N, complete or not there at all.

Everything needed to go on as if nothing had happened (weights, optimiser, random generators,
counters) as safetensors and JSON. The folder is written as step-N.tmp, its files flushed, a
manifest with their SHA-256 written last, then renamed; loading believes only a valid manifest.
"""

import random
import re
import shutil
from pathlib import Path
from typing import Any, TypedDict

import numpy as np
import torch
from safetensors.torch import load_file, save_file

from training.contract.errors import SpecError
from training.contract.files import read_json, sync_directory, sync_file, write_json
from training.contract.parse import parse
from training.contract.records import file_digest

KEEP = 2


class Manifest(TypedDict):
    """What a complete checkpoint holds: the digest of each of its files."""

    step: int
    files: dict[str, str]


def save(run_dir: Path, step: int, state: dict[str, object]) -> str:
    """Write `state` (nested dicts, lists and tuples of tensors and JSON values) as step-N.

    Returns the checkpoint's name. The newest `KEEP` stay, older ones are removed.
    """
    root = run_dir / "checkpoints"
    root.mkdir(exist_ok=True)
    draft = root / f"step-{step}.tmp"
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir()
    tensors: dict[str, torch.Tensor] = {}
    write_json(draft / "state.json", _pack(state, tensors, {}, "state"))
    save_file(tensors, draft / "tensors.safetensors")
    sync_file(draft / "tensors.safetensors")
    digests = {path.name: file_digest(path) for path in sorted(draft.iterdir())}
    write_json(draft / "manifest.json", {"step": step, "files": digests})
    final = root / f"step-{step}"
    shutil.rmtree(final, ignore_errors=True)  # a broken one: a valid one would have been resumed
    draft.rename(final)
    sync_directory(root)
    _prune(root)
    return final.name


def newest(run_dir: Path) -> int | None:
    """The step of the newest complete checkpoint, or None."""
    for step in sorted(_steps(run_dir / "checkpoints"), reverse=True):
        if is_complete(run_dir / "checkpoints" / f"step-{step}"):
            return step
    return None


def is_complete(folder: Path) -> bool:
    """Whether every file of the manifest is there with the hash it was written with."""
    try:
        manifest = parse(Manifest, read_json(folder / "manifest.json"), "manifest")
        return all(
            file_digest(folder / name) == digest for name, digest in manifest["files"].items()
        )
    except (OSError, ValueError):
        return False


def load(run_dir: Path, step: int, *, device: str = "cpu") -> dict[str, Any]:
    """The state saved at `step`, tensors on `device`."""
    folder = run_dir / "checkpoints" / f"step-{step}"
    tensors = load_file(folder / "tensors.safetensors", device=device)
    state = _unpack(read_json(folder / "state.json"), tensors)
    if not isinstance(state, dict):
        raise SpecError(f"{folder} holds no state")
    return state


def random_state() -> dict[str, object]:
    """The random generators of torch (CPU and CUDA), numpy and Python, as tensors and JSON."""
    kind, keys, position, has_gauss, gauss = np.random.get_state(legacy=True)
    return {
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
        "numpy": [kind, [int(key) for key in keys], int(position), int(has_gauss), float(gauss)],
        "python": random.getstate(),
    }


def restore_random_state(state: dict[str, Any]) -> None:
    """Set the generators back to what `random_state` returned."""
    torch.set_rng_state(state["torch"].cpu())
    if torch.cuda.is_available():
        torch.cuda.set_rng_state_all([part.cpu() for part in state["cuda"]])
    kind, keys, position, has_gauss, gauss = state["numpy"]
    np.random.set_state((kind, np.array(keys, dtype=np.uint32), position, has_gauss, gauss))
    random.setstate(state["python"])


def _pack(
    value: object, tensors: dict[str, torch.Tensor], seen: dict[tuple[object, ...], str], name: str
) -> object:
    """JSON for `value`, its tensors moved to `tensors` and named in their place.

    A tensor met twice (tied weights) is stored once, which safetensors insists on.
    """
    if isinstance(value, torch.Tensor):
        value = value.detach()
        key = (value.device, value.data_ptr(), value.dtype, tuple(value.shape), value.stride())
        if value.numel() == 0 or key not in seen:
            seen[key] = name
            tensors[name] = value.contiguous()
        return {"$tensor": seen[key]}
    if isinstance(value, dict):
        entries = [
            [key, _pack(part, tensors, seen, f"{name}.{key}")] for key, part in value.items()
        ]
        return {"$dict": entries}
    if isinstance(value, list | tuple):
        parts = [_pack(part, tensors, seen, f"{name}.{i}") for i, part in enumerate(value)]
        return {"$tuple": parts} if isinstance(value, tuple) else parts
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise TypeError(f"{name} is a {type(value).__name__}: not a tensor and not JSON")


def _unpack(value: object, tensors: dict[str, torch.Tensor]) -> object:
    if isinstance(value, list):
        return [_unpack(part, tensors) for part in value]
    if not isinstance(value, dict):
        return value
    if "$tensor" in value:
        return tensors[value["$tensor"]]
    if "$tuple" in value:
        return tuple(_unpack(part, tensors) for part in value["$tuple"])
    return {key: _unpack(part, tensors) for key, part in value["$dict"]}


def _steps(root: Path) -> list[int]:
    names = [path.name for path in root.iterdir()] if root.exists() else []
    return [int(name[5:]) for name in names if re.fullmatch(r"step-\d+", name)]


def _prune(root: Path) -> None:
    """Remove all but the newest `KEEP`, renamed first so that half of one never shows."""
    for leftover in root.glob("step-*.tmp"):
        shutil.rmtree(leftover)
    for step in sorted(_steps(root))[:-KEEP]:
        doomed = root / f"step-{step}.tmp"
        (root / f"step-{step}").rename(doomed)
        shutil.rmtree(doomed)
