"""`deploylens queries`: which questions there are."""

from typing import TYPE_CHECKING

import click

from analysis.commands.completed_names import complete_query
from analysis.commands.options import (
    Invocation,
    debug_option,
    examples,
    format_option,
    pass_invocation,
    queries_option,
)
from analysis.commands.output import say, write, write_rows

if TYPE_CHECKING:
    from analysis.catalog import Catalog, SavedQuery
    from analysis.rows import Rows


@click.command(
    short_help="List the saved queries, or describe one.",
    epilog=examples(
        "deploylens queries",
        "deploylens queries failing_endpoints",
        "deploylens queries --queries ./team-queries --format json",
    ),
)
@click.argument("name", required=False, shell_complete=complete_query)
@queries_option
@format_option
@debug_option
@pass_invocation
def queries(invocation: Invocation, name: str | None) -> None:
    """List the saved queries; with NAME, tell what one of them takes and returns.

    Your own are found in ./deploylens-queries, ~/.config/deploylens/queries and every --queries
    folder. They run in a sandbox and may only read.
    """
    settings = invocation.settings()
    output_format = settings.format

    from analysis.asking import load_catalog

    catalog = load_catalog(settings)
    if name is None:
        write_rows(_listing(catalog), output_format)
        for problem in catalog.problems.values():
            say(f"Not usable: {problem}")
        for refusal in catalog.refused.values():
            say(f"Warning: {refusal}")
    elif output_format == "table":
        write(_description(catalog[name]))
    else:
        write_rows(_facts(catalog[name]), output_format)


def _listing(catalog: "Catalog") -> "Rows":
    from analysis.rows import text_rows

    return text_rows(
        ("name", "title", "origin"),
        [(q.name, q.title, "deploylens" if q.trusted else str(q.path)) for q in catalog],
    )


def _facts(query: "SavedQuery") -> "Rows":
    from analysis.rows import text_rows

    parameters = [("parameter", p.name, p.type, p.default, p.description) for p in query.parameters]
    columns = [("column", c.name, c.type, None, c.description) for c in query.columns]
    return text_rows(("what", "name", "type", "default", "description"), [*parameters, *columns])


def _wrapped(description: str) -> list[str]:
    """Its paragraphs, no wider than an 80-column terminal; what is indented stays as it is."""
    import textwrap
    from itertools import groupby

    lines: list[str] = []
    for plain, several in groupby(description.split("\n"), lambda line: line[:1].strip() != ""):
        paragraph = list(several)
        lines += textwrap.wrap(" ".join(paragraph), 80) if plain else paragraph
    return lines


def _description(query: "SavedQuery") -> str:
    """The header of a query as text for people."""
    from analysis.safe_text import shown

    lines = [f"{query.name}: {query.title}"]
    lines += ["", *_wrapped(query.description)] if query.description else []
    lines += ["", "Parameters (-p name=value):"] if query.parameters else []
    for parameter in query.parameters:
        default = "must be given" if parameter.required else f"default {parameter.default}"
        lines.append(f"  {parameter.name}  {parameter.type}, {default}")
        lines.append(f"      {parameter.description}")
    lines += ["", "Columns:"]
    for column in query.columns:
        lines.append(f"  {column.name}  {column.type}")
        lines.append(f"      {column.description}")
    return "".join(f"{shown(line)}\n" for line in [*lines, "", f"File: {query.path}"])
