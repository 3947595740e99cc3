"""A simulated labeler at work: signs in and labels through the HTTP API, as a browser does."""

import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypedDict

import httpx

from annotation.simulation.labelers import Allowed, Judgement, Labeler
from training.contract.records import Message

HELD = 2


class Text(TypedDict):
    letter: str
    text: str


class Asked(TypedDict):
    messages: list[Message]


class Policy(TypedDict):
    allow_ties: bool
    allow_unrankable: bool


class Task(TypedDict):
    """What of an assignment's JSON is read here."""

    id: str
    prompt: Asked
    responses: list[Text]
    policy: Policy
    guidelines_version: int


class Held(TypedDict):
    assignments: list[Task]


class Submission(Judgement):
    submission_id: str
    guideline_version: int
    hold: int


@dataclass
class Desk:
    """A signed-in session at one project. `labels` counts what was acknowledged."""

    labeler: Labeler
    http: httpx.Client
    project: str
    labels: int = 0
    held: list[Task] = field(default_factory=list)

    def work(self, *, stop: Callable[[], bool], pause_seconds: float = 0.5) -> int:
        """Label whatever comes until `stop()`; waits where there is nothing. Returns the count."""
        while not stop():
            try:
                if not self.label_one():
                    time.sleep(pause_seconds)
            except httpx.TransportError:
                # The server is away for a moment: what is held is asked for again when it is back.
                self.held = []
                time.sleep(pause_seconds)
        return self.labels

    def label_one(self) -> bool:
        """Label the oldest lease; False when there is none. A lost lease is dropped."""
        if not self.held:
            body = self._post(f"projects/{self.project}/assignments/", {"hold": HELD})
            self.held = body["assignments"]
        if not self.held:
            return False
        task = self.held[0]
        answer = self.http.post(
            f"/api/assignments/{task['id']}/label/", json=self._submission(task)
        )
        if answer.status_code == httpx.codes.CONFLICT:
            self.held = []
            return True
        _check(answer)
        self.held = answer.json()["assignments"]
        self.labels += 1
        return True

    def _submission(self, task: Task) -> Submission:
        policy = task["policy"]
        judgement = self.labeler.judge(
            task["prompt"]["messages"],
            [response["text"] for response in task["responses"]],
            # The lease's id, the only name of the task that a labeler gets to see.
            task_id=task["id"],
            allowed=Allowed(ties=policy["allow_ties"], unrankable=policy["allow_unrankable"]),
        )
        # The same lease always sends the same id: sent twice, it is stored once.
        submission = uuid.uuid5(uuid.NAMESPACE_URL, f"{task['id']}/{self.labeler.name}")
        return {
            "submission_id": str(submission),
            **judgement,
            "guideline_version": task["guidelines_version"],
            "hold": HELD,
        }

    def _post(self, path: str, body: Mapping[str, object]) -> Held:
        held: Held = _check(self.http.post(f"/api/{path}", json=body)).json()
        return held


def sign_in(url: str, *, email: str, password: str) -> httpx.Client:
    """A client with the session and CSRF token of a browser. Raises httpx.HTTPStatusError."""
    http = httpx.Client(base_url=url, timeout=30, headers={"Referer": url})
    _check(http.get("/api/session/"))
    http.headers["X-CSRFToken"] = http.cookies["csrftoken"]
    _check(http.post("/api/session/", json={"email": email, "password": password}))
    http.headers["X-CSRFToken"] = http.cookies["csrftoken"]
    return http


def _check(answer: httpx.Response) -> httpx.Response:
    if answer.is_error:
        raise httpx.HTTPStatusError(
            f"{answer.request.method} {answer.request.url.path}: {answer.status_code} "
            f"{answer.text[:300]}",
            request=answer.request,
            response=answer,
        )
    return answer
