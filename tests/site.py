"""A real server process on a storage of its own, that tests start, kill and start again."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parents[1]


class Site:
    """A server process on a storage of its own, that can be killed and started again."""

    def __init__(self, storage, database):
        self.env = {
            **os.environ,
            "WHETSTONE_STORAGE": str(storage),
            "WHETSTONE_WORKER_SECONDS": "0.1",
            "WHETSTONE_THREADS": "1",
            "DJANGO_SETTINGS_MODULE": "annotation.settings",
            **({"DATABASE_URL": database} if database else {}),
        }
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
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
