"""`deploylens import`: OTLP files into the store."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from analysis.commands.options import (
    Invocation,
    debug_option,
    examples,
    pass_invocation,
    redaction_options,
    store_option,
)
from analysis.safe_text import shown

if TYPE_CHECKING:
    from receiver.importer import ImportReport

_SHOWN_MAX = 20


@click.command(
    "import",
    short_help="Import OTLP files.",
    epilog=examples(
        "deploylens import traces.jsonl",
        "deploylens import --store prod.duckdb spool/*.otlp.gz spool/*.json.zst",
    ),
)
@click.argument(
    "files",
    metavar="FILE...",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
)
@store_option
@redaction_options
@debug_option
@pass_invocation
def import_files(invocation: Invocation, files: tuple[Path, ...]) -> int:
    """Import OTLP files: JSON lines, JSON or protobuf requests, length-delimited; .gz and .zst too.

    JSON lines are what the Collector's file exporter writes. A damaged record is told with its
    place and the rest is imported; then the exit code is 1. A file imported again adds nothing.
    """
    for path in files:
        if not path.is_file():
            raise click.BadParameter(
                f"{path} is not a regular file. OTLP files must be seekable; save the stream to a"
                " file first."
            )
    settings = invocation.settings()
    store, redaction, grouping = settings.store, settings.redaction, settings.grouping

    from analysis.exit_code import ExitCode
    from receiver.importer import import_files as import_into

    with _progress(files) as on_progress:
        report = import_into(files, store, on_progress, redaction, grouping)
    _tell(report, len(files), store)
    return ExitCode.FAILED if report.damaged else ExitCode.DONE


@contextmanager
def _progress(files: Sequence[Path]) -> Iterator[Callable[[Path, int], None]]:
    """A progress bar over the bytes of all files on a terminal, else nothing."""
    from analysis.terminal import progress_bar

    total = sum(path.stat().st_size for path in files)
    with progress_bar("importing") as advance:
        done = 0

        def on_progress(_path: Path, read: int) -> None:
            nonlocal done
            done += read
            advance(done, total)

        yield on_progress


def _tell(report: "ImportReport", file_count: int, store: Path) -> None:
    files = "1 file" if file_count == 1 else f"{file_count} files"
    lines = [
        f"Imported {report.accepted:,} spans and log records in {report.requests:,} requests"
        f" from {files} into {store}."
    ]
    if report.duplicates:
        lines.append(
            f"{report.duplicates:,} of these requests were stored before and added nothing."
        )
    if report.rejected:
        lines.append(f"{report.rejected:,} spans or log records were refused:")
        lines += _first(report.rejected_reasons)
    if report.damaged:
        lines.append(f"Left out, {len(report.damaged):,}:")
        lines += _first([f"{d.path} {d.position}: {d.reason}" for d in report.damaged])
    for line in lines:
        click.echo(shown(line), err=True)


def _first(lines: Sequence[str]) -> list[str]:
    more = len(lines) - _SHOWN_MAX
    return [f"  {line}" for line in lines[:_SHOWN_MAX]] + (
        [f"  and {more} more"] if more > 0 else []
    )
