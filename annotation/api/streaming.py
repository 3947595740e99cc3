"""A body that is made while it is sent."""

from collections.abc import Iterator

from django.http import StreamingHttpResponse


def stream_lines(chunks: Iterator[bytes], *, filename: str) -> StreamingHttpResponse:
    """JSON lines to be saved as `filename`.

    Each chunk is made when the client has taken the one before, perhaps minutes later and in
    another thread: neither a transaction nor a cursor may be open between two of them.
    """
    response = StreamingHttpResponse(chunks, content_type="application/x-ndjson")
    response["Content-Disposition"] = f'attachment; filename="{filename}"'
    return response
