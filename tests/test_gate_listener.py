"""`deploylens serve --gate`: what other machines may ask, who is let in, and nothing else."""

import shutil
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from analysis.database import open_database
from analysis.serving import Serving, running
from receiver.settings import Address, ReceiverSettings
from receiver.transport.exposure import exposure_warnings
from tests.certificates import Authority, tls_files
from tests.shop import fill_shop

ANY_PORT = Address("127.0.0.1", 0)
WIDE = Address("0.0.0.0", 4321)
KEY = "a-key-of-the-test-0123456789"
NEW = {"service": "checkout", "version": "1.4.0"}
PATHS = ("/api/check", "/api/gate", "/flagger/gate")


def settings(store: Path, **changes: object) -> ReceiverSettings:
    """Settings of a receiver on free ports."""
    made = ReceiverSettings(store=store, grpc=ANY_PORT, http=ANY_PORT)
    return replace(made, **changes)  # type: ignore[arg-type]  # each field has its own type


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with the orders of the shop."""
    return fill_shop(tmp_path_factory.mktemp("shop") / "shop.duckdb")


@contextmanager
def gates(given: ReceiverSettings) -> Iterator[Serving]:
    """A receiver whose gates listen on a free port."""
    with running(given, ANY_PORT, gate=ANY_PORT) as serving:
        yield serving


def test_only_gates_are_there(shop: Path) -> None:
    """Checks, gates, marks and health are answered; SQL, queries, decisions, files and metrics are
    not there."""
    with gates(settings(shop)) as serving, httpx.Client(base_url=f"http://{serving.gate}") as http:
        assert http.get("/api/gate", params=NEW, timeout=30).json()["gate"] == "fail"
        assert http.get("/api/check", params=NEW, timeout=30).json()["gate"] == "fail"
        assert [http.get(path).status_code for path in ("/healthz", "/readyz")] == [200, 200]
        for path in ("sql", "query/deployments", "resolve", "silence", "import", "status"):
            assert http.post(f"/api/{path}", json={}).status_code == 404, path
            assert http.get(f"/api/{path}").status_code == 404, path
        assert http.get("/metrics").status_code == 404
        assert http.post("/v1/traces").status_code == 404
        assert http.get("/api/gate/").status_code == 404


def test_a_mark_is_stored(tmp_path: Path) -> None:
    """`POST /api/mark` writes what `deploylens mark` does; other types of content are refused, for
    a web page may send those without asking."""
    store = tmp_path / "s.duckdb"
    mark = {"service_name": "shop", "service_version": "1.4.0", "note": "drops a column"}
    with gates(settings(store)) as serving, httpx.Client(base_url=f"http://{serving.gate}") as http:
        plain = {"content-type": "text/plain"}
        refused = http.post("/api/mark", content=b'{"service_name": "x"}', headers=plain)
        assert (refused.status_code, refused.json()["error"]) == (400, "malformed")
        assert http.post("/api/mark", json={"service": "shop"}).status_code == 400
        assert http.post("/api/mark", json=mark).json() == {}
    with open_database(store) as database:
        marks = database.sql(
            "SELECT service_name, note FROM store.deployment_marks"
        ).table.to_pylist()
    assert marks == [{"service_name": "shop", "note": "drops a column"}]


@pytest.mark.parametrize(
    "field", ['"note": "\\ud800"', '"marked_at_unix_nano": 9223372036854775808']
)
def test_a_mark_that_cannot_be_stored(shop: Path, field: str) -> None:
    """Half a surrogate pair and a number of more than 64 bits are refused as a mistake of who
    asks, not logged as one of the receiver."""
    body = f'{{"service_name": "shop", "service_version": "2", {field}}}'
    with gates(settings(shop)) as serving:
        headers = {"content-type": "application/json"}
        answer = httpx.post(f"http://{serving.gate}/api/mark", content=body, headers=headers)
    assert (answer.status_code, answer.json()["error"]) == (400, "malformed")
    assert "cannot be stored" in answer.json()["message"]


def test_a_body_has_its_limit(shop: Path) -> None:
    """A mark of more than a mebibyte is refused before it is read further."""
    with gates(settings(shop)) as serving:
        headers = {"content-type": "application/json"}
        url = f"http://{serving.gate}/api/mark"
        answer = httpx.post(url, content=b" " * (1024 * 1024 + 1), headers=headers)
    assert answer.status_code == 400
    assert "larger than 1048576 bytes" in answer.json()["message"]


@pytest.fixture(scope="module")
def keyed(shop: Path) -> Iterator[str]:
    """The URL of gates that ask for a key."""
    with gates(settings(Path(shutil.copy(shop, f"{shop}.keyed")), api_keys=KEY)) as serving:
        yield f"http://{serving.gate}"


@pytest.mark.parametrize(
    ("headers", "user", "status"),
    [
        ({}, None, 401),
        ({"x-api-key": "a-wrong-key-of-the-test-98765"}, None, 401),
        ({"x-api-key": KEY}, None, 200),
        ({"authorization": f"Bearer {KEY}"}, None, 200),
        ({}, ("gate", KEY), 200),
        ({}, ("", KEY), 200),
        ({}, (KEY, ""), 401),
        ({"authorization": "Basic not base64"}, None, 401),
        ({"authorization": "Basic"}, None, 401),
    ],
)
def test_keys_are_those_of_the_receiver(
    keyed: str, headers: dict[str, str], user: tuple[str, str] | None, status: int
) -> None:
    """With API keys every path asks for one but health: in a header as OTLP's, or as the password
    of the URL, for Flagger sends no header of its user's."""
    for path in PATHS:
        answer = httpx.get(f"{keyed}{path}", params=NEW, headers=headers, auth=user, timeout=30)
        expected = 412 if (path, status) == ("/flagger/gate", 200) else status
        assert answer.status_code == expected, path
    for path in ("/api/mark", "/flagger/rollback", "/api/sql"):
        answer = httpx.post(f"{keyed}{path}", content=b"", headers=headers, auth=user, timeout=30)
        assert (answer.status_code == 401) is (status == 401), path
    assert httpx.get(f"{keyed}/healthz").status_code == 200


