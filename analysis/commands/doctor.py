"""`deploylens doctor`: look at everything that a receiver needs."""

import click

from analysis.commands.options import (
    Invocation,
    address_option,
    debug_option,
    examples,
    format_option,
    pass_invocation,
    security_options,
    store_option,
)
from analysis.exit_code import ExitCode
from analysis.settings import ConfigurationError


@click.command(
    short_help="Check that a receiver can do its work.",
    epilog=examples(
        "deploylens doctor",
        "deploylens doctor --store /var/lib/deploylens/prod.duckdb --format json",
        "deploylens doctor --send        # one span through the receiver that runs",
    ),
)
@store_option
@address_option("--grpc", "HOST:PORT", "Where the receiver takes OTLP over gRPC.")
@address_option("--http", "HOST:PORT", "Where the receiver takes OTLP over HTTP.")
@address_option("--api", "HOST:PORT|off", "Where the receiver is asked.")
@security_options
@click.option(
    "--send",
    is_flag=True,
    help="Send the test span into the running receiver; it stays in its store, as service"
    " deploylens-doctor.",
)
@format_option
@debug_option
@pass_invocation
def doctor(invocation: Invocation, send: bool) -> int:
    """Check versions, configuration, disk, store, ports, keys, certificates and clocks, and a test
    span through the whole path.

    Takes the settings that `deploylens serve` takes. Without --send the span goes through a
    temporary receiver with a store of its own, and nothing is written into yours. Exits 0 if all is
    well or only worth a warning, 1 if a check failed.
    """
    import logging

    from analysis.commands.output import say, write_rows
    from analysis.doctor.check import State
    from analysis.doctor.examination import examine
    from analysis.rows import text_rows

    logging.getLogger("receiver").addHandler(logging.NullHandler())  # the checks say it
    checks = list(examine(invocation.settings, send))
    names = ("check", "state", "seen", "next_step")
    cells = [(check.name, check.state.value, check.seen, check.next_step) for check in checks]
    write_rows(text_rows(names, cells), _format(invocation))
    counts = {state: sum(check.state is state for check in checks) for state in State}
    say(", ".join(f"{count} {state}" for state, count in counts.items()) + ".")
    return ExitCode.FAILED if counts[State.FAILED] else ExitCode.DONE


def _format(invocation: Invocation) -> str:
    """The format that was set; settings that cannot be read are among the checks."""
    try:
        return invocation.settings().format
    except ConfigurationError:
        return str(invocation.flags.get("format", "table"))
