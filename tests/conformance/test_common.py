"""Rules for both transports, C1 to C10 (OTLP specification 1.11.0)."""

from collections.abc import Callable
from pathlib import Path

import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from analysis.serving import Serving, running
from receiver.settings import ReceiverSettings
from receiver.signals import Signal
from tests.conformance.receivers import (
    Request,
    Said,
    Transport,
    a_request,
    accepted,
    send,
    settings,
    stalled,
)
from tests.ingest import row, rows, trace_request

each_transport = pytest.mark.parametrize("transport", Transport)
each_signal = pytest.mark.parametrize("signal", Signal)


def partly_invalid() -> ExportTraceServiceRequest:
    """Five spans, of which four cannot be stored, each for another reason."""
    request = trace_request({}, {}, {}, {}, {})
    spans = request.resource_spans[0].scope_spans[0].spans
    spans[0].trace_id = b"\x01" * 15
    spans[1].span_id = bytes(8)
    spans[2].parent_span_id = b"\x01" * 7
    spans[3].start_time_unix_nano = 2**64 - 1
    return request


@each_transport
@each_signal
@pytest.mark.parametrize("compressed", [False, True])
def test_c1_none_and_gzip(
    serving: Serving, transport: Transport, signal: Signal, compressed: bool
) -> None:
    """Plain and gzipped requests are taken on every transport, for every signal."""
    said = send(serving, transport, signal, a_request(signal), compressed)
    assert said.code == accepted(transport)


@each_transport
@each_signal
def test_c2_empty_request(serving: Serving, transport: Transport, signal: Signal) -> None:
    """A request without anything in it succeeds."""
    nothing = b"{}" if transport is Transport.HTTP_JSON else b""
    said = send(serving, transport, signal, nothing)
    assert said.code == accepted(transport)
    assert not said.response.HasField("partial_success")


@each_transport
@each_signal
def test_c3_full_success_has_no_partial_success(
    serving: Serving, transport: Transport, signal: Signal
) -> None:
    """When everything is stored, `partial_success` is not set, also when the request is resent."""
    for _ in range(2):
        said = send(serving, transport, signal, a_request(signal))
        assert said.code == accepted(transport)
        assert not said.response.HasField("partial_success")


@each_transport
def test_c4_invalid_spans_are_counted(store: Path, transport: Transport) -> None:
    """Of a request with invalid spans the others are stored, and the refused ones are counted
    exactly."""
    with running(settings(store), api=None) as serving:
        said = send(serving, transport, Signal.TRACES, partly_invalid())
    assert said.code == accepted(transport)
    assert said.response.partial_success.rejected_spans == 4
    assert row(store, "SELECT span_id FROM spans") == {"span_id": 5}


@each_transport
def test_c4_and_again_when_resent(serving: Serving, transport: Transport) -> None:
    """A sender that never saw the first answer gets the same count when it sends the same again."""
    first, again = (
        send(serving, transport, Signal.TRACES, partly_invalid()).response for _ in range(2)
    )
    assert first == again


@each_transport
def test_c5_error_message_guides(serving: Serving, transport: Transport) -> None:
    """The message says how many, why, and what to do."""
    said = send(serving, transport, Signal.TRACES, partly_invalid())
    message = said.response.partial_success.error_message
    assert message.startswith("4 spans were refused")
    for reason in ("trace_id", "span_id", "parent_span_id", "2200", "correct what makes"):
        assert reason in message


@each_transport
@each_signal
def test_c6_partial_success_is_never_set_empty(
    serving: Serving, transport: Transport, signal: Signal
) -> None:
    """No warnings are sent: `partial_success` has a count and a message, or is not set."""
    requests: list[Request] = [a_request(signal, number) for number in range(3)]
    if signal is Signal.TRACES:
        requests.append(partly_invalid())
    for request in requests:
        response = send(serving, transport, signal, request).response
        if response.HasField("partial_success"):
            assert response.partial_success.rejected_spans > 0
            assert response.partial_success.error_message


