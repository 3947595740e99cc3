"""What a job is to do: RUN/spec.json, read and written by both sides. Standard library only."""

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from training.contract.errors import SpecError
from training.contract.files import write_json
from training.contract.methods import (
    METHODS,
    describe_settings,
    get_method,
    read_settings,
    validate_settings,
)
from training.contract.parse import parse

__all__ = [
    "METHODS",
    "DatasetRef",
    "JobSpec",
    "Limits",
    "ModelRef",
    "Resources",
    "SpecError",
    "describe_settings",
    "read_settings",
    "read_spec",
    "validate_settings",
    "with_half_micro_batch",
    "write_spec",
]

SCHEMA = 1


@dataclass(frozen=True)
class ModelRef:
    """A checkpoint folder (absolute or relative to the run directory) or a hub id.

    `digest` is `records.folder_digest` of the folder; None skips the check.
    """

    path: str
    digest: str | None = None


@dataclass(frozen=True)
class DatasetRef:
    """Frozen JSONL rows; `digest` is `records.file_digest` of the file."""

    path: str
    digest: str
    kind: str


@dataclass(frozen=True)
class Resources:
    """`gpus` is a count; `threads` are CPU threads of the process."""

    gpus: int = 0
    threads: int = 2


@dataclass(frozen=True)
class Limits:
    """Training ends after this many seconds or steps, whichever comes first; None is no limit."""

    max_seconds: float | None = None
    max_steps: int | None = None


ROLES: dict[str, str] = {"model": "model", "reference": "reference model", "reward": "reward model"}


@dataclass(frozen=True, kw_only=True)
class JobSpec:
    """One unit of work. Raises SpecError, in one sentence, if it could not run."""

    job_id: str
    method: str
    dataset: DatasetRef
    seed: int = 17
    model: ModelRef | None = None
    reference: ModelRef | None = None
    reward: ModelRef | None = None
    settings: Mapping[str, object] = field(default_factory=dict)
    resources: Resources = Resources()
    limits: Limits = Limits()
    lineage: Mapping[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        method = get_method(self.method)
        read_settings(self.method, self.settings)
        needed = method.needs(self.dataset.kind)
        for role in needed:
            if role not in self.models():
                raise SpecError(f"{self.method} needs a {ROLES[role]}")
        for given in self.models():
            if given not in (*needed, *method.takes):
                raise SpecError(f"{self.method} takes no {ROLES[given]}")
        if not 0 <= self.seed < 2**63:
            raise SpecError(f"seed must be in [0, 2**63), got {self.seed}")
        if self.resources.threads < 1 or self.resources.gpus < 0:
            raise SpecError(f"resources need threads >= 1 and gpus >= 0, got {self.resources}")

    def models(self) -> dict[str, ModelRef]:
        """The models this job reads, by their name in the spec."""
        named = {"model": self.model, "reference": self.reference, "reward": self.reward}
        return {name: ref for name, ref in named.items() if ref is not None}

    def to_json(self) -> dict[str, Any]:
        return {"schema": SCHEMA, **dataclasses.asdict(self)}

    @classmethod
    def from_json(cls, value: object) -> "JobSpec":
        if not isinstance(value, dict):
            raise SpecError(f"a spec is a JSON object, got {type(value).__name__}")
        schema = value.get("schema")
        if schema != SCHEMA:
            raise SpecError(f"this runner reads spec schema {SCHEMA}, got {schema!r}")
        return parse(cls, {name: part for name, part in value.items() if name != "schema"}, "spec")


def write_spec(run_dir: Path | str, spec: JobSpec) -> Path:
    """Write RUN/spec.json atomically, creating RUN; returns the file's path."""
    path = Path(run_dir) / "spec.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_json(path, spec.to_json())
    return path


def read_spec(run_dir: Path | str) -> JobSpec:
    """The job in RUN/spec.json; SpecError if it is missing, not JSON or not a job."""
    path = Path(run_dir) / "spec.json"
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SpecError(f"there is no {path}") from None
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise SpecError(f"{path} is not JSON: {error}") from error
    return JobSpec.from_json(value)


def with_half_micro_batch(spec: JobSpec) -> JobSpec | None:
    """The same job with half the rows per forward pass (the same global batch), to retry exit 3.

    None when it is one row already: there is nothing left to halve.
    """
    settings = validate_settings(spec.method, spec.settings)
    name = "micro_batch_size" if "micro_batch_size" in settings else "batch_size"
    half = settings[name] // 2
    while half > 1 and settings["batch_size"] % half:
        half -= 1
    if half < 1:
        return None
    return dataclasses.replace(spec, settings={**spec.settings, name: half})
