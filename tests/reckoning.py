"""What a store has to show for a load: every acknowledged request, whole and once."""

import uuid
from dataclasses import dataclass, fields
from pathlib import Path

from tests.load import Load, exceptions_of, trace_id
from tests.served import rows

_SPANS = "SELECT trace_id, count(*) AS n, count(DISTINCT span_id) AS m FROM spans GROUP BY trace_id"
_EXCEPTIONS = (
    "SELECT trace_id, count(*) AS n, count(DISTINCT span_id) AS m FROM exceptions GROUP BY trace_id"
)
_LEDGER = """
    SELECT trace_id, count(*) AS n, sum(accepted_count)::BIGINT AS m
    FROM (SELECT request_id, any_value(trace_id) AS trace_id FROM spans GROUP BY request_id)
    JOIN export_requests USING (request_id) GROUP BY trace_id
"""
Counts = dict[uuid.UUID, tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Reckoning:
    """Requests by what became of them.

    `missing` were acknowledged and are not there, `doubled` have more spans than were sent,
    `partial` have fewer. The exceptions or the ledger's row of those `astray` do not match their
    spans. A request that was stored and not acknowledged is no fault.
    """

    requests_acked: int
    spans_acked: int
    requests_stored: int
    missing: int
    doubled: int
    partial: int
    exceptions_astray: int
    ledger_astray: int

    @property
    def faults(self) -> dict[str, int]:
        """What is wrong: name to number of requests, empty if nothing is."""
        names = [field.name for field in fields(self)[3:]]
        return {name: getattr(self, name) for name in names if getattr(self, name)}


def reckon(store: Path, load: Load) -> Reckoning:
    """Compares a store that no receiver holds with the load that went into it, and nothing else."""
    acked = {
        trace_id(client, number): load.size(client, number)
        for client, numbers in enumerate(load.acknowledged)
        for number in numbers
    }
    spans, exceptions, ledger = (_counts(store, sql) for sql in (_SPANS, _EXCEPTIONS, _LEDGER))
    sizes = {trace: _size(load, trace) for trace in spans}
    whole = {trace: (size, size) for trace, size in sizes.items()}
    recorded = {trace: (exceptions_of(n), exceptions_of(n)) for trace, n in sizes.items()}
    listed = {trace: (1, size) for trace, size in sizes.items()}
    return Reckoning(
        requests_acked=len(acked),
        spans_acked=sum(acked.values()),
        requests_stored=len(spans),
        missing=len(acked.keys() - spans.keys()),
        doubled=sum(spans[trace] > whole[trace] for trace in spans),
        partial=sum(spans[trace] < whole[trace] for trace in spans),
        exceptions_astray=_differences(exceptions, recorded),
        ledger_astray=_differences(ledger, listed),
    )


def _counts(store: Path, sql: str) -> Counts:
    return {one["trace_id"]: (one["n"], one["m"]) for one in rows(store, sql)}


def _size(load: Load, trace: uuid.UUID) -> int:
    client, number = divmod(trace.int, 2**64)
    return load.size(client - 1, number)


def _differences(found: Counts, expected: Counts) -> int:
    return sum(found.get(trace) != expected.get(trace) for trace in found.keys() | expected.keys())
