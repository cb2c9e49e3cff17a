"""What one export request may unfold to as rows, so that none of them keeps the others waiting.

Above these a request is refused for good. They are far from what programs send: the largest
batches of a Collector (8,192 records) stay below a tenth of each.
"""

from collections.abc import Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from receiver.errors import MalformedRequest

RESOURCES_MAX = 20_000
EVENTS_MAX = 500_000
LINKS_MAX = 500_000
NESTED_VALUES_MAX = 1_000_000
REPEATED_TEXT_BYTES_MAX = 512 * 1024 * 1024
CONTROL_CHARACTERS_MAX = 12 * 1024 * 1024
STACK_CHARACTERS_MAX = 16 * 1024 * 1024
MESSAGE_CHARACTERS_MAX = 4 * 1024 * 1024


class PastBound(MalformedRequest):
    """The request, or the group of requests, holds more than one request may."""


def check(seen: int, what: str, most: int) -> None:
    """Raises PastBound if there is more than the bound."""
    if seen > most:
        raise PastBound(
            f"the request holds {seen} {what}, the limit of one request is {most}."
            " Let the exporter send smaller batches."
        )


def check_repeated_text(tables: Iterable[tuple[str, pa.Table | None]]) -> None:
    """Bounds what stands once on the wire and in every row of a table: the text of its resource,
    its scope and its span."""
    columns = [
        column
        for _, table in tables
        if table is not None
        for column in table.columns
        if pa.types.is_dictionary(column.type)
    ]
    if sum(map(_dictionary_bytes_max, columns)) > REPEATED_TEXT_BYTES_MAX:
        size = sum(map(_dictionary_bytes, columns))
        check(size, "bytes of text, repeated in the rows,", REPEATED_TEXT_BYTES_MAX)


def _dictionary_bytes_max(column: pa.ChunkedArray) -> int:
    """What the column would hold if every row had its longest text; far cheaper to know."""
    longest = (pc.max(pc.binary_length(chunk.dictionary)).as_py() or 0 for chunk in column.chunks)
    return len(column) * max(longest, default=0)


def _dictionary_bytes(column: pa.ChunkedArray) -> int:
    total = 0
    for chunk in column.chunks:
        rows = np.bincount(chunk.indices.drop_null().to_numpy(), minlength=len(chunk.dictionary))
        lengths = pc.fill_null(pc.binary_length(chunk.dictionary), 0).to_numpy()
        total += int(rows @ lengths.astype(np.int64))
    return total
