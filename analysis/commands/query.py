"""`deploylens query`: ask a saved query."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from analysis.commands.completed_names import complete_query
from analysis.commands.options import (
    TIMEOUT,
    Invocation,
    debug_option,
    examples,
    format_option,
    pass_invocation,
    queries_option,
    store_option,
)
from analysis.commands.output import say, write, write_rows

if TYPE_CHECKING:
    from analysis.asking import Asking
    from analysis.rows import Rows


@click.command(
    short_help="Ask a saved query.",
    epilog=examples(
        "deploylens query failing_endpoints -p service_name=shop -p service_version=1.4.0",
        "deploylens query new_exceptions -p service_name=shop -p service_version=1.4 --format csv",
        "deploylens query deployments -p since=2h",
        "deploylens query error_timeline --show-sql",
    ),
)
@click.argument("name", shell_complete=complete_query)
@click.option(
    "-p",
    "--parameter",
    "assignments",
    metavar="KEY=VALUE",
    multiple=True,
    help="A parameter of the query; may be repeated. 'deploylens queries NAME' lists them.",
)
@click.option("--show-sql", is_flag=True, help="Print the query instead of asking it.")
@click.option(
    "--timeout",
    "timeout_s",
    type=TIMEOUT,
    default=300.0,
    metavar="SECONDS",
    help="Give up after so long, with exit code 4. [default 300]",
)
@store_option
@queries_option
@format_option
@debug_option
@pass_invocation
def query(
    invocation: Invocation,
    name: str,
    assignments: tuple[str, ...],
    show_sql: bool,
    timeout_s: float,
) -> None:
    """Ask the saved query NAME.

    Values are typed by the query: a TIMESTAMP is 2026-11-21T09:26Z, UTC if no zone is said, or an
    age such as 30m; NULL is a parameter that is left out. In a table, columns in which nothing is
    known and the windows compared are drawn together above; other formats hold every column.
    """
    settings = invocation.settings()
    given = _parsed(assignments)

    from analysis.asked_deployment import check_asked
    from analysis.asking import asking, load_catalog

    if show_sql:
        write(f"{load_catalog(settings)[name].sql}\n")
        return
    output_format = settings.format
    with asking(settings) as store:
        if name in store.catalog.refused:
            say(f"Warning: {store.catalog.refused[name]}")
        rows = store.rows(name, given, timeout_s)
        check_asked(store, name, given, is_empty=not len(rows))
        empty = "No rows." if len(rows) else _why_empty(store, settings.store, given)
    if output_format != "table":
        write_rows(rows, output_format, empty=empty)
    else:
        _write_table(rows, given, empty)


def _parsed(assignments: Sequence[str]) -> dict[str, str]:
    """`KEY=VALUE` texts as a mapping; raises UsageError."""
    given: dict[str, str] = {}
    for assignment in assignments:
        key, equals, value = assignment.partition("=")
        if not equals or not key:
            raise click.UsageError(f"-p {assignment!r} is not KEY=VALUE.")
        if key in given:
            raise click.UsageError(f"-p {key} is given twice.")
        given[key] = value
    return given


def _write_table(rows: "Rows", given: Mapping[str, str], empty: str) -> None:
    from analysis.comparison import COMPARISON_COLUMNS, comparison_of, comparison_text

    comparison = comparison_of(rows)
    caption = ""
    if comparison is not None and "service_name" in given:
        caption = comparison_text(
            comparison,
            given["service_name"],
            given.get("service_version", ""),
            given.get("baseline_version"),
        )
        rows = rows.without(COMPARISON_COLUMNS)
    write_rows(rows.without_unknown(), "table", caption, empty)


def _why_empty(store: "Asking", path: Path, given: Mapping[str, str]) -> str:
    """What to say instead of rows; names that nobody knows were refused before."""
    from analysis.empty_states import nothing_stored

    if "service_name" in given:
        return "No rows: there is nothing of this kind to report."
    return "No rows." if store.deployed() else f"No rows: {nothing_stored(path)}"
