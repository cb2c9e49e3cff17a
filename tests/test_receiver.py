"""A running receiver and real clients over real sockets."""

import gzip
import json
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest
from google.rpc.status_pb2 import Status
from opentelemetry import trace
from opentelemetry._logs import SeverityNumber
from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter as GrpcLogs
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcSpans
from opentelemetry.exporter.otlp.proto.http import Compression as HttpCompression
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter as HttpLogs
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpSpans
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import LogRecordExporter, SimpleLogRecordProcessor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter

from analysis.serving import Serving, running
from receiver.errors import AddressInUse
from receiver.export_request import read_request
from receiver.grpc_service import GrpcService
from receiver.http_server import HttpServer
from receiver.http_service import HttpService
from receiver.pipeline import Pipeline
from receiver.settings import Address, ReceiverSettings
from receiver.signals import Signal
from receiver.store import StoreLocked
from receiver.writer import Writer
from tests.ingest import row, rows, trace_request

ANY_PORT = Address("127.0.0.1", 0)
RESOURCE = Resource(
    {
        "service.name": "checkout",
        "service.version": "2.4.0",
        "deployment.id": "d-7",
        "deployment.environment.name": "production",
        "service.instance.id": "pod-1",
    }
)


def settings(store: Path, **changes: Any) -> ReceiverSettings:  # Any: whatever the field holds
    """Settings on free ports."""
    return ReceiverSettings(**{"store": store, "grpc": ANY_PORT, "http": ANY_PORT, **changes})


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
    found = row(store, "SELECT * FROM exceptions")
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


JSON_BODY = {
    "resourceSpans": [
        {
            "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "web"}}]},
            "scopeSpans": [
                {
                    "spans": [
                        {
                            "traceId": "5B8EFFF798038103D269B633813FC60C",
                            "spanId": "EEE19B7EC3C1B174",
                            "name": "I'm a server span",
                            "startTimeUnixNano": "1544712660000000000",
                            "endTimeUnixNano": 1544712661000000000,
                            "kind": 2,
                            "attributes": [{"key": "n", "value": {"intValue": "9007199254740993"}}],
                        }
                    ]
                }
            ],
        }
    ]
}


@pytest.mark.parametrize("encoding", ["identity", "gzip"])
def test_json_over_http(serving: Serving, store: Path, encoding: str) -> None:
    """OTLP/JSON is answered with an empty JSON object, and its values come out of SQL."""
    body = json.dumps(JSON_BODY).encode()
    response = httpx.post(
        f"http://{serving.http}/v1/traces",
        content=gzip.compress(body) if encoding == "gzip" else body,
        headers={"Content-Type": "application/json; charset=utf-8", "Content-Encoding": encoding},
    )
    assert (response.status_code, response.json()) == (200, {})
    assert response.headers["content-type"] == "application/json"


def test_json_values_come_out_of_sql(store: Path) -> None:
    """Hex ids, integers as text or number, and attributes arrive as they were meant."""
    with running(settings(store), api=None) as serving:
        httpx.post(f"http://{serving.http}/v1/traces", json=JSON_BODY).raise_for_status()
    found = row(store, "SELECT * FROM spans")
    assert found["trace_id"].hex == "5b8efff798038103d269b633813fc60c"
    assert (found["span_id"], found["duration_ns"]) == (0xEEE19B7EC3C1B174, 10**9)
    assert found["attributes"] == '{"n":9007199254740993}'


def test_invalid_ids_reject_the_span_only(serving: Serving, store: Path) -> None:
    """Spans with invalid ids are refused by number; the others of the request are stored."""
    request = trace_request({}, {}, {}, {}, {})
    spans = request.resource_spans[0].scope_spans[0].spans
    spans[0].trace_id = b"\x01" * 15
    spans[1].span_id = bytes(8)
    spans[2].parent_span_id = b"\x01" * 7
    spans[3].start_time_unix_nano = 2**64 - 1
    with grpc.insecure_channel(str(serving.grpc)) as channel:
        answer = ExportTraceServiceResponse.FromString(export(channel)(request.SerializeToString()))
    assert answer.partial_success.rejected_spans == 4
    for reason in ("trace_id", "span_id", "parent_span_id", "2200"):
        assert reason in answer.partial_success.error_message


def test_full_success_has_no_partial_success(serving: Serving) -> None:
    """A request that is stored whole, and an empty one, are answered with an empty message."""
    with grpc.insecure_channel(str(serving.grpc)) as channel:
        assert export(channel)(trace_request({}).SerializeToString()) == b""
        assert export(channel)(b"") == b""


