"""Rows as CSV (RFC 4180) that a spreadsheet may open without harm.

A text that a spreadsheet would take for a formula gets a `'` in front (OWASP, CSV injection);
numbers are left alone. Unprintable characters other than line breaks and tabs are escaped. NULL is
an empty cell, empty text is `""`.
"""

import re
from collections.abc import Iterator

from analysis.arrow_values import Value
from analysis.formats.json_rows import json_text
from analysis.rows import Rows
from analysis.safe_text import shown

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_KEPT = re.compile(r"([\r\n\t]+)")


def csv_lines(rows: Rows) -> Iterator[str]:
    """A header line, then one line per row, each ended by a line feed."""
    yield ",".join(_text_cell(name) for name in rows.names) + "\n"
    for row in rows:
        yield ",".join(_cell(value) for value in row) + "\n"


def _cell(value: Value) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return _text_cell(value)
    if isinstance(value, list | dict):
        return _quoted(json_text(value))
    return str(value).lower() if isinstance(value, bool) else str(value)


def _text_cell(text: str) -> str:
    safe = "".join(part if _KEPT.fullmatch(part) else shown(part) for part in _KEPT.split(text))
    if safe.startswith(_FORMULA_STARTS):
        safe = "'" + safe
    return _quoted(safe) if not safe or re.search(r'[",\r\n]|^\s|\s$', safe) else safe


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'
