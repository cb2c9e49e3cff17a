"""A column as a table shows it: its cells as text, and how narrow it may get."""

import math

from analysis.arrow_values import Value
from analysis.duration import duration_text
from analysis.formats.json_rows import json_text
from analysis.formats.text_width import text_width
from analysis.rows import Column, Kind
from analysis.safe_text import shortened, shown

TEXT_LENGTH_MAX = 160
_ID_LENGTH = 12
_SHARES = ("_rate", "_share")


class ShownColumn:
    """A column in a table. `right`: it holds numbers, which stand to the right.

    `width` is what it takes when there is room, `width_min` what it needs.
    """

    def __init__(self, column: Column, text_width_min: int | None) -> None:
        """Text is folded down to `text_width_min`; None is a table without any limit."""
        name, narrow = shown(column.name), text_width_min is not None
        self.right = column.kind is Kind.NUMBER
        self.cells = [shown_cell(column, value, narrow) for value in column.values]
        longest = max(map(text_width, self.cells), default=0)
        self.header = _broken(name, longest) if narrow else name
        header_width = max(map(text_width, self.header.split("\n")))
        whole = self.right or column.name.endswith("trace_id")
        foldable = text_width_min is not None and not whole
        needed = min(longest, text_width_min) if foldable and text_width_min else longest
        self.width = max(longest, header_width)
        self.width_min = max(needed, header_width)


def shown_cell(column: Column, value: Value, narrow: bool) -> str:
    """One value as a table shows it; unknown is a dash."""
    match value:
        case None:
            return "–"
        case str() if column.kind is Kind.TIME:
            return value[:19].replace("T", " ") + "Z" if value.endswith("Z") else value
        case str() if narrow and column.name.endswith("trace_id") and len(value) > _ID_LENGTH:
            return shown(value[:_ID_LENGTH]) + "…"
        case str():
            return shortened(shown(value), TEXT_LENGTH_MAX)
        case bool():
            return "yes" if value else "no"
        case int() if column.name.endswith("_ns"):
            return duration_text(value)
        case float() if column.name.endswith(_SHARES):
            return f"{100 * value:.3g} %"
        case float():
            return _number_text(value)
        case dict() | list():
            return shortened(shown(json_text(value)), TEXT_LENGTH_MAX)
        case _:
            return json_text(value)


def _broken(name: str, width: int) -> str:
    """A name over as many lines as its column is narrow, broken after underscores only."""
    lines = [""]
    for part in name.replace("_", "_\n").split("\n"):
        if lines[-1] and text_width(lines[-1] + part) > width:
            lines.append("")
        lines[-1] += part
    return "\n".join(lines)


def _number_text(value: float) -> str:
    if not math.isfinite(value) or value == 0:
        return str(value) if value else "0"
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.4g}"
