"""`deploylens serve`: receive OTLP until told to stop."""

import os
from typing import TYPE_CHECKING

import click

from analysis.commands.options import (
    Invocation,
    address_option,
    debug_option,
    examples,
    log_options,
    origin_option,
    pass_invocation,
    redaction_options,
    retention_options,
    security_options,
    size_option,
    store_option,
)
from analysis.receiver_settings import local_api_address, receiver_settings

if TYPE_CHECKING:
    from analysis.serving import Serving


@click.command(
    short_help="Receive OTLP traces and logs.",
    epilog=examples(
        "deploylens serve",
        "deploylens serve --store /var/lib/deploylens/prod.duckdb --retention 14d --max-disk 20GB",
        "deploylens serve --grpc 0.0.0.0:4317 --http 0.0.0.0:4318 --api 127.0.0.1:4319",
        "deploylens serve --gate 0.0.0.0:4321 --api-key-file keys --tls-cert c.pem --tls-key k.pem",
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
@address_option(
    "--gate",
    "HOST:PORT|off",
    "Where pipelines on other machines ask for checks, gates and marks. [default off]",
)
@size_option("--max-request-bytes", "The largest request, decompressed. [default 64MiB]")
@size_option(
    "--max-queue-bytes", "How much waits to be stored, before senders wait. [default 96MiB]"
)
@size_option("--max-response-bytes", "The largest answer to an exporter. [default 4MiB]")
@retention_options
@origin_option
@security_options
@redaction_options
@log_options
@debug_option
@pass_invocation
def serve(invocation: Invocation) -> None:
    """Receive OTLP traces and logs, and answer questions meanwhile.

    Runs until SIGINT or SIGTERM; then everything that was received is committed and it exits 0.
    Port 0 takes a free port. Each option is also read from the environment, as DEPLOYLENS_MAX_DISK
    for --max-disk, or from deploylens.toml under [serve], as max_disk. Those that may be repeated
    are plural there, with commas: DEPLOYLENS_CORS_ORIGINS. Keys themselves, with commas, may stand
    in DEPLOYLENS_API_KEYS, never in an option.

    Deployments and verdicts are announced where [[webhooks]] and [grafana] in deploylens.toml say.
    """
    settings = invocation.settings()
    api, log_format = local_api_address(settings), settings.log_format
    receiver, gate = receiver_settings(settings), settings.address_or_off("gate")
    targets = settings.targets
    if targets.all:
        from analysis.announcing.telling import check_usable

        check_usable(targets)

    os.environ.setdefault("GRPC_VERBOSITY", "NONE")  # a port that is taken is told by us
    from analysis.serving import Offered
    from analysis.serving import serve as serve_until_stopped
    from receiver.monitoring.log_lines import configure_logging

    bound = configure_logging(log_format, settings.log_level)
    try:
        on_ready = _tell_ready if log_format == "text" else _say_nothing
        offered = Offered(api, gate, settings.thresholds, targets)
        serve_until_stopped(receiver, offered, on_ready)
    finally:
        bound.tell()


def _say_nothing(_serving: "Serving") -> None:
    """The log says it."""


def _tell_ready(serving: "Serving") -> None:
    api = f"http://{serving.api}" if serving.api else "off: no other command can ask meanwhile"
    gate = f"  gates      {serving.gate}\n" if serving.gate else ""
    click.echo(
        f"deploylens receives traces and logs.\n"
        f"  OTLP gRPC  {serving.grpc}\n"
        f"  OTLP HTTP  http://{serving.http}\n"
        f"  local API  {api}\n{gate}"
        f"  store      {serving.store}\n"
        "Ctrl-C, or SIGTERM, commits what was received and stops.",
        err=True,
    )
