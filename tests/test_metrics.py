"""What a receiver counts is what its senders were told."""

import gzip
import json
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import (
    OTLPSpanExporter as GrpcExporter,
)
from opentelemetry.exporter.otlp.proto.http.trace_exporter import (
    OTLPSpanExporter as HttpExporter,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse
from opentelemetry.sdk.trace.export import SpanExportResult

from analysis.serving import Serving, running
from receiver.settings import Address, ReceiverSettings
from tests.ingest import log_request, row, trace_request
from tests.otlp_requests import to_json
from tests.scraped import Scrape, scrape
from tests.sdk_spans import some_spans
from tests.served import ROOT

ANY_PORT = Address("127.0.0.1", 0)
PROTOBUF = {"Content-Type": "application/x-protobuf"}
GRPC_EXPORT = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"


def settings(store: Path, **changes: Any) -> ReceiverSettings:  # Any: whatever the field holds
    """Free ports and this store."""
    return ReceiverSettings(store=store, grpc=ANY_PORT, http=ANY_PORT, **changes)


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[Serving]:
    """A running receiver with its local API."""
    with running(settings(tmp_path / "s.duckdb"), ANY_PORT) as now:
        yield now


def post(serving: Serving, body: bytes, headers: dict[str, str] | None = None) -> httpx.Response:
    """The answer to a body at `/v1/traces`."""
    url = f"http://{serving.http}/v1/traces"
    return httpx.post(url, content=body, headers=headers or PROTOBUF, timeout=30)


def test_what_sdks_send_is_counted(serving: Serving) -> None:
    """Spans of the SDK's exporters are accepted spans of their transport."""
    for number in range(3):
        exporter = GrpcExporter(endpoint=str(serving.grpc), insecure=True)
        assert exporter.export(some_spans({"n": number})) is SpanExportResult.SUCCESS
        exporter.shutdown()
    over_http = HttpExporter(endpoint=f"http://{serving.http}/v1/traces")
    assert over_http.export(some_spans({"n": 9})) is SpanExportResult.SUCCESS
    over_http.shutdown()  # type: ignore[no-untyped-call]  # the SDK has no type there
    seen = scrape(serving.http)
    assert seen.total("receiver_accepted_spans_total", transport="grpc") == 3
    assert seen.total("receiver_accepted_spans_total", transport="http/protobuf") == 1
    assert seen.total("receiver_requests_total", transport="grpc", code="OK") == 3
    assert seen.total("receiver_ack_seconds_count", transport="grpc") == 3
    assert seen.total("store_rows_total", table="spans") == 4
    assert seen.total("commit_seconds_count") >= 1
    assert seen.total("last_commit_timestamp_seconds") > 1.7e9


def test_every_span_has_one_fate(serving: Serving) -> None:
    """Over three transports, accepted, rejected and duplicate spans add up to those sent, and what
    could not be read is a refused request."""
    good = trace_request({"n": 1}, {"n": 2}, {"n": 3})
    mixed = trace_request({"n": 4}, {"n": 5})
    mixed.resource_spans[0].scope_spans[0].spans[0].trace_id = b"short"
    as_json = json.dumps(to_json(trace_request({"n": 6}))).encode()
    json_headers = {"Content-Type": "application/json"}
    with grpc.insecure_channel(str(serving.grpc)) as channel:
        export = channel.unary_unary(GRPC_EXPORT)
        for payload in (good, good, mixed):
            export(payload.SerializeToString(), timeout=30)
        with pytest.raises(grpc.RpcError):
            export(b"\xff", timeout=30)
    squeezed = gzip.compress(good.SerializeToString())
    codes = [
        post(serving, squeezed, {**PROTOBUF, "Content-Encoding": "gzip"}).status_code,
        post(serving, as_json, json_headers).status_code,
        post(serving, b"{", json_headers).status_code,
        post(serving, b"x", {"Content-Type": "text/plain"}).status_code,
    ]
    assert codes == [200, 200, 400, 415]
    seen = scrape(serving.http)
    assert seen.total("receiver_accepted_spans_total") == 3 + 1 + 1
    assert seen.total("receiver_rejected_spans_total", transport="grpc") == 1
    assert seen.total("receiver_duplicate_spans_total", transport="grpc") == 3
    assert seen.total("receiver_duplicate_spans_total", transport="http/protobuf") == 3
    assert seen.total("receiver_refused_requests_total", reason="malformed") == 2
    assert seen.total("receiver_refused_requests_total", reason="media_type") == 1
    assert seen.total("receiver_requests_total", code="INVALID_ARGUMENT") == 1
    assert seen.total("receiver_requests_total", code="400") == 1
    assert fates(seen) == 3 * len(spans(good)) + len(spans(mixed)) + 1


def spans(request: Any) -> list[Any]:  # Any: an untyped generated message
    """The spans of a request that has one scope."""
    return list(request.resource_spans[0].scope_spans[0].spans)


def fates(seen: Scrape) -> float:
    """The spans of all five fates together."""
    names = ("accepted", "rejected", "duplicate", "refused", "dropped")
    return sum(seen.total(f"receiver_{fate}_spans_total") for fate in names)


def test_log_records_are_counted_apart(serving: Serving) -> None:
    """Log records have counters of their own."""
    url = f"http://{serving.http}/v1/logs"
    body = log_request("a", "b").SerializeToString()
    assert httpx.post(url, content=body, headers=PROTOBUF).status_code == 200
    seen = scrape(serving.http)
    assert seen.total("receiver_accepted_log_records_total") == 2
    assert seen.total("receiver_accepted_spans_total") == 0
    assert seen.total("receiver_requests_total", signal="logs", code="200") == 1


def test_refused_for_want_of_room(tmp_path: Path) -> None:
    """With a queue for one request, what several clients at once were told is what is counted, and
    accepted spans are those stored."""
    store = tmp_path / "s.duckdb"
    told: Counter[str] = Counter()
    with running(settings(store, queue_bytes_max=1), api=None) as serving:
        clients = [threading.Thread(target=client, args=(serving, n, told)) for n in range(6)]
        for one in clients:
            one.start()
        for one in clients:
            one.join()
        seen = scrape(serving.http)
    assert told["200"] == 6 * 5
    assert seen.total("receiver_requests_total", code="200") == told["200"]
    assert seen.total("receiver_requests_total", code="503") == told["503"]
    assert told["503"] > 0
    refused = seen.total("receiver_refused_requests_total", reason="queue_full")
    assert refused == told["503"]
    assert seen.total("receiver_accepted_spans_total") == told["200"]
    assert row(store, "SELECT count(*) AS n FROM spans") == {"n": told["200"]}


def client(serving: Serving, number: int, told: Counter[str]) -> None:
    """Sends five requests of one span, each until it is taken, and notes every code."""
    for turn in range(5):
        body = trace_request({"client": number, "turn": turn}).SerializeToString()
        while (code := post(serving, body).status_code) != 200:
            told[str(code)] += 1
        told["200"] += 1


def test_what_is_refused_unread_is_counted(tmp_path: Path) -> None:
    """A request without a key, and one that is larger than the limit, are refused requests over
    either transport, although neither was read."""
    guarded = settings(tmp_path / "s.duckdb", api_keys="0123456789abcdef", request_bytes_max=1000)
    body = trace_request({"n": "x" * 2000}).SerializeToString()
    key = {"Authorization": "Bearer 0123456789abcdef"}
    with running(guarded, ANY_PORT) as serving:
        assert post(serving, body).status_code == 401
        assert post(serving, body, {**PROTOBUF, **key}).status_code == 413
        with grpc.insecure_channel(str(serving.grpc)) as channel:
            export = channel.unary_unary(GRPC_EXPORT)
            with pytest.raises(grpc.RpcError):
                export(b"", timeout=30)
            seen = too_large_until_counted(serving, partial(export, body, timeout=30))
    for reason, transport in (
        ("unauthenticated", "http"),
        ("too_large", "http/protobuf"),
        ("unauthenticated", "grpc"),
    ):
        labels = {"reason": reason, "transport": transport}
        assert seen.total("receiver_refused_requests_total", **labels) == 1, labels
    assert fates(seen) == 0


def too_large_until_counted(serving: Serving, export: Callable[..., bytes]) -> Scrape:
    """The metrics once a message larger than the limit is in them, never more often than sent.

    On a busy machine gRPC may end such a call before the receiver is told of it.
    """
    for sent in range(1, 21):
        with pytest.raises(grpc.RpcError) as told:
            export(metadata=[("x-api-key", "0123456789abcdef")])
        assert told.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        for _ in range(20):
            seen = scrape(serving.api)
            labels = {"reason": "never_whole", "transport": "grpc"}
            if counted := seen.total("receiver_refused_requests_total", **labels):
                assert counted <= sent
                return seen
            time.sleep(0.05)
    raise AssertionError("it was never counted")


def test_partial_success_is_what_the_sender_was_told(serving: Serving) -> None:
    """The number of rejected spans in the answer and in the metrics is one."""
    request = trace_request({"n": 1}, {"n": 2}, {"n": 3})
    spans(request)[1].span_id = bytes(8)
    answer = ExportTraceServiceResponse.FromString(
        post(serving, request.SerializeToString()).content
    )
    seen = scrape(serving.http)
    assert answer.partial_success.rejected_spans == 1
    assert seen.total("receiver_rejected_spans_total") == 1


def test_gauges_say_how_it_is(serving: Serving) -> None:
    """Sizes, limits and readiness are read when somebody asks."""
    post(serving, trace_request({"n": 1}).SerializeToString())
    seen = scrape(serving.api)
    assert seen.total("ready") == 1
    assert seen.total("queue_bytes") == 0
    assert seen.total("queue_bytes_limit") == ReceiverSettings(Path("x")).queue_bytes_max
    assert seen.total("store_file_bytes") == serving.store.stat().st_size
    assert seen.total("store_wal_bytes") > 0
    assert seen.total("disk_free_bytes") > 0
    assert seen.total("build_info") == 1
    assert {"process_resident_memory_bytes", "process_cpu_seconds_total"} <= set(seen.names())


def test_two_receivers_count_apart(tmp_path: Path, serving: Serving) -> None:
    """Each receiver of a process has its own registry."""
    with running(settings(tmp_path / "other.duckdb"), api=None) as other:
        post(other, trace_request({"n": 1}).SerializeToString())
        assert scrape(other.http).total("receiver_accepted_spans_total") == 1
    assert scrape(serving.http).total("receiver_accepted_spans_total") == 0


def test_alerts_find_their_series_at_once(serving: Serving) -> None:
    """What must stay 0 is there from the start, for a series that begins at 1 never rose."""
    names = [
        sample.name
        for family in scrape(serving.http).families
        for sample in family.samples
        if sample.labels.get("transport") == "grpc"
    ]
    assert "deploylens_receiver_dropped_requests_total" in names
    assert "deploylens_receiver_accepted_spans_total" in names


def test_the_document_lists_every_metric(serving: Serving) -> None:
    """docs/operation.md describes each metric, and no other."""
    text = (ROOT / "docs/operation.md").read_text(encoding="utf-8")
    documented = re.findall(r"^\| `((?:deploylens|process)_\w+)` \|", text, re.MULTILINE)
    assert sorted(documented) == sorted(set(scrape(serving.http).names()))
