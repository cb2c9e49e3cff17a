"""Where exceptions come from: span events, log records, failed spans; and each is counted once."""

import logging
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.exporter.otlp.proto.common._log_encoder import encode_logs
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, SimpleLogRecordProcessor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from analysis.database import open_database
from tests.ingest import key_values, log_request, row, stored, trace_request

TRACE, SPAN = bytes(15) + b"\x01", (1).to_bytes(8, "big")
NS = 1_700_000_000_000_000_000
STACK = "shop.OrderError: m\n\tat shop.Orders.price(Orders.java:7)"
COLUMNS = "exception_source, exception_type, exception_message, top_frame"
LONG = "the price of the order cannot be found, for the list of prices is not the one of today: "


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """Where a store is to be."""
    return tmp_path / "s.duckdb"


def seen(store: Path, columns: str = COLUMNS) -> list[tuple[object, ...]]:
    """The rows of the view `exceptions`, in a fixed order."""
    with open_database(store) as database:
        found = database.sql(f"SELECT {columns} FROM exceptions ORDER BY ALL").table
    return list(zip(*(column.to_pylist() for column in found.columns), strict=True))


def failed(
    attributes: dict[str, object] | None = None, message: str = "", **fields: Any
) -> ExportTraceServiceRequest:  # Any: fields of a span, as protobuf takes them
    """A request with a span of status ERROR."""
    request = trace_request(attributes or {}, **fields)
    span = request.resource_spans[0].scope_spans[0].spans[0]
    span.status.code, span.status.message = 2, message
    return request


def recorded(
    request: ExportTraceServiceRequest, kind: str | None, message: str | None
) -> ExportTraceServiceRequest:
    """The request with an exception on its first span."""
    span = request.resource_spans[0].scope_spans[0].spans[0]
    given = {"exception.type": kind, "exception.message": message}
    event = span.events.add(name="exception", time_unix_nano=NS)
    event.attributes.extend(key_values({k: v for k, v in given.items() if v is not None}))
    return request


def logged(
    kind: str | None, message: str | None, span_id: bytes = SPAN
) -> ExportLogsServiceRequest:
    """A log record of the same span that has an exception."""
    given = {"exception.type": kind, "exception.message": message}
    return log_request(
        "it failed",
        attributes={k: v for k, v in given.items() if v is not None},
        trace_id=TRACE,
        span_id=span_id,
        severity_number=17,
    )


@pytest.mark.parametrize(
    ("attributes", "fields", "kind", "where"),
    [
        (
            {"http.request.method": "GET", "http.route": "/orders/{id}", "error.type": "500"},
            {"kind": Span.SPAN_KIND_SERVER},
            "500",
            "GET /orders/{id}",
        ),
        (
            {"server.address": "bank.internal", "error.type": "java.net.ConnectException"},
            {"kind": Span.SPAN_KIND_CLIENT},
            "java.net.ConnectException",
            "bank.internal",
        ),
        ({}, {"kind": Span.SPAN_KIND_INTERNAL, "name": "price order 4711"}, None,
         "price order {id}"),
    ],
)  # fmt: skip
def test_failed_span(
    store: Path,
    attributes: dict[str, object],
    fields: dict[str, object],
    kind: str | None,
    where: str,
) -> None:
    """A failed span that recorded no exception is told by its error type, its status message and
    where it was: its endpoint, what it called, or its name."""
    stored(store, failed(attributes, "no price", **fields))
    assert seen(store) == [("status", kind, "no price", where)]
    assert seen(store, "exception_stacktrace, signal") == [(None, "traces")]


def test_failed_span_without_status(store: Path) -> None:
    """A span whose HTTP status says that the server failed needs no status ERROR; one that the
    client is to blame for is no exception."""
    for code, number in ((503, b"a"), (404, b"b")):
        stored(store, trace_request({"http.response.status_code": code}, trace_id=number * 16))
    assert seen(store, "exception_source, trace_id") == [("status", "61" * 16)]


