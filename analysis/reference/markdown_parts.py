"""Parts of the reference: tables and paragraphs of Markdown from text of our own."""

from collections.abc import Iterable, Sequence

MADE = "Made from the code by `make docs`; a test says when it is not up to date."


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """A table, followed by an empty line."""
    lines = [header, ["---"] * len(header), *rows]
    return [f"| {' | '.join(map(cell, line))} |" for line in lines] + [""]


def cell(text: str) -> str:
    """Text in a cell of a table: on one line, its bars and angle brackets escaped."""
    plain = " ".join(text.split())
    return plain.replace("|", "\\|").replace("<", "&lt;")


def code(text: str) -> str:
    """Text as code."""
    return f"`{text}`"


def document(lines: Iterable[str]) -> str:
    """The lines as a file, with no empty lines at its end."""
    return "\n".join(lines).rstrip("\n") + "\n"
