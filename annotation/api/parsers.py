from typing import IO, Any

from rest_framework.parsers import BaseParser


class FileParser(BaseParser):
    """A body of any type, handed on as it comes: one of any size is never held at once."""

    media_type = "*/*"

    def parse(
        self, stream: IO[bytes], media_type: str | None = None, parser_context: Any = None
    ) -> Any:
        return stream
