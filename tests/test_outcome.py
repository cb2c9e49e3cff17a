"""How a span ended, by its status, codes and exceptions."""

from pathlib import Path
from typing import Any

import pytest

from receiver.flatten.outcome import is_timeout_name
from receiver.flatten.spans import SPAN_KINDS
from tests.ingest import key_values, row, stored, trace_request

UNSET, ERROR = 0, 2
CASES: dict[str, tuple[str, int, dict[str, object], str]] = {
    "nothing said": ("SERVER", UNSET, {}, "ok"),
    "status ERROR alone": ("SERVER", ERROR, {}, "server_error"),
    "HTTP 200": ("SERVER", UNSET, {"http.response.status_code": 200}, "ok"),
    "HTTP 200 but status ERROR": (
        "SERVER",
        ERROR,
        {"http.response.status_code": 200},
        "server_error",
    ),
    "HTTP 404 leaves a SERVER span UNSET": (
        "SERVER",
        UNSET,
        {"http.response.status_code": 404},
        "client_error",
    ),
    "HTTP 401 on a CLIENT span is ERROR": (
        "CLIENT",
        ERROR,
        {"http.status_code": 401},
        "client_error",
    ),
    "HTTP 500 by old name": ("SERVER", UNSET, {"http.status_code": 500}, "server_error"),
    "HTTP 504": ("SERVER", ERROR, {"http.response.status_code": 504}, "timeout"),
    "HTTP 408": ("SERVER", UNSET, {"http.response.status_code": 408}, "timeout"),
    "HTTP 499": ("SERVER", UNSET, {"http.response.status_code": 499}, "timeout"),
    "gRPC 0": ("SERVER", UNSET, {"rpc.grpc.status_code": 0}, "ok"),
    "gRPC 2 is the server's": ("SERVER", UNSET, {"rpc.grpc.status_code": 2}, "server_error"),
    "gRPC 4": ("SERVER", ERROR, {"rpc.grpc.status_code": 4}, "timeout"),
    "gRPC 5 is the client's": ("SERVER", UNSET, {"rpc.grpc.status_code": 5}, "client_error"),
    "gRPC NOT_FOUND on a CLIENT span": (
        "CLIENT",
        ERROR,
        {"rpc.response.status_code": "NOT_FOUND"},
        "client_error",
    ),
    "gRPC 12": ("SERVER", ERROR, {"rpc.grpc.status_code": 12}, "server_error"),
    "gRPC 13": ("SERVER", ERROR, {"rpc.grpc.status_code": 13}, "server_error"),
    "gRPC 14": ("CLIENT", ERROR, {"rpc.status_code": "UNAVAILABLE"}, "server_error"),
    "gRPC 15": ("SERVER", ERROR, {"rpc.grpc.status_code": 15}, "server_error"),
    "gRPC 16": ("SERVER", UNSET, {"rpc.grpc.status_code": 16}, "client_error"),
    "timeout by error.type": ("CLIENT", ERROR, {"error.type": "requests.ReadTimeout"}, "timeout"),
    "error.type without ERROR status": ("CLIENT", UNSET, {"error.type": "timeout"}, "ok"),
    "HTTP 500 with a timeout inside": (
        "SERVER",
        ERROR,
        {"http.response.status_code": 500, "error.type": "TimeoutError"},
        "timeout",
    ),
    "HTTP 404 with a timeout inside": (
        "SERVER",
        ERROR,
        {"http.response.status_code": 404, "error.type": "TimeoutError"},
        "client_error",
    ),
    "not a number": ("SERVER", UNSET, {"http.response.status_code": "many"}, "ok"),
}


@pytest.mark.parametrize("case", CASES)
def test_outcome(tmp_path: Path, case: str) -> None:
    """Codes decide before the status does, and a named timeout only where the span failed."""
    kind, status, attributes, expected = CASES[case]
    assert outcome(tmp_path, kind, status, attributes) == expected


@pytest.mark.parametrize(
    ("exception_type", "status", "expected"),
    [
        ("java.net.SocketTimeoutException", ERROR, "timeout"),
        ("asyncio.TimeoutError", ERROR, "timeout"),
        ("java.lang.IllegalStateException", ERROR, "server_error"),
        ("asyncio.TimeoutError", UNSET, "ok"),
    ],
)
def test_timeout_exception(tmp_path: Path, exception_type: str, status: int, expected: str) -> None:
    """A recorded timeout exception makes a failed span a timeout; a handled one does not."""
    assert outcome(tmp_path, "SERVER", status, {}, exception_type) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("ReadTimeout", True),
        ("UND_ERR_HEADERS_TIMEOUT", True),
        ("TimedOut", True),
        ("context.deadlineExceededError", True),
        ("ETIMEDOUT", True),
        ("504", True),
        ("RuntimeError", False),
        ("Timer", False),
        ("java.sql.SQLException", False),
    ],
)
def test_timeout_names(name: str, expected: bool) -> None:
    """Timeouts are recognised by the names that runtimes give them."""
    assert is_timeout_name(name) is expected


def outcome(
    tmp_path: Path,
    kind: str,
    status: int,
    attributes: dict[str, object],
    exception_type: str | None = None,
) -> Any:  # Any: the value of a column
    """The stored outcome of one span, beside another that must not matter."""
    request = trace_request({}, attributes, kind=SPAN_KINDS.index(kind))
    other, span = request.resource_spans[0].scope_spans[0].spans
    span.status.code = status
    event = other.events.add(name="exception")
    event.attributes.extend(key_values({"exception.type": "TimeoutError"}))
    if exception_type is not None:
        event = span.events.add(name="exception")
        event.attributes.extend(key_values({"exception.type": exception_type}))
    store = tmp_path / "s.duckdb"
    stored(store, request)
    return row(store, "SELECT outcome FROM spans WHERE span_id = 2")["outcome"]
