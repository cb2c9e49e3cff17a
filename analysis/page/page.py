"""The report as one HTML file that needs nothing else.

No script runs and nothing is fetched: a policy in the page forbids both. All text goes through the
template's escaping; what a sender wrote is made harmless before.
"""

import re
from functools import cache
from importlib.resources import files

from jinja2 import Environment, FunctionLoader, StrictUndefined, Template
from markupsafe import Markup

from analysis.page.headline import banner
from analysis.page.icons import ICONS
from analysis.page.parts import parts
from analysis.report.contents import Report
from analysis.report.identity import REDACTED

_FOOTER = (
    "Written by deploylens from stored telemetry. All times are UTC; a dash means unknown. The same"
    " data and options give the same page."
)
_NOT_IN_ANCHORS = re.compile(r"[^a-z0-9]+")


def page(report: Report) -> str:
    """The whole page."""
    return _template().render(
        banner=banner(report),
        parts=parts(report),
        icons=ICONS,
        style=Markup(_text("page.css")),  # a style element holds text as it is
        footer=_FOOTER,
        redacted=REDACTED if report.redacted else "",
    )


@cache
def _template() -> Template:
    environment = Environment(
        loader=FunctionLoader(_text),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["anchor"] = _anchor
    return environment.get_template("page.html.j2")


def _text(name: str) -> str:
    """A file of this package."""
    return (files("analysis.page") / name).read_text(encoding="utf-8")


def _anchor(title: str) -> str:
    """A title of ours as the id of its part."""
    return _NOT_IN_ANCHORS.sub("-", title.lower()).strip("-")
