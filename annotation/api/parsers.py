from typing import IO, Any

from rest_framework.parsers import BaseParser


class LinesParser(BaseParser):
    """JSON lines, handed on line by line: a body of any size is never held at once."""

    media_type = "application/x-ndjson"

    def parse(
        self, stream: IO[bytes], media_type: str | None = None, parser_context: Any = None
    ) -> Any:
        return iter(stream)
