"""Promoted columns: every old and new attribute name leads to the same column."""

from pathlib import Path

import pytest

from receiver.flatten.semconv import NAMES, grpc_code_name
from receiver.flatten.spans import SPAN_KINDS
from tests.ingest import row, rows, stored, trace_request

SERVER, CLIENT = SPAN_KINDS.index("SERVER"), SPAN_KINDS.index("CLIENT")
CONSUMER = SPAN_KINDS.index("CONSUMER")

# canonical attribute -> the column it is promoted to, a value, and what the column then holds
PROMOTED: dict[str, tuple[str, object, object]] = {
    "deployment.environment.name": ("environment_name", "staging", "staging"),
    "deployment.id": ("deployment_id", "d-1", "d-1"),
    "service.version": ("service_version", "3.1", "3.1"),
    "error.type": ("error_type", "KeyError", "KeyError"),
    "http.request.method": ("http_request_method", "PUT", "PUT"),
    "http.response.status_code": ("http_status_code", 503, 503),
    "http.route": ("http_route", "/a/{b}", "/a/{b}"),
    "http.request.resend_count": ("http_resend_count", 2, 2),
    "server.address": ("server_address", "db.internal", "db.internal"),
    "server.port": ("server_port", 5432, 5432),
    "net.peer.name": ("server_address", "old.internal", "old.internal"),
    "net.peer.port": ("server_port", 81, 81),
    "service.peer.name": ("peer", "payments", "payments"),
    "rpc.system.name": ("rpc_system", "connect_rpc", "connectrpc"),
    "rpc.method": ("rpc_method", "shop.Cart/Add", "shop.Cart/Add"),
    "rpc.status_code": ("rpc_status_code", "14", "UNAVAILABLE"),
    "db.system.name": ("db_system", "mssql", "microsoft.sql_server"),
    "db.namespace": ("db_namespace", "orders", "orders"),
    "db.operation.name": ("db_operation", "SELECT", "SELECT"),
    "db.collection.name": ("db_collection", "items", "items"),
    "db.response.status_code": ("db_status_code", "42703", "42703"),
    "messaging.operation.type": ("messaging_operation", "process", "process"),
    "messaging.destination.name": ("messaging_destination", "mails", "mails"),
    "user.id": ("user_id", "u7", "u7"),
}
# Read for something else than a column of their own; their effect is tested where it is used.
NOT_PROMOTED = {
    "vcs.ref.head.revision",
    "exception.type",
    "exception.message",
    "exception.stacktrace",
    "exception.escaped",
    "event.name",
    "http.request.method_original",
    "url.full",
    "net.host.name",
    "net.host.port",
    "network.peer.address",
    "rpc.service",
    "messaging.destination.template",
    "sample.rate",
}


def test_every_name_is_accounted_for() -> None:
    """Each entry of the one table of names is promoted or has another named use."""
    assert set(PROMOTED) | NOT_PROMOTED == set(NAMES)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with one CLIENT span for every name of every promoted attribute."""
    path = tmp_path_factory.mktemp("semconv") / "s.duckdb"
    one_each = [{name: PROMOTED[key][1]} for key in PROMOTED for name in NAMES[key]]
    stored(path, trace_request(*one_each, kind=CLIENT))
    return path


@pytest.mark.parametrize(
    ("canonical", "name"), [(key, name) for key in PROMOTED for name in NAMES[key]]
)
def test_name_leads_to_column(store: Path, canonical: str, name: str) -> None:
    """A span that uses this name, old or new, has the value in the promoted column."""
    column, _, expected = PROMOTED[canonical]
    path = f'$."{name}"'
    sql = f"SELECT {column} AS found FROM spans WHERE json_exists(attributes, '{path}')"
    assert row(store, sql) == {"found": expected}


@pytest.mark.parametrize("canonical", [key for key in PROMOTED if len(NAMES[key]) > 1])
def test_new_name_goes_first(tmp_path: Path, canonical: str) -> None:
    """Where a span has both names, as from `http/dup`, the new one counts, in either order."""
    column, value, expected = PROMOTED[canonical]
    new, *old = NAMES[canonical]
    other: object = 77 if isinstance(value, int) else "other"
    both = {new: value, **dict.fromkeys(old, other)}
    store = tmp_path / "s.duckdb"
    stored(store, trace_request(both, dict(reversed(both.items())), kind=CLIENT))
    assert rows(store, f"SELECT {column} AS found FROM spans") == [{"found": expected}] * 2


@pytest.mark.parametrize(
    ("kind", "address"), [(SERVER, "own.internal"), (CLIENT, "theirs.internal")]
)
def test_old_server_names_depend_on_the_side(tmp_path: Path, kind: int, address: str) -> None:
    """`net.host.name` named the server on its own spans, `net.peer.name` on its callers' spans."""
    attributes = {"net.host.name": "own.internal", "net.peer.name": "theirs.internal"}
    store = tmp_path / "s.duckdb"
    stored(store, trace_request(attributes, kind=kind))
    assert row(store, "SELECT server_address FROM spans") == {"server_address": address}


