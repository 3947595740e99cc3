"""A process known by its pid and its start time, so that no other is ever taken for it.

A pid alone names whatever process has it now: numbers come round, after a restart of the machine
from the beginning. Nothing here signals a process whose start time is another.
"""

import contextlib
import os
import signal
import socket
from dataclasses import dataclass

import psutil

# A start time is counted from the boot, and the boot's own time follows small corrections of the
# clock. A pid comes round in minutes at the soonest.
SAME_SECONDS = 2.0


@dataclass(frozen=True)
class Process:
    """A process of `host`; `started` is its start in seconds since the epoch, 0.0 if unknown."""

    host: str
    pid: int
    started: float

    @classmethod
    def of(cls, pid: int) -> "Process":
        """The process that has `pid` on this machine now; a child that has ended counts."""
        try:
            started = psutil.Process(pid).create_time()
        except psutil.NoSuchProcess:
            started = 0.0
        return cls(socket.gethostname(), pid, round(started, 2))

    @classmethod
    def read(cls, text: str) -> "Process":
        """What `str` of one made; ValueError for any other text."""
        host, pid, started = text.rsplit(":", 2)
        return cls(host, int(pid), float(started))

    def __str__(self) -> str:
        return f"{self.host}:{self.pid}:{self.started:.2f}"

    def is_alive(self) -> bool | None:
        """Whether it runs; None on another machine, which this one cannot see.

        A child of this process that has ended is reaped here.
        """
        if self.host != socket.gethostname():
            return None
        return self._found() is not None

    def stop(self) -> None:
        """Ask it to end (SIGTERM); one that has ended already is fine."""
        if (found := self._found()) is not None:
            with contextlib.suppress(psutil.NoSuchProcess):
                found.terminate()

    def kill(self) -> None:
        """End it at once (SIGKILL), with its whole group where it leads one."""
        if (found := self._found()) is None:
            return
        with contextlib.suppress(psutil.NoSuchProcess, ProcessLookupError):
            if os.getpgid(self.pid) == self.pid:
                os.killpg(self.pid, signal.SIGKILL)
            else:
                found.kill()

    def _found(self) -> psutil.Process | None:
        """The living process itself, None unless it is exactly this one."""
        if self.pid <= 1 or self.host != socket.gethostname():
            return None
        try:
            found = psutil.Process(self.pid)
            if abs(found.create_time() - self.started) > SAME_SECONDS:
                return None
            if found.status() != psutil.STATUS_ZOMBIE:
                return found
        except psutil.NoSuchProcess:
            return None
        with contextlib.suppress(ChildProcessError):  # a child of an earlier worker: init reaps it
            os.waitpid(self.pid, os.WNOHANG)
        return None
