"""A command in a pseudo terminal: what it paints on a screen of a given size."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from dataclasses import dataclass
from pathlib import Path

_ROOT = Path(__file__).parents[1]
_HOME = "\x1b[H"
_STYLE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


@dataclass(frozen=True, slots=True)
class Seen:
    """What came out, and how the command ended."""

    out: str
    code: int

    @property
    def frames(self) -> list[list[str]]:
        """The lines of each painted screen, without colours."""
        return [_STYLE.sub("", one).split("\r\n") for one in self.out.split(_HOME)[1:]]

    def frame(self, words: str) -> list[str]:
        """The last screen that holds these words."""
        return [one for one in self.frames if any(words in line for line in one)][-1]


def in_terminal(
    *arguments: str | Path,
    columns: int,
    rows: int,
    until: str = "",
    resized: tuple[int, int] | None = None,
    timeout_s: float = 60.0,
) -> Seen:
    """Run a command with a terminal for its output until it ends, or until these words came out
    and Ctrl-C was pressed. `resized`: the columns and rows it has from then on, for one screen."""
    ours, theirs = pty.openpty()
    _resize(theirs, columns, rows)
    clean = {k: v for k, v in os.environ.items() if not k.startswith("DEPLOYLENS")}
    for name in ("COLUMNS", "LINES", "NO_COLOR"):
        clean.pop(name, None)
    process = subprocess.Popen(
        [sys.executable, "-m", "analysis", *map(str, arguments)],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**clean, "TERM": "xterm-256color", "PYTHONPATH": str(_ROOT)},
        start_new_session=True,
    )
    try:
        text = _read(ours, process, until, timeout_s)
        if resized is not None:
            _resize(theirs, *resized)
            text += _read(ours, process, "\x00", 1.5)
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            text += _read(ours, process, "\x00", 15.0)
        return Seen(text, process.wait(15))
    finally:
        process.kill()
        process.wait()
        os.close(theirs)
        os.close(ours)


def _read(descriptor: int, process: "subprocess.Popen[bytes]", until: str, limit_s: float) -> str:
    """What comes out until these words did, the process ends or the time is over."""
    found, end = b"", time.monotonic() + limit_s
    while time.monotonic() < end:
        ready, _, _ = select.select([descriptor], [], [], 0.1)
        if ready:
            found += os.read(descriptor, 65536)
        elif process.poll() is not None:
            break
        if until and until.encode() in found:
            break
    return found.decode(errors="replace")


def _resize(descriptor: int, columns: int, rows: int) -> None:
    fcntl.ioctl(descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