@pytest.mark.parametrize(
    ("attributes", "method"),
    [
        ({"rpc.service": "shop.Cart", "rpc.method": "Add"}, "shop.Cart/Add"),
        ({"rpc.service": "shop.Cart", "rpc.method": "shop.Cart/Add"}, "shop.Cart/Add"),
        ({"rpc.method": "Add"}, "Add"),
        ({"rpc.service": "shop.Cart"}, None),
    ],
)
def test_rpc_method_is_fully_qualified(
    tmp_path: Path, attributes: dict[str, object], method: str | None
) -> None:
    """The old pair of service and method becomes the one fully qualified name."""
    store = tmp_path / "s.duckdb"
    stored(store, trace_request(attributes))
    assert row(store, "SELECT rpc_method FROM spans") == {"rpc_method": method}


def test_other_method_gives_way_to_the_original(tmp_path: Path) -> None:
    """`_OTHER` stands for a method that the instrumentation did not know; the original is kept."""
    store = tmp_path / "s.duckdb"
    stored(
        store,
        trace_request(
            {"http.request.method": "_OTHER", "http.request.method_original": "PURGE"},
            {"http.request.method": "_OTHER"},
            {"http.request.method": "GET"},
        ),
    )
    found = rows(store, "SELECT http_request_method AS m FROM spans ORDER BY span_id")
    assert [one["m"] for one in found] == ["PURGE", "_OTHER", "GET"]


@pytest.mark.parametrize(("text", "name"), [("0", "OK"), ("16", "UNAUTHENTICATED"), ("17", "17")])
def test_grpc_code_name(text: str, name: str) -> None:
    """Numeric gRPC codes become names; what is not a code stays as it is."""
    assert grpc_code_name(text) == name


@pytest.mark.parametrize(
    ("attributes", "peer"),
    [
        ({"service.peer.name": "payments", "server.address": "10.0.0.1"}, "payments"),
        ({"server.address": "bank.example", "server.port": 443}, "bank.example"),
        ({"server.address": "cart", "server.port": 7070}, "cart:7070"),
        ({"http.url": "https://api.example:8443/v1/x?y"}, "api.example:8443"),
        ({"http.url": "http://[bad"}, None),
        ({"messaging.destination": "mails", "server.address": "broker"}, "mails"),
        ({"net.sock.peer.addr": "10.1.2.3"}, "10.1.2.3"),
        ({"db.system": "redis"}, "redis"),
        ({}, None),
    ],
)
def test_peer(tmp_path: Path, attributes: dict[str, object], peer: str | None) -> None:
    """What a call talks to is read from the most telling attribute that it has."""
    store = tmp_path / "s.duckdb"
    stored(store, trace_request(attributes, kind=CLIENT))
    assert row(store, "SELECT peer FROM spans") == {"peer": peer}


def test_requests_have_no_peer(tmp_path: Path) -> None:
    """Only calls have a peer, only requests an endpoint."""
    store = tmp_path / "s.duckdb"
    stored(store, trace_request({"server.address": "me"}, kind=CONSUMER))
    assert row(store, "SELECT peer, endpoint FROM spans") == {"peer": None, "endpoint": "work"}
