"""The heartbeat of a run: status.json renewed every second, also inside a long step."""

import dataclasses
import os
import signal
import threading
from pathlib import Path
from types import FrameType, TracebackType
from typing import TypedDict, Unpack

from training.contract.progress import (
    JobError,
    State,
    Status,
    now_text,
    stop_requested,
    write_status,
)
from training.launch.process import Process

SECONDS = 1.0
SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Change(TypedDict, total=False):
    """What of a Status changes."""

    state: State
    step: int
    total: int | None
    checkpoint: str
    error: JobError | None


class Pulse:
    """Keeps status.json alive and listens for a stop (SIGTERM, SIGINT or RUN/stop).

    The first signal asks for a clean stop at the end of the step, a second one ends the process
    at once. Used as a context manager; `update` is the only writer of the status.
    """

    def __init__(self, run_dir: Path, *, attempt: int) -> None:
        self._run_dir = run_dir
        me = Process.of(os.getpid())
        self._status = Status(
            state="starting", pid=me.pid, host=me.host, started=me.started, attempt=attempt
        )
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._signalled = False
        self._failure: OSError | None = None
        self._thread = threading.Thread(target=self._beat, name="pulse", daemon=True)

    @property
    def stopping(self) -> bool:
        """Whether someone asked for a stop. Raises what kept the heartbeat from being written."""
        if self._failure is not None:
            raise self._failure
        return self._signalled or stop_requested(self._run_dir)

    def update(self, **changes: Unpack[Change]) -> None:
        """Change fields of the status and write it at once, durably where the state changes."""
        with self._lock:
            self._status = dataclasses.replace(self._status, **changes, heartbeat_at=now_text())
            write_status(self._run_dir, self._status, durable="state" in changes)

    def __enter__(self) -> "Pulse":
        self.update()
        self._before = {n: signal.signal(n, self._on_signal) for n in SIGNALS}
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._thread.join()
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _beat(self) -> None:
        while not self._ended.wait(SECONDS):
            try:
                self.update()
            except OSError as error:
                self._failure = error
                return

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self._signalled = True
        signal.signal(number, signal.SIG_DFL)
