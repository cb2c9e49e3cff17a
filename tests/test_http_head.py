"""The head of an HTTP request is bounded before anybody was asked for a key."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from analysis.serving import Serving, running
from receiver.settings import Address, ReceiverSettings
from receiver.transport.http_protocol import HEAD_BYTES_MAX
from tests.certificates import Authority, tls_files
from tests.ingest import trace_request

ANY_PORT = Address("127.0.0.1", 0)
KEY = "0123456789abcdef0123"
# More than the receiver's and the sender's sockets hold between them.
TOO_MUCH = 64 * 1024**2
START = b"POST /v1/traces HTTP/1.1\r\nHost: localhost\r\n"


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[Serving]:
    """A receiver that asks for a key."""
    store = tmp_path / "s.duckdb"
    settings = ReceiverSettings(store, ANY_PORT, ANY_PORT, api_keys=KEY)
    with running(settings, api=None) as running_now:
        yield running_now


def connected(address: Address) -> socket.socket:
    """A connection to the receiver."""
    return socket.create_connection((address.host, address.port), timeout=30)


def sent(connection: socket.socket, start: bytes, piece: bytes) -> int:
    """How many bytes of pieces were taken before the receiver closed the connection."""
    taken = 0
    connection.sendall(start)
    try:
        while taken < TOO_MUCH:
            connection.sendall(piece)
            taken += len(piece)
    except (ConnectionError, ssl.SSLError):
        pass
    return taken


@pytest.mark.parametrize(
    ("start", "piece"),
    [
        (START + b"X-A: ", b"a" * 65_536),
        (START, b"a:b\r\n" * 10_000),
        (b"POST /v1/", b"a" * 65_536),
        (
            START + b"X-Api-Key: " + KEY.encode() + b"\r\nTransfer-Encoding: chunked\r\n"
            b"Content-Type: application/x-protobuf\r\n\r\n0\r\n",
            b"a:b\r\n" * 10_000,
        ),
    ],
    ids=["one header", "many headers", "path", "trailers"],
)
def test_a_head_without_end(serving: Serving, start: bytes, piece: bytes) -> None:
    """A path, header or trailer that does not end is cut off, and costs no memory."""
    with closing(connected(serving.http)) as connection:
        assert sent(connection, start, piece) < TOO_MUCH


def test_a_head_without_end_over_tls(tmp_path: Path) -> None:
    """The bound holds over TLS too."""
    files = tls_files(Authority(tmp_path, "a").issue("receiver"))
    store = tmp_path / "s.duckdb"
    settings = ReceiverSettings(store, ANY_PORT, ANY_PORT, api_keys=KEY, tls=files)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with (
        running(settings, api=None) as serving,
        closing(context.wrap_socket(connected(serving.http))) as connection,
    ):
        assert sent(connection, START + b"X-A: ", b"a" * 65_536) < TOO_MUCH


def test_the_bound(serving: Serving) -> None:
    """A head below the bound is read, one above it is refused with 400, also when it comes whole,
    and on a connection that was good before."""
    with closing(connected(serving.http)) as connection, connection.makefile("rb") as answers:
        for size, status in ((HEAD_BYTES_MAX - 1000, b"401"), (HEAD_BYTES_MAX + 1000, b"400")):
            connection.sendall(START + b"Content-Length: 0\r\nX-A: " + b"a" * size + b"\r\n\r\n")
            head = list(iter(answers.readline, b"\r\n"))
            assert head[0].split()[1] == status
            length = next(int(line[15:]) for line in head if line.lower().startswith(b"content-l"))
            answers.read(length)
        assert answers.read() == b""


def test_a_long_body_is_no_head(serving: Serving) -> None:
    """What comes after the head does not count: bodies of megabytes follow each other on one
    connection, whole or in chunks."""
    headers = {"Content-Type": "application/x-protobuf", "X-Api-Key": KEY}
    with httpx.Client(headers=headers) as client:
        for number in range(4):
            body = trace_request({"n": number, "text": "x" * 4_000_000}).SerializeToString()
            content = body if number % 2 else iter([body[:1_000_000], body[1_000_000:]])
            answer = client.post(f"http://{serving.http}/v1/traces", content=content)
            assert (answer.status_code, answer.content) == (200, b"")
