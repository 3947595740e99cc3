"""Labelers as a browser is one: keep-alive connection, session, CSRF; in a process of their own.

Reads a plan as JSON on standard input, prints what it measured as JSON. Requests are written and
read by hand, because an HTTP library would use more of the two cores than the server does.
"""

import asyncio
import json
import random
import sys
import time
import uuid
from dataclasses import asdict, dataclass, field


@dataclass
class Plan:
    port: int
    project: str
    # (session key, CSRF token) of each labeler
    sessions: list[tuple[str, str]]
    seconds: float
    # mean of an exponential pause between two answers; 0 is none
    think_seconds: float
    next_every: int
    # every how many answers one is sent twice; 0 is never
    resend_every: int
    # only ask for work that is not there
    next_only: bool


@dataclass
class Measured:
    submit_seconds: list[float] = field(default_factory=list)
    next_seconds: list[float] = field(default_factory=list)
    acknowledged: list[str] = field(default_factory=list)
    doubled: int = 0
    refused: list[str] = field(default_factory=list)
    seconds: float = 0.0


class Labeler:
    def __init__(self, plan: Plan, session: tuple[str, str], measured: Measured) -> None:
        self.plan, self.measured = plan, measured
        key, token = session
        self.headers = (
            f"Host: 127.0.0.1\r\nCookie: sessionid={key}; csrftoken={token}\r\n"
            f"X-CSRFToken: {token}\r\nContent-Type: application/json\r\n"
        )

    async def run(self, until: float) -> None:
        await self.connect()
        if self.plan.think_seconds:
            # People do not start in the same instant.
            await asyncio.sleep(random.uniform(0, self.plan.think_seconds))
        held = await self.next()
        while self.plan.next_only and time.perf_counter() < until:
            await self.next()
        answers = 0
        while time.perf_counter() < until and held:
            if self.plan.think_seconds:
                pause = random.expovariate(1 / self.plan.think_seconds)
                if time.perf_counter() + pause > until:
                    # Not all at once at the end, either.
                    await asyncio.sleep(max(0.0, until - time.perf_counter()))
                    break
                await asyncio.sleep(pause)
            answers += 1
            every = self.plan.resend_every
            held = await self.submit(held[0], resend=every > 0 and answers % every == 0)
            if answers % self.plan.next_every == 0:
                await self.next()
        self.writer.close()

    async def connect(self) -> None:
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.plan.port)

    async def next(self) -> list[dict]:
        began = time.perf_counter()
        _, body = await self.post(f"/api/projects/{self.plan.project}/assignments/", {"hold": 2})
        self.measured.next_seconds.append(time.perf_counter() - began)
        return body.get("assignments", [])

    async def submit(self, lease: dict, *, resend: bool) -> list[dict]:
        answer = {
            "submission_id": str(uuid.uuid4()),
            "answer": {
                "ranking": random.sample(
                    range(1, len(lease["responses"]) + 1), len(lease["responses"])
                )
            },
            "active_seconds": 4.2,
            "hold": 2,
        }
        path = f"/api/assignments/{lease['id']}/label/"
        began = time.perf_counter()
        status, body = await self.post(path, answer)
        self.measured.submit_seconds.append(time.perf_counter() - began)
        if status != 201:
            self.measured.refused.append(f"{status} {body}")
            return []
        self.measured.acknowledged.append(body["label"]["id"])
        if resend:
            status, again = await self.post(path, answer)
            same = status == 200 and again["label"]["id"] == body["label"]["id"]
            self.measured.doubled += not same
        return body["assignments"]

    async def post(self, path: str, content: dict) -> tuple[int, dict]:
        if self.reader.at_eof():
            # The server has closed a connection that was idle for long, as a browser would find.
            await self.connect()
        body = json.dumps(content).encode()
        self.writer.write(
            f"POST {path} HTTP/1.1\r\n{self.headers}Content-Length: {len(body)}\r\n\r\n".encode()
            + body
        )
        head = await self.reader.readuntil(b"\r\n\r\n")
        status = int(head[9:12])
        low = head.lower()
        start = low.index(b"content-length:") + 15
        length = int(low[start : low.index(b"\r\n", start)])
        text = await self.reader.readexactly(length)
        return status, json.loads(text) if text else {}


async def measure(plan: Plan) -> Measured:
    measured = Measured()
    began = time.perf_counter()
    labelers = [Labeler(plan, session, measured) for session in plan.sessions]
    await asyncio.gather(*(labeler.run(began + plan.seconds) for labeler in labelers))
    measured.seconds = time.perf_counter() - began
    return measured


if __name__ == "__main__":
    import uvloop

    plan = Plan(**json.load(sys.stdin))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        json.dump(asdict(runner.run(measure(plan))), sys.stdout)
