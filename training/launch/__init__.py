"""Ways to start the same command, behind one protocol: a launcher is one file and one row.

A launcher starts the runner on a run directory and gives a handle, whose text is all that anybody
has to keep: `read` makes the handle again, in another process or after a restart.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from training.launch import local, ray


class Handle(Protocol):
    """A started job. `str` of it is what `Launcher.read` reads."""

    def __str__(self) -> str: ...

    def is_alive(self) -> bool | None:
        """Whether it waits or runs; None where that cannot be seen from here."""

    def stop(self) -> None:
        """Ask it to save and end; one that has ended already is fine."""

    def kill(self) -> None:
        """End it at once; one that has ended already is fine."""


class Launcher(Protocol):
    def start(self, run_dir: Path, *, attempt: int, threads: int, env: Mapping[str, str]) -> Handle:
        """Start the runner, its output appended to RUN/log.txt; it outlives this process.

        Starting what still runs does no harm: the runner's lock keeps the second one out.
        """

    def read(self, text: str) -> Handle:
        """The handle whose text this is; ValueError for any other text."""

    def find(self, run_dir: Path, *, attempt: int) -> Handle | None:
        """The handle of an attempt whose starter died before it noted one; None if unknown."""


@dataclass(frozen=True)
class Place:
    """Where launchers find what they need; `ray_address` "" is RAY_ADDRESS or this machine."""

    ray_address: str = ""


LAUNCHERS: dict[str, Callable[[Place], Launcher]] = {
    "local": lambda place: local.LocalLauncher(),
    "ray": lambda place: ray.RayLauncher(place.ray_address),
}
