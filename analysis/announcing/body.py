"""The body of a webhook: the event as JSON, or what a user's template makes of it.

A template runs in Jinja2's sandbox and sees nothing but the event. In a body of JSON every value it
writes is written as JSON, so no text of a span can end a string and begin a field.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from analysis.announcing.targets import TargetUnusable, Webhook
from analysis.formats.json_rows import json_text
from analysis.safe_text import shown

_TEMPLATE_BYTES_MAX = 64 * 1024
_BODY_BYTES_MAX = 256 * 1024
_SLACK = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})

# Values of any kind that JSON has.
Json = Any


class BodyRefused(Exception):
    """The template made nothing that can be sent; the message says what is wrong."""


def read_template(webhook: Webhook) -> Template | None:
    """The template of a webhook, None if it has none; raises TargetUnusable."""
    if webhook.template is None:
        return None
    try:
        text = _text(webhook.template)
        return _environment(is_json=_is_json(webhook)).from_string(text)
    except TemplateError as error:
        line = f"line {error.lineno}: " if hasattr(error, "lineno") else ""
        said = f"template {webhook.template}: {line}{error.message}"
        raise TargetUnusable(said) from None


def body_of(webhook: Webhook, template: Template | None, document: Mapping[str, Json]) -> bytes:
    """The bytes to send; raises BodyRefused."""
    if template is None:
        return json_text(dict(document)).encode()
    try:
        text = template.render(event=document)
    except (TemplateError, ArithmeticError, LookupError, TypeError, ValueError) as e:
        raise BodyRefused(f"template {webhook.template}: {e}") from None
    except (MemoryError, RecursionError, OverflowError):
        raise BodyRefused(f"template {webhook.template} makes too much.") from None
    body = text.encode("utf-8", "replace")
    if len(body) > _BODY_BYTES_MAX:
        raise BodyRefused(f"template {webhook.template} makes more than {_BODY_BYTES_MAX} bytes.")
    if _is_json(webhook):
        try:
            json.loads(text)
        except ValueError as error:
            raise BodyRefused(f"template {webhook.template} makes no JSON: {error}.") from None
    return body


def _text(path: Path) -> str:
    try:
        with path.open("rb") as opened:
            content = opened.read(_TEMPLATE_BYTES_MAX + 1)
        if len(content) > _TEMPLATE_BYTES_MAX:
            raise TargetUnusable(f"template {path} has more than {_TEMPLATE_BYTES_MAX} bytes.")
        return content.decode("utf-8")
    except OSError as error:
        raise TargetUnusable(f"template {path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise TargetUnusable(f"template {path} is not UTF-8.") from None


def _is_json(webhook: Webhook) -> bool:
    media_type = webhook.content_type.partition(";")[0].strip().lower()
    return media_type.endswith(("/json", "+json"))


def _environment(*, is_json: bool) -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        autoescape=False,
        undefined=StrictUndefined,
        finalize=_as_json if is_json else _as_text,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"slack": _slack, "line": _line, "tojson": _tojson}
    return environment


def _as_json(value: Json) -> Json:
    """What a template writes, as JSON; what was made JSON in the template stays."""
    return value if isinstance(value, Markup | StrictUndefined) else json_text(value)


def _as_text(value: Json) -> Json:
    return "" if value is None else value


def _tojson(value: Json) -> Markup:
    return Markup(json_text(value))  # JSON, not HTML: marks it as written


def _line(value: Json) -> str:
    """A text on one line without what steers a terminal or turns the direction of writing."""
    return "" if value is None else shown(str(value))


def _slack(value: Json) -> str:
    """The same as Slack wants text: what begins a mention, a link or a channel is escaped."""
    return _line(value).translate(_SLACK)
