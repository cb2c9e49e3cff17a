"""Requests over HTTP: bodies in every encoding, and the raw bytes of a connection."""

import gzip
import socket
import zlib
from collections.abc import Callable
from http.client import HTTPResponse

import httpx
import pyarrow as pa

from analysis.serving import Serving
from receiver.otlp.wire_format import length_delimited, varint
from receiver.signals import Signal
from tests.conformance.receivers import (
    JSON,
    PROTOBUF,
    a_request,
    url,
)
from tests.otlp_requests import compact, to_json

ENCODINGS: dict[str, Callable[[bytes], bytes]] = {
    "identity": lambda body: body,
    "none": lambda body: body,
    "": lambda body: body,
    "gzip": gzip.compress,
    "GZIP": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
    "zlib": zlib.compress,
    "zstd": lambda body: pa.Codec("zstd").compress(body, asbytes=True),
    "lz4": lambda body: pa.Codec("lz4").compress(body, asbytes=True),
}


def body_of(signal: Signal, content_type: str, number: int = 1) -> bytes:
    """A valid request in this encoding."""
    request = a_request(signal, number)
    return compact(to_json(request)) if content_type == JSON else request.SerializeToString()


def padded(signal: Signal, content_type: str, size: int) -> bytes:
    """A valid request of so many bytes: more than 17,000, that the padding's length is 3 bytes."""
    body = body_of(signal, content_type)
    if content_type == JSON:
        return body + b" " * (size - len(body))
    field = varint(900 << 3 | 2)
    room = size - len(body) - len(field)
    return body + field + length_delimited(bytes(room - len(varint(room - 3))))


def post(
    serving: Serving, signal: Signal, content_type: str, body: bytes, **headers: str
) -> httpx.Response:
    """The answer to this body; underscores in header names are hyphens."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.post(
        url(serving, signal), content=body, headers={"content-type": content_type, **named}
    )


def raw(serving: Serving, request: bytes) -> socket.socket:
    """A connection on which this was sent and nothing was read."""
    connection = socket.create_connection((serving.http.host, serving.http.port), timeout=30)
    connection.sendall(request)
    return connection


def code_of(connection: socket.socket) -> int:
    """The code of the next answer on this connection, which is read whole."""
    response = HTTPResponse(connection)
    response.begin()
    response.read()
    return response.status


def head(signal: Signal, *headers: str) -> bytes:
    """The head of a protobuf request."""
    lines = [f"POST /v1/{signal.value} HTTP/1.1", "Host: x", f"Content-Type: {PROTOBUF}", *headers]
    return "\r\n".join([*lines, "", ""]).encode()
