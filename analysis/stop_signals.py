"""SIGINT and SIGTERM: the first asks to stop, the second to stop at once."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

_NUMBERS = (signal.SIGINT, signal.SIGTERM)


class StopSignals:
    """Remembers the first signal and calls `at_once` with the second.

    The main thread must be free to run Python code: signals are delivered to nobody else.
    """

    def __init__(self, at_once: Callable[[], None]) -> None:
        """Catches nothing yet."""
        self.asked = threading.Event()
        self._at_once = at_once

    @contextmanager
    def caught(self) -> Iterator[None]:
        """Catches both signals for the length of the block."""
        before = {number: signal.signal(number, self._on_signal) for number in _NUMBERS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        if self.asked.is_set():
            self._at_once()
        self.asked.set()
