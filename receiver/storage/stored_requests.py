"""The requests in the ledger whose rows are still stored, as retention looks at them.

Their numbers tell in which order they arrived. The time of receipt does too, unless the clock was
wrong for a while: an early time makes no request older that came before it, and one in the future
keeps none that is followed by one that is old.
"""

from receiver.storage.steady_clock import DAY_NS
from receiver.storage.writer import Writer

_SKEW_NS = 5 * 60_000_000_000
_EDGE = "(SELECT last_request_id FROM store.retention_edge)"
_LAST_OLDER = f"""
SELECT CASE WHEN last < first THEN last ELSE first - 1 END
FROM (
    SELECT max(request_id) FILTER (received_at_unix_nano < $edge) AS last,
        coalesce(
            min(request_id) FILTER (received_at_unix_nano BETWEEN $edge AND $latest),
            9_223_372_036_854_775_807) AS first
    FROM store.export_requests
    WHERE request_id > {_EDGE}
)
WHERE last IS NOT NULL
"""
_SLICE_END = f"""
SELECT coalesce(max(request_id) FILTER (records <= $records), min(request_id))
FROM (
    SELECT request_id, sum(accepted_count) OVER (ORDER BY request_id) AS records
    FROM (
        FROM store.export_requests
        WHERE request_id > {_EDGE} AND request_id <= $last
        ORDER BY request_id
        LIMIT $records
    )
)
"""
_OLDEST_SHARE = f"""
SELECT coalesce(max(request_id) FILTER (before < $share * records), 0)
FROM (
    SELECT request_id,
        sum(accepted_count) OVER (ORDER BY request_id) - accepted_count AS before,
        sum(accepted_count) OVER () AS records
    FROM store.export_requests
    WHERE request_id > {_EDGE}
)
"""
_STEPPED = """
SELECT coalesce(max(received - before), 0) > $step
FROM (
    SELECT received, lag(received) OVER (ORDER BY number) AS before
    FROM (
        SELECT request_id AS number, received_at_unix_nano AS received
        FROM store.export_requests
        WHERE received_at_unix_nano <= $steady_since
        UNION ALL
        SELECT 9_223_372_036_854_775_807, $steady_since
    )
)
WHERE received > $now - $day
"""
_FORGET = f"""
DELETE FROM store.export_requests WHERE request_id <= least(
    {_EDGE},
    greatest(
        (SELECT coalesce(min(request_id) - 1, 9_223_372_036_854_775_807)
            FROM store.export_requests WHERE received_at_unix_nano >= $now - $day),
        (SELECT max(request_id) FROM store.export_requests) - $rows_max))
"""
# Every checkpoint begins a block.
_LEDGER_BYTES = """
SELECT count(DISTINCT block_id) * (
    SELECT block_size FROM pragma_database_size() WHERE database_name = 'store')
FROM pragma_storage_info('store.export_requests')
WHERE block_id >= 0
"""


class StoredRequests:
    """Questions about the ledger, and its own deletion."""

    def __init__(self, writer: Writer) -> None:
        """Asks the instance that the writer holds now."""
        self._writer = writer

    def last_older(self, edge_unix_nano: int, now: int) -> int:
        """The last request of those all received before the edge; 0 when there is none."""
        return self._number(_LAST_OLDER, edge=edge_unix_nano, latest=now + _SKEW_NS) or 0

    def slice_end(self, last: int, records: int) -> int | None:
        """The last of the oldest requests that have this many records together, at least one
        request and none past `last`; None when there is none."""
        return self._number(_SLICE_END, last=last, records=records)

    def oldest_share(self, share: float) -> int:
        """The last of the oldest requests that hold this share of all records."""
        return self._number(_OLDEST_SHARE, share=share) or 0

    def stepped(self, steady_since: int, now: int, step_ns: int) -> bool:
        """Whether, in the last day, the time of receipt went forward by more than a step from one
        request to the next, or from the last one to when the clock became steady."""
        values = {"steady_since": steady_since, "now": now, "step": step_ns, "day": DAY_NS}
        return bool(self._number(_STEPPED, **values))

    def count(self) -> int:
        """How many requests the ledger holds."""
        return self._number("SELECT count(*) FROM store.export_requests") or 0

    def forget(self, now: int, bytes_max: int | None) -> None:
        """Deletes requests from the ledger whose rows are gone, a day after they were received:
        until then a sender may send one again. When the ledger takes more than `bytes_max`, the
        older half goes sooner."""
        rows_max = 2**62
        if bytes_max is not None and (self._number(_LEDGER_BYTES) or 0) > bytes_max:
            rows_max = self.count() // 2
        with self._writer.transaction() as cursor:
            cursor.execute(_FORGET, {"now": now, "day": DAY_NS, "rows_max": rows_max})

    def _number(self, sql: str, **values: float) -> int | None:
        with self._writer.connection.cursor() as cursor:
            row = cursor.execute(sql, values).fetchone()
        return None if row is None or row[0] is None else int(row[0])
