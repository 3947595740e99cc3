"""`manage.py worker`: the reconcile loop alone, beside web processes."""

import signal
import threading
from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand

from annotation import worker


class Command(BaseCommand):
    help = "Start queued jobs, follow them and advance rounds, until stopped."

    def handle(self, *args: Any, **options: Any) -> None:
        stop = threading.Event()

        def ask(number: int, frame: FrameType | None) -> None:
            # The second signal is the impatient one: back to the default, which ends at once.
            signal.signal(number, signal.SIG_DFL)
            stop.set()

        signal.signal(signal.SIGTERM, ask)
        signal.signal(signal.SIGINT, ask)
        worker.run(stop)
