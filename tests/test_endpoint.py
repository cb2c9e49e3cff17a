"""The low-cardinality name of a request."""

from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from receiver.flatten.columns import constant, from_arrow
from receiver.flatten.endpoint import OTHER, EndpointLimit, template
from receiver.flatten.spans import SPAN_KINDS
from tests.ingest import ingesting, row, rows, stored, trace_request


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("GET /users/42", "GET /users/{id}"),
        ("GET /users/42/orders/7?page=3", "GET /users/{id}/orders/{id}"),
        ("/api/5f2d886ca819d1e2/items", "/api/{id}/items"),
        ("order 123e4567-e89b-12d3-a456-426614174000 paid", "order {id} paid"),
        ("GET /api/products/6E92ZMYYFZ", "GET /api/products/{id}"),
        ("GET /api/v1/travel2service/trips/left", "GET /api/v1/travel2service/trips/left"),
        ("oteldemo.ProductCatalogService/GetProduct", "oteldemo.ProductCatalogService/GetProduct"),
        ("process orders-1 message", "process orders-{id} message"),
        ("GET /deadbeef", "GET /deadbeef"),
        ("", ""),
    ],
)
def test_template(name: str, expected: str) -> None:
    """Ids, numbers and hashes in a span name become `{id}`; words stay, versions in paths too."""
    assert template(name) == expected


@given(st.text(max_size=300))
def test_template_is_stable(name: str) -> None:
    """Templating what was templated changes nothing."""
    once = template(name)
    assert template(once) == once


@pytest.mark.parametrize(
    ("kind", "attributes", "expected"),
    [
        ("SERVER", {"http.request.method": "GET", "http.route": "/a/{b}"}, "GET /a/{b}"),
        ("SERVER", {"http.route": "/a/{b}"}, "/a/{b}"),
        ("SERVER", {"http.request.method": "GET"}, "GET /x/{id}"),
        ("SERVER", {"rpc.service": "shop.Cart", "rpc.method": "Add"}, "shop.Cart/Add"),
        (
            "CONSUMER",
            {"messaging.operation": "process", "messaging.destination": "mails"},
            "process mails",
        ),
        (
            "CONSUMER",
            {
                "messaging.operation": "process",
                "messaging.destination.name": "mails-7",
                "messaging.destination.template": "mails-{n}",
            },
            "process mails-{n}",
        ),
        ("SERVER", {}, "GET /x/{id}"),
        ("CLIENT", {"http.route": "/a"}, None),
        ("INTERNAL", {}, None),
    ],
)
def test_endpoint(
    tmp_path: Path, kind: str, attributes: dict[str, object], expected: str | None
) -> None:
    """Route, else RPC method, else messaging destination, else templated name."""
    store = tmp_path / "s.duckdb"
    stored(store, trace_request(attributes, kind=SPAN_KINDS.index(kind), name="GET /x/1234"))
    assert row(store, "SELECT endpoint FROM spans") == {"endpoint": expected}


def test_limit_by_service() -> None:
    """Past the limit new endpoints of a service become `(other)`; all that are known stay."""
    limit = EndpointLimit(known={"shop": {"a"}}, most=2)
    names = from_arrow(pa.array(["a", "b", "c", "a", None, "d"]))
    assert [limit.apply(constant("shop", 6), names).at(row) for row in range(6)] == [
        "a",
        "b",
        OTHER,
        "a",
        None,
        OTHER,
    ]
    assert limit.apply(constant("bank", 6), names).at(2) == OTHER
    assert limit.apply(constant("bank", 6), names).at(1) == "b"


def test_limit_survives_a_restart(tmp_path: Path) -> None:
    """A receiver that starts again still knows the endpoints of the store."""
    store = tmp_path / "s.duckdb"
    many = [{"http.route": f"/page/{'abcdefghij'[n // 200]}/{n}x"} for n in range(2000)]
    stored(store, trace_request(*many))
    with ingesting(store) as ingest:
        ingest.send(trace_request({"http.route": "/new"}, {"http.route": "/page/a/0x"}, flags=9))
    found = rows(store, "SELECT endpoint FROM spans WHERE flags = 9 ORDER BY span_id")
    assert [one["endpoint"] for one in found] == [OTHER, "/page/a/0x"]


def test_endpoints_are_not_long() -> None:
    """An endpoint is at most 512 characters, so that what is remembered is bounded."""
    (name,) = EndpointLimit().apply(constant("shop", 1), constant("GET /" + "x" * 9_000, 1)).values
    assert name == "GET /" + "x" * 507


def test_services_past_the_limit() -> None:
    """Of services past the limit no endpoint is remembered; those known before keep theirs."""
    limit = EndpointLimit(services_most=1)
    for service, seen in (("shop", "a"), ("other", OTHER), ("shop", "a")):
        (endpoint,) = limit.apply(constant(service, 1), constant("a", 1)).values
        assert endpoint == seen


def test_very_many_names_are_not_all_templated(tmp_path: Path) -> None:
    """Names past 6 MiB of different ones in a group are `(other)`; the names themselves stay."""
    store = tmp_path / "s.duckdb"
    request = trace_request(*[{}] * 14_000)
    for number, one in enumerate(request.resource_spans[0].scope_spans[0].spans):
        one.name = f"{number:05} " + "x" * 500
    stored(store, request)
    assert row(store, "SELECT count(DISTINCT span_name) AS n FROM spans") == {"n": 14_000}
    endpoints = rows(store, "SELECT endpoint, count(*) AS n FROM spans GROUP BY ALL ORDER BY n")
    assert endpoints[0]["endpoint"] == OTHER
    templated = 6 * 1024 * 1024 // 506
    assert [one["n"] for one in endpoints] == [14_000 - templated, templated]
