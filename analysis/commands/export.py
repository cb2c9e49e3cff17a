"""`deploylens export`: the store as Parquet files."""

from pathlib import Path

import click

from analysis.commands.options import (
    Invocation,
    debug_option,
    examples,
    pass_invocation,
    store_option,
)
from analysis.commands.output import say


@click.command(
    epilog=examples(
        "deploylens export --parquet ./export",
        "deploylens export --parquet /mnt/lake/deploylens --store prod.duckdb --force",
    ),
    short_help="Write the stored tables as Parquet files.",
)
@click.option(
    "--parquet",
    "folder",
    metavar="DIR",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="The folder to write into; created when it is not there.",
)
@click.option("--force", is_flag=True, help="Replace files that are there.")
@store_option
@debug_option
@pass_invocation
def export(invocation: Invocation, folder: Path, force: bool) -> None:
    """Write the stored tables as Parquet files, for other engines.

    One file each for spans, exceptions, log_records, resources, export_requests and
    deployment_marks, compressed with zstd. Ids are hex text, times unix nanoseconds. It works while
    a receiver writes; what arrives after the start is left out.
    """
    settings = invocation.settings()
    store = settings.store

    from analysis.database import open_database
    from analysis.exit_code import UsageRefused
    from analysis.export import export_parquet, parquet_paths
    from analysis.terminal import progress_bar

    there = [path for path in parquet_paths(folder) if path.exists()]
    if there and not force:
        raise UsageRefused(
            f"{there[0]} exists. Name another folder, or replace files with --force."
        )
    with open_database(store) as database, progress_bar("exporting") as on_progress:
        counts = export_parquet(database, folder, on_progress)
    for name, count in counts.items():
        say(f"{folder / name}.parquet: {count:,} rows")
