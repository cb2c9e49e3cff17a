"""`deploylens compact`: make the file of a store as small as its rows."""

import click

from analysis.commands.options import (
    Invocation,
    debug_option,
    examples,
    pass_invocation,
    store_option,
)


@click.command(
    short_help="Make the file as small as its rows.",
    epilog=examples("deploylens compact", "deploylens compact --store prod.duckdb"),
)
@store_option
@debug_option
@pass_invocation
def compact(invocation: Invocation) -> None:
    """Copy the store into a new file that takes no more room than its rows need.

    Deleted rows leave room in the file that later rows fill; the file itself does not shrink. This
    is worth it once, after a large store was given a shorter retention or a lower --max-disk. The
    receiver must be stopped, and the disk needs room for the copy.
    """
    store = invocation.settings().store

    from receiver.storage.compaction import compact as compact_store
    from receiver.storage.store import StoreMissing

    if not store.is_file():
        raise StoreMissing(f"there is no store at {store}. Name the one to compact with --store.")
    before = store.stat().st_size
    compact_store(store)
    click.echo(f"{store}: {before / 1e6:.1f} MB before, {store.stat().st_size / 1e6:.1f} MB now.")
