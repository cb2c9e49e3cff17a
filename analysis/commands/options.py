"""Options that several commands share, and what was given for them."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import click

from analysis.settings import FORMATS, Settings
from receiver.flatten.redaction_rules import REDACTION_MODES
from receiver.monitoring.log_words import LOG_FORMATS, LOG_LEVELS

Command = TypeVar("Command", bound=Callable[..., object])


@dataclass(slots=True)
class Invocation:
    """The shared options of one invocation, gathered from before and after the command's name."""

    flags: dict[str, str | Sequence[str]] = field(default_factory=dict)

    def settings(self) -> Settings:
        """The settings, with the environment and the file below the flags."""
        return Settings(self.flags)


class _Seconds(click.FloatRange):
    """A number of seconds above 0; `nan` and `inf` are none."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:  # Any: click's own
        """The seconds; raises BadParameter."""
        seconds = float(super().convert(value, param, ctx))
        if not math.isfinite(seconds):
            self.fail(f"{value!r} is not a finite number of seconds.", param, ctx)
        return seconds


TIMEOUT = _Seconds(min=0, min_open=True)
pass_invocation = click.make_pass_decorator(Invocation, ensure=True)


def examples(*lines: str) -> str:
    """An epilog with examples that click prints as they are."""
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)


def store_option(command: Command) -> Command:
    """`--store FILE`."""
    text = "The store. [env DEPLOYLENS_STORE; default ./deploylens.duckdb]"
    return _option(command, "--store", metavar="FILE", help=text)


def receiver_option(command: Command) -> Command:
    """`--receiver URL`."""
    text = (
        "Ask a receiver on another machine, not a store; DEPLOYLENS_API_KEY holds its key."
        " [env DEPLOYLENS_RECEIVER]"
    )
    return _option(command, "--receiver", metavar="URL", help=text)


def queries_option(command: Command) -> Command:
    """`--queries DIR`, repeatable."""
    text = "A folder of your own saved queries; may be repeated. [env DEPLOYLENS_QUERIES]"
    return _option(command, "--queries", metavar="DIR", multiple=True, help=text)


def format_option(command: Command) -> Command:
    """`--format`, for commands whose rows come out."""
    text = "How rows are written. [env DEPLOYLENS_FORMAT; default table]"
    return _option(command, "--format", type=click.Choice(FORMATS), help=text)


def address_option(flag: str, metavar: str, text: str) -> Callable[[Command], Command]:
    """An option for where to listen."""
    return lambda command: _option(command, flag, metavar=metavar, help=text)


def size_option(flag: str, text: str) -> Callable[[Command], Command]:
    """An option for a number of bytes."""
    return lambda command: _option(command, flag, metavar="SIZE", help=text)


def retention_options(command: Command) -> Command:
    """What is deleted: `--retention`, `--max-disk`."""
    size = "Delete the oldest when the store would take more: 20GB. [default: no limit]"
    command = _option(command, "--max-disk", metavar="SIZE", help=size)
    age = "Delete what was received longer ago: 14d, 36h. [default: keep all]"
    return _option(command, "--retention", metavar="AGE", help=age)


def origin_option(command: Command) -> Command:
    """`--cors-origin ORIGIN`, repeatable."""
    text = (
        "An origin whose web pages may send, https://*.example.com for many; may be repeated."
        " [default none]"
    )
    return _option(command, "--cors-origin", metavar="ORIGIN", multiple=True, help=text)


def security_options(command: Command) -> Command:
    """Who may send, and how: `--api-key-file`, `--tls-cert`, `--tls-key`, `--tls-client-ca`."""
    for flag, text in (
        ("--tls-client-ca", "PEM authority; then each client must show a certificate of it."),
        ("--tls-key", "PEM private key of --tls-cert."),
        ("--tls-cert", "PEM certificate chain; then OTLP is taken over TLS only."),
        ("--api-key-file", "API keys, one a line; then each sender must show one."),
    ):
        command = _option(command, flag, metavar="FILE", help=text)
    return command


def redaction_options(command: Command) -> Command:
    """What becomes of secret attributes: `--redact`, `--redact-key`, `--keep-key`."""
    kept = "Attributes never to redact, as `auth.token`; globs; may be repeated."
    command = _option(command, "--keep-key", metavar="PATTERN", multiple=True, help=kept)
    more = "More attributes to redact, as `*.ssn`; globs; may be repeated."
    command = _option(command, "--redact-key", metavar="PATTERN", multiple=True, help=more)
    how = "What to store for passwords, tokens, cookies and the like. [default drop]"
    return _option(command, "--redact", type=click.Choice(REDACTION_MODES), help=how)


def log_options(command: Command) -> Command:
    """`--log-format` and `--log-level`."""
    least = "The least to write to the log. [default info]"
    command = _option(command, "--log-level", type=click.Choice(LOG_LEVELS), help=least)
    how = "How to write the log, on standard error. [default text]"
    return _option(command, "--log-format", type=click.Choice(LOG_FORMATS), help=how)


def debug_option(command: Command) -> Command:
    """`--debug`; what it does is done where errors are shown, in analysis/__main__.py."""
    text = "Show where an error came from. [env DEPLOYLENS_DEBUG]"
    return click.option("--debug", is_flag=True, expose_value=False, help=text)(command)


def _option(command: Command, flag: str, **attributes: object) -> Command:
    option = click.option(flag, expose_value=False, callback=_remember, **attributes)  # type: ignore[arg-type]  # click types each keyword by itself
    return option(command)


def _remember(context: click.Context, parameter: click.Parameter, value: object) -> None:
    if value and parameter.name:
        invocation = context.ensure_object(Invocation)
        invocation.flags[parameter.name] = value if isinstance(value, str) else tuple(value)  # type: ignore[arg-type]  # multiple options are tuples of text
