"""A column of text held as codes into its distinct values, so that Python touches each distinct
value once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Codes = npt.NDArray[np.int32]
Mask = npt.NDArray[np.bool_]
_FEW = 64
_DENSE = 1 << 20


@dataclass(frozen=True, slots=True)
class CodedColumn:
    """Text by row: `values[codes[row]]`, or NULL where the code is -1."""

    codes: Codes
    values: Sequence[str | None]

    def __len__(self) -> int:
        """How many rows there are."""
        return len(self.codes)

    def at(self, row: int) -> str | None:
        """The value of one row."""
        code = int(self.codes[row])
        return None if code < 0 else self.values[code]

    @property
    def known(self) -> Mask:
        """Which rows are not NULL."""
        if None not in self.values:
            return self.codes >= 0
        lookup = np.array([*(value is not None for value in self.values), False])
        return lookup[self.codes]

    def take(self, rows: npt.NDArray[np.integer]) -> "CodedColumn":
        """The rows at these indices."""
        return CodedColumn(self.codes[rows], self.values)

    def merged(self) -> "CodedColumn":
        """The column with one code for each value; what was made of parts may have several."""
        numbers: dict[str | None, int] = {}
        codes = [numbers.setdefault(value, len(numbers)) for value in self.values]
        return CodedColumn(np.array([*codes, -1], dtype=np.int32)[self.codes], list(numbers))

    def map(self, function: Callable[[str], str | None]) -> "CodedColumn":
        """The column with a function applied to every distinct value; NULL stays NULL."""
        values = [None if value is None else function(value) for value in self.values]
        return CodedColumn(self.codes, values)

    def lookup(self, function: Callable[[str], int], missing: int) -> npt.NDArray[np.int32]:
        """A number by row: the function of its value, `missing` for NULL."""
        numbers = [missing if value is None else function(value) for value in self.values]
        return np.array([*numbers, missing], dtype=np.int32)[self.codes]

    def matches(self, predicate: Callable[[str], bool]) -> Mask:
        """Which rows hold a value that satisfies the predicate; NULL does not."""
        hits = [value is not None and predicate(value) for value in self.values]
        return np.array([*hits, False], dtype=np.bool_)[self.codes]

    def to_arrow(self) -> pa.Array:
        """The column as Arrow: dictionary-encoded, or a null array where nothing is known."""
        known = self.known
        if not known.any():
            return pa.nulls(len(self.codes), pa.string())
        codes, values = self.codes, self.values
        if len(values) > _FEW:
            codes, values = self._used()
        dictionary = pa.array(["" if value is None else value for value in values], pa.string())
        bitmap = None if known.all() else pa.py_buffer(np.packbits(known, bitorder="little"))
        buffers = [bitmap, pa.py_buffer(codes)]
        indices = pa.Array.from_buffers(pa.int32(), len(codes), buffers)
        return pa.DictionaryArray.from_arrays(indices, dictionary)

    def _used(self) -> tuple[Codes, Sequence[str | None]]:
        """Codes into the values that occur: a reader of the column pays for each value."""
        used = np.zeros(len(self.values) + 1, dtype=np.bool_)
        used[self.codes] = True
        used[-1] = False
        compact = np.cumsum(used, dtype=np.int32) - np.int32(1)
        return compact.take(self.codes), [
            self.values[code] for code in np.flatnonzero(used).tolist()
        ]


def constant(value: str | None, rows: int) -> CodedColumn:
    """The same value in every row."""
    return CodedColumn(np.zeros(rows, dtype=np.int32), [value])


def from_arrow(array: pa.Array) -> CodedColumn:
    """An Arrow string array as codes; the empty string counts as NULL, as an unset proto field
    does."""
    encoded = array if pa.types.is_dictionary(array.type) else array.dictionary_encode()
    codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int32)
    values = [value or None for value in encoded.dictionary.to_pylist()]
    return CodedColumn(codes, values)


def where(mask: Mask, yes: CodedColumn, no: CodedColumn) -> CodedColumn:
    """Row by row from `yes` where the mask holds, else from `no`."""
    shifted = np.where(no.codes >= 0, no.codes + np.int32(len(yes.values)), np.int32(-1))
    codes = np.where(mask, yes.codes, shifted).astype(np.int32)
    return CodedColumn(codes, [*yes.values, *no.values])


def coalesce(*columns: CodedColumn) -> CodedColumn:
    """Row by row the first column that is not NULL."""
    result = columns[0]
    for column in columns[1:]:
        known = result.known
        if not known.all():
            result = where(known, result, column)
    return result


def combine(
    left: CodedColumn,
    right: CodedColumn,
    function: Callable[[str | None, str | None], str | None],
) -> CodedColumn:
    """The function of two columns, called once for each distinct pair."""
    rows, codes = distinct(left, right)
    values = [function(left.at(int(row)), right.at(int(row))) for row in rows]
    return CodedColumn(codes, values)


def distinct(*columns: CodedColumn) -> tuple[npt.NDArray[np.int64], Codes]:
    """A row of each distinct combination of the columns, and by row the combination it has."""
    rows = np.arange(1, dtype=np.int64)
    codes = np.zeros(len(columns[0]), dtype=np.int32)
    for column in columns:
        width = len(column.values) + 1
        pairs = codes.astype(np.int64) * width + (column.codes + 1)
        rows, codes = _number(pairs, len(rows) * width)
    return rows, codes


def _number(keys: npt.NDArray[np.int64], size: int) -> tuple[npt.NDArray[np.int64], Codes]:
    """A row of each distinct key below `size`, in the order of the keys, and by row its number."""
    if size > _DENSE:
        _, rows, inverse = np.unique(keys, return_index=True, return_inverse=True)
        return rows, inverse.astype(np.int32)
    row_by_key = np.full(size, -1, dtype=np.int64)
    row_by_key[keys[::-1]] = np.arange(len(keys) - 1, -1, -1)
    used = row_by_key >= 0
    number = np.cumsum(used, dtype=np.int32) - np.int32(1)
    return row_by_key[used], number.take(keys)
