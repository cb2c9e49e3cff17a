"""A running receiver and real clients over real sockets."""

import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import grpc
import pytest
from opentelemetry import trace
from opentelemetry._logs import SeverityNumber
from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter as GrpcLogs
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcSpans
from opentelemetry.exporter.otlp.proto.http import Compression as HttpCompression
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter as HttpLogs
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpSpans
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import LogRecordExporter, SimpleLogRecordProcessor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter

from analysis.serving import Serving, running
from receiver.errors import AddressInUse
from receiver.settings import Address
from receiver.storage.store import StoreLocked
from tests.conformance.receivers import settings
from tests.ingest import EXCEPTIONS, row, rows

RESOURCE = Resource(
    {
        "service.name": "checkout",
        "service.version": "2.4.0",
        "deployment.id": "d-7",
        "deployment.environment.name": "production",
        "service.instance.id": "pod-1",
    }
)


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """Where the receiver writes."""
    return tmp_path / "s.duckdb"


@pytest.fixture
def serving(store: Path) -> Iterator[Serving]:
    """A running receiver, stopped at the end."""
    with running(settings(store), api=None) as running_now:
        yield running_now


def emit(exporter: SpanExporter) -> trace.SpanContext:
    """A failed request with a call inside, sent by the real SDK."""
    provider = TracerProvider(resource=RESOURCE)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracer = provider.get_tracer("shop.instrumentation", "0.9")
    with tracer.start_as_current_span("POST /pay", kind=trace.SpanKind.SERVER) as span:
        span.set_attributes({"http.request.method": "POST", "http.route": "/pay"})
        span.set_attribute("http.response.status_code", 500)
        try:
            with tracer.start_as_current_span("charge", kind=trace.SpanKind.CLIENT) as call:
                call.set_attribute("server.address", "bank.internal")
                raise TimeoutError("bank did not answer")
        except TimeoutError:
            span.set_status(trace.StatusCode.ERROR, "payment failed")
        context = span.get_span_context()
    provider.shutdown()
    return context


EXPORTERS: dict[str, Callable[[Serving], SpanExporter]] = {
    "grpc": lambda s: GrpcSpans(endpoint=f"http://{s.grpc}", insecure=True),
    "grpc gzip": lambda s: GrpcSpans(
        endpoint=f"http://{s.grpc}", insecure=True, compression=grpc.Compression.Gzip
    ),
    "http": lambda s: HttpSpans(endpoint=f"http://{s.http}/v1/traces"),
    "http gzip": lambda s: HttpSpans(
        endpoint=f"http://{s.http}/v1/traces", compression=HttpCompression.Gzip
    ),
}


@pytest.mark.parametrize("transport", EXPORTERS)
def test_sdk_spans_come_out_of_sql(store: Path, transport: str) -> None:
    """What the OpenTelemetry SDK sends comes out of SQL, value by value."""
    with running(settings(store), api=None) as serving:
        context = emit(EXPORTERS[transport](serving))
    server, client = rows(store, "SELECT * FROM spans ORDER BY span_kind DESC")
    assert server["trace_id"].int == context.trace_id
    assert (server["span_id"], server["parent_span_id"]) == (context.span_id, None)
    assert (client["trace_id"], client["parent_span_id"]) == (server["trace_id"], context.span_id)
    assert {
        name: server[name] for name in ("service_name", "service_version", "deployment_id")
    } == {
        "service_name": "checkout",
        "service_version": "2.4.0",
        "deployment_id": "d-7",
    }
    assert (server["environment_name"], server["instance_id"]) == ("production", "pod-1")
    assert (server["endpoint"], server["outcome"]) == ("POST /pay", "server_error")
    assert (server["status_code"], server["status_message"]) == ("ERROR", "payment failed")
    assert (server["scope_name"], server["scope_version"]) == ("shop.instrumentation", "0.9")
    assert (client["peer"], client["outcome"]) == ("bank.internal", "timeout")
    assert server["duration_ns"] >= client["duration_ns"] > 0
    found = row(store, f"SELECT * FROM {EXCEPTIONS} WHERE exception_source = 'event'")
    assert found["exception_type"] == "TimeoutError"
    assert found["exception_message"] == "bank did not answer"
    assert found["exception_stacktrace"].startswith("Traceback (most recent call last)")
    assert (found["span_id"], found["signal"]) == (client["span_id"], "traces")


LOG_EXPORTERS: dict[str, Callable[[Serving], LogRecordExporter]] = {
    "grpc": lambda s: GrpcLogs(endpoint=f"http://{s.grpc}", insecure=True),
    "http": lambda s: HttpLogs(endpoint=f"http://{s.http}/v1/logs"),
}


@pytest.mark.parametrize("transport", LOG_EXPORTERS)
def test_sdk_logs_come_out_of_sql(store: Path, transport: str) -> None:
    """Log records are all kept; one that carries an exception becomes an exception too."""
    with running(settings(store), api=None) as serving:
        provider = LoggerProvider(resource=RESOURCE)
        provider.add_log_record_processor(
            SimpleLogRecordProcessor(LOG_EXPORTERS[transport](serving))
        )
        logger = provider.get_logger("shop.logs")
        logger.emit(body="all is well", severity_number=SeverityNumber.INFO, timestamp=5)
        try:
            raise ValueError("bad total")
        except ValueError as error:
            logger.emit(
                body={"order": 7},
                severity_number=SeverityNumber.ERROR,
                timestamp=6,
                exception=error,
            )
        provider.shutdown()
    info, error_record = rows(store, "SELECT * FROM log_records ORDER BY time_unix_nano")
    assert (info["body"], info["body_type"], info["severity_number"]) == (
        "all is well",
        "string",
        9,
    )
    assert (error_record["body"], error_record["body_type"]) == ('{"order":7}', "kvlist")
    found = row(store, "SELECT * FROM exceptions")
    assert (found["exception_type"], found["exception_message"]) == ("ValueError", "bad total")
    assert (found["signal"], found["service_version"], found["severity_number"]) == (
        "logs",
        "2.4.0",
        17,
    )


def test_second_receiver_on_the_same_ports(serving: Serving, tmp_path: Path) -> None:
    """A port that is taken is refused by name, and the store of the refused receiver is let go."""
    other = tmp_path / "other.duckdb"
    for field, flag in (("grpc", "--grpc"), ("http", "--http")):
        taken = settings(other, **{field: getattr(serving, field)})
        with pytest.raises(AddressInUse, match=flag), running(taken, api=None):
            pass
    with running(settings(other), api=None):
        pass


def test_port_of_another_program(tmp_path: Path) -> None:
    """A port that any other program listens on is refused too."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        taken = Address("127.0.0.1", listener.getsockname()[1])
        with (
            pytest.raises(AddressInUse, match=str(taken.port)),
            running(settings(tmp_path / "s.duckdb", grpc=taken), api=None),
        ):
            pass


def test_second_receiver_on_the_same_store(serving: Serving, store: Path) -> None:
    """A store that a receiver holds is refused to a second one."""
    second = settings(store, store_lock_wait_s=0.2)
    with pytest.raises(StoreLocked), running(second, api=None):
        pass
