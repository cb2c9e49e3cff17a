"""`deploylens regroup`: group all stored exceptions again."""

from typing import TYPE_CHECKING

import click

from analysis.commands.options import (
    Invocation,
    debug_option,
    examples,
    pass_invocation,
    store_option,
)

if TYPE_CHECKING:
    from pathlib import Path

    from receiver.fingerprints.rules import GroupingRules
    from receiver.storage.regrouping import Regrouped


@click.command(
    short_help="Group all stored exceptions again.",
    epilog=examples(
        "deploylens regroup", "deploylens regroup --store prod.duckdb", "deploylens regroup --force"
    ),
)
@click.option("--force", is_flag=True, help="Also when the store is grouped so already.")
@store_option
@debug_option
@pass_invocation
def regroup(invocation: Invocation, force: bool) -> None:
    """Group all stored exceptions again, by this version and the rules of deploylens.toml here.

    All or nothing is changed; resolutions and silences stay with their exceptions. The receiver
    must be stopped: it groups again by itself when it starts and the rules or the version are
    others.
    """
    settings = invocation.settings()
    store, rules = settings.store, settings.grouping

    from receiver.storage.store import StoreMissing

    if not store.is_file():
        raise StoreMissing(f"there is no store at {store}. Name the one to group with --store.")
    done = _regrouped(store, rules, force)
    if done is None:
        click.echo(
            f"{store} is grouped by this version and these rules already; --force does it again.",
            err=True,
        )
        return
    _tell(done)


def _regrouped(store: "Path", rules: "GroupingRules", force: bool) -> "Regrouped | None":
    """What was done, None if nothing had to be."""
    from analysis.terminal import progress_bar
    from receiver.lease import process_lives, read_lease
    from receiver.storage.regrouping import regroup as regroup_store
    from receiver.storage.regrouping import regroup_if_needed
    from receiver.storage.store import StoreLocked, open_store

    try:
        connection = open_store(store)
    except StoreLocked as error:
        lease = read_lease(store)
        if lease is None or not process_lives(lease.pid):
            raise
        raise StoreLocked(
            f"{store} is held by a receiver (process {lease.pid}). Restart it: it groups again when"
            " it starts, if the version or the rules are others. Or stop it and run this.",
            error.pid,
        ) from None
    with connection, progress_bar("grouping") as on_progress:
        if force:
            return regroup_store(connection, rules, on_progress)
        return regroup_if_needed(connection, rules, on_progress)


def _tell(done: "Regrouped") -> None:
    groups = done.groups
    lines = [
        f"Grouped {done.exceptions:,} exceptions again in {done.duration_s:.1f} s.",
        f"Of {groups.groups_before:,} groups {groups.kept:,} hold what they held, {groups.merged:,}"
        f" became one with others, {groups.split:,} are several now; there are"
        f" {groups.groups_after:,} groups.",
    ]
    if done.history_unknown:
        lines.append(
            f"{done.history_unknown:,} rows about deleted exceptions keep their fingerprint: an"
            " older deploylens kept no example of them."
        )
    if done.decisions_unknown:
        lines.append(
            f"{done.decisions_unknown:,} resolutions and silences keep theirs: nothing that is"
            " stored tells which exception they are about."
        )
    for line in lines:
        click.echo(line, err=True)
