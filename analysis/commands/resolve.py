"""`deploylens resolve`: say that an exception is mended."""

from typing import TYPE_CHECKING

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
from analysis.commands.output import say
from analysis.safe_text import shown

if TYPE_CHECKING:
    from analysis.asking import Asking
    from analysis.exception_group import NamedException


@click.command(
    short_help="Say that an exception is mended.",
    epilog=examples(
        "deploylens resolve 3f2a9c --in 1.4.1",
        "deploylens resolve 3f2a9c81d04e77b6 --service shop --note 'null check, pull request 88'",
        "deploylens resolve 3f2a9c --undo",
        "deploylens resolve --list",
    ),
)
@decision_options
@click.option("--in", "in_version", metavar="VERSION", help="The first version that has the mend.")
@store_option
@format_option
@debug_option
@pass_invocation
def resolve(
    invocation: Invocation,
    fingerprint: str | None,
    in_version: str | None,
    service: str | None,
    note: str | None,
    undo: bool,
    listed: bool,
) -> None:
    """Say that the exception FINGERPRINT is mended: seen again, it has come back.

    FINGERPRINT is a strict or a loose key, or the first 6 or more of its digits, as every query of
    exceptions shows them. With --in it has come back when that version or a later one shows it;
    else when a deployment shows it after now.
    """
    settings = invocation.settings()
    check_given(fingerprint, listed, undo, in_version is not None)

    from analysis.asking import asking
    from analysis.database import tell_store
    from analysis.deciding import RESOLUTION, standing, where
    from analysis.exception_group import named_exception
    from receiver.storage.decisions import Resolution

    if fingerprint is None or listed:
        list_decisions(settings, RESOLUTION, fingerprint)
        return
    with asking(settings) as store:
        if undo:
            decided = standing(store, RESOLUTION, fingerprint, service)
            key, done = decided.fingerprint, f"Not resolved any more: {decided}."
        else:
            named = named_exception(store, fingerprint)
            start = f" from {shown(in_version)} on" if in_version else ""
            key, done = named.key, f"Resolved{where(service)}{start}: {named}."
            warn_of_service(named, service)
            _warn_of_version(store, named, service, in_version)
    tell_store(settings.store, Resolution(key, service, in_version, note, withdrawn=undo))
    click.echo(done, err=True)


def _warn_of_version(
    store: "Asking", named: "NamedException", service: str | None, version: str | None
) -> None:
    """Tells of a version that was never seen: it may be to come, or a slip."""
    services = [service] if service is not None else named.services
    stored = {one.version for one in store.deployed() if one.service_name in services}
    if version is None or version in stored:
        return

    from analysis.deployment_name import listed
    from analysis.suggestion import did_you_mean

    seen = listed(sorted(stored - {""})) or "none"
    say(
        f"Warning: no version {version} of {', '.join(services)} is stored yet."
        f"{did_you_mean(version, stored)} Stored: {seen}."
    )
