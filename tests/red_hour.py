"""A small estate in a real store: `web` asks `cart`, then `pay`, 24 times a minute for two hours.

`cart` 2 comes after 70 minutes, `pay` 2 after 75, each beside the version before it, in every
second trace by a different count; both are marked. What one of them breaks is up to the test.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa

from receiver.storage.store import open_store

START_NS = int(datetime(2026, 1, 2, 10, 0, tzinfo=UTC).timestamp()) * 10**9
MINUTES, PER_MINUTE = 120, 24
CART_MINUTE, PAY_MINUTE = 70, 75
ZEROS = (
    *("resource_id", "flags", "scope_dropped_attributes_count", "dropped_attributes_count"),
    *("dropped_events_count", "dropped_links_count"),
)


@dataclass(frozen=True, slots=True)
class RedHour:
    """`broken` is own (`pay` 2 fails), crash (`pay` 2 answers nothing and sends nothing), elsewhere
    (after `cart` 2 any `pay` fails), traffic (after `cart` 2 `pay` is not asked) or nothing. `pay`
    is the name of that service, `version` that of its second version."""

    broken: str = ""
    pay: str = "pay"
    version: str = "2"


@dataclass(frozen=True, slots=True)
class Span:
    """One row; `peer` is None for a request."""

    trace: int
    span: int
    parent: int | None
    service: str
    version: str
    peer: str | None
    failed: bool
    time_ns: int


def fill(store: Path, hour: RedHour) -> Path:
    """Writes the two hours and the marks."""
    spans = [span for minute in range(MINUTES) for span in _minute(hour, minute)]
    with open_store(store) as connection:
        for table, rows in (("spans", _span_rows(spans)), ("deployment_marks", _marks(hour))):
            connection.register("hour_rows", rows)
            connection.execute(f"INSERT INTO store.{table} BY NAME FROM hour_rows")
            connection.unregister("hour_rows")
    return store


def _minute(hour: RedHour, minute: int) -> Iterator[Span]:
    for i in range(PER_MINUTE):
        yield from _trace(hour, minute, i)


def _trace(hour: RedHour, minute: int, i: int) -> Iterator[Span]:
    """Two traces of 24 meet the defect, one with each version of the other service."""
    number = minute * PER_MINUTE + i + 1
    time_ns = START_NS + (minute * 60 + i * 2) * 10**9
    cart_new = minute >= CART_MINUTE and i % 2 == 0
    pay_new = minute >= PAY_MINUTE and i // 2 % 2 == 0
    crashed = hour.broken == "crash" and pay_new and i in (0, 9)
    fails = (hour.broken == "own" and pay_new and i in (0, 9)) or (
        hour.broken == "elsewhere" and cart_new and i in (0, 2)
    )
    asked = not (hour.broken == "traffic" and cart_new)
    answered = asked and not crashed
    pay_version = hour.version if pay_new and hour.broken != "crash" else "1"
    red = crashed or fails or (i == 23 and minute % 4 == 0)
    first = number * 10

    def span(
        at: int, parent: int | None, service: str, version: str, peer: str | None, bad: bool
    ) -> Span:
        above = None if parent is None else first + parent
        return Span(number, first + at, above, service, version, peer, bad, time_ns + at * 10**6)

    yield span(1, None, "web", "7", None, red)
    yield span(2, 1, "web", "7", "cart", False)
    yield span(3, 2, "cart", "2" if cart_new else "1", None, False)
    if asked:
        yield span(4, 1, "web", "7", hour.pay, crashed or fails)
    if answered:
        yield span(5, 4, hour.pay, pay_version, None, fails)


def _span_rows(spans: list[Span]) -> pa.Table:
    count = len(spans)
    return pa.table(
        {
            "trace_id": [f"{s.trace:032x}" for s in spans],
            "span_id": [s.span for s in spans],
            "parent_span_id": [s.parent for s in spans],
            "service_name": [s.service for s in spans],
            "service_version": [s.version for s in spans],
            "environment_name": ["prod"] * count,
            "span_kind": ["SERVER" if s.peer is None else "CLIENT" for s in spans],
            "span_name": ["GET /"] * count,
            "endpoint": ["GET /" if s.peer is None else None for s in spans],
            "peer": [s.peer for s in spans],
            "outcome": ["server_error" if s.failed else "ok" for s in spans],
            "status_code": ["ERROR" if s.failed else "UNSET" for s in spans],
            "start_time_unix_nano": [s.time_ns for s in spans],
            "received_at_unix_nano": [s.time_ns + 10**9 for s in spans],
            "duration_ns": [10**7] * count,
            "request_id": [1] * count,
            **{name: [0] * count for name in ZEROS},
        }
    )


def _marks(hour: RedHour) -> pa.Table:
    minutes = (CART_MINUTE, PAY_MINUTE)
    return pa.table(
        {
            "service_name": ["cart", hour.pay],
            "service_version": ["2", hour.version],
            "environment_name": ["prod", "prod"],
            "irreversible": [False, False],
            "marked_at_unix_nano": [START_NS + minute * 60 * 10**9 for minute in minutes],
        }
    )
