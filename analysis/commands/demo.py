"""`deploylens demo`: recorded real traces into a real receiver, then the commands one would run."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from analysis.commands.options import debug_option, examples

if TYPE_CHECKING:
    from analysis.recording import Recording

_FRONTEND = ("-p", "service_name=frontend", "-p", "service_version=")
_CONTACTS = ("-p", "service_name=ts-contacts-service", "-p", "service_version=1.1.0")


@click.command(
    epilog=examples("deploylens demo", "deploylens demo --directory ./demo"),
    short_help="See it work on recorded real traces.",
)
@click.option(
    "--directory",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where the stores and the report are written. [default: a new temporary folder]",
)
@debug_option
def demo(directory: Path | None) -> None:
    """Show deploylens on recordings of two real systems; takes less than a minute.

    For each, a receiver is started on free ports with a store of its own. The recorded export
    requests are sent to it over OTLP/gRPC, as exporters do, and while it runs, the commands that an
    engineer would use are run and printed.
    """
    import shutil
    import sys
    import tempfile

    folder = directory or Path(tempfile.mkdtemp(prefix="deploylens-demo-"))
    folder.mkdir(parents=True, exist_ok=True)
    _show_otel_demo(folder)
    _show_train_ticket(folder)
    # Who runs it from an environment that is not activated needs the path.
    program = "deploylens" if shutil.which("deploylens") else sys.argv[0]
    click.echo(
        f"\nStores and report stay in {folder}.\nNext: {program} serve, and {program} --help."
    )


def _show_otel_demo(folder: Path) -> None:
    from analysis.recording import OTEL_DEMO

    _title("1. A system that starts: what fails, and where does it start?")
    click.echo(
        "The OpenTelemetry Demo, 50 seconds on 2024-10-30. Some of its services are not up yet;\n"
        "most send no version, which deploylens writes as 'frontend@'."
    )
    with _received(OTEL_DEMO, folder) as store:
        _run(store, "deployments")
        _run(store, "query", "failing_endpoints", *_FRONTEND)
        click.echo(
            "\nNo span of cartservice is there. The failing calls to it name it all the same:"
        )
        _run(store, "query", "failure_origins", *_FRONTEND)
        _run(store, "trace", "3fad8731")


def _show_train_ticket(folder: Path) -> None:
    from analysis.recording import TRAIN_TICKET

    _title("2. A deployment: did 1.1.0 of ts-contacts-service break something?")
    click.echo(
        "TrainTicket, about 40 services, twelve minutes on 2023-01-29. At 08:43:17 a fault was\n"
        "put into ts-contacts-service; the recording calls what ran from then on version 1.1.0."
    )
    with _received(TRAIN_TICKET, folder) as store:
        _run(store, "deployments", "--service", "ts-contacts-service")
        _run(store, "check", "ts-contacts-service@1.1.0")
        click.echo("\nNo request of it failed, so a dashboard of failures stays green. But:")
        _run(store, "query", "new_exceptions", *_CONTACTS)
        _run(
            store,
            "report",
            "ts-contacts-service@1.1.0",
            "-o",
            str(folder / "incident.md"),
            "--force",
        )


@contextmanager
def _received(recording: "Recording", folder: Path) -> Iterator[Path]:
    """A receiver that has the recording in its store, for the length of the block."""
    import time

    from analysis.recording import send
    from analysis.serving import running
    from analysis.terminal import progress_bar
    from receiver.settings import Address, ReceiverSettings

    store, free = folder / f"{recording.name}.duckdb", Address("127.0.0.1", 0)
    settings = ReceiverSettings(store=store, grpc=free, http=free)
    with running(settings, free) as serving, progress_bar("sending") as advance:
        started = time.monotonic()
        done = 0

        def on_progress(read: int) -> None:
            nonlocal done
            done += read
            advance(done, recording.size)

        count = send(recording, serving.grpc, on_progress)
        click.echo(
            f"\nSent {count:,} export requests to {serving.grpc} in"
            f" {time.monotonic() - started:.1f} s; each was acknowledged after it was stored."
        )
        click.echo(f"\n$ export DEPLOYLENS_STORE={store}")
        yield store


def _title(text: str) -> None:
    click.echo(f"\n{click.style(text, bold=True)}\n")


def _run(store: Path, *arguments: str) -> None:
    """Print a command as one would type it with DEPLOYLENS_STORE set, then run it here."""
    import shlex

    from analysis.commands.program import program

    click.echo(f"\n$ {shlex.join(['deploylens', *arguments])}\n")
    given = ["--store", str(store), *arguments]
    program.main(given, prog_name="deploylens", standalone_mode=False)
