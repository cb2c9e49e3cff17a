"""Stack traces on the wire: found and taken out of attributes before those are decoded.

A stack is a hundred times as long as any other attribute, and during an incident most bytes of a
request are stacks. As attributes they would be copied, compared, decoded and written as JSON, to be
stored a second time. Here they stay where they are, and only their places are known.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from receiver.flatten.columns import Mask

STACK_KEY = "exception.stacktrace"
# KeyValue: the key, field 1, and the tag of the value, field 2; then the length of the AnyValue.
_HEAD = np.frombuffer(
    b"\x0a" + bytes([len(STACK_KEY)]) + STACK_KEY.encode() + b"\x12", dtype=np.uint8
)
_STRING_TAG = 0x0A  # AnyValue.string_value, field 1
_VARINT_BYTES_MAX = 5
_Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class StackAttributes:
    """The stack of every list of attributes: where its text begins and ends in `content`, both 0
    where it has none; and the lists without it."""

    lists: pa.Array
    content: memoryview
    starts: _Ints
    ends: _Ints

    @property
    def known(self) -> Mask:
        """Which lists have one."""
        return self.ends > 0

    def texts(self, rows: _Ints) -> Iterator[str | None]:
        """The texts of these lists, one at a time."""
        content = self.content
        for start, end in zip(self.starts[rows].tolist(), self.ends[rows].tolist(), strict=True):
            yield str(content[start:end], "utf-8") if end else None


def take_stacks(lists: pa.Array) -> StackAttributes:
    """Takes the first stack out of each list of serialized `KeyValue` messages, a `list<binary>`
    without NULLs.

    Only the usual spelling is taken, the key and then one text; what is spelled otherwise, or
    empty, stays in the lists.
    """
    flat = pc.list_flatten(lists)
    _, offset_buffer, content = flat.buffers()
    rows = len(lists)
    nowhere = np.zeros(rows, dtype=np.int64)
    if len(flat) == 0 or content is None:
        return StackAttributes(lists, memoryview(b""), nowhere, nowhere)
    bounds = np.frombuffer(offset_buffer, np.int32)[flat.offset :][: len(flat) + 1]
    data = np.frombuffer(content, np.uint8)
    places = _with_head(data, bounds)
    places, begins = _with_one_text(data, bounds, places)
    parents = pc.list_parent_indices(lists).to_numpy()
    owners, first = np.unique(parents[places], return_index=True)
    places, begins = places[first], begins[first]
    starts, ends = nowhere, nowhere.copy()
    starts[owners], ends[owners] = begins, bounds[places + 1]
    return StackAttributes(_without(lists, flat, places), memoryview(content), starts, ends)


def _with_head(data: npt.NDArray[np.uint8], bounds: npt.NDArray[np.int32]) -> _Ints:
    """The attributes that begin as a stack does; the last character of the key tells most apart."""
    begins = bounds[:-1].astype(np.int64)
    places = np.flatnonzero(np.diff(bounds) > len(_HEAD))
    for at in (1, len(_HEAD) - 2):
        places = places[data[begins[places] + at] == _HEAD[at]]
    heads = data[begins[places][:, None] + np.arange(len(_HEAD))]
    whole: Mask = (heads == _HEAD).all(axis=1)
    return places[whole]


def _with_one_text(
    data: npt.NDArray[np.uint8], bounds: npt.NDArray[np.int32], places: _Ints
) -> tuple[_Ints, _Ints]:
    """Those of the attributes whose value is one text that fills them, and where it begins."""
    ends = bounds[places + 1].astype(np.int64)
    value_length, value = _varints(data, bounds[places].astype(np.int64) + len(_HEAD))
    tag = data[np.minimum(value, len(data) - 1)]
    text_length, text = _varints(data, value + 1)
    right = (
        (value + value_length == ends)
        & (tag == _STRING_TAG)
        & (text + text_length == ends)
        & (text_length > 0)
    )
    return places[right], text[right]


def _varints(data: npt.NDArray[np.uint8], at: _Ints) -> tuple[_Ints, _Ints]:
    """The varints at these places, and the place after each; -1 for what is too long to be one of
    ours."""
    value = np.zeros(len(at), dtype=np.int64)
    more = np.ones(len(at), dtype=np.bool_)
    after = at.copy()
    for number in range(_VARINT_BYTES_MAX):
        byte = data[np.minimum(after, len(data) - 1)].astype(np.int64)
        value |= np.where(more, (byte & 0x7F) << (7 * number), 0)
        after += more
        more &= byte >= 0x80
    return np.where(more, -1, value), after


def _without(lists: pa.Array, flat: pa.Array, places: _Ints) -> pa.Array:
    """The lists without these of their values."""
    if len(places) == 0:
        return lists
    kept = np.ones(len(flat), dtype=np.bool_)
    kept[places] = False
    offsets = lists.offsets.to_numpy().astype(np.int64)
    offsets -= offsets[0]
    taken = np.concatenate([[0], np.cumsum(~kept)])
    fewer = (offsets - taken[offsets]).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(fewer), flat.filter(pa.array(kept)))
