"""The request threads: what Django's own handler would answer, in a fixed number of threads."""

import asyncio
import threading

import pytest
from asgiref.testing import ApplicationCommunicator
from django.http import FileResponse, HttpResponse, StreamingHttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from annotation import asgi

seen_threads = set()


@csrf_exempt
def echo(request):
    seen_threads.add(threading.current_thread().name)
    response = HttpResponse(request.body, status=201, headers={"X-Said": "ja"})
    response.set_cookie("flavour", "oat")
    return response


def stream(request):
    def parts():
        for i in range(3):
            yield f"{i}:{threading.current_thread().name};".encode()
        yield b"x" * 200_000

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
]


@pytest.fixture(autouse=True)
def own_urls(settings):
    settings.ROOT_URLCONF = __name__


def call(target, *inputs, method="POST"):
    """Status, headers and content of one request whose content comes in these parts."""

    async def run():
        client = ApplicationCommunicator(
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
                "headers": [(b"host", b"testserver")],
                "client": ("127.0.0.1", 1),
                "server": ("127.0.0.1", 80),
            },
        )
        for message in inputs:
            await client.send_input(message)
        start = await client.receive_output(timeout=10)
        content, more = b"", True
        while more:
            message = await client.receive_output(timeout=10)
            content += message["body"]
            more = message.get("more_body", False)
        await client.wait(timeout=10)
        return start["status"], dict(start["headers"]), content

    return asyncio.run(run())


def part(body=b"", more=False):
    return {"type": "http.request", "body": body, "more_body": more}


def test_answers_with_status_headers_cookies_and_content():
    status, headers, content = call("/echo", part(b"hello"))

    assert (status, content) == (201, b"hello")
    assert headers[b"x-said"] == b"ja"
    assert headers[b"set-cookie"].startswith(b"flavour=oat")
    assert headers[b"content-length"] == b"5"


def test_content_that_comes_in_parts_is_put_together(settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = None
    pieces = [b"a" * 100_000, b"b" * 3_000_000, b"c"]

    _, _, content = call("/echo", part(pieces[0], True), part(pieces[1], True), part(pieces[2]))

    assert content == b"".join(pieces)


def test_a_browser_that_leaves_half_way_costs_nothing():
    async def run():
        client = ApplicationCommunicator(
            asgi.application, {"type": "http", "method": "POST", "path": "/echo", "headers": []}
        )
        await client.send_input(part(b"half", more=True))
        await client.send_input({"type": "http.disconnect"})
        await client.wait(timeout=10)
        return await client.receive_nothing()

    assert asyncio.run(run())


def test_a_stream_is_sent_in_chunks_from_one_thread():
    status, _, content = call("/stream", part(), method="GET")

    names = {piece.split(b":")[1] for piece in content.split(b";")[:3]}
    assert status == 200
    assert len(names) == 1
    assert content.endswith(b"x" * 200_000)


def test_a_file_is_sent_whole():
    with open(__file__, "rb") as this:
        assert call("/file", part(), method="GET")[2] == this.read()


def test_an_error_is_500_and_the_thread_lives_on():
    assert call("/fail", part())[0] == 500
    assert call("/echo", part(b"still here"))[2] == b"still here"


def test_many_requests_share_few_threads():
    seen_threads.clear()

    for i in range(40):
        assert call("/echo", part(str(i).encode()))[2] == str(i).encode()

    assert len(seen_threads) <= asgi.THREADS
