"""`deploylens report`: one deployment as an incident document."""

from pathlib import Path

import click

from analysis.commands.options import (
    Invocation,
    debug_option,
    examples,
    pass_invocation,
    store_option,
)
from analysis.commands.output import say, write

_MARKDOWN_SUFFIXES = ("", ".md", ".markdown", ".txt")


@click.command(
    epilog=examples(
        "deploylens report shop@1.4.0",
        "deploylens report shop@1.4.0 -o incident.md",
        "deploylens report shop@1.4.0 --environment prod --baseline 1.3.9 --since 2h",
        "deploylens report shop@                     # the spans that carry no version",
    ),
    short_help="Write what is known about a deployment, as Markdown.",
)
@click.argument("deployment", metavar="SERVICE@VERSION")
@click.option(
    "-o",
    "--output",
    metavar="FILE.md",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write to this file instead of standard output.",
)
@click.option("--force", is_flag=True, help="Replace the file when there is one.")
@click.option("--environment", metavar="NAME", help="Environment. [default: its latest]")
@click.option("--deployment-id", metavar="ID", help="Roll-out. [default: the version's latest]")
@click.option("--baseline", metavar="VERSION", help="What to compare with. [default: worked out]")
@click.option("--since", metavar="TIME", help="Start of the window. [default: its first traffic]")
@click.option("--until", metavar="TIME", help="Read nothing later. [default: all that is stored]")
@store_option
@debug_option
@pass_invocation
def report(
    invocation: Invocation,
    deployment: str,
    output: Path | None,
    force: bool,
    environment: str | None,
    deployment_id: str | None,
    baseline: str | None,
    since: str | None,
    until: str | None,
) -> None:
    """Write what the store knows about a deployment as an incident document, in Markdown.

    Summary, impact, timeline, failing endpoints, origins, new and gone exceptions, what changed and
    example traces are filled in; what only people know is marked "To fill in". The appendix names
    every query with a hash of its rows. The same data and options give the same bytes.
    """
    settings = invocation.settings()
    if output is not None:
        _check_suffix(output)
    given = {
        "environment_name": environment,
        "deployment_id": deployment_id,
        "baseline_version": baseline,
        "since": since,
        "until": until,
    }

    from analysis.asked_deployment import check_names
    from analysis.asking import asking
    from analysis.deployment_name import named_deployment
    from analysis.report.builder import build_report
    from analysis.report.markdown import markdown
    from analysis.terminal import progress_bar

    said = {name: value for name, value in given.items() if value is not None}
    with asking(settings) as store, progress_bar("asking") as on_progress:
        for refusal in store.catalog.refused.values():
            say(f"Warning: {refusal}")
        deployed = store.deployed()
        name = named_deployment(deployment, [one.name for one in deployed])
        check_names(
            deployed, {"service_name": name.service, "service_version": name.version} | said
        )
        found = build_report(store, name, said, on_progress)
    text = markdown(found)
    if output is None:
        write(text)
    else:
        _write(output, text, force)


def _check_suffix(output: Path) -> None:
    if output.suffix not in _MARKDOWN_SUFFIXES:
        raise click.BadParameter(
            f"{output.name!r}: the report is Markdown. Name the file .md.", param_hint="'-o'"
        )


def _write(output: Path, text: str, force: bool) -> None:
    """Write the file; one that says something else is kept, for somebody may have filled it in."""
    from analysis.exit_code import UsageRefused

    if output.exists() and not force and output.read_text(encoding="utf-8") != text:
        raise UsageRefused(
            f"{output} exists and may hold notes. Name another file, or replace it with --force."
        )
    output.write_text(text, encoding="utf-8")
    say(f"Wrote {output}.")
