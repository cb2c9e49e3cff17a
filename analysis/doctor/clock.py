"""The clock of this host: is it right, and does anybody keep it so."""

import ctypes
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from analysis.doctor.check import Check, failed, ok, warning

# Before this no version of this program existed.
_EARLIEST = datetime(2026, 1, 1, tzinfo=UTC).timestamp()
_AHEAD_S_MAX = 60.0
_TIMEX_BYTES = 256
_TIMEX_STATUS_AT = 40  # on 64 bit: five longs before it
_STA_UNSYNC = 0x40
_STEP = "Let the host keep its clock with NTP (chrony, systemd-timesyncd): windows, retention and"
_STEP += " the order of deployments depend on it."


def check_clock(store: Path) -> Iterator[Check]:
    """Whether the time is possible, and whether the kernel says that it is kept in step."""
    now = time.time()
    shown = f"{datetime.fromtimestamp(now, UTC):%Y-%m-%d %H:%M:%S} UTC"
    written = store.stat().st_mtime if store.exists() else 0.0
    if now < _EARLIEST:
        yield failed("clock", f"{shown}, which is before this program existed", _STEP)
    elif written > now + _AHEAD_S_MAX:
        ahead = written - now
        yield failed("clock", f"{shown}; the store was written {ahead:.0f} s after that", _STEP)
    else:
        yield ok("clock", shown)
    kept = synchronised()
    if kept is None:
        yield ok("clock in step", "not known: this system does not say")
    elif kept:
        yield ok("clock in step", "the kernel says that the clock is synchronised")
    else:
        yield warning("clock in step", "the kernel says that the clock is not synchronised", _STEP)


def synchronised() -> bool | None:
    """Whether the kernel takes its clock for synchronised; None where it does not say.

    Source: adjtimex(2), which without modes only reads; STA_UNSYNC in its status means no.
    """
    if sys.platform != "linux" or ctypes.sizeof(ctypes.c_long) != 8:
        return None
    timex = ctypes.create_string_buffer(_TIMEX_BYTES)
    try:
        returned = ctypes.CDLL(None, use_errno=True).adjtimex(timex)
    except (OSError, AttributeError):
        return None
    if returned < 0:
        return None
    status = int.from_bytes(timex.raw[_TIMEX_STATUS_AT : _TIMEX_STATUS_AT + 4], sys.byteorder)
    return not status & _STA_UNSYNC
