"""A real server process on a storage of its own, that tests start, kill and start again."""

import os
import random
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx

from training.contract import progress
from training.launch.process import Process

ROOT = Path(__file__).resolve().parents[1]


# Below the range from which the system gives ports to outgoing connections: between the look and
# the server's start nobody takes one of these unasked.
PORTS = range(15_000, 30_000)


def free_port():
    for port in random.SystemRandom().sample(PORTS, 50):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise AssertionError("50 ports were tried and none is free")


def process_of(run_dir):
    """The job's process as its status names it; no other that has its pid by now."""
    status = progress.read_status(run_dir)
    return None if status is None else Process(status.host, status.pid, status.started)


class Site:
    """A server process on a storage of its own, that can be killed and started again."""

    def __init__(self, storage, database):
        self.env = {
            **os.environ,
            "WHETSTONE_STORAGE": str(storage),
            "WHETSTONE_WORKER_SECONDS": "0.1",
            "WHETSTONE_THREADS": "1",
            "DJANGO_SETTINGS_MODULE": "annotation.settings",
            # Never a database or a Redis of whoever runs the tests.
            "DATABASE_URL": database or "",
            "REDIS_URL": "",
        }
        self.storage = storage
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = storage / "server.log"
        self.process = None

    def manage(self, *words):
        done = subprocess.run(
            [sys.executable, "manage.py", *words],
            cwd=ROOT,
            env=self.env,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def script(self, source, *arguments):
        begin = "import django; django.setup()\n"
        done = subprocess.run(
            [sys.executable, "-c", begin + source, *arguments],
            cwd=ROOT,
            env=self.env,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def start(self):
        with self.log.open("a") as log:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "serve", "--port", str(self.port)],
                cwd=ROOT,
                env=self.env,
                stdout=log,
                stderr=log,
            )
        self.wait(self._answers, "the server to answer")

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        """End the server and the jobs it started, whatever state a test has left them in."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                self.kill()
        for run_dir in self.storage.glob("runs/*"):
            if (process := process_of(run_dir)) is not None:
                process.kill()

    def _answers(self):
        assert self.process.poll() is None, self.log.read_text()
        try:
            return httpx.get(f"{self.url}/api/session/", timeout=5).is_success
        except httpx.TransportError:
            return False

    def wait(self, condition, what, seconds=150):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if found := condition():
                return found
            time.sleep(0.1)
        raise AssertionError(f"waited {seconds} s for {what}\n{self.log.read_text()[-3000:]}")
