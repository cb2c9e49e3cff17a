"""The command `deploylens` and the commands below it."""

import click

from analysis.commands.announce_test import announce_test
from analysis.commands.backtest import backtest
from analysis.commands.check import check
from analysis.commands.command_groups import GroupedCommands
from analysis.commands.compact import compact
from analysis.commands.completion import completion
from analysis.commands.demo import demo
from analysis.commands.deployments import deployments
from analysis.commands.doctor import doctor
from analysis.commands.explain_exception import explain_exception
from analysis.commands.export import export
from analysis.commands.import_files import import_files
from analysis.commands.incident import incident
from analysis.commands.mark import mark
from analysis.commands.options import debug_option, examples, store_option
from analysis.commands.queries import queries
from analysis.commands.query import query
from analysis.commands.regroup import regroup
from analysis.commands.report import report
from analysis.commands.resolve import resolve
from analysis.commands.serve import serve
from analysis.commands.show_trace import trace
from analysis.commands.silence import silence
from analysis.commands.sql import sql
from analysis.commands.watch import watch

_EPILOG = (
    examples(
        "deploylens serve                                   # receive OTLP on 4317 and 4318",
        "deploylens deployments                             # what was deployed",
        "deploylens check shop@1.4.0                        # did it break something?",
        "deploylens incident                                # something is red: which was it?",
        "deploylens query new_exceptions -p service_name=shop -p service_version=1.4.0",
        "deploylens report shop@1.4.0 -o incident.md        # for the incident document",
    )
    + "\n\n\b\nExit codes: 0 done, 1 failed while running, 2 usage or configuration,\n"
    "3 cannot reach or open the store or receiver, 4 timeout, 10 gate fails, 11 gate\n"
    "undecided, 130 interrupted."
)


@click.group(
    cls=GroupedCommands,
    epilog=_EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option(
    "--version",
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=lambda context, _parameter, asked: _version(context) if asked else None,
    help="Show the version and exit.",
)
@store_option
@debug_option
def program() -> None:
    """Say whether a deployment broke something, what, and where it starts.

    deploylens receives OpenTelemetry traces and logs, keeps them in one DuckDB file, and answers
    questions about each deployment. Settings are read from flags, else the environment, else
    deploylens.toml in the current folder.
    """


for _command in (
    serve,
    doctor,
    demo,
    import_files,
    deployments,
    mark,
    announce_test,
    check,
    watch,
    incident,
    backtest,
    queries,
    query,
    sql,
    report,
    explain_exception,
    resolve,
    silence,
    trace,
    export,
    regroup,
    compact,
    completion,
):
    program.add_command(_command)


def _version(context: click.Context) -> None:
    from importlib.metadata import PackageNotFoundError, version

    try:
        click.echo(f"deploylens {version('deploylens')}")
    except PackageNotFoundError:
        click.echo("deploylens (not installed: run from its source)")
    context.exit()
