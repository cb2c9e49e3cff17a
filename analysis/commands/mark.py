"""`deploylens mark`: tell the store about a deployment."""

import click

from analysis.commands.options import (
    Invocation,
    debug_option,
    examples,
    pass_invocation,
    receiver_option,
    store_option,
)
from analysis.safe_text import shown


@click.command(
    short_help="Tell what is deployed, as a pipeline does.",
    epilog=examples(
        "deploylens mark shop 1.4.0",
        'deploylens mark shop 1.4.0 --environment prod --commit "$(git rev-parse HEAD)"',
        "deploylens mark shop 1.4.0 --strategy canary --irreversible --note 'drops a column'",
        "deploylens mark shop 1.4.0 --receiver https://deploylens.example.com:4321",
    ),
)
@click.argument("service")
@click.argument("version")
@click.option("--namespace", metavar="NAME", help="service.namespace of the service.")
@click.option("--environment", metavar="NAME", help="deployment.environment.name.")
@click.option("--deployment-id", metavar="ID", help="deployment.id of this roll-out.")
@click.option("--commit", metavar="REVISION", help="What it was built from.")
@click.option("--previous-commit", metavar="REVISION", help="What ran before.")
@click.option("--strategy", metavar="TEXT", help="How it is rolled out: rolling, canary, ...")
@click.option("--irreversible", is_flag=True, help="It must not be rolled back.")
@click.option("--note", metavar="TEXT", help="Anything a reader should know.")
@receiver_option
@store_option
@debug_option
@pass_invocation
def mark(
    invocation: Invocation,
    service: str,
    version: str,
    namespace: str | None,
    environment: str | None,
    deployment_id: str | None,
    commit: str | None,
    previous_commit: str | None,
    strategy: str | None,
    irreversible: bool,
    note: str | None,
) -> None:
    """Tell what is deployed: a note about VERSION of SERVICE, as a pipeline does.

    What is left out (environment, deployment id) matches every deployment of that version. The
    latest mark of a deployment counts. A store that does not exist yet is created.
    """
    settings = invocation.settings()
    receiver = settings.receiver

    from analysis.exit_code import UsageRefused
    from receiver.storage.marks import DeploymentMark

    try:
        given = DeploymentMark(
            service_name=service,
            service_version=version,
            service_namespace=namespace,
            environment_name=environment,
            deployment_id=deployment_id,
            vcs_revision=commit,
            previous_vcs_revision=previous_commit,
            strategy=strategy,
            irreversible=irreversible,
            note=note,
        )
    except ValueError as error:
        raise UsageRefused(str(error)) from None
    if receiver is None:
        from analysis.database import mark_deployment

        mark_deployment(settings.store, given)
    else:
        from analysis.remote_receiver import RemoteReceiver

        RemoteReceiver(receiver).mark(given)
    where = f" in {environment}" if environment else ""
    click.echo(f"Marked {shown(service)} {shown(version)}{shown(where)}.", err=True)
