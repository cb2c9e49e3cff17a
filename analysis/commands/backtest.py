"""`deploylens backtest`: what the verdict would have said of every stored deployment."""

import click

from analysis.commands.options import (
    Invocation,
    debug_option,
    examples,
    format_option,
    pass_invocation,
    store_option,
)
from analysis.commands.output import say, write, write_rows

MINUTES = 60
_MINUTES_MAX = 1440


@click.command(
    short_help="Replay the verdict over every stored deployment.",
    epilog=examples(
        "deploylens backtest",
        "deploylens backtest --service shop --since 30d",
        "deploylens backtest --good shop@1.4.0 --good shop@1.5.0 --bad shop@1.4.1",
        "deploylens backtest --format json | jq .summary",
    ),
)
@click.option("--service", metavar="NAME", help="Only this service.")
@click.option("--environment", metavar="NAME", help="Only this environment.")
@click.option("--since", metavar="TIME", help="Only those first seen since: 2026-11-01Z, or 30d.")
@click.option(
    "--minutes",
    type=click.IntRange(1, _MINUTES_MAX),
    default=MINUTES,
    show_default=True,
    help="How long each is looked at, from its first traffic.",
)
@click.option(
    "--good",
    metavar="SERVICE@VERSION",
    multiple=True,
    help="It did no harm: firing on it is a false alarm; may be repeated.",
)
@click.option(
    "--bad",
    metavar="SERVICE@VERSION",
    multiple=True,
    help="It did harm: not firing on it is a miss; may be repeated.",
)
@store_option
@format_option
@debug_option
@pass_invocation
def backtest(
    invocation: Invocation,
    service: str | None,
    environment: str | None,
    since: str | None,
    minutes: int,
    good: tuple[str, ...],
    bad: tuple[str, ...],
) -> None:
    """Replay the verdict over every stored deployment, minute by minute as it would have been.

    Says for each when it would first have fired (roll_back or fix_forward), been held or been
    called healthy, in minutes from its first traffic, and what it came to. At each look no later
    minute counts. The thresholds are those of now: change them in deploylens.toml and compare.

    Which deployments were good or bad, people say: with --good and --bad, or in the note of the
    mark, as in --note outcome=good. The summary counts false alarms on good ones and misses of bad
    ones; in table and Markdown it stands below the rows, in JSON under "summary", else on standard
    error.
    """
    settings = invocation.settings()
    output_format = settings.format

    from datetime import UTC, datetime

    from analysis.asking import asking
    from analysis.backtest.history import replay_stored
    from analysis.backtest.past_deployment import Wanted
    from analysis.backtest.shown import backtest_json, backtest_rows
    from analysis.backtest.summary import summary_words
    from analysis.terminal import progress_bar

    wanted = Wanted(service, environment, since, minutes, good, bad)
    with asking(settings) as store, progress_bar("replaying") as on_progress:
        done = replay_stored(store, wanted, settings.thresholds, on_progress)
    if output_format == "json":
        write(backtest_json(done.replayed, done.summary, datetime.now(UTC)))
        return
    rows, words = backtest_rows(done.replayed), summary_words(done.summary)
    if output_format == "table":
        rows = rows.without_unknown()
    write_rows(rows, output_format, empty="No deployment was replayed.")
    if output_format in ("table", "markdown") and len(rows):
        write(f"\n{words}\n")
    else:
        say(words)
