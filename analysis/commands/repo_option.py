"""`--repo`: the git checkout in which suspects and owners are looked up."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from analysis.exit_code import CommandFailed, UsageRefused
from analysis.settings import Settings

if TYPE_CHECKING:
    from analysis.asking import Asking
    from analysis.report.contents import Report
    from analysis.verdict.check import Check

Command = TypeVar("Command", bound=Callable[..., object])


def repo_option(command: Command) -> Command:
    """The option, as `repo`."""
    return click.option(
        "--repo",
        metavar="PATH",
        type=click.Path(file_okay=False, path_type=Path),
        help="Git checkout of the service: name the commits and owners to look at first."
        " [default: repository.path of deploylens.toml]",
    )(command)


def checkout(settings: Settings, repo: Path | None) -> Path | None:
    """The checkout that was named, None without one. Raises UsageRefused when it is none, before
    anything takes long."""
    named = settings.repository.path
    path = repo or (Path(named).expanduser() if named else None)
    if path is None:
        return None
    if settings.receiver is not None:
        if repo is None:
            return None
        raise click.UsageError(
            "--repo reads stack traces from the store, and --receiver only tells verdicts. Run the"
            " check on the receiver's host, or leave --repo out."
        )

    from analysis.repository.git_command import opened

    opened(path)
    return path


def suspected(check: "Check", settings: Settings, source: Path | None) -> "Check":
    """The check with its suspects and owners, the same without a checkout. The verdict is there
    already, so whatever fails now is a caveat."""
    if source is None:
        return check

    from analysis.asking import asking
    from analysis.query_error import QueryError
    from analysis.repository.asked_suspicion import asked_suspicion, with_suspicion
    from analysis.repository.suspicion_contents import Suspicion
    from receiver.storage.store import StoreError

    try:
        with asking(settings) as store:
            asked = store, check, source, settings.repository, settings.grouping
            found = asked_suspicion(*asked)
    except (CommandFailed, OSError, QueryError, StoreError, UsageRefused) as error:
        found = Suspicion(caveats=(f"Suspects could not be looked up: {error}",))
    return with_suspicion(check, found)


def with_source(
    report: "Report", store: "Asking", settings: Settings, source: Path | None
) -> "Report":
    """The report with what the checkout says, the same without a checkout or a verdict."""
    check = report.check
    if source is None or check is None:
        return report

    from analysis.repository.asked_suspicion import asked_suspicion

    found = asked_suspicion(store, check, source, settings.repository, settings.grouping)
    check = replace(check, suspects=found.suspects, owners=found.owners)
    return replace(report, check=check, suspicion=found)
