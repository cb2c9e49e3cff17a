"""`deploylens explain-exception`: why exceptions are one group."""

import click

from analysis.commands.options import (
    Invocation,
    debug_option,
    examples,
    pass_invocation,
    store_option,
)
from analysis.commands.output import write

_WIDTH_PIPED = 100
_EXAMPLES = 3


@click.command(
    "explain-exception",
    short_help="Explain why exceptions are one group.",
    epilog=examples(
        "deploylens explain-exception 3f2a9c",
        "deploylens explain-exception 3f2a9c81d04e77b6 --examples 20",
        "deploylens explain-exception 3f2a9c --format json | jq .now.differs",
    ),
)
@click.argument("fingerprint")
@click.option(
    "--examples",
    "examples_max",
    type=click.IntRange(1, 1000),
    default=_EXAMPLES,
    metavar="N",
    help=f"How many occurrences to show. [default {_EXAMPLES}]",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(("text", "json")),
    default="text",
    help="For people, or for programs. [default text]",
)
@store_option
@debug_option
@pass_invocation
def explain_exception(
    invocation: Invocation, fingerprint: str, examples_max: int, form: str
) -> None:
    """Explain why exceptions are one group: what counts, what is left out, and for what reason.

    FINGERPRINT is a strict or a loose key, or the first 6 or more of its digits. What is told is
    what the latest occurrence gives now, by the rules of deploylens.toml in this folder; whether
    the stored fingerprint was made so is told too.
    """
    settings = invocation.settings()

    from analysis.asking import asking
    from analysis.exception_group import named_exception
    from analysis.explained_exception import explained

    with asking(settings) as store:
        named = named_exception(store, fingerprint)
        found = explained(store, named, settings.grouping, examples_max)
    if form == "json":
        from analysis.explanation_json import explanation_json

        write(explanation_json(found))
        return

    from analysis.explanation_text import explanation_text
    from analysis.printing import printed
    from analysis.terminal import stdout_colour, stdout_width

    width = stdout_width() or _WIDTH_PIPED
    write(printed(*explanation_text(found), width=width, colour=stdout_colour()))
