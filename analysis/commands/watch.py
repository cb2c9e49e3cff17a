"""`deploylens watch`: the verdict on one deployment, live."""

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

import click

from analysis.commands.check_options import CheckOptions, as_duration, deployment_options
from analysis.commands.options import (
    Invocation,
    debug_option,
    examples,
    pass_invocation,
    receiver_option,
    store_option,
)
from analysis.commands.output import write
from analysis.exit_code import ExitCode, OutputClosed

if TYPE_CHECKING:
    from analysis.check.looks import Look


@click.command(
    short_help="Judge a deployment again and again, live.",
    epilog=examples(
        "deploylens watch shop@1.4.0",
        "deploylens watch shop@1.4.0 --interval 30s --environment prod",
        "deploylens watch shop@1.4.0 --until-decided | tee rollout.log",
    ),
)
@deployment_options
@click.option(
    "--interval",
    callback=as_duration,
    default="5s",
    metavar="DURATION",
    help="How long after an answer to ask again. [default 5s]",
)
@click.option(
    "--until-decided",
    is_flag=True,
    help="End when the gate passes, with 0, or fails, with 10. [default: end with Ctrl-C]",
)
@receiver_option
@store_option
@debug_option
@pass_invocation
def watch(
    invocation: Invocation,
    deployment: str,
    environment: str | None,
    deployment_id: str | None,
    baseline: str | None,
    window: timedelta | None,
    interval: timedelta,
    until_decided: bool,
) -> int:
    """Show what `deploylens check` says, again and again, until Ctrl-C.

    A terminal shows it live: the verdict, since when, how far it is from a decision, the failure
    rates of the last half hour. A file or a pipe gets a line for each change. A deployment that has
    sent nothing yet is waited for. Looking often costs no certainty.
    """
    settings = invocation.settings()
    options = CheckOptions(deployment, environment, deployment_id, baseline, window)

    from analysis.check.looks import looks
    from analysis.terminal import stdout_colour

    seen = looks(options.question(settings), interval.total_seconds())
    if stdout_colour():
        from analysis.commands.live_screen import LiveScreen

        screen = LiveScreen(options, settings, interval.total_seconds())
        shown = screen.painted(seen)
    else:
        shown = _told(seen)
    return _until(shown, until_decided)


def _until(seen: "Iterator[Look]", until_decided: bool) -> ExitCode:
    """Looks on, for ever or until the gate is decided."""
    from analysis.verdict.check import Gate

    try:
        for look in seen:
            if until_decided and look.is_decided:
                return ExitCode.DONE if look.found().gate is Gate.PASS else ExitCode.GATE_FAIL
    except OutputClosed:
        if not until_decided:
            raise
    return ExitCode.GATE_UNDECIDED


def _told(seen: "Iterator[Look]") -> "Iterator[Look]":
    """The looks, with a line written for each that says something else than the one before."""
    from datetime import UTC, datetime

    from analysis.check.look_text import look_text

    before = None
    for look in seen:
        state = look_text(look)
        if state.key != before:
            write(f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC  {state.text}\n")
            before = state.key
        yield look
