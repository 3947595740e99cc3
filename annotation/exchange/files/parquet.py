"""Parquet: typed columns, read and written in batches."""

from collections.abc import Callable, Iterator, Mapping
from typing import IO, Any

from annotation.exchange.files.base import BrokenFile, FileKind, Numbered
from annotation.exchange.format import CHUNK, Shape
from annotation.exchange.record import Row
from annotation.sentences import say


def read(file: IO[bytes]) -> Numbered:
    """(number of the row, {column: value}); nulls are left out."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        batches = pq.ParquetFile(file).iter_batches(CHUNK)
        number = 0
        for batch in batches:
            for row in batch.to_pylist():
                number += 1
                yield number, {name: value for name, value in row.items() if value is not None}
    except (pa.ArrowException, OSError) as error:
        raise BrokenFile(
            say("parquet_broken", "Expected a Parquet file: {why}", why=str(error))
        ) from error


def write(chunks: Iterator[list[Row]], fields: Mapping[str, Shape]) -> Iterator[bytes]:
    import json

    import pyarrow as pa
    import pyarrow.parquet as pq

    types = _types()
    schema = pa.schema([(name, types[shape]) for name, shape in fields.items()])
    text: dict[str, Callable[[object], str]] = {
        **{name: str for name, shape in fields.items() if shape == Shape.TEXT},
        **{name: json.dumps for name, shape in fields.items() if shape == Shape.JSON},
    }
    sink = _Sink()
    with pq.ParquetWriter(pa.PythonFile(sink, mode="w"), schema) as writer:
        for chunk in chunks:
            rows = [
                {
                    name: text[name](value) if name in text and value is not None else value
                    for name, value in row.items()
                }
                for row in chunk
            ]
            writer.write_batch(pa.RecordBatch.from_pylist(rows, schema=schema))
            yield sink.taken()
    yield sink.taken()


def _types() -> dict[Shape, Any]:
    import pyarrow as pa

    message = pa.struct([("role", pa.string()), ("content", pa.string())])
    return {
        Shape.TEXT: pa.string(),
        Shape.WHOLE: pa.int64(),
        Shape.NUMBER: pa.float64(),
        Shape.FLAG: pa.bool_(),
        Shape.TEXTS: pa.list_(pa.string()),
        Shape.WHOLES: pa.list_(pa.int64()),
        Shape.MESSAGES: pa.list_(message),
        Shape.JSON: pa.string(),
    }


class _Sink:
    """A file to write to, whose bytes are taken away as they come."""

    closed = False

    def __init__(self) -> None:
        self.parts: list[bytes] = []

    def write(self, content: bytes) -> int:
        # Copied: the writer uses its buffer again.
        self.parts.append(bytes(content))
        return len(content)

    def taken(self) -> bytes:
        parts, self.parts = self.parts, []
        return b"".join(parts)

    def flush(self) -> None:
        """Nothing is kept back."""

    def close(self) -> None:
        self.closed = True


PARQUET = FileKind(
    "parquet",
    (".parquet",),
    "application/vnd.apache.parquet",
    read,
    write,
    is_table=True,
)
