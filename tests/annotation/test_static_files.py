import gzip

import pytest
from django.contrib.staticfiles import finders

from annotation import asgi, static_files
from tests.annotation.test_asgi import call, part

SCRIPT = b"export const words = 'the same again and again';\n" * 5000


@pytest.fixture
def files(settings, tmp_path, monkeypatch):
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "page-Bk3x.js").write_bytes(SCRIPT)
    (tmp_path / "favicon.svg").write_bytes(b"<svg/>")
    settings.STATICFILES_DIRS = [tmp_path]
    finders.get_finder.cache_clear()
    monkeypatch.setattr(asgi, "_files", static_files.StaticFiles())
    yield
    finders.get_finder.cache_clear()


def get(target, *, method="GET", **headers):
    asked = [(name.replace("_", "-").encode(), value) for name, value in headers.items()]
    return call(target, part(), method=method, headers=asked)


def test_a_file_named_after_its_content_is_kept_for_good(files):
    status, headers, content = get("/static/assets/page-Bk3x.js")

    assert (status, content) == (200, SCRIPT)
    assert headers[b"cache-control"] == b"public, max-age=31536000, immutable"
    assert headers[b"content-type"].endswith(b"javascript; charset=utf-8")
    assert headers[b"content-length"] == str(len(SCRIPT)).encode()
    assert headers[b"x-content-type-options"] == b"nosniff"


def test_who_can_read_it_gets_it_compressed(files):
    _, headers, content = get("/static/assets/page-Bk3x.js", accept_encoding=b"br, gzip")

    assert headers[b"content-encoding"] == b"gzip"
    assert headers[b"vary"] == b"accept-encoding"
    assert len(content) < len(SCRIPT) / 20
    assert gzip.decompress(content) == SCRIPT


def test_what_does_not_get_smaller_goes_as_it_is(files):
    _, headers, content = get("/static/favicon.svg", accept_encoding=b"gzip")

    assert content == b"<svg/>"
    assert b"content-encoding" not in headers


def test_another_file_is_asked_for_again_and_not_sent_again(files):
    _, first, _ = get("/static/favicon.svg")

    status, headers, content = get("/static/favicon.svg", if_none_match=first[b"etag"])

    assert first[b"cache-control"] == b"no-cache"
    assert (status, content) == (304, b"")
    assert headers[b"etag"] == first[b"etag"]


def test_the_head_alone_has_no_content(files):
    status, headers, content = get("/static/favicon.svg", method="HEAD")

    assert (status, content, headers[b"content-length"]) == (200, b"", b"6")


@pytest.mark.parametrize(
    "name",
    ["nothing.js", "", "assets/", "../settings.py", "assets/../../settings.py", "/etc/passwd"],
)
def test_what_is_no_file_of_ours_is_not_found(files, name):
    assert get(f"/static/{name}")[0] == 404


def test_nothing_can_be_written(files):
    assert get("/static/favicon.svg", method="POST")[0] == 405


def test_the_pages_of_the_api_find_their_scripts(files):
    status, _, content = get("/static/drf_spectacular_sidecar/swagger-ui-dist/swagger-ui.css")

    assert status == 200
    assert b".swagger-ui" in content
