"""Whose turn it is to ask: how many questions a receiver answers side by side for others."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from starlette.concurrency import run_in_threadpool

from analysis.api.wire import ReceiverBusy
from analysis.question import Question

GONE_POLL_S = 0.5

Answer = TypeVar("Answer")


class Asker(Protocol):
    """Who waits for an answer: a request, or several that ask the same."""

    async def is_disconnected(self) -> bool:
        """Whether nobody waits any more."""


@dataclass(frozen=True, slots=True)
class ApiLimits:
    """How much of the receiver the questions of others may take at a time.

    `queries_max` run side by side and `waiting_max` wait for them; what comes then is refused.
    """

    queries_max: int = 4
    waiting_max: int = 32


class Turns:
    """Gives each question its turn; used by all routes that ask the store, in one event loop."""

    def __init__(self, limits: ApiLimits | None = None) -> None:
        """Nobody asks yet."""
        self._limits = limits or ApiLimits()
        self._slots = asyncio.Semaphore(self._limits.queries_max)
        self._present = 0

    async def in_turn(
        self,
        asker: Asker,
        answer: Callable[[Question], Answer],
        wait_s: float | None = None,
    ) -> Answer:
        """The answer from a thread, when there is a slot for it; nobody waits for that of an asker
        who went away. Raises ReceiverBusy when too many wait, or no slot is free in `wait_s`."""
        if self._present >= self._limits.queries_max + self._limits.waiting_max:
            raise ReceiverBusy(f"{self._present} questions are being answered. Ask again soon.")
        self._present += 1
        try:
            await self._take_slot(wait_s)
            try:
                return await _answered(asker, answer)
            finally:
                self._slots.release()
        finally:
            self._present -= 1

    async def _take_slot(self, wait_s: float | None) -> None:
        try:
            await asyncio.wait_for(self._slots.acquire(), wait_s)
        except TimeoutError:
            raise ReceiverBusy(
                f"other questions took the receiver for {wait_s:g} s. Ask again soon."
            ) from None


async def _answered(asker: Asker, answer: Callable[[Question], Answer]) -> Answer:
    asked = Question()
    watch = asyncio.create_task(_stop_when_gone(asker, asked))
    try:
        return await run_in_threadpool(answer, asked)
    finally:
        watch.cancel()


async def _stop_when_gone(asker: Asker, asked: Question) -> None:
    while True:
        await asyncio.sleep(GONE_POLL_S)
        if await asker.is_disconnected():
            asked.stop()