def test_malformed_grpc_request(serving: Serving) -> None:
    """Bytes that are not protobuf are refused for good: INVALID_ARGUMENT without RetryInfo."""
    with grpc.insecure_channel(str(serving.grpc)) as channel:
        with pytest.raises(grpc.RpcError) as refused:
            export(channel)(b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01")
        assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
        keys = {key for key, _ in refused.value.trailing_metadata()}
        assert "google.rpc.retryinfo-bin" not in keys


@pytest.mark.parametrize(
    ("content_type", "body", "code"),
    [
        ("application/x-protobuf", b"\xff\xff", 400),
        ("application/json", b"1234", 400),
        ("application/json", b'{"resourceSpans": 7}', 400),
        ("text/plain", b"", 415),
    ],
)
def test_malformed_http_request(
    serving: Serving, content_type: str, body: bytes, code: int
) -> None:
    """A body that cannot be read is refused with a Status in the encoding of the request."""
    response = httpx.post(
        f"http://{serving.http}/v1/traces", content=body, headers={"Content-Type": content_type}
    )
    assert response.status_code == code
    if code == 415:
        assert response.text.startswith("415 unsupported media type")
        return
    assert response.headers["content-type"] == content_type
    if content_type == "application/json":
        assert response.json()["message"]
    else:
        assert Status.FromString(response.content).message


def test_metrics_are_refused_politely(serving: Serving) -> None:
    """Metrics are UNIMPLEMENTED over gRPC and 404 over HTTP; a GET is 405."""
    metrics = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export"
    with grpc.insecure_channel(str(serving.grpc)) as channel:
        with pytest.raises(grpc.RpcError) as refused:
            channel.unary_unary(metrics)(b"")
        assert refused.value.code() is grpc.StatusCode.UNIMPLEMENTED
    response = httpx.post(f"http://{serving.http}/v1/metrics", json={})
    assert (response.status_code, response.json()["code"]) == (404, 12)
    assert httpx.get(f"http://{serving.http}/v1/traces").status_code == 405


def test_too_large_request(store: Path) -> None:
    """A request over the limit, before or after decompression, is refused for good."""
    with running(settings(store, request_bytes_max=100_000), api=None) as serving:
        bomb = gzip.compress(bytes(10_000_000))
        headers = {"Content-Type": "application/x-protobuf", "Content-Encoding": "gzip"}
        url = f"http://{serving.http}/v1/traces"
        assert httpx.post(url, content=bomb, headers=headers).status_code == 413
        del headers["Content-Encoding"]
        assert httpx.post(url, content=bytes(100_001), headers=headers).status_code == 413
        with grpc.insecure_channel(str(serving.grpc)) as channel:
            with pytest.raises(grpc.RpcError) as refused:
                export(channel)(bytes(100_001))
            assert refused.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED


def test_resent_request_adds_nothing(store: Path) -> None:
    """The same bytes again, at once, over the other transport or after a restart, add no rows."""
    payload = trace_request({"n": 1}, {"n": 2}).SerializeToString()
    for _ in range(2):
        with running(settings(store), api=None) as serving:
            with grpc.insecure_channel(str(serving.grpc)) as channel:
                for _ in range(3):
                    assert export(channel)(payload) == b""
            headers = {"Content-Type": "application/x-protobuf"}
            url = f"http://{serving.http}/v1/traces"
            assert httpx.post(url, content=payload, headers=headers).status_code == 200
    assert row(store, "SELECT count(*) AS n FROM spans") == {"n": 2}
    assert row(store, "SELECT count(*) AS n FROM export_requests") == {"n": 1}


def test_full_queue_says_when_to_return(store: Path) -> None:
    """A full queue answers UNAVAILABLE or 503 with a delay; what was taken before is stored."""
    small = settings(store, queue_bytes_max=1)
    writer = Writer(store, lock_wait_s=0)
    pipeline = Pipeline(writer, small)  # not started, so that the first request stays under way
    service = GrpcService(pipeline, small)
    server = HttpServer(HttpService(pipeline, small).app(), ANY_PORT, "OTLP/HTTP", "--http")
    service.start()
    server.start()
    first = read_request(Signal.TRACES, "test", trace_request({"n": 1}).SerializeToString(), 1)
    pipeline.submit(first)
    second = trace_request({"n": 2}).SerializeToString()
    with (
        grpc.insecure_channel(str(service.address)) as channel,
        pytest.raises(grpc.RpcError) as refused,
    ):
        export(channel)(second)
    assert refused.value.code() is grpc.StatusCode.UNAVAILABLE
    keys = {key for key, _ in refused.value.trailing_metadata()}
    assert {"google.rpc.retryinfo-bin", "grpc-status-details-bin"} <= keys
    headers = {"Content-Type": "application/x-protobuf"}
    response = httpx.post(f"http://{server.address}/v1/traces", content=second, headers=headers)
    assert (response.status_code, response.headers["retry-after"]) == (503, "1")
    pipeline.start()
    assert first.answer.result(30).accepted == 1
    service.stop()
    server.stop()
    pipeline.close()
    writer.close()
    assert row(store, "SELECT count(*) AS n FROM spans") == {"n": 1}


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


def export(channel: grpc.Channel) -> grpc.UnaryUnaryMultiCallable:
    """The raw export call of traces."""
    return channel.unary_unary("/opentelemetry.proto.collector.trace.v1.TraceService/Export")
