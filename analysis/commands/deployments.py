"""`deploylens deployments`: what was deployed."""

import click

from analysis.commands.options import (
    Invocation,
    debug_option,
    examples,
    format_option,
    pass_invocation,
    store_option,
)
from analysis.commands.output import write_rows

_FIRST = (
    *("service_name", "service_version", "environment_name", "first_seen"),
    *("requests", "failures", "failure_rate", "instances", "last_seen", "marked_at"),
)


@click.command(
    short_help="List what was deployed, with its traffic.",
    epilog=examples(
        "deploylens deployments",
        "deploylens deployments --service shop --since 2d",
        "deploylens deployments --format json | jq '.[0]'",
    ),
)
@click.option("--service", metavar="NAME", help="Only this service.")
@click.option("--environment", metavar="NAME", help="Only this environment.")
@click.option("--since", metavar="TIME", help="Only those seen since: 2026-11-21T09:00Z, or 2h.")
@click.option("--until", metavar="TIME", help="Only those first seen before.")
@store_option
@format_option
@debug_option
@pass_invocation
def deployments(
    invocation: Invocation,
    service: str | None,
    environment: str | None,
    since: str | None,
    until: str | None,
) -> None:
    """List what was deployed: each version of each service, with its traffic, the latest first.

    Times are UTC. A deployment is a version of a service in an environment; it begins with its
    first span, or with 'deploylens mark'.
    """
    settings = invocation.settings()
    output_format = settings.format

    from analysis.asking import asking
    from analysis.deployment_name import NOTHING_STORED, DeploymentName, unknown_deployment

    asked = {
        "service_name": service,
        "environment_name": environment,
        "since": since,
        "until": until,
    }
    with asking(settings) as store:
        rows = store.rows("deployments", {k: v for k, v in asked.items() if v is not None})
        known = [] if len(rows) else store.deployment_names()
    empty = "No deployments match." if known else NOTHING_STORED
    if known and service and service not in {name.service for name in known}:
        empty = unknown_deployment(DeploymentName(service, ""), known)
    if output_format == "table":
        rows = rows.without_unknown().led_by(_FIRST)
    write_rows(rows, output_format, empty=empty[0].upper() + empty[1:])
