"""A run as its method sees it: what to read, when to save and stop, whom to tell.

A method registers what must survive a kill with `track`, loops over `steps`, tells what it
measured with `report` and writes `save_final`; the rest of the run directory happens here.
"""

import random
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np
import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from training import checkpoint, models
from training.card import model_card
from training.contract import progress, records
from training.contract.errors import SpecError, StoppedError
from training.contract.files import sync_directory, sync_folder, write_atomically
from training.contract.methods import read_settings
from training.contract.settings import Optimisation, Settings
from training.contract.spec import JobSpec, ModelRef
from training.pulse import Pulse

S = TypeVar("S", bound=Settings)


class Stateful(Protocol):
    """What can be saved and put back: a module, an optimiser, anything with these two."""

    def state_dict(self) -> dict[str, Any]: ...
    def load_state_dict(self, state: dict[str, Any], /) -> Any: ...


@dataclass(frozen=True, kw_only=True)
class Result:
    """What a method achieved. `metrics` are final numbers; `outputs` names what it wrote."""

    metrics: dict[str, float] = field(default_factory=dict)
    outputs: dict[str, str | None] = field(default_factory=dict)


class Run:
    """One attempt at the job in a run directory. Made by the runner, which holds the lock."""

    def __init__(self, directory: Path, spec: JobSpec, pulse: Pulse) -> None:
        self.directory = directory
        self.spec = spec
        self.pulse = pulse
        self.device = "cuda" if spec.resources.gpus and torch.cuda.is_available() else "cpu"
        self.step = 0
        self.tokens = 0
        self.total: int | None = None
        self._settings = read_settings(spec.method, spec.settings)
        pace = self._settings if isinstance(self._settings, Optimisation) else Optimisation()
        self._save_every, self._log_every = pace.save_every, pace.log_every
        self._folders = {ref: models.resolve(ref, directory) for ref in spec.models().values()}
        self._tracked: dict[str, Stateful] = {}
        self._saved_step = 0
        self._sums: dict[str, list[float]] = {}
        self._window_tokens = 0
        self._window_started = self._started = time.monotonic()
        self._seconds_before = 0.0
        torch.manual_seed(spec.seed)
        np.random.seed(spec.seed % 2**32)
        random.seed(spec.seed)

    # what to read

    def settings(self, kind: type[S]) -> S:
        """The job's settings as the method's dataclass."""
        if not isinstance(self._settings, kind):
            raise SpecError(f"{self.spec.method} has no {kind.__name__}")
        return self._settings

    def rows(self) -> list[Any]:
        """All rows of the dataset, checked."""
        return list(records.read_rows(self.dataset_path, self.spec.dataset.kind))

    @property
    def dataset_path(self) -> Path:
        return self.directory / self.spec.dataset.path

    def model_path(self, ref: ModelRef | None) -> Path:
        """The folder of a model of the spec; its digest was checked, pickles were refused."""
        if ref is None:
            raise SpecError(f"{self.spec.method} needs one more model than its spec names")
        return self._folders[ref]

    # when to save and stop

    def track(self, **parts: Stateful) -> int:
        """Name everything that must survive a kill; puts back the newest checkpoint if any.

        Returns the step it continues from, 0 at the start. Random generators, counters and
        half-averaged metrics are tracked too, and metrics.jsonl is cut back to that step.
        """
        self._tracked = parts
        step = checkpoint.newest(self.directory)
        if step is not None:
            state = checkpoint.load(self.directory, step, device=self.device)
            for name, part in parts.items():
                part.load_state_dict(state["parts"][name])
            checkpoint.restore_random_state(state["random"])
            self.step = self._saved_step = step
            self.tokens = state["tokens"]
            self._sums = state["sums"]
            self._seconds_before = state["seconds"]
            self.pulse.update(step=step, checkpoint=f"step-{step}")
        progress.cut_metrics(self.directory, self.step)
        return self.step

    def steps(self, total: int) -> Iterator[int]:
        """The steps still to take, 1-based, each followed by what `end_step` does."""
        self.begin(total)
        while self.step < (self.total or 0) and not self.out_of_time:
            yield self.step + 1
            self.end_step(self.step + 1)

    def begin(self, total: int) -> int:
        """Announce the length of the run; returns it, shortened by the job's limits."""
        limit = self.spec.limits.max_steps
        self.total = total if limit is None else min(total, limit)
        self.pulse.update(state="running", step=self.step, total=self.total)
        self.stop_if_asked()
        self._window_started = time.monotonic()
        return self.total

    def end_step(self, step: int) -> None:
        """Note that `step` is done; save when it is time to, stop when asked to."""
        self.step = step
        self.pulse.update(step=step)
        self._write_due_metrics()
        if step % self._save_every == 0 and step != self.total:
            self.save()
        self.stop_if_asked()

    def save(self) -> None:
        """Write a checkpoint of everything tracked, unless this step has one."""
        if self.step == self._saved_step or not self._tracked:
            return
        progress.keep_metrics(self.directory)
        name = checkpoint.save(
            self.directory,
            self.step,
            {
                "parts": {name: part.state_dict() for name, part in self._tracked.items()},
                "random": checkpoint.random_state(),
                "tokens": self.tokens,
                "sums": self._sums,
                "seconds": self.seconds,
            },
        )
        self._saved_step = self.step
        self.pulse.update(checkpoint=name)

    def stop_if_asked(self) -> None:
        """Save and raise StoppedError if a SIGTERM or RUN/stop asked for it."""
        if self.pulse.stopping:
            self.save()
            raise StoppedError(f"stopped after step {self.step}")

    @property
    def seconds(self) -> float:
        """Time spent on the job, all attempts that count together."""
        return self._seconds_before + time.monotonic() - self._started

    @property
    def out_of_time(self) -> bool:
        limit = self.spec.limits.max_seconds
        return limit is not None and self.seconds > limit

    # whom to tell

    def report(self, values: dict[str, float], *, tokens: int = 0) -> None:
        """What the current step measured; written as means over `log_every` steps."""
        for name, value in values.items():
            total = self._sums.setdefault(name, [0.0, 0.0])
            total[0] += float(value)
            total[1] += 1
        self.tokens += tokens
        self._window_tokens += tokens

    def report_now(self, values: dict[str, float], *, split: str = "eval") -> None:
        """Write one row of metrics at once, as measured at the current step."""
        row: progress.MetricsRow = {"t": progress.now_text(), "step": self.step, "split": split}
        progress.append_metrics(self.directory, {**row, **values})

    def _write_due_metrics(self) -> None:
        due = self.step % self._log_every == 0 or self.step in (1, self.total)
        if not due or not self._sums:
            return
        values = {name: total / count for name, (total, count) in self._sums.items()}
        if self._window_tokens:
            seconds = max(time.monotonic() - self._window_started, 1e-9)
            values["tokens_per_second"] = round(self._window_tokens / seconds, 1)
        self.report_now(values, split="train")
        self._sums = {}
        self._window_tokens, self._window_started = 0, time.monotonic()

    def save_final(
        self,
        model: PreTrainedModel,
        tokenizer: PreTrainedTokenizerBase,
        metrics: dict[str, float],
    ) -> dict[str, str | None]:
        """Write RUN/final, a plain Hugging Face folder with a model card; returns the outputs."""
        draft, final = self.directory / "final.tmp", self.directory / "final"
        shutil.rmtree(draft, ignore_errors=True)
        model.save_pretrained(draft, safe_serialization=True)
        tokenizer.save_pretrained(draft)
        models.refuse_pickles(draft)
        card = model_card(self.spec, metrics=metrics, steps=self.step, tokens=self.tokens)
        write_atomically(draft / "README.md", card)
        sync_folder(draft)
        shutil.rmtree(final, ignore_errors=True)
        draft.rename(final)
        sync_directory(self.directory)
        return {"final": "final", "digest": records.folder_digest(final)}
