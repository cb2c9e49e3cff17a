"""A report through a template: a shipped one by its name, or the user's own file."""

from collections.abc import Iterable
from pathlib import Path

import jinja2

from analysis.report.contents import Report
from analysis.report.templates.context import context
from analysis.report.templates.environment import (
    folder_loader,
    html_environment,
    markdown_environment,
    shipped_loader,
)
from analysis.report.templates.problem import TemplateProblem, problem
from analysis.report.templates.shipped import BLOCK, SHIPPED, SUFFIX
from analysis.safe_text import shown
from analysis.suggestion import did_you_mean

OUTPUT_LENGTH_MAX = 4_000_000
TEMPLATE_BYTES_MAX = 1_000_000
_HTML = (".html", ".html.j2", ".htm", ".htm.j2")
_OWN = (".j2", ".jinja", ".jinja2", ".md", ".html", ".htm", ".txt")


def template_named(text: str) -> str | Path:
    """The template that is meant by what was typed: a shipped name, else a file. Raises
    TemplateProblem when it is neither."""
    if text in SHIPPED:
        return text
    path = Path(text).expanduser()
    if path.is_file():
        return path
    if path.suffix in _OWN or len(path.parts) > 1:
        raise TemplateProblem(f"{shown(text)}: no such file. It is the path of a template.")
    raise TemplateProblem(
        f"{shown(text)!r} is no template.{did_you_mean(text, SHIPPED)} There is:"
        f" {', '.join(SHIPPED)}; or name a file of your own, as incident.md.j2."
    )


def rendered(report: Report, template: str | Path) -> str:
    """The report as the template lays it out; ends with a line break.

    `template` is a name of SHIPPED, or the path of a file: Jinja2 that writes Markdown, or HTML
    when it ends in .html or .html.j2. Raises TemplateProblem with file, line and what was seen.
    """
    if isinstance(template, Path):
        return _own(report, template)
    if template not in (*SHIPPED, BLOCK):
        raise TemplateProblem(f"{template!r} is no template. There is: {', '.join(SHIPPED)}.")
    name = f"{template}{SUFFIX}"
    return _ended(markdown_environment(shipped_loader()).get_template(name).render(context(report)))


def _own(report: Report, path: Path) -> str:
    make = html_environment if path.name.lower().endswith(_HTML) else markdown_environment
    environment = make(folder_loader(path.parent))
    _check_size(path)
    try:
        template = environment.get_template(path.name)
        return _ended(_bounded(template.generate(context(report))))
    except UnicodeDecodeError:
        raise TemplateProblem(f"{shown(str(path))} is not UTF-8 text. Save it as UTF-8.") from None
    except RecursionError:
        raise TemplateProblem(f"{shown(str(path))} includes or calls itself without end.") from None
    except jinja2.TemplateNotFound as error:  # which is an OSError
        raise problem(str(path), error) from error
    except OSError:
        raise
    # A template may do anything that an expression can; whatever goes wrong in it is its error.
    except Exception as error:
        raise problem(str(path), error) from error


def _check_size(path: Path) -> None:
    size = path.stat().st_size
    if size > TEMPLATE_BYTES_MAX:
        raise TemplateProblem(
            f"{shown(str(path))} has {size:,} bytes; a template has at most {TEMPLATE_BYTES_MAX:,}."
        )


def _bounded(parts: Iterable[str]) -> str:
    written, length = [], 0
    for part in parts:
        length += len(part)
        if length > OUTPUT_LENGTH_MAX:
            raise TemplateProblem(
                f"it writes more than {OUTPUT_LENGTH_MAX:,} characters; a loop may be too long."
            )
        written.append(part)
    return "".join(written)


def _ended(text: str) -> str:
    """The text without empty lines at either end, and one line break at its end."""
    return text.strip("\n") + "\n"
