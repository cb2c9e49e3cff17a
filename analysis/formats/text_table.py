"""Rows as a table for a terminal: what fits, from the left, and the names of what did not.

Saved queries put what matters first, so a narrow terminal shows the first columns that fit. Names
break after their underscores, times are cut to seconds, durations get a unit, long text is cut.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, zip_longest

from analysis.formats.shown_column import ShownColumn, shown_cell
from analysis.formats.text_width import padded, text_width, wrapped
from analysis.rows import Rows
from analysis.safe_text import shown

_TEXT_WIDTHS = (20, 16, 12)
_GAP = "  "
_RULE = "─"


@dataclass(frozen=True, slots=True)
class TextTable:
    """A table as text, ended by a line feed, and the names of the columns it has no room for."""

    text: str
    left_out: tuple[str, ...]


def text_table(rows: Rows, width: int | None = None, colour: bool = False) -> TextTable:
    """The rows as a table at most `width` characters wide; one row that is wider stands upright."""
    if width is None:
        whole = [ShownColumn(column, None) for column in rows.columns]
        return TextTable(_across(whole, [column.width for column in whole], colour), ())
    columns = _fitting(rows, width)
    if len(rows) == 1 and len(columns) < len(rows.columns):
        return TextTable(_upright(rows, width, colour), ())
    text = _across(columns, _shared_width(columns, width), colour)
    return TextTable(text, rows.names[len(columns) :])


def _fitting(rows: Rows, width: int) -> list[ShownColumn]:
    """The first columns that fit; texts are folded tighter until a number is among them."""
    attempts = []
    for text_width_min in _TEXT_WIDTHS:
        columns = [ShownColumn(column, text_width_min) for column in rows.columns]
        ends = accumulate(column.width_min + len(_GAP) for column in columns)
        count = max(1, sum(end <= width + len(_GAP) for end in ends))
        attempts.append(columns[:count])
        if count == len(columns) or any(column.right for column in attempts[-1]):
            return attempts[-1]
    return attempts[0]


def _shared_width(columns: Sequence[ShownColumn], width: int) -> list[int]:
    """The width of each column: its own where there is room, else the widest give way first."""
    widths = [column.width for column in columns]
    while sum(widths) + len(_GAP) * (len(widths) - 1) > width:
        free = [i for i, column in enumerate(columns) if widths[i] > column.width_min]
        if not free:
            break
        widths[max(free, key=lambda index: widths[index])] -= 1
    return widths


def _across(columns: Sequence[ShownColumn], widths: Sequence[int], colour: bool) -> str:
    headers = [column.header.split("\n") for column in columns]
    height = max(len(header) for header in headers)
    bottom = [[""] * (height - len(header)) + header for header in headers]
    lines = [_bold(_line(parts, columns, widths), colour) for parts in zip(*bottom, strict=True)]
    lines.append(_RULE * (sum(widths) + len(_GAP) * (len(widths) - 1)))
    for cells in zip(*(column.cells for column in columns), strict=True):
        folded = (wrapped(cell, width) for cell, width in zip(cells, widths, strict=True))
        for parts in zip_longest(*folded, fillvalue=""):
            lines.append(_line(parts, columns, widths))
    return "".join(f"{line}\n" for line in lines)


def _line(parts: Sequence[str], columns: Sequence[ShownColumn], widths: Sequence[int]) -> str:
    cells = (
        padded(part, width, right=column.right)
        for part, column, width in zip(parts, columns, widths, strict=True)
    )
    return _GAP.join(cells).rstrip()


def _upright(rows: Rows, width: int, colour: bool) -> str:
    """One row as a list of its columns."""
    names = [shown(name) for name in rows.names]
    name_width = max(text_width(name) for name in names)
    lines = []
    for name, column in zip(names, rows.columns, strict=True):
        cell = shown_cell(column, column.values[0], narrow=False)
        first, *more = wrapped(cell, max(20, width - name_width - len(_GAP)))
        lines.append(f"{_bold(padded(name, name_width), colour)}{_GAP}{first}")
        lines += [f"{' ' * name_width}{_GAP}{line}" for line in more]
    return "".join(f"{line}\n" for line in lines)


def _bold(text: str, colour: bool) -> str:
    return f"\x1b[1m{text}\x1b[0m" if colour else text
