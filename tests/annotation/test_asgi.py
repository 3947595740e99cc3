"""The site as a server sees it: who answers which path, in which thread, and how a body is sent."""

import asyncio
import threading

import pytest
from asgiref.testing import ApplicationCommunicator
from django.http import FileResponse, HttpResponse, StreamingHttpResponse
from django.urls import URLPattern, path
from django.views.decorators.csrf import csrf_exempt

from annotation import asgi, handlers
from annotation.api import urls
from annotation.api.fast import FastView

# Threads of the site may hold a connection of an earlier test.
pytestmark = pytest.mark.django_db

made = []


def thread_name():
    return threading.current_thread().name


@csrf_exempt
def echo(request):
    response = HttpResponse(request.body, status=201, headers={"X-Thread": thread_name()})
    response.set_cookie("flavour", "oat")
    return response


def stream(request):
    def parts():
        for i in range(4):
            made.append(i)
            yield f"{i}:{thread_name()};".encode() + b"x" * 100_000

    made.clear()
    return StreamingHttpResponse(parts())


def file(request, name=__file__):
    return FileResponse(open(name, "rb"))


@csrf_exempt
def fail(request):
    raise ValueError("meant")


urlpatterns = [
    path("echo", echo),
    path("stream", stream),
    path("file", file),
    path("fail", fail),
    path("api/projects/1/undo/", echo),
    path("api/projects/2/undo/", fail),
]
BOTH = pytest.mark.parametrize("target", ["/echo", "/api/projects/1/undo/"])


@pytest.fixture(autouse=True)
def own_urls(settings):
    settings.ROOT_URLCONF = __name__


def ask(target, *, method="POST", headers=()):
    return ApplicationCommunicator(
        asgi.application,
        {
            "type": "http",
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": target,
            "raw_path": target.encode(),
            "query_string": b"",
            "root_path": "",
            "headers": [(b"host", b"testserver"), *headers],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 80),
        },
    )


def call(target, *inputs, method="POST", headers=()):
    """Status, headers and content of one request whose content comes in these parts."""

    async def run():
        client = ask(target, method=method, headers=headers)
        for message in inputs:
            await client.send_input(message)
        start = await client.receive_output(timeout=10)
        content, more = b"", True
        while more:
            message = await client.receive_output(timeout=10)
            content += message.get("body", b"")
            more = message.get("more_body", False)
        await client.wait(timeout=10)
        return start["status"], {k.lower(): v for k, v in start["headers"]}, content

    return asyncio.run(run())


def part(body=b"", more=False):
    return {"type": "http.request", "body": body, "more_body": more}


@BOTH
def test_answers_with_status_headers_cookies_and_content(target):
    status, headers, content = call(target, part(b"hello"))

    assert (status, content) == (201, b"hello")
    assert headers[b"set-cookie"].startswith(b"flavour=oat")
    assert headers[b"content-length"] == b"5"


@BOTH
def test_content_that_comes_in_parts_is_put_together(target, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = None
    pieces = [b"a" * 100_000, b"b" * 3_000_000, b"c"]

    _, _, content = call(target, part(pieces[0], True), part(pieces[1], True), part(pieces[2]))

    assert content == b"".join(pieces)


@BOTH
def test_a_browser_that_leaves_half_way_costs_nothing(target):
    async def run():
        client = ask(target)
        await client.send_input(part(b"half", more=True))
        await client.send_input({"type": "http.disconnect"})
        await client.wait(timeout=10)
        return await client.receive_nothing()

    assert asyncio.run(run())


def test_a_stream_is_sent_whole_from_threads_of_its_own():
    status, _, content = call("/stream", part(), method="GET")

    threads = {piece[2:8] for piece in content.replace(b"x", b"").split(b";") if piece}
    assert status == 200
    assert len(content) > 400_000
    assert threads == {b"body_0"} or threads == {b"body_0", b"body_1"}


def test_the_next_part_of_a_stream_is_made_when_the_last_one_is_taken():
    async def run():
        taken = asyncio.Semaphore(2)
        arrived = asyncio.Queue()
        asked = iter([part()])

        async def receive():
            return next(asked, None) or await asyncio.Event().wait()

        async def send(message):
            await arrived.put(message)
            await taken.acquire()

        scope = ask("/stream", method="GET").scope
        request = asyncio.create_task(asgi.application(scope, receive, send))
        # The start and two pieces of the first part; nobody takes the second one yet.
        for _ in range(3):
            await asyncio.wait_for(arrived.get(), 10)
        made_before = list(made)
        for _ in range(20):
            taken.release()
        await asyncio.wait_for(request, 10)
        return made_before

    assert asyncio.run(run()) == [0]
    assert made == [0, 1, 2, 3]


def test_who_leaves_a_stream_ends_it():
    async def run():
        asked = iter([part()])
        has_left = asyncio.Event()

        async def receive():
            if (message := next(asked, None)) is None:
                await has_left.wait()
                message = {"type": "http.disconnect"}
            return message

        async def send(message):
            if message.get("body"):
                has_left.set()
                await asyncio.Event().wait()

        scope = ask("/stream", method="GET").scope
        await asyncio.wait_for(asgi.application(scope, receive, send), 10)

    asyncio.run(run())

    assert made == [0]


def test_a_file_is_sent_whole():
    with open(__file__, "rb") as this:
        assert call("/file", part(), method="GET")[2] == this.read()


@pytest.mark.parametrize(
    ("broken", "whole"),
    [("/fail", "/echo"), ("/api/projects/2/undo/", "/api/projects/1/undo/")],
)
def test_an_error_is_500_and_the_thread_lives_on(broken, whole):
    assert call(broken, part())[0] == 500
    assert call(whole, part(b"still here"))[2] == b"still here"


@pytest.mark.parametrize(
    ("target", "most"),
    [("/echo", handlers.SITE_THREADS), ("/api/projects/1/undo/", handlers.LABELER_THREADS)],
)
def test_many_requests_share_few_threads(target, most):
    seen = {call(target, part())[1][b"x-thread"] for _ in range(40)}

    assert 1 <= len(seen) <= most


def test_labelers_paths_are_answered_by_their_own_threads():
    assert call("/api/projects/1/undo/", part())[1][b"x-thread"].startswith(b"labeler")
    assert call("/echo", part())[1][b"x-thread"].startswith(b"site")


def test_labelers_paths_are_the_views_written_for_them():
    def is_fast(pattern):
        return issubclass(getattr(pattern.callback, "cls", object), FastView)

    for pattern in urls.urlpatterns:
        if isinstance(pattern, URLPattern):
            route = "/api/" + str(pattern.pattern)
            assert bool(asgi.LABELERS_PATHS.fullmatch(route)) == is_fast(pattern), route
