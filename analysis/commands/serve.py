"""`deploylens serve`: receive OTLP until told to stop."""

import os
from typing import TYPE_CHECKING

import click

from analysis.commands.options import (
    Invocation,
    address_option,
    debug_option,
    examples,
    pass_invocation,
    store_option,
)

if TYPE_CHECKING:
    from analysis.serving import Serving


@click.command(
    short_help="Receive OTLP traces and logs.",
    epilog=examples(
        "deploylens serve",
        "deploylens serve --store /var/lib/deploylens/prod.duckdb",
        "deploylens serve --grpc 0.0.0.0:4317 --http 0.0.0.0:4318 --api 127.0.0.1:4319",
    ),
)
@store_option
@address_option("--grpc", "HOST:PORT", "Where to take OTLP over gRPC. [default 127.0.0.1:4317]")
@address_option("--http", "HOST:PORT", "Where to take OTLP over HTTP. [default 127.0.0.1:4318]")
@address_option(
    "--api",
    "HOST:PORT|off",
    "Where other deploylens commands ask this one. [default 127.0.0.1:4319]",
)
@debug_option
@pass_invocation
def serve(invocation: Invocation) -> None:
    """Receive OTLP traces and logs, and answer questions meanwhile.

    Runs until SIGINT or SIGTERM; then everything that was received is committed and it exits 0.
    Port 0 takes a free port. Each address can also be set by DEPLOYLENS_GRPC, DEPLOYLENS_HTTP and
    DEPLOYLENS_API, or under [serve] in deploylens.toml.
    """
    settings = invocation.settings()
    grpc, http = settings.address("grpc"), settings.address("http")
    api, store = settings.address_or_off("api"), settings.store

    os.environ.setdefault("GRPC_VERBOSITY", "NONE")  # a port that is taken is told by us
    from analysis.serving import serve as serve_until_stopped
    from receiver.settings import ReceiverSettings

    serve_until_stopped(ReceiverSettings(store=store, grpc=grpc, http=http), api, _tell_ready)


def _tell_ready(serving: "Serving") -> None:
    api = f"http://{serving.api}" if serving.api else "off: no other command can ask meanwhile"
    click.echo(
        f"deploylens receives traces and logs.\n"
        f"  OTLP gRPC  {serving.grpc}\n"
        f"  OTLP HTTP  http://{serving.http}\n"
        f"  local API  {api}\n"
        f"  store      {serving.store}\n"
        "Ctrl-C, or SIGTERM, commits what was received and stops.",
        err=True,
    )