def test_it_speaks_tls(shop: Path, tmp_path: Path) -> None:
    """With a certificate the gates speak TLS only, and ask for a client's where OTLP does."""
    ours = Authority(tmp_path, "ours")
    pair, client = ours.issue("receiver"), ours.issue("client")
    trust = ssl.create_default_context(cafile=str(ours.ca))
    trusting = httpx.Client(verify=trust, timeout=30)
    with gates(settings(shop, tls=tls_files(pair))) as serving, trusting:
        url = f"https://{serving.gate}/api/gate"
        assert trusting.get(url, params=NEW).json()["gate"] == "fail"
        with pytest.raises(httpx.HTTPError):
            httpx.get(url.replace("https", "http"), params=NEW)
    with gates(settings(shop, tls=tls_files(pair, ours.ca))) as serving:
        url = f"https://{serving.gate}/api/gate"
        with pytest.raises(httpx.HTTPError):
            httpx.get(url, params=NEW, verify=trust)
        trust.load_cert_chain(client.certificate, client.key)
        answer = httpx.get(url, params=NEW, verify=trust, timeout=30)
        assert answer.json()["gate"] == "fail"


@pytest.mark.parametrize(
    ("changes", "gate", "said"),
    [
        ({}, None, []),
        ({}, Address("127.0.0.1", 4321), []),
        ({}, WIDE, ["the gates at 0.0.0.0:4321 can ask about every deployment", "answers travel"]),
        ({"api_keys": KEY}, WIDE, ["API keys and answers travel unencrypted to the gates"]),
    ],
)
def test_exposure_is_told(
    changes: dict[str, object], gate: Address | None, said: list[str]
) -> None:
    """Gates that others reach without keys or TLS are warned of, as OTLP is; loopback is not."""
    warnings = exposure_warnings(settings(Path("s"), **changes), gate)
    assert len(warnings) == len(said)
    for fact, warning in zip(said, warnings, strict=True):
        assert fact in warning
