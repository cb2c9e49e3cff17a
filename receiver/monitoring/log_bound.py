"""Keeps a flood of like messages from filling a disk."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

LINES_MAX = 10
PERIOD_S = 60.0
_KINDS_MAX = 1000
_LOG = logging.getLogger(__name__)


@dataclass(slots=True)
class _Kind:
    """How many messages of one kind came since the period began, and how many were kept back."""

    began_s: float
    count: int = 0
    kept_back: int = 0


class LogBound(logging.Filter):
    """Lets only so many warnings and errors of one kind through in a period.

    A kind is the logger, the message before values are put in, and the field `reason`. The next
    that gets through carries in its field `kept_back` how many did not. What is below a warning is
    written once in the life of a receiver, and passes.
    """

    def __init__(
        self,
        lines_max: int = LINES_MAX,
        period_s: float = PERIOD_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Counts from now on; `clock` gives seconds."""
        super().__init__()
        self._lines_max, self._period_s, self._clock = lines_max, period_s, clock
        self._kinds: dict[tuple[str, str, object], _Kind] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether this record is written; between threads a count may be off by one."""
        if record.levelno < logging.WARNING:
            return True
        if len(self._kinds) >= _KINDS_MAX:
            self._kinds.clear()
        now_s = self._clock()
        name = (record.name, str(record.msg), getattr(record, "reason", None))
        kind = self._kinds.setdefault(name, _Kind(now_s))
        if now_s - kind.began_s >= self._period_s:
            kind.began_s, kind.count = now_s, 0
        if kind.count >= self._lines_max:
            kind.kept_back += 1
            return False
        kind.count += 1
        if kind.kept_back:
            record.kept_back, kind.kept_back = kind.kept_back, 0
        return True

    def tell(self) -> None:
        """Writes how many were kept back and not told yet."""
        for (logger, message, reason), kind in list(self._kinds.items()):
            if kind.kept_back:
                fields = {"of": logger, "reason": reason, "kept_back": kind.kept_back}
                kind.kept_back = 0
                _LOG.info("more messages like %r were kept back", message, extra=fields)
