"""What is wrong with a template, said with its file and line."""

import traceback

import jinja2

from analysis.exit_code import UsageRefused
from analysis.safe_text import shortened, shown

_SEEN_LENGTH_MAX = 200
HELP = "docs/templates.md lists all that a template may use."


class TemplateProblem(UsageRefused):
    """A template that cannot be used: which file, which line, what was seen, what there is."""


def problem(file: str, error: Exception) -> TemplateProblem:
    """The error of a template as one for the person who wrote it."""
    if isinstance(error, TemplateProblem):
        where = _line(error, file)
        return TemplateProblem(f"{_place(file, where)}: {error}")
    if isinstance(error, jinja2.TemplateSyntaxError):
        return TemplateProblem(
            f"{_place(error.filename or file, error.lineno)}: {_seen(error.message)}. {HELP}"
        )
    if isinstance(error, jinja2.TemplateNotFound):
        return TemplateProblem(
            f"{_place(file, _line(error, file))}: it names the template {_seen(error.name)}, which"
            " is not there. Others stand beside it, or are deploylens/NAME.md.j2."
        )
    said = _seen(str(error) or type(error).__name__)
    return TemplateProblem(f"{_place(file, _line(error, file))}: {said}. {HELP}")


def _line(error: Exception, file: str) -> int | None:
    """The line of the template that was at work; Jinja2 puts it into the traceback."""
    frames = [one for one in traceback.extract_tb(error.__traceback__) if one.filename == file]
    return frames[-1].lineno if frames else None


def _place(file: str, line: int | None) -> str:
    return shown(file) if line is None else f"{shown(file)}, line {line}"


def _seen(text: object) -> str:
    return shortened(shown(str(text or "something unknown")), _SEEN_LENGTH_MAX).rstrip(".")
