"""The reconcile loop: compare what should be with what is, and do one small thing about it.

It keeps no state between two looks, so killing it loses nothing: the next one, here or in another
process, sees the same database and the same run directories and goes on.
"""

import logging
import threading
import time

from django.conf import settings
from django.db import close_old_connections, connection
from django.db.utils import OperationalError

from annotation.rounds import advance
from annotation.services import assignments, checkpoints, jobs

logger = logging.getLogger(__name__)


def look_once() -> None:
    """One pass over jobs, rounds and leases."""
    jobs.follow_active_jobs()
    checkpoints.keep_finished()
    jobs.start_queued_jobs()
    advance.advance_open_rounds()
    assignments.expire_leases()


def run(stop: threading.Event) -> None:
    """Look again and again until `stop` is set. A database that is away is waited for."""
    logger.info("worker started on %s", connection.vendor)
    while not stop.is_set():
        began = time.monotonic()
        try:
            look_once()
        except OperationalError as error:
            logger.warning("database not reachable, trying again: %s", error)
        close_old_connections()
        stop.wait(max(0.01, settings.WORKER_SECONDS - (time.monotonic() - began)))
    connection.close()
    logger.info("worker stopped")
