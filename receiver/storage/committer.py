"""The writer with patience: what to do when DuckDB could not commit.

All questions of users run on the instance that commits. One of them may take all its memory, and
then it is the commit that fails. Storing has priority: the questions are stopped, and the commit is
tried once more. Any other failure of the store means that it must be opened again.
"""

import logging

import duckdb

from receiver.group import Group
from receiver.monitoring.store_metrics import StoreMetrics
from receiver.storage.reader_gate import STOP_WAIT_S
from receiver.storage.writer import Writer

_LOG = logging.getLogger(__name__)


class Committer:
    """Commits groups, and brings the store back when that fails.

    `store_lost` says that the store could not be opened again yet.
    """

    def __init__(self, writer: Writer, metrics: StoreMetrics) -> None:
        """Uses this writer, and closes the gate of its readers when that has to be."""
        self._writer = writer
        self._metrics = metrics
        self.store_lost = False

    def commit(self, group: Group) -> None:
        """Stores a group whole, or not at all and raises duckdb.Error."""
        try:
            self._writer.commit(group)
        except duckdb.OutOfMemoryException as error:
            _LOG.warning("questions are stopped, a commit needs their memory: %s", error)
            with self._writer.readers.closed(0.0, STOP_WAIT_S):
                if self._holds(group):
                    self._writer.remember(group)
                else:
                    self._writer.commit(group)

    def look_after(self) -> None:
        """Opens the store again if it is lost; a question may lose it while nobody sends."""
        if self.store_lost or not self._is_open():
            self.recover()

    def recover(self) -> None:
        """Opens the store again; DuckDB gives up its instance when the disk is full.

        A question that still runs holds on to the old instance, and that to the file.
        """
        try:
            with self._writer.readers.closed(0.0, STOP_WAIT_S):
                self._writer.reopen()
        except Exception as again:  # the edge of the thread that commits: it will try again
            self.store_lost = True
            kind = type(again).__name__  # not all say anything else
            _LOG.error("the store cannot be opened again yet: %s: %s", kind, again)
        else:
            self.store_lost = False
            self._metrics.reopened()

    def _is_open(self) -> bool:
        try:
            with self._writer.connection.cursor() as cursor:
                cursor.execute("SELECT schema_version FROM store.store_schema").fetchone()
        except duckdb.Error:
            return False
        return True

    def _holds(self, group: Group) -> bool:
        """Whether the group is stored after all: memory may run out after the commit, too."""
        cursor = self._writer.connection.cursor()
        try:
            found = cursor.execute(
                "SELECT count(*) FROM store.export_requests WHERE digest = $digest",
                {"digest": group.requests[0].digest},
            ).fetchone()
        finally:
            cursor.close()
        return found != (0,)
