"""Rows on their way to a reader: named columns of plain values."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, fields
from enum import Enum
from typing import Any, TypeVar

import pyarrow as pa

from analysis.arrow_values import Value, column_values

Record = TypeVar("Record")


class Kind(Enum):
    """What a column holds, as far as showing it goes."""

    TEXT = "text"
    NUMBER = "number"
    TIME = "time"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name, what it holds, its values from top to bottom."""

    name: str
    kind: Kind
    values: Sequence[Value]


@dataclass(frozen=True, slots=True)
class Rows:
    """Columns of one length. No two have the same name."""

    columns: tuple[Column, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns, in order."""
        return tuple(column.name for column in self.columns)

    def __len__(self) -> int:
        """How many rows there are."""
        return len(self.columns[0].values) if self.columns else 0

    def __iter__(self) -> Iterator[tuple[Value, ...]]:
        """Row by row, values in the order of the columns."""
        return zip(*(column.values for column in self.columns), strict=True)

    def without(self, names: Collection[str]) -> "Rows":
        """The same rows without the columns of these names."""
        return Rows(tuple(column for column in self.columns if column.name not in names))

    def without_unknown(self) -> "Rows":
        """The same rows without the columns in which nothing is known."""
        known = (c for c in self.columns if any(value is not None for value in c.values))
        return Rows(tuple(known) or self.columns)

    def led_by(self, names: Sequence[str]) -> "Rows":
        """The same rows with the columns of these names first, in this order."""
        first = [column for name in names for column in self.columns if column.name == name]
        return Rows((*first, *self.without(names).columns))

    def records(self, record_class: type[Record]) -> list[Record]:
        """Each row as a dataclass whose fields are named like the columns that hold them."""
        names = [field.name for field in fields(record_class)]  # type: ignore[arg-type]  # any dataclass
        columns: dict[str, Any] = {column.name: column.values for column in self.columns}
        by_field = [columns[name] for name in names]
        return [record_class(*values) for values in zip(*by_field, strict=True)]


def rows_from_arrow(table: pa.Table) -> Rows:
    """The rows of an Arrow table. A name that comes again gets a number: `n`, `n_2`."""
    names = _distinct(table.column_names)
    return Rows(
        tuple(
            Column(name, _kind(column.type), column_values(column))
            for name, column in zip(names, table.columns, strict=True)
        )
    )


def text_rows(names: Sequence[str], rows: Sequence[Sequence[str | None]]) -> Rows:
    """Rows of text that were made here."""
    by_column = list(zip(*rows, strict=True)) or [()] * len(names)
    return Rows(
        tuple(
            Column(name, Kind.TEXT, values) for name, values in zip(names, by_column, strict=True)
        )
    )


def _distinct(names: Sequence[str]) -> list[str]:
    distinct: list[str] = []
    for name in names:
        candidate, number = name, 2
        while candidate in distinct:
            candidate, number = f"{name}_{number}", number + 1
        distinct.append(candidate)
    return distinct


def _kind(kind: pa.DataType) -> Kind:
    if pa.types.is_timestamp(kind):
        return Kind.TIME
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return Kind.NUMBER
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_dictionary(kind):
        return Kind.TEXT
    return Kind.OTHER
