"""One answer for all who ask for the same check at once, as every replica of a pipeline does."""

import asyncio
import time
from collections.abc import Callable
from functools import partial

from analysis.api.turns import Asker, Turns
from analysis.check.asked_check import AskedCheck
from analysis.query_error import QueryTimeout
from analysis.question import Question
from analysis.verdict.check import Check

ANSWER_S = 9.0
REUSE_S = 2.0
_MARGIN_S = 0.5

Find = Callable[[AskedCheck, float, Question], Check]


class SharedChecks:
    """Finds each check once: those who ask meanwhile, or up to `reuse_s` later, get the same.

    Used in one event loop. A check that failed is found again for the next who asks.
    """

    def __init__(
        self, find: Find, turns: Turns, answer_s: float = ANSWER_S, reuse_s: float = REUSE_S
    ) -> None:
        """`find` gets the moment, by the monotonic clock, when its answer must be there: at most
        `answer_s` seconds after the first asked, the wait for a turn included."""
        self._find, self._turns = find, turns
        self._answer_s, self._reuse_s = answer_s, reuse_s
        self._flights: dict[object, _Flight] = {}

    async def found(self, asker: Asker, asked: AskedCheck) -> Check:
        """The check; raises what finding it raised, ReceiverBusy or QueryTimeout."""
        key = (asked.deployment, tuple(sorted(asked.given.items())), asked.window, asked.factors)
        flight = self._flights.get(key)
        if flight is None or flight.abandoned:
            flight = self._flights[key] = _Flight()
            flight.task = asyncio.create_task(self._answer(flight, key, asked))
        flight.askers.append(asker)
        assert flight.task is not None
        try:
            within_s = self._answer_s + _MARGIN_S
            return await asyncio.wait_for(asyncio.shield(flight.task), within_s)
        except TimeoutError:
            raise QueryTimeout(
                f"the whole answer was not there within {self._answer_s:g} s. Ask again soon."
            ) from None

    async def _answer(self, flight: "_Flight", key: object, asked: AskedCheck) -> Check:
        end = time.monotonic() + self._answer_s
        keep_s = 0.0
        try:
            find = partial(self._find, asked, end)
            check = await self._turns.in_turn(flight, find, self._answer_s)
            keep_s = self._reuse_s
            return check
        finally:
            asyncio.get_running_loop().call_later(keep_s, self._forget, key, flight)

    def _forget(self, key: object, flight: "_Flight") -> None:
        if flight.task is not None and flight.task.done() and not flight.task.cancelled():
            flight.task.exception()  # everybody who asked may have left before it came
        if self._flights.get(key) is flight:
            del self._flights[key]


class _Flight:
    """A check that is being found, or was just now, and who asked for it."""

    def __init__(self) -> None:
        self.askers: list[Asker] = []
        self.task: asyncio.Task[Check] | None = None
        self.abandoned = False

    async def is_disconnected(self) -> bool:
        """Whether all who asked have gone; then nobody may join any more."""
        for asker in tuple(self.askers):
            if await asker.is_disconnected():
                self.askers.remove(asker)
        self.abandoned = not self.askers
        return self.abandoned
