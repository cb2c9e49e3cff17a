"""What `report` writes where: its options, worked out and held against each other."""

from dataclasses import dataclass
from pathlib import Path

import click

MARKDOWN, HTML, JSON = "markdown", "html", "json"
FORMS = (MARKDOWN, HTML, JSON)
DEFAULT_TEMPLATE = "default"
_SUFFIXES = {
    **dict.fromkeys(("", ".md", ".markdown", ".txt"), MARKDOWN),
    **dict.fromkeys((".html", ".htm"), HTML),
    ".json": JSON,
}
_HTML_TEMPLATES = (".html", ".html.j2", ".htm", ".htm.j2")


@dataclass(frozen=True, slots=True)
class Destination:
    """In which form the report is written, with which template, and where to.

    With neither `output` nor `update` it goes to standard output.
    """

    form: str
    template: str | None
    output: Path | None
    update: Path | None
    assets: Path | None
    force: bool


def destination(
    form: str | None,
    template: str | None,
    output: Path | None,
    update: Path | None,
    assets: Path | None,
    force: bool,
) -> Destination:
    """Where the report goes; raises UsageError or BadParameter for what does not go together."""
    if update is not None and output is not None:
        raise click.UsageError(
            "-o writes a whole document, and --update only the block in one. Give one of them."
        )
    if force and update is not None:
        raise click.UsageError(
            "--update replaces nothing but its own block, so there is nothing to --force."
        )
    if force and output is None and assets is None:
        raise click.UsageError("--force replaces files: name one with -o or --assets.")
    wanted = _wanted_form(form, output, update)
    if template is not None:
        made = template_form(template)
        if wanted is not None and made != wanted:
            raise click.UsageError(
                f"the template {template!r} makes {_named(made)}, and {_named(wanted)} is asked"
                f" for. {_TEMPLATE_ADVICE[wanted]}"
            )
        wanted = made
    return Destination(wanted or MARKDOWN, template, output, update, assets, force)


def template_form(template: str) -> str:
    """What a template makes: HTML when it is a file that is named so, else Markdown."""
    return HTML if template.lower().endswith(_HTML_TEMPLATES) else MARKDOWN


def previous_and_since(values: tuple[str, ...]) -> tuple[Path | None, str | None]:
    """The earlier report, and the start of the window, of what was given for --since; raises
    BadParameter when there are two of a kind."""
    files = [value for value in values if value.lower().endswith(".json")]
    times = [value for value in values if value not in files]
    for several, kind in ((files, "earlier report"), (times, "start of the window")):
        if len(several) > 1:
            raise click.BadParameter(
                f"there is one {kind}, and {len(several)} were given:"
                f" {', '.join(map(repr, several[:3]))}.",
                param_hint="'--since'",
            )
    return (Path(files[0]) if files else None), (times[0] if times else None)


def _wanted_form(form: str | None, output: Path | None, update: Path | None) -> str | None:
    if update is not None:
        if form not in (None, MARKDOWN):
            raise click.UsageError(
                f"--update writes Markdown into a document, and --format says {form}."
            )
        return MARKDOWN
    if output is None:
        return form
    named = _SUFFIXES.get(output.suffix.lower())
    if named is None:
        raise click.BadParameter(
            f"{output.name!r}: the suffix says what is written: .md, .html or .json.",
            param_hint="'-o'",
        )
    if form is not None and form != named:
        raise click.UsageError(
            f"--format says {form}, and {output.name!r} is a name for {_named(named)}."
            " Give one of them, or name the file accordingly."
        )
    return named


_TEMPLATE_ADVICE = {
    MARKDOWN: "Ask for --format html, or name the file .html.",
    HTML: "Leave the template out, or name your own file .html.j2.",
    JSON: "JSON holds everything and takes no template: leave it out.",
}


def _named(form: str) -> str:
    return {MARKDOWN: "Markdown", HTML: "HTML", JSON: "JSON"}[form]