def test_span_with_an_exception_is_no_other(store: Path) -> None:
    """A failed span that recorded an exception, as an event or in a log, is counted by that."""
    stored(store, recorded(failed(message="m"), "E", "m"))
    stored(store, failed(message="m", trace_id=b"x" * 16), log_request(
        "m", attributes={"exception.type": "E"}, trace_id=b"x" * 16, span_id=SPAN
    ))  # fmt: skip
    assert seen(store, "exception_source, exception_type") == [("event", "E"), ("log", "E")]


def test_same_failed_spans_are_one_group(store: Path) -> None:
    """Failed spans that differ in an id of their message are one group; those of another endpoint
    are another."""
    for number, name in ((1, "GET /a"), (2, "GET /a"), (3, "GET /b")):
        stored(
            store, failed(message=f"order {number} is lost", name=name, trace_id=b"%016d" % number)
        )
    assert row(store, "SELECT count(DISTINCT fingerprint) AS n FROM exceptions") == {"n": 2}


COPIES = {
    "the same": (("E", "m"), ("E", "m")),
    "Python's handler leaves out the package": (("shop.errors.E", "m"), ("E", "m")),
    ".NET leaves out the namespace": (("Shop.Errors+E", "m"), ("E", "m")),
    "a type with parameters": (("Shop.E`1[[System.String, mscorlib]]", "m"), ("E`1", "m")),
    "the log was cut": (("E", LONG * 3), ("E", (LONG * 3)[:128])),
    "the event was cut": (("E", (LONG * 3)[:128]), ("E", LONG * 3)),
    "a KeyError": (("KeyError", "'order'"), ("KeyError", "order")),
    "an OSError": (
        ("FileNotFoundError", "[Errno 2] No such file: 'a'"),
        ("FileNotFoundError", "2"),
    ),
    "two arguments": (("ValueError", "('no price', 42)"), ("ValueError", "no price")),
    "no message": (("E", None), ("E", None)),
    "no type": ((None, "m"), (None, "m")),
}


@pytest.mark.parametrize("name", COPIES)
def test_both_signals(store: Path, name: str) -> None:
    """An exception that came as a span event and as a log record is counted once."""
    event, log = COPIES[name]
    stored(store, logged(*log), recorded(trace_request(), *event))
    assert seen(store, "exception_source") == [("event",)]


OTHERS = {
    "another class": (("E", "m"), ("F", "m")),
    "another message": (("E", "order 1"), ("E", "order 12")),
    "another message, quoted": (("E", "'a' and 'b'"), ("E", "a")),
    "a type on one only": (("E", "m"), (None, "m")),
}


@pytest.mark.parametrize("name", OTHERS)
def test_two_exceptions_of_one_span(store: Path, name: str) -> None:
    """Two exceptions of one span, one on each signal, are two."""
    event, log = OTHERS[name]
    stored(store, recorded(trace_request(), *event), logged(*log))
    assert seen(store, "exception_source") == [("event",), ("log",)]


def test_other_span(store: Path) -> None:
    """The same words in a log record of another span, or of none, are another exception."""
    stored(store, recorded(trace_request(), "E", "m"), logged("E", "m", b"otherone"))
    stored(store, log_request("m", attributes={"exception.type": "E", "exception.message": "m"}))
    assert seen(store, "exception_source") == [("event",), ("log",), ("log",)]


BY_LOG: dict[str, Callable[[], ExportLogsServiceRequest]] = {
    "attributes": lambda: log_request("x", attributes={
        "exception.type": "shop.OrderError", "exception.message": "m",
        "exception.stacktrace": STACK}),
    "event name": lambda: log_request("x", event_name="app.crash", attributes={
        "exception.stacktrace": STACK}),
    "old event name": lambda: log_request("x", attributes={
        "event.name": "device.crash", "exception.stacktrace": STACK}),
    "name that ends so": lambda: log_request("x", event_name="db.client.operation.exception",
        attributes={"exception.stacktrace": STACK}),
    "fatal": lambda: log_request("x", severity_number=21, attributes={
        "exception.stacktrace": STACK}),
    "Elastic": lambda: log_request("x", attributes={
        "error.type": "shop.OrderError", "error.message": "m", "error.stack_trace": STACK}),
    "body": lambda: log_request({
        "exception.type": "shop.OrderError", "exception.message": "m",
        "exception.stacktrace": STACK}),
    "body, Elastic": lambda: log_request({
        "error.type": "shop.OrderError", "error.message": "m", "error.stack_trace": STACK}),
}  # fmt: skip


