"""One question that is being answered, so that others can end it."""

from contextlib import suppress
from dataclasses import dataclass

import duckdb


@dataclass(eq=False, slots=True)
class Question:
    """It has a cursor of its own once it is being answered; `stopped` when it was ended early."""

    cursor: duckdb.DuckDBPyConnection | None = None
    stopped: bool = False

    def stop(self) -> None:
        """Ends it. An interrupt between two statements is lost: to be repeated until it is over.

        One that computes a single value, however large, ends only after it.
        """
        self.stopped = True
        if self.cursor is not None:
            with suppress(duckdb.Error):  # it is over already
                self.cursor.interrupt()
