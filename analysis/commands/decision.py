"""What the commands `resolve` and `silence` do alike."""

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

import click

from analysis.commands.output import say, write_rows

if TYPE_CHECKING:
    from analysis.exception_group import NamedException
    from analysis.settings import Settings

Command = TypeVar("Command", bound=Callable[..., object])


def decision_options(command: Command) -> Command:
    """The fingerprint, and `--service`, `--note`, `--undo`, `--list`."""
    for option in (
        click.option("--list", "listed", is_flag=True, help="List what stands, as rows."),
        click.option("--undo", is_flag=True, help="Take it back."),
        click.option("--note", metavar="TEXT", help="Anything a reader should know."),
        click.option(
            "--service", metavar="NAME", help="In this service only. [default: in every one]"
        ),
        click.argument("fingerprint", required=False),
    ):
        command = option(command)
    return command


def check_given(fingerprint: str | None, listed: bool, undo: bool, more: bool) -> None:
    """Raises UsageError for options that do not go together; `more`: there are others."""
    if fingerprint is None and not listed:
        raise click.UsageError("Name a FINGERPRINT, or ask for --list.")
    if undo and (listed or more):
        raise click.UsageError("--undo takes a FINGERPRINT, and perhaps --service and --note.")


def list_decisions(settings: "Settings", kind: str, fingerprint: str | None) -> None:
    """Writes the latest word on each fingerprint and service, or on this one, as rows."""
    output_format = settings.format

    from analysis.asking import asking
    from analysis.deciding import decision_rows
    from analysis.exception_group import named_exception

    with asking(settings) as store:
        keys = () if fingerprint is None else named_exception(store, fingerprint).keys
        rows = decision_rows(store, kind, keys)
    if output_format == "table":
        rows = rows.without_unknown()
    write_rows(rows, output_format, empty=f"There is no {kind}.")


def warn_of_service(named: "NamedException", service: str | None) -> None:
    """Tells of a service that never recorded the exception: it may be to come, or a slip."""
    if service is not None and service not in named.services:
        say(f"Warning: {service} never recorded it; it was seen in {', '.join(named.services)}.")
