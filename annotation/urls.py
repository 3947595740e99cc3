"""/api/ is the product, /ws/ tells what changed, /static/ is files; every other path is a page.

Pages are drawn in the browser by one build, so all of them are the same file.
"""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import include, path, re_path
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_safe

NOT_BUILT = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Whetstone</title>
<p>The browser side of Whetstone is not built yet. Run <code>make setup</code> and start again; the
API is at <a href="/api/docs/">/api/docs/</a> meanwhile.</p>
</html>
"""


@require_safe
@never_cache
@ensure_csrf_cookie
def page(request: HttpRequest) -> HttpResponse:
    """The front end, with the CSRF cookie that its first write needs."""
    try:
        return HttpResponse((settings.FRONTEND_DIR / "index.html").read_bytes())
    except FileNotFoundError:
        return HttpResponse(NOT_BUILT, status=503)


urlpatterns = [
    path("api/", include("annotation.api.urls")),
    # An unknown path below these is an error of the caller, never a page.
    re_path(r"^(?!(?:api|ws|static)(?:/|$)).*$", page),
]