@each_transport
@each_signal
def test_c7_transient_trouble_is_no_partial_success(
    store: Path, transport: Transport, signal: Signal
) -> None:
    """Senders must not resend after a partial success, so what may be stored later is refused as a
    whole and retryable, and stored when it comes again."""
    with stalled(store, queue_bytes_max=1) as serving:
        said = send(serving, transport, signal, a_request(signal))
    assert said.code == ("UNAVAILABLE" if transport is Transport.GRPC else "503")
    assert said.response is None
    assert said.retry_delay_s is not None
    with running(settings(store), api=None) as serving:
        assert send(serving, transport, signal, a_request(signal)).code == accepted(transport)
    table = "spans" if signal is Signal.TRACES else "log_records"
    assert row(store, f"SELECT count(*) AS n FROM {table} WHERE attributes = '{{\"n\":1}}'") == {
        "n": 1
    }


def _empty_resource() -> ExportTraceServiceRequest:
    request = ExportTraceServiceRequest()
    request.resource_spans.add()
    return request


def _empty_scope() -> ExportTraceServiceRequest:
    request = _empty_resource()
    request.resource_spans[0].scope_spans.add()
    return request


def _empty_log_scope() -> ExportLogsServiceRequest:
    request = ExportLogsServiceRequest()
    request.resource_logs.add()
    request.resource_logs.add().scope_logs.add()
    return request


@each_transport
@pytest.mark.parametrize(
    ("signal", "envelope"),
    [
        (Signal.TRACES, _empty_resource),
        (Signal.TRACES, _empty_scope),
        (Signal.LOGS, _empty_log_scope),
    ],
)
def test_c8_empty_envelopes(
    serving: Serving, transport: Transport, signal: Signal, envelope: Callable[[], Request]
) -> None:
    """Resources without scopes and scopes without records are taken and leave nothing behind."""
    said = send(serving, transport, signal, envelope())
    assert said.code == accepted(transport)
    assert not said.response.HasField("partial_success")


@each_transport
def test_c8_empty_envelopes_beside_full_ones(store: Path, transport: Transport) -> None:
    """An empty envelope does not cost the records of the others."""
    request = trace_request({})
    request.resource_spans.insert(0, _empty_scope().resource_spans[0])
    request.resource_spans.append(_empty_resource().resource_spans[0])
    with running(settings(store), api=None) as serving:
        assert send(serving, transport, Signal.TRACES, request).code == accepted(transport)
    assert row(store, "SELECT service_name FROM spans") == {"service_name": "shop"}


def test_c9_limit_of_answers() -> None:
    """Answers have at most 4 MiB unless it is set otherwise, as recommended."""
    assert ReceiverSettings(store=Path("s")).response_bytes_max == 4 * 1024 * 1024


@each_transport
def test_c9_error_message_is_trimmed(store: Path, transport: Transport) -> None:
    """Over the limit of answers the error message loses its middle, and the count stays."""
    with running(settings(store, response_bytes_max=120), api=None) as serving:
        partial = send(serving, transport, Signal.TRACES, partly_invalid()).response.partial_success
    assert partial.rejected_spans == 4
    assert partial.error_message.startswith("4 spans")
    assert " … " in partial.error_message
    assert len(partial.error_message) < 120


@each_transport
def test_c9_answer_that_cannot_be_trimmed(store: Path, transport: Transport) -> None:
    """An answer that is too large all the same fails for good: RESOURCE_EXHAUSTED without RetryInfo
    or 500."""
    with running(settings(store, response_bytes_max=1), api=None) as serving:
        said: Said = send(serving, transport, Signal.TRACES, partly_invalid())
    assert said.code == ("RESOURCE_EXHAUSTED" if transport is Transport.GRPC else "500")
    assert said.retry_delay_s is None
    assert said.status is not None
    assert "was stored" in said.status.message


def test_c10_duplicates_are_dropped(store: Path) -> None:
    """The protocol allows duplicates; the same bytes again, over any transport or after a restart,
    add no rows."""
    for _ in range(2):
        with running(settings(store), api=None) as serving:
            for transport in Transport:
                for signal in Signal:
                    said = send(serving, transport, signal, a_request(signal))
                    assert said.code == accepted(transport)
    assert row(store, "SELECT count(*) AS n FROM spans") == {"n": 1}
    assert row(store, "SELECT count(*) AS n FROM log_records") == {"n": 1}
    assert len(rows(store, "SELECT * FROM export_requests")) == 2
