"""Rules of OTLP/HTTP, H1 to H11 but for those of bodies (OTLP specification 1.11.0)."""

import logging
from pathlib import Path

import httpx
import pytest

from analysis.serving import Serving, running
from receiver.signals import Signal
from tests.conformance.conftest import Provoke
from tests.conformance.http_requests import body_of, head, post, raw
from tests.conformance.receivers import (
    JSON,
    PROTOBUF,
    Transport,
    a_request,
    read,
    send,
    settings,
    stalled,
    url,
)
from tests.conformance.refusals import REFUSALS, Refusal
from tests.ingest import row, trace_request
from tests.otlp_requests import to_json

RETRYABLE = {"429", "502", "503", "504"}
over_http = pytest.mark.parametrize("transport", [Transport.HTTP_PROTOBUF, Transport.HTTP_JSON])
each_type = pytest.mark.parametrize("content_type", [PROTOBUF, JSON])
each_signal = pytest.mark.parametrize("signal", Signal)


@each_signal
@over_http
def test_h1_paths(serving: Serving, signal: Signal, transport: Transport) -> None:
    """Traces and logs are posted to the paths of OTLP."""
    assert send(serving, transport, signal, a_request(signal)).code == "200"


@each_type
@pytest.mark.parametrize(
    "path", ["/v1/metrics", "/v1development/profiles", "/v1/traces/", "/", "/v2/traces"]
)
def test_h1_other_paths(serving: Serving, content_type: str, path: str) -> None:
    """Metrics, profiles and whatever else are 404 with a Status that says what is received."""
    response = httpx.post(
        f"http://{serving.http}{path}", content=b"", headers={"Content-Type": content_type}
    )
    said = read(response)
    assert (said.code, response.headers["content-type"]) == ("404", content_type)
    assert said.status is not None
    assert said.status.code == 12
    assert "/v1/traces" in said.status.message


def test_h2_both_encodings_on_one_connection(serving: Serving) -> None:
    """Protobuf and JSON, both signals, after one another over one connection of HTTP/1.1."""
    with httpx.Client(limits=httpx.Limits(max_connections=1)) as client:
        for content_type in (PROTOBUF, JSON):
            for signal in Signal:
                response = client.post(
                    url(serving, signal),
                    content=body_of(signal, content_type),
                    headers={"Content-Type": content_type},
                )
                assert (response.status_code, response.http_version) == (200, "HTTP/1.1")


@each_signal
@pytest.mark.parametrize(
    ("sent", "answered"),
    [
        (PROTOBUF, PROTOBUF),
        (JSON, JSON),
        ("application/json; charset=utf-8", JSON),
        ("APPLICATION/JSON", JSON),
        ("Application/X-Protobuf", PROTOBUF),
    ],
)
def test_h3_answer_has_the_type_of_the_request(
    serving: Serving, signal: Signal, sent: str, answered: str
) -> None:
    """A success and a refusal have the content type of the request, whatever its case and
    parameters."""
    good = post(serving, signal, sent, body_of(signal, answered))
    bad = post(serving, signal, sent, b"\xff")
    assert (good.status_code, good.headers["content-type"]) == (200, answered)
    assert (bad.status_code, bad.headers["content-type"]) == (400, answered)


@each_signal
@pytest.mark.parametrize("content_type", ["", "text/plain", "invalid", "application/grpc"])
def test_h3_other_types(serving: Serving, signal: Signal, content_type: str) -> None:
    """Any other content type, or none, is refused as the Collector refuses it: 415, in text."""
    response = post(serving, signal, content_type, b"")
    assert response.status_code == 415
    assert response.headers["content-type"].startswith("text/plain")
    assert response.text == (
        "415 unsupported media type, supported: [application/json, application/x-protobuf]"
    )


@each_signal
@pytest.mark.parametrize("method", ["GET", "PATCH", "PUT", "DELETE", "OPTIONS", "HEAD"])
def test_h3_other_methods(serving: Serving, signal: Signal, method: str) -> None:
    """Any other method is refused as the Collector refuses it: 405, in text."""
    response = httpx.request(method, url(serving, signal), headers={"Content-Type": JSON})
    assert (response.status_code, response.headers["allow"]) == (405, "POST")
    if method != "HEAD":
        assert response.text == "405 method not allowed, supported: [POST]"


