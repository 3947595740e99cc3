"""`manage.py demo`: the whole loop on this machine, on a small world of our own making."""

import os
import signal
import subprocess
import sys
import threading
import time
from typing import Any

import httpx
from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotation.management import demos
from annotation.models import Job, Round
from annotation.rounds import overviews
from annotation.services import ratings
from annotation.simulation.client import Desk, sign_in
from annotation.simulation.labelers import LABELERS, Labeler
from annotation.simulation.recipe import DEMO


class Command(BaseCommand):
    help = "Train a tiny model, label its answers, train on the labels, twice; then serve it all."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument(
            "--check",
            action="store_true",
            help="unattended: exit 0 only if the last checkpoint beats the base",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        self.began = time.monotonic()
        self.url = f"http://{options['host']}:{options['port']}"
        self.say("Setting up the demo team, project and prompts")
        demo = demos.set_up(DEMO)
        server = self._serve(options)
        stop = threading.Event()
        try:
            self._wait_for_server(server)
            people = [self._seat(demo, labeler) for labeler in LABELERS]
            at_work = [self._set_to_work(desk, stop) for desk in people]
            self._follow(demo, server, people, at_work)
            stop.set()
            comparison = demos.compare(demo)
            self._report(demo, comparison)
            if options["check"]:
                if comparison.low <= 0.5:
                    raise CommandError(
                        "The last checkpoint does not beat the base: the 95 % interval "
                        f"[{comparison.low:.1%}, {comparison.high:.1%}] is not above 50 %."
                    )
                return
            demos.open_free_round(demo)
            self._invite(demo)
            server.wait()
        except KeyboardInterrupt:
            self.say("Stopping")
        finally:
            stop.set()
            if server.poll() is None:
                server.send_signal(signal.SIGTERM)
                server.wait(timeout=60)

    def say(self, text: str) -> None:
        minutes, seconds = divmod(int(time.monotonic() - self.began), 60)
        self.stdout.write(f"[{minutes:02d}:{seconds:02d}] {text}")
        self.stdout.flush()

    def _serve(self, options: dict[str, Any]) -> "subprocess.Popen[bytes]":
        where = ["--host", options["host"], "--port", str(options["port"])]
        return subprocess.Popen(
            [sys.executable, sys.argv[0], "serve", *where],
            # The pace of the worker is what the demo waits for between its steps.
            env={"WHETSTONE_WORKER_SECONDS": "0.3", **os.environ},
        )

    def _wait_for_server(self, server: "subprocess.Popen[bytes]") -> None:
        for _ in range(300):
            if server.poll() is not None:
                raise CommandError(
                    f"The server ended at once. Is {self.url} in use? Choose another --port."
                )
            try:
                if httpx.get(f"{self.url}/api/session/", timeout=2).is_success:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.1)
        raise CommandError(f"The server did not answer at {self.url} within 30 s.")

    def _seat(self, demo: demos.Demo, labeler: Labeler) -> Desk:
        """A simulated labeler, signed in."""
        http = sign_in(self.url, email=demos.email_of(labeler.name), password=demo.password)
        return Desk(labeler, http, str(demo.project.pk))

    def _set_to_work(self, desk: Desk, stop: threading.Event) -> threading.Thread:
        thread = threading.Thread(
            target=desk.work, kwargs={"stop": stop.is_set}, name=desk.labeler.name, daemon=True
        )
        thread.start()
        return thread

    def _follow(
        self,
        demo: demos.Demo,
        server: "subprocess.Popen[bytes]",
        people: list[Desk],
        at_work: list[threading.Thread],
    ) -> None:
        """Say what happens until the last round is done."""
        said: dict[str, str] = {}
        while True:
            if server.poll() is not None:
                raise CommandError("The server has ended; see its messages above.")
            if gone := [thread.name for thread in at_work if not thread.is_alive()]:
                raise CommandError(f"Simulated labeler {gone[0]} stopped; see the error above.")
            demos.start_when_ready(demo)
            for job in Job.objects.filter(project=demo.project).order_by("created_at"):
                self._change(said, str(job.pk), f"  {job.method}: {_progress(job)}", job.state)
            rounds = list(Round.objects.filter(project=demo.project).order_by("number"))
            for one in rounds:
                shown = overviews.describe_round(one)
                stage, labels = shown["stage"], sum(desk.labels for desk in people)
                text = f"Round {one.number}: {stage}"
                if stage in ("aggregating", "training"):
                    text += f" ({labels} labels by {len(people)} labelers so far)"
                self._change(said, str(one.pk), text, stage)
                if stage in ("blocked", "cancelled"):
                    asked = [
                        q["said"]["text"] for step in shown["steps"] for q in step["questions"]
                    ]
                    why = " ".join(asked) or "it was cancelled"
                    raise CommandError(f"Round {one.number} stopped: {why}")
            for job in Job.objects.filter(project=demo.project, round=None, state=Job.State.FAILED):
                raise CommandError(f"The base model could not be trained: {job.error}")
            if len(rounds) >= demos.ROUNDS and rounds[demos.ROUNDS - 1].state == Round.State.DONE:
                return
            time.sleep(0.5)

    def _change(self, said: dict[str, str], key: str, text: str, state: str) -> None:
        if state != said.get(key) and state not in ("queued", "starting", "draft"):
            said[key] = state
            self.say(text)

    def _report(self, demo: demos.Demo, comparison: demos.Comparison) -> None:
        last = Round.objects.get(project=demo.project, number=demos.ROUNDS)
        ladder = ratings.current(last)
        self.say("The ladder (Elo, 95 % interval):")
        for entry in ladder["entries"]:
            name = entry["checkpoint"]["name"]
            self.stdout.write(
                f"    {name:<16} {_points(entry['elo'])}  "
                f"[{_points(entry['low'])}, {_points(entry['high'])}]  {entry['votes']} votes"
            )
        accuracy = demos.reward_accuracy(demo)
        if accuracy is not None:
            self.stdout.write(
                f"    reward model, held-out accuracy: {accuracy.value:.1%} "
                f"[{accuracy.low:.1%}, {accuracy.high:.1%}] of {accuracy.n} pairs"
            )
        self.stdout.write(
            f"    {comparison.last} against {comparison.base}, {comparison.n} fresh held-out "
            f"prompts, hidden preference: {comparison.win_rate:.1%} "
            f"[{comparison.low:.1%}, {comparison.high:.1%}] "
            f"({comparison.wins} wins, {comparison.ties} ties, {comparison.losses} losses)"
        )

    def _invite(self, demo: demos.Demo) -> None:
        self.say(f"Serving at {self.url} (stop with Ctrl-C)")
        self.stdout.write(
            f"    manager:  {demos.email_of('manager')}   password: {demo.password}\n"
            f"    labeler:  {demos.email_of('you')}   password: {demo.password}\n"
            "    A round of fresh prompts waits for the labeler."
        )


def _progress(job: Job) -> str:
    if job.state == Job.State.RUNNING:
        return f"running, {job.total} steps" if job.total else "running"
    if job.finished_at and job.started_at:
        return f"{job.state} after {(job.finished_at - job.started_at).total_seconds():.0f} s"
    return str(job.state)


def _points(value: float | None) -> str:
    return "    –" if value is None else f"{value:5.0f}"
