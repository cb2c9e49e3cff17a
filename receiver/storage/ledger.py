"""Which export requests are already stored, so that a resent one adds no rows."""

import threading
import uuid
from collections.abc import Iterable

import duckdb
import numpy as np
import numpy.typing as npt

from receiver.export_request import Answer


class Ledger:
    """The digests in `store.export_requests`, held in memory as their first 8 bytes.

    8 bytes for each request in the ledger; a hit is confirmed in the store, so a collision, or one
    that was deleted meanwhile, costs one look-up.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Reads what the store holds."""
        self._connection = connection
        self._lock = threading.Lock()
        self._sorted = self._stored_prefixes()
        self._recent: set[int] = set()
        self._reading = False

    def __len__(self) -> int:
        """How many digests are remembered."""
        return len(self._sorted) + len(self._recent)

    def stored(self, digests: Iterable[uuid.UUID]) -> dict[uuid.UUID, Answer]:
        """The answers to those of the digests that are in the store: nothing is added, and what was
        refused then is refused again."""
        suspects = [digest for digest in digests if self._may_hold(digest)]
        if not suspects:
            return {}
        cursor = self._connection.cursor()
        try:
            rows = cursor.execute(
                "SELECT digest, rejected_count, rejected_reason FROM store.export_requests"
                " WHERE digest IN (SELECT unnest($digests))",
                {"digests": suspects},
            ).fetchall()
        finally:
            cursor.close()
        return {
            digest: Answer(accepted=0, rejected=rejected, reason=reason, duplicate=True)
            for digest, rejected, reason in rows
        }

    def add(self, digests: Iterable[uuid.UUID]) -> None:
        """Remembers digests that were committed."""
        with self._lock:
            self._recent.update(_prefix(digest) for digest in digests)
            if len(self._recent) > 65_536 and not self._reading:
                self._settle()

    def forget_deleted(self) -> None:
        """Reads anew what the store holds; what is committed meanwhile is kept."""
        with self._lock:
            self._settle()
            self._reading = True
        try:
            prefixes = self._stored_prefixes()
            with self._lock:
                self._sorted = prefixes
        finally:
            self._reading = False

    def _settle(self) -> None:
        """Moves the recent ones to the sorted ones."""
        recent = np.fromiter(self._recent, dtype=np.uint64)
        self._sorted = np.sort(np.concatenate([self._sorted, recent]))
        self._recent = set()

    def _stored_prefixes(self) -> npt.NDArray[np.uint64]:
        cursor = self._connection.cursor()
        try:
            table = cursor.sql(
                "SELECT (digest::UHUGEINT >> 64)::UBIGINT AS prefix FROM store.export_requests"
            ).to_arrow_table()
        finally:
            cursor.close()
        return np.sort(table.column("prefix").to_numpy())

    def _may_hold(self, digest: uuid.UUID) -> bool:
        prefix = _prefix(digest)
        with self._lock:
            if prefix in self._recent:
                return True
            known = self._sorted
        place = int(np.searchsorted(known, np.uint64(prefix)))
        return place < len(known) and int(known[place]) == prefix


def _prefix(digest: uuid.UUID) -> int:
    return digest.int >> 64
