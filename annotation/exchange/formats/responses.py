"""`responses`: a prompt and two to nine responses that nobody has judged yet, for labelers."""

from annotation.exchange.format import Format, Holds
from annotation.exchange.formats.prompts import FIELDS, read
from annotation.exchange.record import Record, Row, check_comparable


def read_group(row: Row) -> list[Record]:
    found = read(row)
    for record in found:
        check_comparable(record)
    return found


FORMAT = Format(
    "responses",
    Holds.RESPONSES,
    FIELDS,
    telling=(frozenset({"prompt", "responses"}), frozenset({"messages", "responses"})),
    read=read_group,
)
