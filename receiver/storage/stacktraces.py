"""The table `stacktraces`: every text once, as long as an exception refers to it.

Texts are known by their id, a hash. The ids stored or found lately are remembered, so that the same
failures again cost a look-up in memory; of the others the table is asked, for at most 65,536 are
remembered, however many different texts there are.
"""

from collections.abc import Iterable, Sequence

import duckdb
import numpy as np
import pyarrow as pa

_REMEMBERED_MAX = 65_536
_INSERT = (
    "INSERT INTO store.stacktraces BY NAME"
    " SELECT * FROM fresh_texts ANTI JOIN store.stacktraces USING (stacktrace_id)"
)
_UNUSED = (
    "SELECT stacktrace_id FROM store.stacktraces ANTI JOIN store.exceptions USING (stacktrace_id)"
)
_USED_SINCE = (
    "SELECT DISTINCT stacktrace_id FROM store.exceptions"
    " WHERE request_id > $seen AND stacktrace_id IN (SELECT unnest($unused))"
)


class Stacktraces:
    """Adds and removes texts; whoever calls sees to it that one transaction does so at a time."""

    def __init__(self) -> None:
        """Knows nothing of the store yet."""
        self._known: set[int] = set()

    def insert(self, cursor: duckdb.DuckDBPyConnection, texts: pa.Table) -> None:
        """Stores those of the rows of `stacktraces` that are not there."""
        fresh = np.array([one not in self._known for one in _ids(texts)], dtype=np.bool_)
        if fresh.any():
            cursor.register("fresh_texts", texts.filter(pa.array(fresh)))
            cursor.execute(_INSERT)
            cursor.unregister("fresh_texts")

    def remember(self, texts: pa.Table) -> None:
        """Takes note of rows that are stored, once the transaction has ended well."""
        if len(self._known) + len(texts) > _REMEMBERED_MAX:
            self._known.clear()
        self._known.update(_ids(texts)[:_REMEMBERED_MAX])

    def forget(self, ids: Iterable[int] | None = None) -> None:
        """Takes note that these may not be stored any more; without ids, that nothing is known."""
        if ids is None:
            self._known.clear()
        else:
            self._known.difference_update(ids)


def unused_stacktraces(cursor: duckdb.DuckDBPyConnection) -> list[int]:
    """The ids of the texts that no exception refers to."""
    return [one for (one,) in cursor.execute(_UNUSED).fetchall()]


def delete_stacktraces(
    cursor: duckdb.DuckDBPyConnection, unused: Sequence[int], seen: int
) -> list[int]:
    """Deletes those of the texts that no request after `seen` refers to; returns their ids."""
    used = cursor.execute(_USED_SINCE, {"seen": seen, "unused": list(unused)}).fetchall()
    still_unused = list(set(unused).difference(one for (one,) in used))
    cursor.execute(
        "DELETE FROM store.stacktraces WHERE stacktrace_id IN (SELECT unnest($unused))",
        {"unused": still_unused},
    )
    return still_unused


def _ids(texts: pa.Table) -> list[int]:
    ids: list[int] = texts.column("stacktrace_id").to_pylist()
    return ids
