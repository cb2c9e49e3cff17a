"""What the terminal can do: how wide it is, whether it shows colours, and progress on standard
error."""

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


def stdout_width() -> int | None:
    """The columns of the terminal that standard output is, None when it is a file or a pipe.

    COLUMNS decides when it is set, as in most programs.
    """
    if sys.stdout.isatty() or os.environ.get("COLUMNS", "").isdigit():
        return shutil.get_terminal_size().columns
    return None


def stdout_colour() -> bool:
    """Whether to colour standard output: only a terminal, and not with NO_COLOR (no-color.org)."""
    dumb = os.environ.get("TERM") == "dumb"
    return sys.stdout.isatty() and not dumb and not os.environ.get("NO_COLOR")


@contextmanager
def progress_bar(what: str) -> Iterator[Callable[[int, int], None]]:
    """A bar on standard error for the length of the block, if that is a terminal.

    Gives a function that is told how much is done, of how much.
    """
    if not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        yield lambda _done, _total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:.0f} %"))
    with Progress(
        *columns, TimeRemainingColumn(), console=Console(stderr=True), transient=True
    ) as progress:
        task = progress.add_task(what, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)
