"""FORMATS: every format there is. A new one is a file in this folder and a row below."""

from annotation.exchange.format import Format
from annotation.exchange.formats import (
    hh,
    kto,
    labels,
    oasst,
    pairs,
    pandalm,
    project,
    prompts,
    responses,
    rows,
)

# In the order in which a file is tried: a format comes before those whose fields it has as well.
FORMATS: dict[str, Format] = {
    format_.name: format_
    for format_ in (
        rows.FORMAT,
        pairs.FORMAT,
        hh.FORMAT,
        pandalm.FORMAT,
        oasst.FORMAT,
        responses.FORMAT,
        prompts.FORMAT,
        kto.FORMAT,
        labels.FORMAT,
        project.FORMAT,
    )
}
