"""A small shop in traces: `checkout` 1.3.9 serves for half an hour, then 1.4.0 breaks paying.

Every minute two orders pass through `web`, `checkout` and `payment`. With 1.4.0 every second one
fails: `checkout` raises KeyError, and `web` answers 500 because of it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tests.ingest import key_values, stored

START = int(datetime(2026, 11, 21, 10, 0, tzinfo=UTC).timestamp()) * 10**9
MINUTE = 60 * 10**9
MILLISECOND = 10**6
OLD, NEW = "1.3.9", "1.4.0"
OLD_MINUTES, NEW_MINUTES = 30, 10
ORDERS = 2 * (OLD_MINUTES + NEW_MINUTES)
STACKTRACE = """\
Traceback (most recent call last):
  File "/app/shop/pay.py", line 41, in charge
    amount = order["amount"]
KeyError: 'amount'
"""


@dataclass(frozen=True, slots=True)
class Step:
    """One span of an order: who, what, under which step, from when to when in milliseconds."""

    service: str
    version: str
    name: str
    kind: int
    parent: int | None
    start_ms: int
    duration_ms: int
    failed: bool = False


def fill_shop(store: Path) -> Path:
    """Put every order into the store, with one export request for each ten minutes."""
    stored(store, *requests())
    return store


def requests() -> Iterator[ExportTraceServiceRequest]:
    """The orders, twenty in each export request."""
    for first in range(0, ORDERS, 20):
        merged = ExportTraceServiceRequest()
        for number in range(first, first + 20):
            new = number >= 2 * OLD_MINUTES
            start = START + number * MINUTE // 2
            part = order(number + 1, start, NEW if new else OLD, new and number % 2 == 1)
            merged.MergeFrom(part)
        yield merged


def order(number: int, start: int, version: str, failed: bool) -> ExportTraceServiceRequest:
    """The five spans of one order."""
    steps = (
        Step("web", "7", "POST /order", Span.SPAN_KIND_SERVER, None, 0, 90, failed),
        Step("web", "7", "POST checkout", Span.SPAN_KIND_CLIENT, 0, 5, 80, failed),
        Step("checkout", version, "POST /pay", Span.SPAN_KIND_SERVER, 1, 10, 70, failed),
        Step("checkout", version, "POST payment", Span.SPAN_KIND_CLIENT, 2, 20, 40),
        Step("payment", "2.0", "POST /charge", Span.SPAN_KIND_SERVER, 3, 25, 30),
    )
    request = ExportTraceServiceRequest()
    for index, step in enumerate(steps):
        _add(request, number, index, start, step)
    return request


def trace_id(number: int) -> str:
    """The trace id of an order, by its number from 1."""
    return f"{number:032x}"


def _span_id(number: int, index: int) -> bytes:
    return (number * 10 + index).to_bytes(8, "big")


def _add(
    request: ExportTraceServiceRequest, number: int, index: int, start: int, step: Step
) -> None:
    entry = request.resource_spans.add()
    entry.resource.attributes.extend(
        key_values(
            {
                "service.name": step.service,
                "service.version": step.version,
                "deployment.environment.name": "prod",
                "service.instance.id": f"{step.service}-1",
            }
        )
    )
    begin = start + step.start_ms * MILLISECOND
    span = entry.scope_spans.add().spans.add(
        trace_id=number.to_bytes(16, "big"),
        span_id=_span_id(number, index),
        parent_span_id=b"" if step.parent is None else _span_id(number, step.parent),
        name=step.name,
        kind=step.kind,
        start_time_unix_nano=begin,
        end_time_unix_nano=begin + step.duration_ms * MILLISECOND,
    )
    method, _, path = step.name.partition(" ")
    if step.kind == Span.SPAN_KIND_SERVER:
        status = 500 if step.failed else 200
        span.attributes.extend(
            key_values(
                {
                    "http.request.method": method,
                    "http.route": path,
                    "http.response.status_code": status,
                }
            )
        )
    else:
        span.attributes.extend(key_values({"server.address": path}))
    if step.failed:
        span.status.code = 2
    if step.failed and step.name == "POST /pay":
        _add_exception(span, begin)


def _add_exception(span: Span, time: int) -> None:
    event = span.events.add(name="exception", time_unix_nano=time + 30 * MILLISECOND)
    event.attributes.extend(
        key_values(
            {
                "exception.type": "KeyError",
                "exception.message": "'amount'",
                "exception.stacktrace": STACKTRACE,
            }
        )
    )
