"""Deletes what is older than it should be kept, or does not fit on the disk any more.

Requests are deleted whole, in the order of their arrival, by the receiver's clock and never by what
a sender says. Rows of the same time lie together, so whole row groups become free. A slice is one
transaction, in which what must survive is added to the histories (`deletion.sql`); commits of
groups go on beside it.
"""

import logging
import threading
import time
from contextlib import suppress
from pathlib import Path

import duckdb

from receiver.errors import Unavailable
from receiver.monitoring.store_metrics import StoreMetrics
from receiver.storage.disk_room import DiskLimit, DiskUse, disk_use
from receiver.storage.steady_clock import DAY_NS, SteadyClock, system_clocks
from receiver.storage.stored_requests import StoredRequests
from receiver.storage.writer import Writer

SLICE_RECORDS = 262_144
_PERIOD_S = 600.0  # every run ends with a checkpoint, and each of those starts new row groups
_PAUSE_S = 0.2
_PATIENCE_S = 2.0
_INTERRUPT_S = 5.0
_ROUNDS = 4
_DELETION = Path(__file__).with_name("deletion.sql")
_LOG = logging.getLogger(__name__)


class Retention:
    """Keeps a store within its age and size; without limits it does nothing.

    `last_run_unix_nano` is None before the first run.
    """

    def __init__(
        self,
        writer: Writer,
        metrics: StoreMetrics,
        retention_s: float | None = None,
        disk_bytes_max: int | None = None,
        clock: SteadyClock | None = None,
    ) -> None:
        """Does nothing before `start`, but stops commits that would pass the limit of the disk."""
        self._writer, self._metrics = writer, metrics
        self._retention_ns = None if retention_s is None else round(retention_s * 1e9)
        self._disk = None if disk_bytes_max is None else DiskLimit(disk_bytes_max)
        self._clock = clock or SteadyClock(system_clocks())
        self._requests = StoredRequests(writer)
        self._statements = duckdb.extract_statements(_DELETION.read_text(encoding="utf-8"))
        self._running = threading.Lock()
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="deploylens-retention", daemon=True)
        self._left = 0
        self._doubted = False
        self.last_run_unix_nano: int | None = None
        if self._disk is not None:
            writer.make_room = self.make_room

    def start(self) -> None:
        """Deletes what is due, now and every ten minutes, and when the room becomes short."""
        if self._retention_ns is not None or self._disk is not None:
            self._thread.start()

    def stop(self) -> None:
        """Ends; a slice under way is finished or never happened."""
        self._stopping.set()
        self._wake.set()
        if self._thread.ident is not None:
            self._thread.join()

    def run(self, by_age: bool = True) -> None:
        """Deletes what is due now, by size or also by age; raises duckdb.Error or OSError."""
        with self._running:
            now = self._clock.now()
            deleted = by_age and self._delete_old(now)
            if self._disk is not None:
                deleted |= self._free(self._disk, self._disk.reserve, interrupt_s=0.0)
            if deleted:
                self._tidy(now)
            self.last_run_unix_nano = now

    def make_room(self, payload_bytes: int) -> None:
        """Lets a group of this size pass; deletes first when too little is left.

        Questions under way are ended if they keep deleted rows in use. Raises Unavailable when
        there is nothing left to delete.
        """
        if self._disk is None:
            return
        if self._left < payload_bytes:
            self._measure(self._disk)
        if self._left < payload_bytes:
            with self._running:
                self._free(self._disk, payload_bytes, _INTERRUPT_S)
        if self._left < payload_bytes:
            raise Unavailable(
                f"the store has its largest size, {self._disk.total_max} bytes (--max-disk), and"
                " nothing more can be deleted now. Send again later.",
                1.0,
                "disk_limit",
            )
        self._left -= payload_bytes
        if self._left < self._disk.reserve:
            self._wake.set()

    def _run(self) -> None:
        due_s = time.monotonic()
        while not self._stopping.is_set():
            self._wake.clear()
            by_age = time.monotonic() >= due_s
            if by_age:
                due_s = time.monotonic() + _PERIOD_S
            try:
                self.run(by_age)
            except Exception as error:  # the edge of this thread: the next run tries again
                _LOG.error("old rows could not be deleted: %s", error)
            if not self._stopping.wait(_PAUSE_S):  # the event may hold from before a stop
                self._wake.wait(max(0.0, due_s - time.monotonic()))

    def _delete_old(self, now: int) -> bool:
        """Whether requests older than the retention were found and deleted."""
        if self._retention_ns is None or not self._believed(now, self._retention_ns):
            return False
        last = self._requests.last_older(now - self._retention_ns, now)
        if not self._delete_up_to(last, now):
            return False
        self._writer.checkpoint(_PATIENCE_S)
        return True

    def _believed(self, now: int, retention_ns: int) -> bool:
        """Whether the clock can be trusted with a deletion; if not, that is told once."""
        believed = self._clock.proven(now) or not self._requests.stepped(
            self._clock.steady_since, now, max(DAY_NS, retention_ns // 2)
        )
        if not believed and not self._doubted:
            _LOG.warning(
                "the clock went forward by more than a day: nothing is deleted by age until it has"
                " kept its time for a day"
            )
        self._doubted = not believed
        return believed

    def _delete_up_to(self, last: int, now: int) -> bool:
        """Deletes in slices, the oldest first; whether there was anything."""
        found = False
        while not self._stopping.is_set():
            until = self._requests.slice_end(last, SLICE_RECORDS)
            if until is None:
                break
            self._delete_slice(until, now)
            found = True
        return found

    def _delete_slice(self, last: int, now: int) -> None:
        values = {"last": last, "now": now}
        rows: dict[str, int] = {}
        with self._writer.transaction() as cursor:
            for statement in self._statements:
                bound = {name: values[name] for name in statement.named_parameters}
                cursor.execute(statement, bound)
                if statement.type is duckdb.StatementType.DELETE and bound:
                    table = statement.query.partition("DELETE FROM store.")[2].split()[0]
                    row = cursor.fetchone()
                    rows[table] = int(row[0]) if row else 0
        self._metrics.deleted(rows)
        _LOG.info("deleted old rows", extra={"last_request_id": last, **rows})

    def _free(self, disk: DiskLimit, wanted: int, interrupt_s: float) -> bool:
        """Deletes the oldest requests until this much is left in the file; whether it tried."""
        found, freed, deleted = True, True, False
        for _ in range(_ROUNDS):
            use = self._measure(disk)
            missing = wanted - self._left
            if missing <= 0 or not found:
                break
            if freed:  # rows that somebody still reads keep their blocks: more would not help
                share = (missing + disk.step) / max(1, use.used)
                found = self._delete_up_to(self._requests.oldest_share(share), self._clock.now())
                self._requests.forget(self._clock.now(), disk.ledger_max)
            freed = self._writer.checkpoint(_PATIENCE_S, interrupt_s)
            deleted = True
        self._measure(disk)
        return deleted

    def _measure(self, disk: DiskLimit) -> DiskUse:
        use = disk_use(self._writer.connection, self._writer.path)
        self._left = disk.left(use)
        return use

    def _tidy(self, now: int) -> None:
        """Forgets what only served requests that are gone."""
        self._requests.forget(now, self._disk.ledger_max if self._disk else None)
        if 4 * self._requests.count() < 3 * len(self._writer.ledger):
            self._writer.ledger.forget_deleted()
        with suppress(duckdb.TransactionException):  # the next run tries again
            self._writer.forget_unused_stacktraces()
            self._writer.forget_unused_resources(now - (self._retention_ns or 0))
