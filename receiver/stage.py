"""One thread of the pipeline, and what can be said about it from outside."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_LOG = logging.getLogger(__name__)


class Stage:
    """A thread that takes one piece of work after another.

    `name` is a word for people: "decode", "commit".
    """

    def __init__(
        self, name: str, run: Callable[[], None], on_death: Callable[["Stage"], None]
    ) -> None:
        """Does nothing before `start`; calls `on_death` if it ends by an error."""
        self.name = name
        self._run, self._on_death = run, on_death
        # Not waited for at the end of the process: when one died, the other may wait forever.
        self._thread = threading.Thread(
            target=self._guarded, name=f"deploylens-{name}", daemon=True
        )
        self._died: str | None = None
        self._began_s: float | None = None

    def start(self) -> None:
        """Sets the thread going."""
        self._thread.start()

    def join(self, timeout_s: float) -> None:
        """Waits that long for its end; a thread that never started has none."""
        if self._thread.ident is not None:
            self._thread.join(timeout_s)

    @property
    def died(self) -> str | None:
        """Why it ended without being told to, None if it did not."""
        return self._died

    @property
    def running(self) -> bool:
        """Whether it was started and has not ended."""
        return self._thread.is_alive()

    def busy_s(self) -> float:
        """For how long it has been at the same piece of work; 0 when it waits for some."""
        began_s = self._began_s
        return 0.0 if began_s is None else time.monotonic() - began_s

    @contextmanager
    def working(self) -> Iterator[None]:
        """The block is one piece of work."""
        self._began_s = time.monotonic()
        try:
            yield
        finally:
            self._began_s = None

    def _guarded(self) -> None:
        try:
            self._run()
        except BaseException as error:  # the last edge of the thread: nobody else would tell
            self._died = f"{type(error).__name__}: {error}"
            _LOG.critical(
                "the %s thread died; the receiver must be restarted", self.name, exc_info=True
            )
            self._on_death(self)
