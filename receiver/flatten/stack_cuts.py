"""Where the message stands in many stacks at once, where that is plain to see.

Nearly every stack is of one of two forms: a traceback of Python, which ends with the message and a
line end, or any other, which begins with the class and the message. For these the place is that of
`stack_text.message_place`, for no other one can come before it. Everything else is left to that.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from receiver.fingerprints.stack_text import RAISE_LAST
from receiver.flatten.columns import CodedColumn, Mask
from receiver.flatten.stack_attributes import StackAttributes

_Bytes = npt.NDArray[np.uint8]
_Ints = npt.NDArray[np.int64]

_TRACEBACK = np.frombuffer(RAISE_LAST.encode(), np.uint8)
_COLON, _SPACE, _LINE_END, _RETURN = 0x3A, 0x20, 0x0A, 0x0D
_MESSAGE_BYTES_MAX = 1_024
_ALL_BYTES_MAX = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Cuts:
    """Stacks whose message stands at a plain place, by row: at the end of a traceback (`last`), or
    after the class (`first`). What remains besides the line end, or the class, is in `content` from
    `begins` to `ends`."""

    last: Mask
    first: Mask
    begins: _Ints
    ends: _Ints

    def distinct(
        self, content: memoryview, class_codes: npt.NDArray[np.int32]
    ) -> tuple[list[int], _Ints]:
        """A row of each distinct stack without its message, and by row in which of them it is; -1
        where the place is not plain.

        What lies between the texts counts as NULL, so that none of them is copied to be compared.
        """
        plain = np.flatnonzero(self.last | self.first)
        codes = np.full(len(self.last), -1, dtype=np.int64)
        if len(plain) == 0:
            return [], codes
        offsets = np.empty(2 * len(plain), dtype=np.int32)
        offsets[::2], offsets[1::2] = self.begins[plain], self.ends[plain]
        valid = np.zeros(len(offsets) - 1, dtype=np.bool_)
        valid[::2] = True
        bitmap = pa.py_buffer(np.packbits(valid, bitorder="little"))
        buffers = [bitmap, pa.py_buffer(offsets), pa.py_buffer(content)]
        texts = pa.Array.from_buffers(pa.binary(), len(valid), buffers).dictionary_encode()
        numbers = texts.indices.fill_null(-1).to_numpy()[::2].astype(np.int64)
        width = int(class_codes.max(initial=-1)) + 2
        classes = np.where(self.first[plain], class_codes[plain] + 1, 0)
        _, rows, codes[plain] = np.unique(
            numbers * width + classes, return_index=True, return_inverse=True
        )
        return plain[rows].tolist(), codes


def plain_cuts(
    source: StackAttributes, rows: _Ints, exception_type: CodedColumn, message: CodedColumn
) -> Cuts:
    """The cuts of the stacks of these rows; type and message have a row for each."""
    data = np.frombuffer(source.content, np.uint8)
    starts, ends = source.starts[rows], source.ends[rows]
    words, word_lengths = _usable(message, _is_usable_message)
    names, name_lengths = _usable(exception_type, _is_usable_type)
    nothing = np.zeros(len(starts), dtype=np.bool_)
    told = (ends > 0) & (word_lengths > 0)
    if int(word_lengths[told].sum()) > _ALL_BYTES_MAX:
        return Cuts(nothing, nothing, starts, ends)
    traceback = told & _begins_with_traceback(data, starts, ends)
    at_last = ends - 1 - word_lengths
    last = traceback & (at_last - 2 > starts) & (_at(data, ends - 1) == _LINE_END)
    last &= _after_colon(data, at_last)
    last = _with_words(data, last, at_last, words, message)
    at_first = starts + name_lengths + 2
    after = at_first + word_lengths
    first = told & ~traceback & (name_lengths > 0) & (after <= ends)
    next_byte = _at(data, after)
    first &= _after_colon(data, at_first) & (
        (after == ends) | (next_byte == _LINE_END) | (next_byte == _RETURN)
    )
    first = _with_words(data, first, at_first, words, message)
    first = _with_words(data, first, starts, names, exception_type)
    return Cuts(last, first, np.where(first, after, starts), np.where(last, at_last, ends))


def _is_usable_message(text: str) -> bool:
    return not text.endswith("\n") and RAISE_LAST not in text


def _is_usable_type(text: str) -> bool:
    return ": " not in text and not text.endswith(":") and RAISE_LAST not in text


def _usable(column: CodedColumn, is_usable: Callable[[str], bool]) -> tuple[pa.StringArray, _Ints]:
    """The values of a column, and by row the length in bytes of the value, 0 where there is none
    that can be looked for."""
    texts = pa.array([value or "" for value in column.values], pa.string())
    lengths = pc.binary_length(texts).to_numpy().astype(np.int64)
    fine = [value is not None and is_usable(value) for value in column.values]
    lengths[~np.array(fine, dtype=np.bool_) | (lengths > _MESSAGE_BYTES_MAX)] = 0
    return texts, np.append(lengths, 0)[column.codes]


def _begins_with_traceback(data: _Bytes, starts: _Ints, ends: _Ints) -> Mask:
    long = np.flatnonzero(ends - starts > len(_TRACEBACK))
    heads = data[starts[long][:, None] + np.arange(len(_TRACEBACK))]
    result = np.zeros(len(starts), dtype=np.bool_)
    result[long[(heads == _TRACEBACK).all(axis=1)]] = True
    return result


def _after_colon(data: _Bytes, at: _Ints) -> Mask:
    mask: Mask = (_at(data, at - 2) == _COLON) & (_at(data, at - 1) == _SPACE)
    return mask


def _at(data: _Bytes, places: _Ints) -> _Bytes:
    return data[np.clip(places, 0, len(data) - 1)]


def _with_words(
    data: _Bytes, rows: Mask, at: _Ints, texts: pa.StringArray, column: CodedColumn
) -> Mask:
    """Those of the rows at whose place in `data` the text of the column stands."""
    some = np.flatnonzero(rows)
    result = np.zeros(len(rows), dtype=np.bool_)
    if len(some) == 0:
        return result
    wanted = texts.take(pa.array(column.codes[some]))
    offsets = np.frombuffer(wanted.buffers()[1], np.int32)[: len(some) + 1].astype(np.int64)
    text = np.frombuffer(wanted.buffers()[2], np.uint8)[: offsets[-1]]
    places = np.repeat(at[some] - offsets[:-1], np.diff(offsets)) + np.arange(len(text))
    wrong = np.concatenate([[0], np.cumsum(data[places] != text)])
    result[some] = wrong[offsets[1:]] == wrong[offsets[:-1]]
    return result
