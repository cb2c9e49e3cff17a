"""`deploylens silence`: say that an exception is of no interest for now."""

import time
from datetime import UTC, datetime, timedelta

import click

from analysis.commands.decision import (
    check_given,
    decision_options,
    list_decisions,
    warn_of_service,
)
from analysis.commands.options import (
    Invocation,
    debug_option,
    examples,
    format_option,
    pass_invocation,
    store_option,
)


@click.command(
    short_help="Say that an exception is of no interest for now.",
    epilog=examples(
        "deploylens silence 3f2a9c --for 7d",
        "deploylens silence 3f2a9c --until 2026-12-24T08:00Z --service shop --note 'harmless'",
        "deploylens silence 3f2a9c --undo",
        "deploylens silence --list",
    ),
)
@decision_options
@click.option("--for", "length", metavar="DURATION", help="For so long: 12h, 7d, 2w.")
@click.option("--until", metavar="TIME", help="Until then: 2026-12-24T08:00Z.")
@store_option
@format_option
@debug_option
@pass_invocation
def silence(
    invocation: Invocation,
    fingerprint: str | None,
    length: str | None,
    until: str | None,
    service: str | None,
    note: str | None,
    undo: bool,
    listed: bool,
) -> None:
    """Say that the exception FINGERPRINT is of no interest for now.

    It is stored and counted as before; the lists of new, regressed and escalating exceptions leave
    it out until then. FINGERPRINT is a strict or a loose key, or the first 6 or more of its digits.
    Without --for and --until it is silent until that is taken back.
    """
    settings = invocation.settings()
    check_given(fingerprint, listed, undo, length is not None or until is not None)
    end = _end(length, until)

    from analysis.asking import asking
    from analysis.database import tell_store
    from analysis.deciding import SILENCE, standing, where
    from analysis.exception_group import named_exception
    from receiver.storage.decisions import Silence

    if fingerprint is None or listed:
        list_decisions(settings, SILENCE, fingerprint)
        return
    with asking(settings) as store:
        if undo:
            decided = standing(store, SILENCE, fingerprint, service)
            key, done = decided.fingerprint, f"Not silenced any more: {decided}."
        else:
            named = named_exception(store, fingerprint)
            key, done = named.key, f"Silenced{where(service)} {_end_text(end)}: {named}."
            warn_of_service(named, service)
    tell_store(settings.store, Silence(key, service, end, note, withdrawn=undo))
    click.echo(done, err=True)


def _end(length: str | None, until: str | None) -> int | None:
    """When the silence ends, unix nanoseconds; None when nothing was said. Raises UsageError."""
    from analysis.parameters import parse_value

    if length is not None and until is not None:
        raise click.UsageError("--for and --until are two ways to say the same; give one.")
    now = time.time_ns()
    try:
        if length is not None:
            lasts = parse_value("INTERVAL", length)
            assert isinstance(lasts, timedelta)
            return now + lasts // timedelta(microseconds=1) * 1000
        if until is None:
            return None
        moment = parse_value("TIMESTAMP", until)
    except ValueError as error:
        raise click.UsageError(f"{'--until' if length is None else '--for'}: {error}.") from None
    assert isinstance(moment, datetime)
    ends = int(moment.replace(tzinfo=UTC).timestamp()) * 10**9
    if ends <= now:
        raise click.UsageError(f"--until {until} is over: that was {moment:%Y-%m-%d %H:%M} UTC.")
    return ends


def _end_text(until_unix_nano: int | None) -> str:
    if until_unix_nano is None:
        return "until that is taken back"
    return f"until {datetime.fromtimestamp(until_unix_nano / 1e9, UTC):%Y-%m-%d %H:%M} UTC"
