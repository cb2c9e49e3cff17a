"""Rules of OTLP/gRPC, G1 to G7 (OTLP specification 1.11.0)."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
import pytest
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status

from analysis.serving import Serving, running
from receiver.settings import ReceiverSettings
from receiver.signals import Signal
from tests.conformance.conftest import Provoke
from tests.conformance.receivers import Transport, a_request, send, send_grpc, settings, stalled
from tests.conformance.refusals import REFUSALS, UNKNOWN_METHOD, Refusal
from tests.ingest import row, trace_request

PACKAGE = "opentelemetry.proto.collector"
# The codes that a client may answer with a resend (specification, "Failures").
RETRYABLE = {
    "CANCELLED",
    "DEADLINE_EXCEEDED",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNAVAILABLE",
    "DATA_LOSS",
}
each_signal = pytest.mark.parametrize("signal", Signal)


@pytest.mark.parametrize(
    ("method", "signal"),
    [
        (f"/{PACKAGE}.trace.v1.TraceService/Export", Signal.TRACES),
        (f"/{PACKAGE}.logs.v1.LogsService/Export", Signal.LOGS),
    ],
)
def test_g1_paths(serving: Serving, method: str, signal: Signal) -> None:
    """Traces and logs are unary calls at the paths of OTLP."""
    payload = a_request(signal).SerializeToString()
    assert send_grpc(serving, method, payload, signal=signal).code == "OK"


@pytest.mark.parametrize(
    "service",
    [
        f"{PACKAGE}.metrics.v1.MetricsService",
        f"{PACKAGE}.profiles.v1development.ProfilesService",
        "example.Nothing",
    ],
)
def test_g1_other_services(serving: Serving, service: str) -> None:
    """Metrics, profiles and whatever else are UNIMPLEMENTED, with a Status that says what is."""
    said = send_grpc(serving, f"/{service}/Export", b"")
    assert said.code == "UNIMPLEMENTED"
    assert said.status is not None
    assert "traces" in said.status.message
    assert said.status.code == grpc.StatusCode.UNIMPLEMENTED.value[0]


def test_g2_default_limit() -> None:
    """A request has at most 64 MiB unless it is set otherwise, as recommended."""
    assert ReceiverSettings(store=Path("s")).request_bytes_max == 64 * 1024 * 1024


@each_signal
@pytest.mark.parametrize("compressed", [False, True])
def test_g2_limit(store: Path, signal: Signal, compressed: bool) -> None:
    """A request of exactly the limit is taken; one byte more, plain or after decompression, is
    RESOURCE_EXHAUSTED and not retryable."""
    payload = a_request(signal).SerializeToString()
    for size_max, code in ((len(payload), "OK"), (len(payload) - 1, "RESOURCE_EXHAUSTED")):
        with running(settings(store, request_bytes_max=size_max), api=None) as serving:
            said = send(serving, Transport.GRPC, signal, payload, compressed)
        assert said.code == code
    assert said.retry_delay_s is None
    assert "google.rpc.retryinfo-bin" not in (said.headers or {})


def test_g2_more_than_grpc_allows_by_default(serving: Serving) -> None:
    """A request of more than the 4 MiB at which gRPC stops by itself is taken."""
    request = trace_request({"text": "x" * 5_000_000})
    assert send(serving, Transport.GRPC, Signal.TRACES, request).code == "OK"


@each_signal
def test_g3_unavailable_with_retry_info(store: Path, signal: Signal) -> None:
    """What may succeed later is UNAVAILABLE with the delay in the details of the Status, where
    Collectors look, and in the metadata, where Python's exporter looks."""
    with stalled(store, queue_bytes_max=1) as serving:
        said = send(serving, Transport.GRPC, signal, a_request(signal))
    assert said.code == "UNAVAILABLE"
    metadata = RetryInfo.FromString((said.headers or {})["google.rpc.retryinfo-bin"])
    assert metadata.retry_delay.ToTimedelta().total_seconds() == said.retry_delay_s


@each_signal
@pytest.mark.parametrize(
    "payload",
    [b"\xff\xff", b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", b"not protobuf", b"\x0a\x05abc"],
)
def test_g4_malformed(serving: Serving, signal: Signal, payload: bytes) -> None:
    """What is no request is INVALID_ARGUMENT, with BadRequest details and without RetryInfo."""
    said = send(serving, Transport.GRPC, signal, payload)
    assert said.code == "INVALID_ARGUMENT"
    assert said.retry_delay_s is None
    assert "google.rpc.retryinfo-bin" not in (said.headers or {})
    (violation,) = said.violations
    assert violation.field == "body"
    assert "not a valid Export" in violation.description


@each_signal
def test_g5_overload(store: Path, signal: Signal) -> None:
    """An overloaded receiver names a delay of seconds, neither zero nor minutes; when it has caught
    up, the same request is stored."""
    with stalled(store, queue_bytes_max=1) as serving:
        delay_s = send(serving, Transport.GRPC, signal, a_request(signal)).retry_delay_s
    assert delay_s is not None
    assert 0.1 <= delay_s <= 60
    with running(settings(store), api=None) as serving:
        assert send(serving, Transport.GRPC, signal, a_request(signal)).code == "OK"


@each_signal
@pytest.mark.parametrize("refusal", [*REFUSALS, UNKNOWN_METHOD], ids=str)
def test_g6_right_side_of_retryable(provoke: Provoke, signal: Signal, refusal: Refusal) -> None:
    """Whatever may be stored later is told with a code that clients resend on, all else with one
    that they do not: RESOURCE_EXHAUSTED never carries the RetryInfo that would make it one."""
    said = provoke(refusal, Transport.GRPC, signal)
    assert said.code == refusal.grpc_code
    assert (said.code in RETRYABLE) == (refusal.http_code == "503")
    assert (said.retry_delay_s is not None) == (said.code in RETRYABLE)


@each_signal
@pytest.mark.parametrize("refusal", [*REFUSALS, UNKNOWN_METHOD], ids=str)
def test_g6_code_of_the_status(provoke: Provoke, signal: Signal, refusal: Refusal) -> None:
    """The Status in the metadata has the code of the call, so both kinds of clients agree."""
    said = provoke(refusal, Transport.GRPC, signal)
    if said.status is not None:  # grpcio refuses what is too large by itself
        assert isinstance(said.status, Status)
        assert said.status.code == getattr(grpc.StatusCode, said.code).value[0]
        assert said.status.message


@each_signal
def test_g7_concurrent_calls(store: Path, signal: Signal) -> None:
    """Many calls at once over one channel are all answered and each stored once."""
    method = f"/{PACKAGE}.{'trace' if signal is Signal.TRACES else 'logs'}.v1."
    method += "TraceService/Export" if signal is Signal.TRACES else "LogsService/Export"
    payloads = [a_request(signal, number).SerializeToString() for number in range(64)]
    with (
        running(settings(store), api=None) as serving,
        grpc.insecure_channel(str(serving.grpc)) as channel,
        ThreadPoolExecutor(64) as senders,
    ):
        export = channel.unary_unary(method)
        assert list(senders.map(export, payloads)) == [b""] * 64
    table = "spans" if signal is Signal.TRACES else "log_records"
    assert row(store, f"SELECT count(DISTINCT attributes) AS n, count(*) AS m FROM {table}") == {
        "n": 64,
        "m": 64,
    }
