"""`deploylens sql`: ask anything, read-only."""

import sys

import click

from analysis.commands.options import (
    TIMEOUT,
    Invocation,
    debug_option,
    examples,
    format_option,
    pass_invocation,
    store_option,
)
from analysis.commands.output import say, write_rows


@click.command(
    short_help="Run one SELECT, read-only.",
    epilog=examples(
        'deploylens sql "SELECT service_name, count(*) AS spans FROM spans GROUP BY ALL"',
        "deploylens sql \"SELECT attr(attributes, 'user.id') AS who FROM requests WHERE failure\"",
        'deploylens sql "SHOW TABLES"',
        "deploylens sql - < question.sql",
    ),
)
@click.argument("statement", metavar="SELECT")
@click.option(
    "--limit",
    type=click.IntRange(1, 1_000_000),
    default=10_000,
    metavar="ROWS",
    help="At most so many rows; said when there were more. [default 10000]",
)
@click.option(
    "--timeout",
    "timeout_s",
    type=TIMEOUT,
    default=30.0,
    metavar="SECONDS",
    help="Give up after so long, with exit code 4. [default 30]",
)
@store_option
@format_option
@debug_option
@pass_invocation
def sql(invocation: Invocation, statement: str, limit: int, timeout_s: float) -> None:
    """Run one SELECT on the store, read-only and in a sandbox; '-' reads it from standard input.

    Views: spans, requests, calls, exceptions, log_records, resources, instances, deployments. The
    stored tables behind them are store.spans and so on. 'DESCRIBE spans' tells the columns of one.
    """
    settings = invocation.settings()
    output_format = settings.format
    text = sys.stdin.read() if statement == "-" else statement

    from analysis.database import SqlLimits, open_database
    from analysis.rows import rows_from_arrow

    with open_database(settings.store) as database:
        answer = database.sql(text, limits=SqlLimits(limit, timeout_s))
    write_rows(rows_from_arrow(answer.table), output_format)
    if answer.truncated:
        say(f"These are the first {limit:,} rows; there are more. --limit asks for more.")
