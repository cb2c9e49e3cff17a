"""What `check` and `watch` take alike: the deployment, what to compare it with, which window."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar

import click

from analysis.commands.completed_names import complete_deployment
from analysis.settings import Settings

if TYPE_CHECKING:
    from analysis.check.asked_check import AskedCheck
    from analysis.receiver_url import ReceiverUrl
    from analysis.verdict.check import Check

Command = TypeVar("Command", bound=Callable[..., object])


def as_duration(
    _context: click.Context, parameter: click.Parameter, value: str | None
) -> timedelta | None:
    """A length of time above 0, as `90s`, `15m` or `1h30m`; raises BadParameter."""
    if value is None:
        return None

    from analysis.parameters import parse_value

    try:
        length = parse_value("INTERVAL", value)
    except ValueError as error:
        raise click.BadParameter(f"{error}.", param=parameter) from None
    return length if isinstance(length, timedelta) else None


def as_moment(_context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    """A time or an age as it was written, which can be read; raises BadParameter."""
    if value is None:
        return None

    from analysis.parameters import parse_value

    try:
        parse_value("TIMESTAMP", value)
    except ValueError as error:
        raise click.BadParameter(f"{error}.", param=parameter) from None
    return value


@dataclass(frozen=True, slots=True)
class CheckOptions:
    """What was said on the command line; None is left to be worked out."""

    deployment: str
    environment: str | None
    deployment_id: str | None
    baseline: str | None
    window: timedelta | None
    at: str | None = None
    factors: bool = False

    def question(self, settings: Settings) -> "Callable[[], Check]":
        """Asks for the check. The store is opened for each look, so nobody waits meanwhile; or a
        receiver on another machine is asked."""
        from datetime import UTC, datetime

        from analysis.asking import asking
        from analysis.check.asked_check import AskedCheck, ask

        said = {
            "environment_name": self.environment,
            "deployment_id": self.deployment_id,
            "baseline_version": self.baseline,
            "until": self.at,
        }
        given = {name: value for name, value in said.items() if value is not None}
        asked = AskedCheck(self.deployment, given, self.window, self.factors)

        receiver = settings.receiver
        if receiver is not None:
            return self._question_to(receiver, asked)

        def look() -> "Check":
            with asking(settings) as store:
                return ask(store, asked, settings.thresholds, datetime.now(UTC))

        return look

    def _question_to(self, url: "ReceiverUrl", asked: "AskedCheck") -> "Callable[[], Check]":
        from analysis.remote_receiver import RemoteReceiver

        if self.factors:
            raise click.UsageError(
                "--factors takes longer than a receiver's gate may. Ask on its host."
            )

        return lambda: RemoteReceiver(url).check(asked)


def deployment_options(command: Command) -> Command:
    """The argument SERVICE@VERSION, and the options that narrow it."""
    for option in (
        click.option(
            "--window",
            callback=as_duration,
            metavar="DURATION",
            help="Judge only this long from its first traffic: 15m. [default: six hours at most]",
        ),
        click.option(
            "--baseline", metavar="VERSION", help="What to compare with. [default: worked out]"
        ),
        click.option(
            "--deployment-id", metavar="ID", help="Roll-out. [default: the version's latest]"
        ),
        click.option("--environment", metavar="NAME", help="Environment. [default: its latest]"),
        click.argument("deployment", metavar="SERVICE@VERSION", shell_complete=complete_deployment),
    ):
        command = option(command)
    return command
