"""Rows to standard output in the format that was asked for; everything else to standard error."""

from collections.abc import Sequence
from itertools import islice
from typing import TYPE_CHECKING

import click

from analysis.exit_code import OutputClosed
from analysis.safe_text import shown

if TYPE_CHECKING:
    from analysis.rows import Rows

_NAMED_MAX = 6
_LINES_AT_ONCE = 1000


def write_rows(rows: "Rows", format_name: str, caption: str = "", empty: str = "No rows.") -> None:
    """Write the rows. A table without rows is said in words; its caption comes with it."""
    from analysis.formats.registry import PLAIN_FORMATS

    if format_name != "table":
        lines = PLAIN_FORMATS[format_name](rows)
        while some := list(islice(lines, _LINES_AT_ONCE)):
            write("".join(some))
    elif len(rows):
        _write_table(rows, caption)
    else:
        say(empty)


def write(text: str) -> None:
    """Write data to standard output; raises OutputClosed when nobody reads it any more."""
    try:
        click.echo(text, nl=False, color=True)
    except BrokenPipeError:
        raise OutputClosed from None


def say(text: str) -> None:
    """Tell the person at the terminal something, on standard error."""
    click.echo("\n".join(shown(line) for line in text.split("\n")), err=True)


def _write_table(rows: "Rows", caption: str) -> None:
    from analysis.formats.text_table import text_table
    from analysis.terminal import stdout_colour, stdout_width

    table = text_table(rows, stdout_width(), stdout_colour())
    if caption:
        write(f"{caption}\n\n")
    write(table.text)
    if table.left_out:
        say(f"No room for {_named(table.left_out)}: widen the terminal, or use --format json.")


def _named(names: Sequence[str]) -> str:
    more = len(names) - _NAMED_MAX
    rest = f" and {more} more" if more > 0 else ""
    return ", ".join(names[:_NAMED_MAX]) + rest
