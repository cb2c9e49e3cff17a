"""`deploylens trace`: one trace as a waterfall."""

from typing import TYPE_CHECKING

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

if TYPE_CHECKING:
    from analysis.asking import Asking
    from analysis.rows import Rows

_WIDTH_PIPED = 120


@click.command(
    short_help="Show one trace as a waterfall.",
    epilog=examples(
        "deploylens trace 5b8efff798038103d269b633813fc60c",
        "deploylens trace 5b8efff7",
        "deploylens trace 5b8efff7 --format json",
    ),
)
@click.argument("trace_id")
@click.option("--all", "whole", is_flag=True, help="Draw every span of a trace of over 500.")
@store_option
@format_option
@debug_option
@pass_invocation
def trace(invocation: Invocation, trace_id: str, whole: bool) -> None:
    """Show one trace as a waterfall; the beginning of an id is enough.

    ✗ marks the failing path, ▶ the span where the failure starts, ! an exception. Of a trace of
    more than 500 spans only the failing path is drawn.
    """
    settings = invocation.settings()
    output_format = settings.format

    from analysis.asking import asking

    with asking(settings) as store:
        whole_id = _whole_id(store, trace_id)
        rows = store.rows("trace", {"trace_id": whole_id})
    if output_format == "table":
        _draw(whole_id, rows, whole)
    else:
        write_rows(rows, output_format)


def _whole_id(store: "Asking", asked: str) -> str:
    """The one stored id that begins like this; raises UsageRefused or CommandFailed."""
    import re

    from analysis.empty_states import NothingStored
    from analysis.exit_code import CommandFailed, UsageRefused

    prefix = asked.strip().rstrip("….").replace("-", "").lower()
    if not re.fullmatch(r"[0-9a-f]{1,32}", prefix):
        raise UsageRefused(f"{asked!r} is not a trace id: up to 32 hex digits.")
    rows = store.rows("traces_by_id", {"id_start": prefix})
    found = [str(value) for value in rows.columns[0].values]
    if not found:
        if not len(store.rows("deployment_names")):
            raise NothingStored
        raise CommandFailed(
            f"no stored trace has an id that starts with {prefix}."
            " 'deploylens query example_traces' finds traces worth opening."
        )
    if len(found) > 1:
        raise UsageRefused(
            f"several traces start with {prefix}: {', '.join(found)}. Write more of it."
        )
    return found[0]


def _draw(trace_id: str, rows: "Rows", whole: bool) -> None:
    from analysis.printing import printed
    from analysis.terminal import stdout_colour, stdout_width
    from analysis.waterfall import TraceSpan, failing_path, waterfall

    width = stdout_width() or _WIDTH_PIPED
    spans = rows.records(TraceSpan)
    drawn = spans if whole else failing_path(spans)
    lines = waterfall(trace_id, drawn, width)
    write(printed(*lines, width=width, colour=stdout_colour()))
    if len(drawn) < len(spans):
        left_out = f"{len(spans) - len(drawn):,} of {len(spans):,} spans"
        say(f"{left_out} are left out; --all draws them too.")
