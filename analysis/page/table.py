"""A table of the page: everything in it is text, which the template escapes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from analysis.report.words import clipped
from analysis.safe_text import shown

_CELL_LENGTH_MAX = 300


@dataclass(frozen=True, slots=True)
class Column:
    """The name above a column, and what it holds: 'text', 'number', 'code' or 'time'."""

    name: str
    kind: str


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of text under a caption; `none` is said instead when there are none."""

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    none: str = "Nothing."
    left_out: int = 0


def table(
    caption: str,
    header: str | Sequence[str],
    rows: Iterable[Sequence[str | None]],
    none: str = "Nothing.",
    rows_max: int = 1000,
) -> Table:
    """A table. In the header `name | #count | =trace` a `#` marks numbers, which stand to the
    right, a `=` what is copied, an `@` times. Text is made harmless and short; None is unknown."""
    names = [name.strip() for name in header.split("|")] if isinstance(header, str) else header
    every = [tuple(cell_text(cell) for cell in row) for row in rows]
    return Table(
        caption=caption,
        columns=tuple(_column(name) for name in names),
        rows=tuple(every[:rows_max]),
        none=none,
        left_out=max(0, len(every) - rows_max),
    )


def cell_text(text: str | None, length_max: int = _CELL_LENGTH_MAX) -> str:
    """Text of a sender on one line, its beginning when it is long; a dash when it is unknown."""
    return "\u2013" if text is None else shown(clipped(text, length_max))


def _column(name: str) -> Column:
    kinds = {"#": "number", "=": "code", "@": "time"}
    return Column(name.lstrip("#=@"), kinds.get(name[:1], "text"))
