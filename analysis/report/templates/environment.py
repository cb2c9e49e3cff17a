"""Where templates run: a sandbox in which every value is made safe as it is written.

A value from the report is text and nothing else: the environment escapes it for Markdown, unless it
is `Markdown` already; in a template for HTML, for HTML. A name that is not there is an error.
"""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import jinja2
from jinja2.exceptions import SecurityError
from jinja2.runtime import Context, Macro
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import missing

from analysis.formats.markdown_text import code
from analysis.report import words
from analysis.report.impact import minutes
from analysis.report.markdown_block import Markdown
from analysis.report.templates.context import NAMES
from analysis.report.templates.problem import HELP, TemplateProblem
from analysis.report.templates.shipped import BLOCK, SHIPPED, SUFFIX, source
from analysis.suggestion import did_you_mean

_REPEATED_LENGTH_MAX = 100_000
_POWER_MAX = 1_000_000
_LISTED_MAX = 60
_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", re.ASCII)
# What would begin a numbered list if it stood first in a line.
_NUMBERED = re.compile(r"\d{1,9}[.)](\s|$)", re.ASCII)

# Whatever a template hands to a filter or has as a value.
Value = Any


class Sandbox(ImmutableSandboxedEnvironment):
    """Jinja2's sandbox, with bounds, and macros whose result is as safe as what they wrote."""

    intercepted_binops = frozenset({"*", "**"})

    def call_binop(self, context: Context, operator: str, left: Value, right: Value) -> Value:
        """The product or power, when it stays small."""
        if operator == "**" and not all(abs(one) <= _POWER_MAX for one in (left, right)):
            raise SecurityError(f"{left!r} ** {right!r} is too large")
        for text, times in ((left, right), (right, left)):
            many = isinstance(text, str | list | tuple) and isinstance(times, int)
            if many and len(text) * times > _REPEATED_LENGTH_MAX:
                raise SecurityError(f"a repetition of more than {_REPEATED_LENGTH_MAX:,} is made")
        return super().call_binop(context, operator, left, right)

    def call(self, context: Context, called: Value, /, *args: Value, **kwargs: Value) -> Value:
        """What is called; a macro has escaped what it wrote."""
        result = super().call(context, called, *args, **kwargs)
        escaped = isinstance(called, Macro) and not self.autoescape
        return Markdown(result) if escaped else result


class Missing(jinja2.StrictUndefined):
    """A name that is not there; using it says what there is instead."""

    __slots__ = ()

    @property
    def _undefined_message(self) -> str:
        if self._undefined_hint:
            return self._undefined_hint
        name = str(self._undefined_name)
        if self._undefined_obj is None:
            return f"{name!r} is asked of what is unknown here: put {{% if %}} around it"
        if self._undefined_obj is missing:
            known, seen = list(NAMES), f"{name!r} is not known"
        else:
            known = _attributes(self._undefined_obj)
            seen = f"a {type(self._undefined_obj).__name__} has no {name!r}"
        listed = f" There is: {', '.join(known[:_LISTED_MAX])}" if known else ""
        return f"{seen}.{did_you_mean(name, known)}{listed}"


def markdown_environment(loader: jinja2.BaseLoader) -> Sandbox:
    """Templates that write Markdown."""
    return _environment(loader, Markdown, autoescape=False, finalize=markdown_value)


def html_environment(loader: jinja2.BaseLoader) -> Sandbox:
    """Templates that write HTML."""
    return _environment(loader, str, autoescape=True, finalize=html_value)


def shipped_loader() -> jinja2.BaseLoader:
    """The templates that are shipped, as NAME.md.j2."""
    return jinja2.FunctionLoader(_shipped)


def folder_loader(folder: Path) -> jinja2.BaseLoader:
    """Templates beside a user's own, and ours as deploylens/NAME.md.j2."""
    ours = jinja2.PrefixLoader({"deploylens": shipped_loader()})
    return jinja2.ChoiceLoader([jinja2.FileSystemLoader(folder), ours])


def _shipped(file_name: str) -> str | None:
    name = file_name.removesuffix(SUFFIX)
    return source(name) if name in (*SHIPPED, BLOCK) else None


def markdown_value(value: Value) -> str:
    """A value as Markdown that says it and does nothing else."""
    if isinstance(value, Markdown):
        return value
    text = _text(value)
    if not isinstance(value, str):  # numbers, and what is unknown, were worded here
        return text
    return code(text) if _NUMBERED.match(text) else words.cell(text)


def html_value(value: Value) -> Value:
    """A value as text, which the environment escapes for HTML."""
    return value if hasattr(value, "__html__") else _text(value)


def _text(value: Value) -> str:
    match value:
        case jinja2.Undefined():
            return str(value)  # raises what is missing
        case None:
            return words.UNKNOWN
        case bool():
            return "yes" if value else "no"
        case int():
            return f"{value:,}"
        case float():
            return words.number(value)
        case str():
            return str(value)
    raise TemplateProblem(
        f"a {type(value).__name__} is written, which is no text. Write one of its parts"
        f" ({', '.join(_attributes(value)[:_LISTED_MAX]) or 'with a loop'}). {HELP}"
    )


def _attributes(value: object) -> list[str]:
    names = value.keys() if isinstance(value, Mapping) else dir(value)
    return [str(name) for name in names if not str(name).startswith("_")]


def _is_time(value: Value) -> bool:
    """Whether it is a time as a report has them, or unknown; any other text is not trusted."""
    return value is None or (isinstance(value, str) and _RFC_3339.fullmatch(value) is not None)


def _environment(
    loader: jinja2.BaseLoader,
    safe: Callable[[str], str],
    *,
    autoescape: bool,
    finalize: Callable[[Value], Value],
) -> Sandbox:
    environment = Sandbox(
        loader=loader,
        undefined=Missing,
        autoescape=autoescape,
        finalize=finalize,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "percent": lambda share: safe(words.percent(share)),
        "number": lambda value: safe(words.number(value)),
        "milliseconds": lambda value: safe(words.milliseconds(value)),
        "minutes": lambda value: safe(minutes(value)),
        "time": lambda time: safe(words.time(time)) if _is_time(time) else time,
        "markdown": safe,
        "code": lambda text: safe(code(str(text))),
    }
    del environment.globals["lipsum"]
    return environment
