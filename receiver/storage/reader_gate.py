"""The gate that readers in this process pass, so that a checkpoint can meet none of them.

DuckDB gives the room of deleted rows back only in a checkpoint that runs while no other transaction
is open, not even one that reads.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

# A question ends within milliseconds, but for one that computes a single large value.
STOP_WAIT_S = 5.0
_INTERRUPT_AGAIN_S = 0.1


class ReaderGate:
    """Lets readers through; closes for a moment when asked to."""

    def __init__(self) -> None:
        """Open, and nobody inside."""
        self._changed = threading.Condition()
        self._inside: set[Callable[[], None]] = set()
        self._closers = 0

    @contextmanager
    def reading(self, interrupt: Callable[[], None]) -> Iterator[None]:
        """A reader is inside for the length of the block; it first waits while the gate is closed.

        `interrupt` ends what it is doing at once.
        """
        with self._changed:
            self._changed.wait_for(lambda: not self._closers)
            self._inside.add(interrupt)
        try:
            yield
        finally:
            with self._changed:
                self._inside.discard(interrupt)
                self._changed.notify_all()

    @contextmanager
    def closed(self, patience_s: float, interrupt_s: float = 0.0) -> Iterator[bool]:
        """Closed for the length of the block, which several may overlap; yields whether nobody is
        inside.

        Waits `patience_s` for readers to leave; those that do not are interrupted for another
        `interrupt_s` seconds.
        """
        with self._changed:
            self._closers += 1
            empty = self._changed.wait_for(lambda: not self._inside, patience_s)
            deadline_s = time.monotonic() + interrupt_s
            while not empty and time.monotonic() < deadline_s:
                for interrupt in self._inside:
                    interrupt()
                empty = self._changed.wait_for(lambda: not self._inside, _INTERRUPT_AGAIN_S)
        try:
            yield empty
        finally:
            with self._changed:
                self._closers -= 1
                self._changed.notify_all()