@each_signal
def test_h6_full_success(serving: Serving, signal: Signal) -> None:
    """A full success is 200 and an empty message: zero bytes of protobuf, or `{}`."""
    for content_type, empty in ((PROTOBUF, b""), (JSON, b"{}")):
        response = post(serving, signal, content_type, body_of(signal, content_type))
        assert (response.status_code, response.content) == (200, empty)


@over_http
def test_h6_partial_success(serving: Serving, transport: Transport) -> None:
    """A partial success is 200 and the encoded response; in JSON its count is a string."""
    request = trace_request({}, {})
    request.resource_spans[0].scope_spans[0].spans[0].span_id = b""
    said = send(serving, transport, Signal.TRACES, request)
    assert (said.code, said.response.partial_success.rejected_spans) == ("200", 1)
    if transport is Transport.HTTP_JSON:
        response = httpx.post(url(serving, Signal.TRACES), json=to_json(request))
        assert response.json()["partialSuccess"]["rejectedSpans"] == "1"


@each_signal
@over_http
@pytest.mark.parametrize("refusal", REFUSALS, ids=str)
def test_h7_every_refusal_is_a_status(
    provoke: Provoke, signal: Signal, transport: Transport, refusal: Refusal
) -> None:
    """The body of every 4xx and 5xx answer is a Status with a code and a message."""
    said = provoke(refusal, transport, signal)
    assert said.status is not None
    assert said.status.message
    assert said.status.code > 0


@each_signal
@over_http
def test_h9_overload(store: Path, signal: Signal, transport: Transport) -> None:
    """A full queue is 503 with Retry-After in whole seconds, no less than the details say."""
    with stalled(store, queue_bytes_max=1) as serving:
        said = send(serving, transport, signal, a_request(signal))
    assert said.code == "503"
    retry_after_s = int((said.headers or {})["retry-after"])
    assert said.retry_delay_s is not None
    assert said.retry_delay_s <= retry_after_s <= 60


@each_signal
@over_http
@pytest.mark.parametrize("refusal", REFUSALS, ids=str)
def test_h10_right_side_of_retryable(
    provoke: Provoke, signal: Signal, transport: Transport, refusal: Refusal
) -> None:
    """Whatever may be stored later is told with a code that clients resend on, and Retry-After; all
    else with one that they do not."""
    said = provoke(refusal, transport, signal)
    assert said.code == refusal.http_code
    assert (said.code in RETRYABLE) == (refusal.grpc_code == "UNAVAILABLE")
    assert ("retry-after" in (said.headers or {})) == (said.code in RETRYABLE)
    assert (said.retry_delay_s is not None) == (said.code in RETRYABLE)


@each_signal
def test_h11_disconnect_without_response(store: Path, signal: Signal) -> None:
    """A sender that lost its connection before the answer sends the same again: it is stored
    once."""
    body = body_of(signal, PROTOBUF)
    with running(settings(store), api=None) as serving:
        for _ in range(5):
            raw(serving, head(signal, f"Content-Length: {len(body)}") + body).close()
        assert post(serving, signal, PROTOBUF, body).content == b""
    table = "spans" if signal is Signal.TRACES else "log_records"
    assert row(store, f"SELECT count(*) AS n FROM {table}") == {"n": 1}


@each_signal
def test_h11_disconnect_in_the_middle(
    store: Path, signal: Signal, caplog: pytest.LogCaptureFixture
) -> None:
    """Half a request leaves nothing behind and is no error of the receiver."""
    body = body_of(signal, PROTOBUF)
    with running(settings(store), api=None) as serving:
        begun = head(signal, f"Content-Length: {len(body)}") + body[:-5]
        raw(serving, begun).close()
        assert post(serving, signal, PROTOBUF, b"").status_code == 200
    table = "spans" if signal is Signal.TRACES else "log_records"
    assert row(store, f"SELECT count(*) AS n FROM {table}") == {"n": 0}
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []
