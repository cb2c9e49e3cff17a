"""Values of an Arrow column as plain Python ones, whatever DuckDB's type was.

Times become RFC 3339 text in UTC with nanoseconds, which Python's own datetime would lose; numbers
stay numbers, exactly; lists, structs and maps become lists and objects.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa

Value = None | bool | int | float | Decimal | str | Sequence["Value"] | dict[str, "Value"]
# What pyarrow hands over before it is converted.
Raw = Any

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_UNITS_PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
_INFINITE = {2**63 - 1: "infinity", -(2**63) + 1: "-infinity"}


def column_values(column: pa.ChunkedArray) -> list[Value]:
    """The values of a column, top to bottom; NULL is None."""
    if isinstance(column.type, pa.BaseExtensionType):
        column = pa.chunked_array(
            [chunk.storage for chunk in column.chunks], column.type.storage_type
        )
    convert = _converter(column.type)
    exact = column.cast(_exact_type(column.type))
    return [None if value is None else convert(value) for value in exact.to_pylist()]


def utc_text(since_epoch: int, unit: str) -> str:
    """A time as RFC 3339 in UTC with nanoseconds: `2026-11-21T09:26:00.000000000Z`."""
    if since_epoch in _INFINITE:
        return _INFINITE[since_epoch]
    per_second = _UNITS_PER_SECOND[unit]
    seconds, rest = divmod(since_epoch, per_second)
    try:
        whole = (_EPOCH + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S")
    except OverflowError:  # a year that has no four digits
        return f"{since_epoch} {unit} since 1970"
    return f"{whole.rjust(19, '0')}.{rest * (10**9 // per_second):09d}Z"


def _exact_type(kind: pa.DataType) -> pa.DataType:
    """The type with every time as the integer it is, so that no digit is lost on the way."""
    if pa.types.is_timestamp(kind):
        return pa.int64()
    if pa.types.is_dictionary(kind):
        return kind.value_type
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        return pa.list_(_exact_type(kind.value_type))
    if pa.types.is_map(kind):
        return pa.map_(_exact_type(kind.key_type), _exact_type(kind.item_type))
    if pa.types.is_struct(kind):
        return pa.struct([field.with_type(_exact_type(field.type)) for field in kind])
    return kind


def _converter(kind: pa.DataType) -> Callable[[Raw], Value]:
    """How one value of a type becomes a plain one; None is handled by the caller."""
    if pa.types.is_timestamp(kind):
        return lambda value: utc_text(value, kind.unit)
    if pa.types.is_decimal(kind):
        return int if kind.scale == 0 else _itself
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        return _list_converter(kind.value_type)
    if pa.types.is_map(kind):
        return _map_converter(kind)
    if pa.types.is_struct(kind):
        return _struct_converter(kind)
    return _plain


def _list_converter(element_type: pa.DataType) -> Callable[[Raw], Value]:
    convert = _optional(_converter(element_type))
    return lambda values: [convert(value) for value in values]


def _map_converter(kind: pa.DataType) -> Callable[[Raw], Value]:
    key, item = _converter(kind.key_type), _optional(_converter(kind.item_type))
    return lambda pairs: {str(key(k)): item(v) for k, v in pairs}


def _struct_converter(kind: pa.DataType) -> Callable[[Raw], Value]:
    fields = [(field.name, _optional(_converter(field.type))) for field in kind]
    return lambda values: {name: convert(values[name]) for name, convert in fields}


def _itself(value: Raw) -> Value:
    plain: Value = value
    return plain


def _optional(convert: Callable[[Raw], Value]) -> Callable[[Raw], Value]:
    return lambda value: None if value is None else convert(value)


def _plain(value: Raw) -> Value:
    if isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, pa.MonthDayNano):
        return f"P{value.months}M{value.days}DT{Decimal(value.nanoseconds) / 10**9:f}S"
    return str(value)
