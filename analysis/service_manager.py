"""What systemd is told: that the receiver is ready, that it lives, that it stops.

Source of the protocol: the manual page sd_notify(3). Datagrams go to the socket in NOTIFY_SOCKET;
without that variable nothing is told.
"""

import os
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress

_MICROSECONDS = 1_000_000
_PINGS_PER_TIMEOUT = 2


class ServiceManager:
    """The manager that started this process, if there is one."""

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        """Reads where to tell it, and how often it wants to hear that we live."""
        address = environ.get("NOTIFY_SOCKET", "")
        self._address = f"\0{address[1:]}" if address.startswith("@") else address
        timeout = environ.get("WATCHDOG_USEC", "")
        for_us = environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        self._watchdog_s = int(timeout) / _MICROSECONDS if timeout.isdigit() and for_us else 0.0

    def tell(self, *assignments: str) -> None:
        """Sends lines such as `READY=1`; one that cannot be sent is no reason to stop serving."""
        if not self._address:
            return
        with (
            suppress(OSError),
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender,
        ):
            sender.connect(self._address)
            sender.send("\n".join(assignments).encode())

    @contextmanager
    def watched(self, alive: Callable[[], bool]) -> Iterator[None]:
        """Tells it twice per watchdog timeout that we live, while `alive` says so."""
        if not self._address or not self._watchdog_s:
            yield
            return
        ended = threading.Event()

        def ping() -> None:
            while not ended.wait(self._watchdog_s / _PINGS_PER_TIMEOUT):
                if alive():
                    self.tell("WATCHDOG=1")

        thread = threading.Thread(target=ping, name="deploylens-watchdog", daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()
