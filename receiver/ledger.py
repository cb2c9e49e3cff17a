"""Which export requests are already stored, so that a resent one adds no rows."""

import uuid
from collections.abc import Iterable

import duckdb
import numpy as np
import numpy.typing as npt


class Ledger:
    """The digests in `store.export_requests`, held in memory as their first 8 bytes.

    8 bytes for each request that was ever stored; a hit is confirmed in the store, so a collision
    costs one look-up.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Reads what the store holds."""
        self._connection = connection
        table = connection.sql(
            "SELECT (digest::UHUGEINT >> 64)::UBIGINT AS prefix FROM store.export_requests"
        ).to_arrow_table()
        self._sorted: npt.NDArray[np.uint64] = np.sort(table.column("prefix").to_numpy())
        self._recent: set[int] = set()

    def stored(self, digests: Iterable[uuid.UUID]) -> set[uuid.UUID]:
        """Those of the digests that are in the store."""
        suspects = [digest for digest in digests if self._may_hold(digest)]
        if not suspects:
            return set()
        cursor = self._connection.cursor()
        try:
            rows = cursor.execute(
                "SELECT digest FROM store.export_requests"
                " WHERE digest IN (SELECT unnest($digests))",
                {"digests": suspects},
            ).fetchall()
        finally:
            cursor.close()
        return {row[0] for row in rows}

    def add(self, digests: Iterable[uuid.UUID]) -> None:
        """Remembers digests that were committed."""
        self._recent.update(_prefix(digest) for digest in digests)
        if len(self._recent) > 65_536:
            recent = np.fromiter(self._recent, dtype=np.uint64)
            self._sorted = np.sort(np.concatenate([self._sorted, recent]))
            self._recent = set()

    def _may_hold(self, digest: uuid.UUID) -> bool:
        prefix = _prefix(digest)
        if prefix in self._recent:
            return True
        place = int(np.searchsorted(self._sorted, np.uint64(prefix)))
        return place < len(self._sorted) and int(self._sorted[place]) == prefix


def _prefix(digest: uuid.UUID) -> int:
    return digest.int >> 64
