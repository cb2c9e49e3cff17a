"""JSON text put together in Arrow, a whole column at a time."""

import json
from functools import cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from receiver.flatten import bounds

_ESCAPED = np.array([code < 0x20 or chr(code) in '"\\' for code in range(256)])
# Six characters each in JSON; what is spelled with two, as a line end, makes no text much longer.
_LONG_ESCAPE = np.array([code < 0x20 and chr(code) not in "\b\f\n\r\t" for code in range(256)])
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
    fresh = strings.filter(odd)
    check_control_characters(fresh)
    escaped = [json.dumps(one, ensure_ascii=False) for one in fresh.to_pylist()]
    return pc.replace_with_mask(plain, odd, pa.array(escaped, pa.string()))


def gathered(
    before: str,
    lists: pa.Array,
    dictionary: pa.StringArray,
    codes: npt.NDArray[np.int32],
    after: str,
) -> pa.Array:
    """The same as `joined` for items that are codes into distinct ones, copying each text once.

    Every distinct item ends in a comma, which becomes the closing bracket where it ends a list; one
    that begins a list carries the opening bracket. So the gathered bytes are the rows.
    """
    offsets = lists.offsets.to_numpy().astype(np.int64)
    offsets -= offsets[0]
    starts, filled = offsets[:-1], np.diff(offsets) > 0
    firsts = starts[filled]
    begins = np.zeros(len(dictionary), dtype=np.bool_)
    begins[codes[firsts]] = True
    place = np.cumsum(begins, dtype=np.int32) + np.int32(len(dictionary) - 1)
    codes = codes.copy()
    codes[firsts] = place[codes[firsts]]
    opening = concat(before, dictionary.filter(pa.array(begins)))
    items = pa.concat_arrays([dictionary, opening])
    content_by_item = pc.take(items, pa.array(codes), boundscheck=False)
    _, ends, content = content_by_item.buffers()
    data = np.frombuffer(content, dtype=np.uint8)
    bounds = np.frombuffer(ends, dtype=np.int32)[: len(codes) + 1][offsets]
    data[bounds[1:][filled] - 1] = ord(after)
    bitmap = pa.py_buffer(np.packbits(filled, bitorder="little"))
    return pa.StringArray.from_buffers(len(lists), pa.py_buffer(bounds), content, bitmap)


def joined(before: str, lists: pa.Array, items: pa.Array, after: str) -> pa.Array:
    """The items of every list with commas between, in brackets; NULL for an empty list.

    `items` is one value for each value of all lists.
    """
    rows = pc.binary_join(pa.ListArray.from_arrays(lists.offsets, items), text(","))
    filled = pa.array(np.diff(lists.offsets.to_numpy()) > 0)
    return pc.if_else(filled, concat(before, rows, after), text(None))


def check_control_characters(contents: pa.Array) -> None:
    """Bounds how much longer texts, or bytes that hold texts, become as JSON."""
    content = contents.buffers()[2]
    if content is not None and len(contents):
        found = int(_LONG_ESCAPE[np.frombuffer(content, dtype=np.uint8)].sum())
        bounds.check(found, "control characters in texts", bounds.CONTROL_CHARACTERS_MAX)


def _may_need_escape(strings: pa.Array) -> bool:
    """Whether any byte of the strings is one that JSON escapes; far cheaper than a pattern."""
    content = strings.buffers()[2]
    if content is None:
        return False
    characters = np.frombuffer(content, dtype=np.uint8)
    return bool(_ESCAPED[characters].any())
