"""`manage.py serve`: the site and the worker in one command."""

import subprocess
import sys
import threading
from typing import Any

import uvicorn
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from annotation import worker
from annotation.serving import Connection

APPLICATION = "annotation.asgi:application"


class Command(BaseCommand):
    help = "Serve the site at http://HOST:PORT, with the worker beside it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument(
            "--processes", type=int, default=1, help="web processes; more than one needs REDIS_URL"
        )
        parser.add_argument("--no-worker", action="store_true", help="serve the site alone")

    def handle(self, *args: Any, **options: Any) -> None:
        processes = options["processes"]
        if processes < 1:
            raise CommandError(f"--processes expects at least 1, got {processes}.")
        if processes > 1 and not settings.REDIS_URL:
            raise CommandError(
                f"{processes} processes need REDIS_URL: without it a browser connected to one "
                "process would not hear of what happens in another."
            )
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            raise CommandError("The database is not up to date. Run: manage.py migrate")
        connection.close()
        how = {
            "host": options["host"],
            "port": options["port"],
            "http": Connection,
            "log_level": "warning",
            "access_log": False,
            "ws_max_size": 64 * 1024,
            "timeout_graceful_shutdown": 10,
            # A labeler thinks for a while; a new connection for each answer would cost more.
            "timeout_keep_alive": 75,
            "server_header": False,
        }
        self.stdout.write(f"Whetstone at http://{options['host']}:{options['port']}")
        if processes == 1:
            self._serve_one(how, with_worker=not options["no_worker"])
        else:
            self._serve_many(how, processes, with_worker=not options["no_worker"])

    def _serve_one(self, how: dict[str, Any], *, with_worker: bool) -> None:
        stop = threading.Event()
        thread = threading.Thread(target=worker.run, args=(stop,), name="worker")
        if with_worker:
            thread.start()
        try:
            uvicorn.Server(uvicorn.Config(APPLICATION, **how)).run()
        finally:
            stop.set()
            if with_worker:
                thread.join(timeout=30)

    def _serve_many(self, how: dict[str, Any], processes: int, *, with_worker: bool) -> None:
        beside = None
        if with_worker:
            beside = subprocess.Popen([sys.executable, sys.argv[0], "worker"])
        try:
            uvicorn.run(APPLICATION, workers=processes, **how)
        finally:
            if beside is not None:
                beside.terminate()
                beside.wait(timeout=30)
