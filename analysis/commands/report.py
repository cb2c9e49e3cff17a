"""`deploylens report`: one deployment as an incident document."""

from pathlib import Path

import click

from analysis.commands.completed_names import complete_deployment
from analysis.commands.options import (
    Invocation,
    debug_option,
    examples,
    pass_invocation,
    store_option,
)
from analysis.commands.output import say
from analysis.commands.repo_option import checkout, repo_option, with_source
from analysis.commands.report_options import FORMS, destination, previous_and_since

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command(
    epilog=examples(
        "deploylens report shop@1.4.0",
        "deploylens report shop@1.4.0 -o incident.html          # a page with charts; .md, .json",
        "deploylens report shop@1.4.0 --template google-sre -o postmortem.md",
        "deploylens report shop@1.4.0 --update postmortem.md    # only its block, later again",
        "deploylens report shop@1.4.0 --assets charts           # SVG and PNG pictures",
        "deploylens report shop@1.4.0 --since before.json       # and what changed since then",
        "deploylens report shop@1.4.0 --repo ~/src/shop         # suspects and owners",
        "deploylens report shop@1.4.0 --redact -o outside.html  # to leave the company",
        "deploylens report shop@1.4.0 --environment prod --baseline 1.3.9 --since 2h",
        "deploylens report shop@                     # the spans that carry no version",
    ),
    short_help="Write what is known about a deployment: Markdown, HTML, JSON.",
)
@click.argument("deployment", metavar="SERVICE@VERSION", shell_complete=complete_deployment)
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    type=_FILE,
    help="Write to this file; .md, .html or .json says what. [default: standard output]",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMS),
    help="What to write to standard output. [default: markdown]",
)
@click.option(
    "--template",
    metavar="NAME|FILE",
    help="default, google-sre, pagerduty, atlassian, incident-io, or a file of your own."
    " [default: default]",
)
@click.option(
    "--update",
    metavar="DOC.md",
    type=_FILE,
    help="Replace only the report's block in this document; the rest stays byte for byte.",
)
@click.option(
    "--assets",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    help="Also write each chart into this folder, as SVG and PNG.",
)
@click.option("--redact", is_flag=True, help="Leave out what should not leave the company.")
@click.option("--force", is_flag=True, help="Replace files that are there.")
@click.option("--environment", metavar="NAME", help="Environment. [default: its latest]")
@click.option("--deployment-id", metavar="ID", help="Roll-out. [default: the version's latest]")
@click.option("--baseline", metavar="VERSION", help="What to compare with. [default: worked out]")
@click.option(
    "--since",
    metavar="TIME|FILE.json",
    multiple=True,
    help="Start of the window; or an earlier report as JSON, to say what changed since. Both by"
    " giving it twice. [default: its first traffic]",
)
@click.option("--until", metavar="TIME", help="Read nothing later. [default: all that is stored]")
@repo_option
@store_option
@debug_option
@pass_invocation
def report(
    invocation: Invocation,
    deployment: str,
    output: Path | None,
    form: str | None,
    template: str | None,
    update: Path | None,
    assets: Path | None,
    redact: bool,
    force: bool,
    environment: str | None,
    deployment_id: str | None,
    baseline: str | None,
    since: tuple[str, ...],
    until: str | None,
    repo: Path | None,
) -> None:
    """Write what the store knows about a deployment as an incident document.

    Verdict, impact, timeline, failing endpoints, origins, exceptions, what changed and example
    traces are filled in; what only people know is marked "To fill in". The appendix names every
    query with a hash of its rows. The same data and options give the same bytes.
    """
    to = destination(form, template, output, update, assets, force)
    earlier, begin = previous_and_since(since)
    settings = invocation.settings()
    source = checkout(settings, repo)
    said = _said(environment, deployment_id, baseline, begin, until)

    from analysis.asking import asking
    from analysis.commands.report_output import check_before_asking, deliver
    from analysis.report.builder import asked_report
    from analysis.report.previous import read_previous, with_difference
    from analysis.terminal import progress_bar

    check_before_asking(to)
    previous = None if earlier is None else read_previous(earlier)
    with asking(settings) as store, progress_bar("asking") as on_progress:
        for refusal in store.catalog.refused.values():
            say(f"Warning: {refusal}")
        found = asked_report(store, deployment, said, settings.thresholds, on_progress)
        found = with_source(found, store, settings, source)
    if previous is not None and earlier is not None:
        found = with_difference(found, previous, earlier)
    if redact:
        from analysis.report.redaction import redacted

        found = redacted(found, settings.redacted_names)
    deliver(found, to)


def _said(*values: str | None) -> dict[str, str]:
    """What was said besides service and version, by the names that queries have for it."""
    names = ("environment_name", "deployment_id", "baseline_version", "since", "until")
    return {name: value for name, value in zip(names, values, strict=True) if value is not None}
