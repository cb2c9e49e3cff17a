"""Rows as a Markdown table (GitHub Flavored Markdown), numbers to the right."""

import math
from collections.abc import Iterator

from analysis.arrow_values import Value
from analysis.formats.json_rows import json_text
from analysis.formats.markdown_text import cell
from analysis.rows import Kind, Rows


def markdown_lines(rows: Rows) -> Iterator[str]:
    """A header, its ruler, then one line per row."""
    yield _line([cell(name) for name in rows.names])
    yield _line(["--:" if column.kind is Kind.NUMBER else "---" for column in rows.columns])
    for row in rows:
        yield _line(
            [_cell(column.kind, value) for column, value in zip(rows.columns, row, strict=True)]
        )


def _line(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |\n"


def _cell(kind: Kind, value: Value) -> str:
    match value:
        case None:
            return ""
        case str() if kind is Kind.TIME:  # made here, so it is harmless
            return value
        case str():
            return cell(value)
        case float() if not math.isfinite(value):
            return str(value)
        case dict() | list():
            return cell(json_text(value))
        case _:
            return json_text(value)
