"""JSON text put together in Arrow, a whole column at a time."""

import json
from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

_ESCAPED = np.array([code < 0x20 or chr(code) in '"\\' for code in range(256)])
_NEEDS_ESCAPE = r'[\x00-\x1f"\\]'


def concat(*parts: pa.Array | str) -> pa.Array:
    """The parts of every row one after the other; NULL where any of them is."""
    arrays = [text(part) if isinstance(part, str) else part for part in parts]
    return pc.binary_join_element_wise(*arrays, text(""))


@cache
def text(value: str | None) -> pa.Scalar:
    """A string scalar; naming its type spares Arrow a search for what else it might be."""
    return pa.scalar(value, pa.string())


def quoted(strings: pa.Array) -> pa.Array:
    """Strings as JSON string literals, escaped; NULL stays NULL."""
    plain = concat('"', strings, '"')
    if not _may_need_escape(strings):
        return plain
    odd = pc.fill_null(pc.match_substring_regex(strings, _NEEDS_ESCAPE), False)
    escaped = [json.dumps(one, ensure_ascii=False) for one in strings.filter(odd).to_pylist()]
    return pc.replace_with_mask(plain, odd, pa.array(escaped, pa.string()))


def joined(before: str, lists: pa.Array, items: pa.Array, after: str) -> pa.Array:
    """The items of every list with commas between, in brackets; NULL for an empty list.

    `items` is one value for each value of all lists.
    """
    rows = pc.binary_join(pa.ListArray.from_arrays(lists.offsets, items), text(","))
    filled = pa.array(np.diff(lists.offsets.to_numpy()) > 0)
    return pc.if_else(filled, concat(before, rows, after), text(None))


def _may_need_escape(strings: pa.Array) -> bool:
    """Whether any byte of the strings is one that JSON escapes; far cheaper than a pattern."""
    content = strings.buffers()[2]
    if content is None:
        return False
    characters = np.frombuffer(content, dtype=np.uint8)
    return bool(_ESCAPED[characters].any())
