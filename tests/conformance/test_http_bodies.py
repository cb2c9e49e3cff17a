"""Rules of OTLP/HTTP for bodies: H4, H5 and H8 (OTLP specification 1.11.0)."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from analysis.serving import Serving, running
from receiver.settings import ReceiverSettings
from receiver.signals import Signal
from tests.conformance.http_requests import ENCODINGS, body_of, code_of, head, padded, post, raw
from tests.conformance.receivers import (
    JSON,
    PROTOBUF,
    read,
    settings,
    url,
)
from tests.conformance.refusals import LIMIT_BYTES
from tests.ingest import rows

each_type = pytest.mark.parametrize("content_type", [PROTOBUF, JSON])
each_signal = pytest.mark.parametrize("signal", Signal)


@each_signal
@each_type
def test_h4_content_encodings(store: Path, signal: Signal, content_type: str) -> None:
    """gzip, and what else the Collector sends compressed, is taken, and the same rows come out."""
    with running(settings(store), api=None) as serving:
        for number, (encoding, pack) in enumerate(ENCODINGS.items()):
            body = pack(body_of(signal, content_type, number))
            response = post(serving, signal, content_type, body, content_encoding=encoding)
            assert (encoding, response.status_code) == (encoding, 200)
    table = "spans" if signal is Signal.TRACES else "log_records"
    stored = [one["attributes"] for one in rows(store, f"SELECT attributes FROM {table}")]
    assert sorted(stored) == [f'{{"n":{number}}}' for number in range(len(ENCODINGS))]


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("gzip", "gzip"),
        ("deflate, GZIP;q=0.5", "gzip"),
        ("identity", None),
        ("gzip;q=0", None),
        ("gzipped", None),
    ],
)
def test_h4_gzip_of_long_answers(serving: Serving, accepted: str, encoding: str | None) -> None:
    """An answer that is long enough is gzipped for who takes that."""
    value: object = {"intValue": "x"}
    for _ in range(40):
        value = {"arrayValue": {"values": [value]}}
    span = {"attributes": [{"key": "k", "value": value}]}
    body = json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}).encode()
    response = post(serving, Signal.TRACES, JSON, body, accept_encoding=accepted)
    assert response.status_code == 400
    assert response.headers.get("content-encoding") == encoding
    assert "expected an integer" in response.json()["message"]


def test_h5_default_limit() -> None:
    """A body has at most 64 MiB unless it is set otherwise, as recommended."""
    assert ReceiverSettings(store=Path("s")).request_bytes_max == 64 * 1024 * 1024


@each_signal
@each_type
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_h5_limit(limited: Serving, signal: Signal, content_type: str, encoding: str) -> None:
    """A body of exactly the limit is taken; one byte more, as sent or unpacked, is 413 with a
    Status and no Retry-After."""
    for size, code in ((LIMIT_BYTES, 200), (LIMIT_BYTES + 1, 413), (100 * LIMIT_BYTES, 413)):
        body = ENCODINGS[encoding](padded(signal, content_type, size))
        response = post(limited, signal, content_type, body, content_encoding=encoding)
        assert (size, response.status_code) == (size, code)
    said = read(response)
    assert said.status is not None
    assert said.status.code == 8
    assert "smaller batches" in said.status.message
    assert "retry-after" not in response.headers


@each_signal
def test_h5_declared_length(limited: Serving, signal: Signal) -> None:
    """A Content-Length over the limit is refused before any of the body has come, and without
    asking for it."""
    asked = head(signal, f"Content-Length: {LIMIT_BYTES + 1}", "Expect: 100-continue")
    with raw(limited, asked) as connection:
        assert code_of(connection) == 413


@each_signal
def test_h5_chunked_bodies(limited: Serving, signal: Signal) -> None:
    """A body without a declared length is taken up to the limit; beyond, it is refused before it
    ends, and the connection can be used again once it has."""
    body = body_of(signal, PROTOBUF)
    response = httpx.post(
        url(limited, signal), content=_pieces(body), headers={"Content-Type": PROTOBUF}
    )
    assert response.status_code == 200
    chunk = bytes(LIMIT_BYTES + 1)
    begun = head(signal, "Transfer-Encoding: chunked") + f"{len(chunk):x}\r\n".encode() + chunk
    with raw(limited, begun) as connection:
        assert code_of(connection) == 413
        length = f"Content-Length: {len(body)}"
        connection.sendall(b"\r\n0\r\n\r\n" + head(signal, length) + body)
        assert code_of(connection) == 200


def _pieces(body: bytes) -> Iterator[bytes]:
    for start in range(0, len(body), 7):
        yield body[start : start + 7]


@each_signal
@each_type
@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", b"plain"),
        ("gzip", gzip.compress(b"{}", mtime=0)[:-3]),
        ("gzip", b""),
        ("zstd", b"plain"),
        ("zstd", b""),
        ("deflate", b"plain"),
        ("lz4", b"plain and long enough"),
        ("snappy", b"plain"),
        ("br", b"plain"),
        ("gzip, gzip", b"plain"),
    ],
)
def test_h8_wrong_content_encoding(
    serving: Serving, signal: Signal, content_type: str, encoding: str, body: bytes
) -> None:
    """A body that is not in its encoding, and an encoding that is not known, are 400, and the
    BadRequest details name the header."""
    said = read(post(serving, signal, content_type, body, content_encoding=encoding))
    assert said.code == "400"
    (violation,) = said.violations
    assert violation.field == "Content-Encoding"
    assert violation.description


@each_signal
def test_h8_malformed_protobuf(serving: Serving, signal: Signal) -> None:
    """Bytes that are no request are 400 with BadRequest details."""
    for body in (b"\xff\xff", b"1234", b"\x0a\x05abc"):
        said = read(post(serving, signal, PROTOBUF, body))
        assert (said.code, said.violations[0].field) == ("400", "body")


@each_signal
@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"1234", "body"),
        (b"", "body"),
        (b"{", "body"),
        (b"\xff", "body"),
        (b'{"resourceSpans": 7, "resourceLogs": 7}', "resource"),
        (b"[" * 100_000, "body"),
    ],
)
def test_h8_malformed_json(serving: Serving, signal: Signal, body: bytes, field: str) -> None:
    """Text that is no request is 400 with BadRequest details that name the place."""
    said = read(post(serving, signal, JSON, body))
    assert said.code == "400"
    assert said.violations[0].field.startswith(field)
