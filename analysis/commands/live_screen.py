"""The screen of `deploylens watch`: painted every second, between the looks too."""

import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime

from rich.console import Console, RenderableType
from rich.live import Live

from analysis.asking import asking
from analysis.check.check_text import check_text
from analysis.check.live_view import SPARK_MINUTES, LiveView
from analysis.check.look_text import look_text
from analysis.check.looks import PASSING, Look
from analysis.check.watched import Watched
from analysis.commands.check_options import CheckOptions
from analysis.overview.deployment_line import FailureMinute
from analysis.settings import Settings

_PAINTS_A_SECOND = 2


class LiveScreen:
    """Looks, with all that was seen so far on the terminal's other screen.

    The terminal is as it was when the watch ends, with the last check below.
    """

    def __init__(self, options: CheckOptions, settings: Settings, interval_s: float) -> None:
        """Nothing has been looked at yet."""
        self._options, self._settings, self._interval_s = options, settings, interval_s
        self._watched, self._minutes = Watched(), tuple[FailureMinute, ...]()
        self._next_look_at: float | None = None

    def painted(self, looks: Iterator[Look]) -> Iterator[Look]:
        """The looks, each on the screen while the next one is waited for."""
        console = Console(highlight=False, markup=False, emoji=False)
        with (
            closing(_Said(console, self)),
            Live(
                console=console,
                screen=True,
                get_renderable=self._view,
                refresh_per_second=_PAINTS_A_SECOND,
            ),
        ):
            for look in looks:
                self._minutes = self._latest(look) or self._minutes
                self._watched = self._watched.after(look, datetime.now(UTC))
                self._next_look_at = time.monotonic() + self._interval_s
                yield look

    def last_check(self) -> list[RenderableType]:
        """The latest check whole, or why there is none."""
        look = self._watched.look
        if look is None:
            return []
        return [look_text(look).text] if look.check is None else [*check_text(look.check)]

    def _view(self) -> LiveView:
        left_s = None
        if self._next_look_at is not None:
            left_s = self._next_look_at - time.monotonic()
        return LiveView(
            self._options.deployment,
            self._watched,
            self._minutes,
            datetime.now(UTC),
            left_s if left_s is None or left_s > 0 else None,
        )

    def _latest(self, look: Look) -> tuple[FailureMinute, ...]:
        """The last half hour of all versions of the service; nothing when that cannot be asked."""
        if look.check is None or self._settings.receiver is not None:
            return ()
        deployment = look.check.deployment
        given = {"service_name": deployment.service, "length": f"{SPARK_MINUTES}m"}
        if deployment.environment is not None:
            given["environment_name"] = deployment.environment
        try:
            with asking(self._settings) as store:
                return tuple(store.rows("failure_minutes", given).records(FailureMinute))
        except PASSING:
            return ()


class _Said:
    """Leaves the last check on the terminal, once its own screen is back."""

    def __init__(self, console: Console, screen: LiveScreen) -> None:
        self._console, self._screen = console, screen

    def close(self) -> None:
        for one in self._screen.last_check():
            self._console.print(one)
