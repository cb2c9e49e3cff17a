"""Options that several commands share, and what was given for them."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import click

from analysis.settings import FORMATS, Settings

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
