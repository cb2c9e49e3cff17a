"""Every format in which rows are written, by its name on the command line."""

from collections.abc import Callable, Iterator

from analysis.formats.csv_rows import csv_lines
from analysis.formats.json_rows import json_array, json_lines
from analysis.formats.markdown_rows import markdown_lines
from analysis.rows import Rows

PLAIN_FORMATS: dict[str, Callable[[Rows], Iterator[str]]] = {
    "json": json_array,
    "csv": csv_lines,
    "jsonl": json_lines,
    "markdown": markdown_lines,
}
"""Formats that look the same everywhere; `table` looks at the terminal, see `text_table`."""
