"""A protobuf request is told to be traces, logs or metrics by its records."""

from pathlib import Path
from typing import Any

import pytest
from google.protobuf.message import DecodeError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, ResourceLogs, ScopeLogs
from opentelemetry.proto.metrics.v1.metrics_pb2 import (
    Gauge,
    Metric,
    NumberDataPoint,
    ResourceMetrics,
    ScopeMetrics,
    Sum,
)
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span

from receiver.otlp.payload_signal import METRICS, payload_signal
from receiver.otlp_files.files import FileRecord, read_records
from receiver.signals import Signal
from tests.otlp_requests import messages

USUAL = pytest.mark.parametrize("usual", Signal)
POINT = NumberDataPoint(time_unix_nano=1_700_000_000_000_000_000, as_double=0.5)


def traces(*spans: Span) -> bytes:
    """A trace request of these spans."""
    scope = ScopeSpans(spans=spans)
    request = ExportTraceServiceRequest(resource_spans=[ResourceSpans(scope_spans=[scope])])
    return bytes(request.SerializeToString())


def logs(*records: LogRecord) -> bytes:
    """A log request of these records."""
    scope = ScopeLogs(log_records=records)
    request = ExportLogsServiceRequest(resource_logs=[ResourceLogs(scope_logs=[scope])])
    return bytes(request.SerializeToString())


def metrics(*given: Metric) -> bytes:
    """A metric request of these metrics."""
    scope = ScopeMetrics(metrics=given)
    request = ExportMetricsServiceRequest(resource_metrics=[ResourceMetrics(scope_metrics=[scope])])
    return bytes(request.SerializeToString())


@given(span=messages(Span.DESCRIPTOR), usual=st.sampled_from(Signal))
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_spans(span: Any, usual: Signal) -> None:
    """A span with valid ids is one, whatever else it has and whatever the file had before."""
    span.trace_id, span.span_id = b"t" * 16, b"s" * 8
    assert payload_signal(traces(span), usual) == Signal.TRACES


@given(record=messages(LogRecord.DESCRIPTOR), usual=st.sampled_from(Signal))
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_log_records(record: Any, usual: Signal) -> None:
    """A log record is one, whatever it has and whatever the file had before."""
    record.body.string_value = "body"
    assert payload_signal(logs(record), usual) == Signal.LOGS


@USUAL
def test_sparse_records(usual: Signal) -> None:
    """The least that records hold in practice is enough."""
    assert payload_signal(traces(Span(trace_id=b"t" * 16, span_id=b"s" * 8)), usual) == "traces"
    assert (
        payload_signal(
            traces(Span(trace_id=b"short", span_id=b"s", kind=Span.SPAN_KIND_SERVER)), usual
        )
        == "traces"
    )
    assert payload_signal(logs(LogRecord(body=AnyValue(string_value="x"))), usual) == "logs"
    assert payload_signal(logs(LogRecord(severity_text="INFO")), usual) == "logs"
    assert payload_signal(logs(LogRecord(trace_id=b"t" * 16, span_id=b"s" * 8)), usual) == "logs"


@USUAL
def test_metrics(usual: Signal) -> None:
    """Metrics are told from spans, though both begin with bytes in fields 1 and 2."""
    gauge = Gauge(data_points=[POINT])
    for metric in (
        Metric(name="requests", gauge=gauge),
        Metric(name="requests", description="how many", unit="1", gauge=gauge),
        Metric(
            name="system.cpu.usage", description="CPU time", unit="s", sum=Sum(data_points=[POINT])
        ),
    ):
        assert payload_signal(metrics(metric), usual) == METRICS


@USUAL
def test_nothing_to_tell(usual: Signal) -> None:
    """A request without records is what the file had before."""
    resource = ResourceSpans(resource=Resource(dropped_attributes_count=1), schema_url="x")
    request = ExportTraceServiceRequest(resource_spans=[resource])
    assert payload_signal(request.SerializeToString(), usual) == usual


@USUAL
def test_other_records(usual: Signal) -> None:
    """Records laid out as none of the three are none of them."""
    scope = b"\x12\x0c" + b"\x08\x01\x10\x02\x18\x03\x20\x04\x28\x05\x30\x06"
    resource = b"\x12" + bytes([len(scope)]) + scope
    assert payload_signal(b"\x0a" + bytes([len(resource)]) + resource, usual) is None


@USUAL
def test_not_protobuf(usual: Signal) -> None:
    """What is no protobuf is refused."""
    with pytest.raises(DecodeError):
        payload_signal(b"\x0a\xff", usual)


@pytest.mark.parametrize(
    ("name", "options", "signal"),
    [
        ("app-logs.otlp", {}, Signal.LOGS),
        ("app.otlp", {}, Signal.TRACES),
        ("app.otlp", {"signal": Signal.LOGS}, Signal.LOGS),
        ("app-logs.otlp", {"signal": Signal.TRACES}, Signal.TRACES),
    ],
)
def test_last_resort(name: str, options: dict[str, Any], signal: Signal, tmp_path: Path) -> None:
    """A file without a record that tells is what the caller says, or what its name says."""
    path = tmp_path / name
    path.write_bytes(
        ExportTraceServiceRequest(
            resource_spans=[ResourceSpans(schema_url="x")]
        ).SerializeToString()
    )
    [chosen] = read_records(path, **options)
    assert isinstance(chosen, FileRecord)
    assert chosen.signal is signal


def test_records_before_tell(tmp_path: Path) -> None:
    """In a file of many requests one without records is what the one before it was."""
    empty = ExportLogsServiceRequest(
        resource_logs=[ResourceLogs(schema_url="x")]
    ).SerializeToString()
    content = [empty, logs(LogRecord(time_unix_nano=1)), empty]
    path = tmp_path / "app.otlp"
    path.write_bytes(b"".join(len(part).to_bytes(4, "big") + part for part in content))
    records = [record for record in read_records(path) if isinstance(record, FileRecord)]
    assert [record.signal for record in records] == [Signal.TRACES, Signal.LOGS, Signal.LOGS]
