"""`deploylens deployments`: what was deployed, how it is now."""

from collections.abc import Callable, Mapping
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
    from pathlib import Path

    from analysis.asking import Asking
    from analysis.overview.gathering import Overview
    from analysis.overview.judged import Judged
    from analysis.verdict.thresholds import Thresholds


@click.command(
    short_help="What was deployed, how it is now, and its verdict.",
    epilog=examples(
        "deploylens deployments",
        "deploylens deployments --service shop --since 2d",
        "deploylens deployments --no-verdicts               # quicker",
        "deploylens deployments --format json | jq '.[0]'",
    )
    + "\n\n\b\nStates: ▲ rolling out, ● serving, ▽ draining, ○ replaced, ↩ rolled back (an older\n"
    "version took over again), ✗ silent (sends nothing, and none took over), ◇ marked\n"
    "(announced, sent nothing). The line shows the failure rate over the last hour\n"
    "stored: · no request, ▁ no failure, then up to 0.5, 1, 2, 5, 10, 25 % and above.",
)
@click.option("--service", metavar="NAME", help="Only this service.")
@click.option("--environment", metavar="NAME", help="Only this environment.")
@click.option("--since", metavar="TIME", help="Only those seen since: 2026-11-21T09:00Z, or 2h.")
@click.option("--until", metavar="TIME", help="Only those first seen before.")
@click.option(
    "--verdicts/--no-verdicts",
    default=None,
    help="Judge the newest, five at most, for about 3 s. [default: in a table only]",
)
@store_option
@format_option
@debug_option
@pass_invocation
def deployments(
    invocation: Invocation,
    service: str | None,
    environment: str | None,
    since: str | None,
    until: str | None,
    verdicts: bool | None,
) -> None:
    """List what was deployed, the latest first: one line for each version of each service, with
    its state, its traffic, its failure rate over the last hour, and the verdict on the newest.

    Times are UTC. A deployment is a version of a service in an environment; it begins with its
    first span, or with 'deploylens mark'. Other formats hold every column, and no verdicts unless
    asked.
    """
    settings = invocation.settings()
    output_format = settings.format

    from datetime import UTC, datetime

    from analysis.asking import asking
    from analysis.overview.gathering import overview
    from analysis.overview.judged import Judged

    given = {
        "service_name": service,
        "environment_name": environment,
        "since": since,
        "until": until,
    }
    asked = {name: value for name, value in given.items() if value is not None}
    is_table = output_format == "table"
    with asking(settings) as store:
        found = overview(store, asked, datetime.now(UTC))
        empty = "" if found.lines else _why_empty(store, settings.store, asked)
        wanted = is_table if verdicts is None else verdicts
        told = _judged(store, found, settings.thresholds) if wanted else Judged()
    if not is_table:
        _write_plain(found, told, output_format)
    elif not found.lines:
        say(empty)
    else:
        _write_screen(found, told)


def _judged(
    store: "Asking", found: "Overview", thresholds: "Callable[[str], Thresholds]"
) -> "Judged":
    from analysis.overview.verdicts import verdicts

    return verdicts(store, found, thresholds)


def _write_screen(found: "Overview", told: "Judged") -> None:
    from analysis.overview.screen import screen
    from analysis.terminal import stdout_colour, stdout_width

    if not found.is_live and found.latest is not None:
        say(f"Latest stored: {found.latest:%Y-%m-%d %H:%M} UTC; states are those of that moment.")
    write(screen(found, told.verdicts, stdout_width(), stdout_colour()))
    if told.left_out:
        say(f"No verdict on {told.left_out} more: 'deploylens check SERVICE@VERSION' judges one.")


def _write_plain(found: "Overview", told: "Judged", output_format: str) -> None:
    from analysis.overview.plain import with_states

    write_rows(with_states(found, told.verdicts), output_format)


def _why_empty(store: "Asking", path: "Path", asked: Mapping[str, str]) -> str:
    """What was looked at, and what there is."""
    from analysis.asked_deployment import check_names
    from analysis.deployment_name import listed
    from analysis.empty_states import nothing_stored, sentence
    from analysis.exit_code import CommandFailed

    deployed = store.deployed()
    if not deployed:
        return sentence(nothing_stored(path))
    names = {key: asked[key] for key in ("service_name", "environment_name") if key in asked}
    try:
        check_names(deployed, names)
    except CommandFailed as error:
        return sentence(str(error))
    window = " and ".join(f"--{key} {asked[key]}" for key in ("since", "until") if key in asked)
    return f"No deployments match {window}. Stored: {listed(str(one.name) for one in deployed)}."