@pytest.mark.parametrize("name", BY_LOG)
def test_log_records(store: Path, name: str) -> None:
    """Every way in which an exception is written into a log record is read."""
    stored(store, BY_LOG[name]())
    assert seen(store, "exception_source, exception_stacktrace, top_frame") == [
        ("log", STACK, "shop.Orders.price")
    ]


NO_EXCEPTION: dict[str, Callable[[], ExportLogsServiceRequest]] = {
    "only an error type": lambda: log_request("x", attributes={"error.type": "timeout"}),
    "a stack of nothing": lambda: log_request("x", attributes={"exception.stacktrace": STACK}),
    "only a name": lambda: log_request("x", event_name="exception"),
    "fatal without a stack": lambda: log_request("x", severity_number=21),
    "words": lambda: log_request("exception.type was not set, error.stack_trace neither"),
    "a body of other keys": lambda: log_request({"error.type": "timeout", "exception.": 1}),
}


@pytest.mark.parametrize("name", NO_EXCEPTION)
def test_log_records_without_exception(store: Path, name: str) -> None:
    """A log record that says nothing of an exception is none."""
    stored(store, NO_EXCEPTION[name]())
    assert seen(store) == []


def test_one_exception_on_two_spans(store: Path) -> None:
    """An exception that two instrumentations recorded, on a span and on its child, is two sightings
    of one trace."""
    inner = recorded(trace_request(span_id=b"innerone", parent_span_id=SPAN), "E", "m")
    stored(store, recorded(trace_request(), "E", "m"), inner)
    counted = "count(*), count(DISTINCT trace_id), count(DISTINCT fingerprint)"
    with open_database(store) as database:
        found = database.sql(f"SELECT {counted} FROM exceptions").table
    assert [column[0].as_py() for column in found.columns] == [2, 1, 1]


class OrderError(Exception):
    """An exception of a module with a package."""


OrderError.__module__, OrderError.__qualname__ = "shop.errors", "OrderError"


@pytest.mark.filterwarnings("ignore:`LoggingHandler`:DeprecationWarning")
@pytest.mark.parametrize(
    "error", [OrderError("no price"), KeyError("order"), OSError(2, "gone"), OrderError("a", 1)]
)
def test_python_sdk(store: Path, error: Exception) -> None:
    """An exception that the Python SDK recorded on a span and its logging handler logged there is
    counted once, although the two name it differently."""
    spans, logs = InMemorySpanExporter(), InMemoryLogRecordExporter()  # type: ignore[no-untyped-call]  # of the SDK
    tracing, logger_provider = TracerProvider(), LoggerProvider()
    tracing.add_span_processor(SimpleSpanProcessor(spans))
    logger_provider.add_log_record_processor(SimpleLogRecordProcessor(logs))
    logger = logging.Logger("shop")
    logger.addHandler(LoggingHandler(logger_provider=logger_provider))
    with suppress(type(error)), tracing.get_tracer("shop").start_as_current_span("price"):
        try:
            raise error
        except type(error):
            logger.exception("it failed")
            raise
    stored(store, encode_logs(logs.get_finished_logs()))
    stored(store, encode_spans(spans.get_finished_spans()))
    assert row(store, "SELECT count(*) AS n FROM exceptions") == {"n": 2}
    (found,) = seen(store, "exception_source, exception_type")
    assert found[0] == "event"
    assert row(store, "SELECT count(DISTINCT top_frame) AS n FROM exceptions") == {"n": 1}
