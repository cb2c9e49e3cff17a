"""Web pages of origins that were named may send from a browser, others may not."""

from pathlib import Path

import httpx
import pytest

from analysis.serving import running
from receiver.settings import parse_origin
from tests.conformance.receivers import settings
from tests.ingest import trace_request

ORIGIN = "https://shop.example.com"
PROTOBUF = {"Content-Type": "application/x-protobuf"}


def preflight(url: str, origin: str = ORIGIN, headers: str = "content-type") -> httpx.Response:
    """What a browser asks before it sends."""
    asked = {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": headers,
    }
    return httpx.options(url, headers=asked)


def allowed(tmp_path: Path, origins: tuple[str, ...], origin: str) -> bool:
    """Whether a page of this origin may ask, and read the answer."""
    with running(settings(tmp_path / "s.duckdb", cors_origins=origins), api=None) as serving:
        url = f"http://{serving.http}/v1/traces"
        asked = preflight(url, origin)
        sent = httpx.post(url, content=b"", headers={"Origin": origin, **PROTOBUF})
    name = "access-control-allow-origin"
    assert (asked.headers.get(name) in (origin, "*")) == (sent.headers.get(name) in (origin, "*"))
    assert asked.status_code == (200 if name in asked.headers else 400)
    return asked.headers.get(name) in (origin, "*")


def test_off_by_default(tmp_path: Path) -> None:
    """Without origins a preflight is an unknown method, and no answer names an origin."""
    with running(settings(tmp_path / "s.duckdb"), api=None) as serving:
        url = f"http://{serving.http}/v1/traces"
        asked = preflight(url)
        sent = httpx.post(url, content=b"", headers={"Origin": ORIGIN, **PROTOBUF})
    assert asked.status_code == 405
    assert sent.status_code == 200
    for response in (asked, sent):
        assert not [name for name in response.headers if name.startswith("access-control")]


@pytest.mark.parametrize(
    ("named", "origin", "expected"),
    [
        (ORIGIN, ORIGIN, True),
        (ORIGIN, "http://shop.example.com", False),
        (ORIGIN, "https://shop.example.com.evil.net", False),
        (ORIGIN, "https://shopxexample.com", False),
        (ORIGIN, "null", False),
        ("https://*.example.com", ORIGIN, True),
        ("https://*.example.com", "https://a.b.example.com", True),
        ("https://*.example.com", "https://example.com", False),
        ("https://*.example.com", "https://evil.net/.example.com", False),
        ("https://*.example.com", "https://evil.net?.example.com", False),
        ("https://*", "https://any.net:8443", True),
        ("https://*", "http://any.net", False),
        ("http://localhost:*", "http://localhost:3000", True),
        ("*", "https://any.net", True),
    ],
)
def test_which_origins(tmp_path: Path, named: str, origin: str, expected: bool) -> None:
    """A wildcard stands for a part of a host and its port, never for a path or another host."""
    assert allowed(tmp_path, (parse_origin(named),), origin) is expected


@pytest.mark.parametrize("origins", [(ORIGIN, "https://other.net"), ("https://other.net", ORIGIN)])
def test_several_origins(tmp_path: Path, origins: tuple[str, ...]) -> None:
    """Each of several origins may send."""
    assert allowed(tmp_path, origins, ORIGIN)


def test_what_a_page_may_send(tmp_path: Path) -> None:
    """POST with the headers of exporters is allowed and remembered; credentials may come along for
    an origin that was named, and not for every one."""
    names = "authorization,content-encoding,content-type,traceparent,tracestate,x-api-key"
    for origins, credentials in (((ORIGIN,), "true"), (("*",), None)):
        with running(settings(tmp_path / "s.duckdb", cors_origins=origins), api=None) as serving:
            url = f"http://{serving.http}/v1/traces"
            response = preflight(url, headers=names)
            refused = preflight(url, headers="x-other")
        assert response.status_code == 200
        assert response.headers["access-control-allow-methods"] == "POST"
        assert int(response.headers["access-control-max-age"]) > 0
        assert response.headers.get("access-control-allow-credentials") == credentials
        assert refused.status_code == 400


def test_preflight_needs_no_key(tmp_path: Path) -> None:
    """A preflight cannot have a key and is answered; what follows without one is refused, readable
    for the page."""
    changes = {"cors_origins": (ORIGIN,), "api_keys": "0123456789abcdef"}
    payload = trace_request({}).SerializeToString()
    with running(settings(tmp_path / "s.duckdb", **changes), api=None) as serving:
        url = f"http://{serving.http}/v1/traces"
        assert preflight(url).status_code == 200
        sent = httpx.post(url, content=payload, headers={"Origin": ORIGIN, **PROTOBUF})
    assert (sent.status_code, sent.headers["access-control-allow-origin"]) == (401, ORIGIN)


@pytest.mark.parametrize(
    "text",
    ["", "shop.example.com", "https://", "https://a/b", "https://a/", "https://*.*.com", "null"],
)
def test_what_is_no_origin(text: str) -> None:
    """Anything but a scheme, a host and perhaps a port is refused, and shown."""
    with pytest.raises(ValueError, match="is not an origin") as refused:
        parse_origin(text)
    assert repr(text) in str(refused.value)
