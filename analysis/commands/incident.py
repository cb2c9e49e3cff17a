"""`deploylens incident`: from the symptom to the deployment."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import click

from analysis.commands.options import (
    Invocation,
    debug_option,
    examples,
    pass_invocation,
    store_option,
)
from analysis.commands.output import say, write

if TYPE_CHECKING:
    from analysis.asking import Asking
    from analysis.incident.incident import Incident

FORMATS = ("table", "json", "markdown")
_WIDTH_PIPED = 80
_WINDOW = timedelta(hours=1)
_WINDOW_MAX = timedelta(hours=24)


@click.command(
    short_help="Find the deployment behind what is going wrong.",
    epilog=examples(
        "deploylens incident                                    # the last hour",
        "deploylens incident --since 30m --environment prod",
        "deploylens incident --at 2026-11-21T10:40:00Z          # as it was then",
        "deploylens incident --format markdown                  # for the incident document",
    ),
)
@click.option("--since", metavar="TIME", help="Start of the window: a time, or 30m. [default: 1h]")
@click.option(
    "--at", metavar="TIME", help="End of the window; nothing later is read. [default: now]"
)
@click.option("--environment", metavar="NAME", help="Environment. [default: the busiest]")
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    help="For people, programs, or a document. [env DEPLOYLENS_FORMAT; default table]",
)
@store_option
@debug_option
@pass_invocation
def incident(
    invocation: Invocation,
    since: str | None,
    at: str | None,
    environment: str | None,
    form: str | None,
) -> None:
    """Say which of the latest deployments is behind what is going wrong, or that none of them is.

    Every deployment of the window, and of the hour before it, is ranked by what speaks against it:
    failures of its own, calls that it does not answer, failing traces that passed through it, and
    traffic that dried up. What one explains is not held against the others.

    An --at without --since looks at the hour before it; a --since such as 30m counts back from it.
    """
    settings = invocation.settings()
    form = form or (settings.format if settings.format in FORMATS else "table")

    from analysis.asked_deployment import check_names
    from analysis.asking import asking
    from analysis.incident.investigation import investigate

    now = datetime.now(UTC)
    start, end = _window(since, at, now)
    with asking(settings) as store:
        if environment is not None:
            check_names(store.deployed(), {"environment_name": environment})
        _say_where_the_spans_are(store, start)
        found = investigate(store, start, end, environment, settings.thresholds, now)
    write(_rendered(found, form))


def _say_where_the_spans_are(store: "Asking", start: datetime) -> None:
    """An empty window is no all-clear: says what there is instead; raises NothingStored."""
    from analysis.empty_states import NothingStored
    from analysis.overview.deployment_line import FailureMinute, last_time

    latest = last_time(store.rows("failure_minutes", {"length": "1m"}).records(FailureMinute))
    if latest is None:
        if not len(store.rows("deployment_names")):
            raise NothingStored
        return
    if latest.replace(tzinfo=None) < start:
        say(
            f"Nothing is stored since {start:%Y-%m-%d %H:%M} UTC. The latest span is of"
            f" {latest:%Y-%m-%d %H:%M}: 'deploylens incident --at {latest:%Y-%m-%dT%H:%MZ}'"
            " looks at the hour before it."
        )


def _window(since: str | None, at: str | None, now: datetime) -> tuple[datetime, datetime]:
    """The window as naive times in UTC; raises UsageRefused."""
    from analysis.exit_code import UsageRefused
    from analysis.parameters import parse_value

    def moment(text: str, option: str, reference: datetime) -> datetime:
        try:
            value = parse_value("TIMESTAMP", text, reference)
        except ValueError as error:
            raise UsageRefused(f"{option}: {error}.") from None
        assert isinstance(value, datetime)
        return value

    end = now.replace(tzinfo=None) if at is None else moment(at, "--at", now)
    start = end - _WINDOW if since is None else moment(since, "--since", end.replace(tzinfo=UTC))
    if not timedelta() < end - start <= _WINDOW_MAX:
        raise UsageRefused(
            f"the window from {start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M} UTC is empty or longer"
            " than a day. --since is its start and --at its end."
        )
    return start, end


def _rendered(found: "Incident", form: str) -> str:
    if form == "json":
        from analysis.incident.incident_json import incident_json

        return incident_json(found)
    if form == "markdown":
        from analysis.incident.incident_markdown import incident_markdown

        return incident_markdown(found)

    from analysis.incident.incident_text import incident_text
    from analysis.printing import printed
    from analysis.terminal import stdout_colour, stdout_width

    width = stdout_width() or _WIDTH_PIPED
    return printed(*incident_text(found), width=width, colour=stdout_colour())
