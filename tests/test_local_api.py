"""The local API as a program on the same machine meets it: who is let in, and what comes back."""

import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from analysis.api.body import BODY_BYTES_MAX
from analysis.api.turns import ApiLimits
from analysis.api.wire import ARROW_STREAM, TRUNCATED_HEADER, Json, decode_table
from analysis.catalog import Catalog, SavedQuery
from analysis.database import mark_deployment, open_database
from analysis.home_error import ReceiverOverloaded
from analysis.saved_query import read_saved_query
from receiver.errors import Unavailable
from receiver.lease import Lease
from receiver.storage.marks import DeploymentMark
from receiver.storage.statements import Statement
from receiver.storage.store import StoreError, open_store
from tests.api_process import TOKEN, serving_api

MARK = DeploymentMark(service_name="cart", service_version="1.0")
VALUES = {"VARCHAR": "x", "TIMESTAMP": "2026-01-01", "DOUBLE": "1", "BIGINT": "1", "INTERVAL": "1m"}
ENDLESS = "SELECT count(*) FROM range(100000000) a, range(100000000) b"


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> SavedQuery:
    """A saved query with a parameter."""
    path = tmp_path_factory.mktemp("queries") / "asked.sql"
    path.write_text("-- Asked.\n-- param n BIGINT: a number\nSELECT $n + 1 AS n")
    return read_saved_query(path, trusted=True)


@pytest.fixture(scope="module")
def lease(tmp_path_factory: pytest.TempPathFactory, asked: SavedQuery) -> Iterator[Lease]:
    """A served store that no test changes."""
    store = tmp_path_factory.mktemp("api") / "s.duckdb"
    mark_deployment(store, MARK)
    with serving_api(store, {"asked": asked}) as served:
        yield served


@pytest.fixture
def client(lease: Lease) -> Iterator[httpx.Client]:
    """A client with the right token."""
    with connected(lease) as opened:
        yield opened


def connected(lease: Lease) -> httpx.Client:
    """A client of this API, with its token."""
    headers = {"Authorization": f"Bearer {TOKEN}"}
    return httpx.Client(base_url=lease.api or "", headers=headers, trust_env=False)


def test_status_says_who_answers(client: httpx.Client) -> None:
    """With the token, the API tells what the receiver says of itself."""
    answer = client.get("/api/status")
    assert answer.status_code == 200
    assert answer.json()["pid"] > 0


@pytest.mark.parametrize(
    "given", [None, "", TOKEN, "Bearer", "Bearer wrong", f"bearer {TOKEN}", "Bearer ü"]
)
@pytest.mark.parametrize("path", ["/api/status", "/api/sql", "/api/query/asked", "/nowhere"])
def test_without_the_token_nothing_is_told(lease: Lease, given: str | None, path: str) -> None:
    """A missing or wrong token gets 401 on every path, so that not even names leak."""
    headers = {} if given is None else {b"Authorization": given.encode()}
    answer = httpx.post(f"{lease.api}{path}", headers=headers, json={}, trust_env=False)
    assert answer.status_code == 401
    assert answer.json()["error"] == "unauthorized"


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost:1", 200),
        ("LOCALHOST", 200),
        ("127.0.0.1", 200),
        ("[::1]:80", 200),
        ("evil.example", 421),
        ("evil.example:4319", 421),
        ("127.0.0.1.evil.example", 421),
        ("localhost.evil.example:1", 421),
        ("localhost:1@evil.example", 421),
        ("", 421),
    ],
)
def test_only_loopback_names_are_answered(client: httpx.Client, host: str, status: int) -> None:
    """A web page that rebinds its own name to this machine is turned away, even with the token."""
    assert client.get("/api/status", headers={"Host": host}).status_code == status


def test_browsers_get_no_permission(client: httpx.Client, lease: Lease) -> None:
    """No answer carries a CORS header, and a preflight request is refused."""
    headers = {"Origin": "http://localhost:3000", "Access-Control-Request-Method": "POST"}
    answers = [
        client.get("/api/status", headers=headers),
        httpx.request("OPTIONS", f"{lease.api}/api/sql", headers=headers, trust_env=False),
    ]
    assert [answer.status_code for answer in answers] == [200, 401]
    for answer in answers:
        assert not [name for name in answer.headers if name.startswith("access-control-")]


def test_a_saved_query_is_run_by_name(client: httpx.Client, asked: SavedQuery) -> None:
    """Name, digest and typed values go in; an Arrow stream comes out."""
    body = {"digest": asked.digest, "parameters": {"n": {"type": "BIGINT", "value": "41"}}}
    answer = client.post("/api/query/asked", json=body)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == ARROW_STREAM
    assert decode_table(answer.content).to_pylist() == [{"n": 42}]


def test_sql_is_run_in_the_sandbox(client: httpx.Client) -> None:
    """A statement gets its first rows, and a header says when there were more."""
    sql = "SELECT i FROM range(5) t(i) ORDER BY i"
    cut = client.post("/api/sql", json={"sql": sql, "rows_max": 2})
    assert decode_table(cut.content).to_pylist() == [{"i": 0}, {"i": 1}]
    assert cut.headers[TRUNCATED_HEADER] == "true"
    whole = client.post("/api/sql", json={"sql": sql})
    assert decode_table(whole.content).num_rows == 5
    assert whole.headers[TRUNCATED_HEADER] == "false"


DIGEST = "0" * 64
REFUSED: list[tuple[str, Json, int, str, str]] = [
    ("/api/sql", {}, 400, "malformed", "'sql' is not a text"),
    ("/api/sql", {"sql": ["SELECT 1"]}, 400, "malformed", "'sql' is not a text"),
    ("/api/sql", [], 400, "malformed", "not a JSON object"),
    ("/api/sql", {"sql": "SELECT 1", "rows_max": 0}, 400, "malformed", "'rows_max' is 0"),
    ("/api/sql", {"sql": "SELECT 1", "rows_max": True}, 400, "malformed", "'rows_max' is True"),
    ("/api/sql", {"sql": "SELECT 1", "timeout_s": "5"}, 400, "malformed", "'timeout_s' is '5'"),
    ("/api/sql", {"sql": "SELECT 1", "parameters": []}, 400, "malformed", "not an object"),
    ("/api/sql", {"sql": "SELECT 1", "parameters": {"a": 1}}, 400, "malformed", "parameter 'a'"),
    (
        "/api/sql",
        {"sql": "SELECT $a", "parameters": {"a": {"type": "TEXT", "value": "x"}}},
        400,
        "malformed",
        "parameter 'a'",
    ),
    (
        "/api/sql",
        {"sql": "SELECT $a", "parameters": {"a": {"type": "BIGINT", "value": "x"}}},
        400,
        "parameter",
        "parameter 'a': 'x' is not a whole number",
    ),
    ("/api/sql", {"sql": "SELEC 1"}, 400, "failed", "syntax error"),
    ("/api/sql", {"sql": "DROP TABLE x"}, 403, "refused", "only a SELECT"),
    ("/api/sql", {"sql": "FROM read_csv('/etc/passwd')"}, 403, "refused", "read_csv() is not"),
    ("/api/sql", {"sql": ENDLESS, "timeout_s": 0.1}, 504, "timeout", "no answer within 0.1 s"),
    ("/api/query/aske", {}, 404, "unknown_query", "Did you mean 'asked'?"),
    ("/api/query/asked", {"digest": DIGEST}, 409, "other_edition", "another one here"),
    ("/api/query/asked", {"sql": "SELECT 1"}, 409, "other_edition", "another one here"),
    ("/api/mark", {"service_name": "a"}, 400, "malformed", "service_version"),
    ("/api/mark", {"service_name": "a", "service_version": ""}, 400, "malformed", "one is empty"),
    ("/api/mark", {"service_name": 1, "service_version": "1"}, 400, "malformed", "is 1, not str"),
    ("/api/mark", {"service_name": "a", "x": "1"}, 400, "malformed", "'mark' takes an object of"),
    ("/api/resolve", {"note": "no"}, 400, "malformed", "fingerprint"),
    ("/api/resolve", {"fingerprint": ""}, 400, "malformed", "about one fingerprint"),
    ("/api/resolve", {"fingerprint": "a" * 65}, 400, "malformed", "1 to 64 characters"),
    ("/api/resolve", {"fingerprint": "abc", "withdrawn": 1}, 400, "malformed", "is 1, not bool"),
    ("/api/resolve", {"fingerprint": "abc", "exception_type": "E"}, 400, "malformed", "takes an"),
    ("/api/silence", {"fingerprint": "a", "until_unix_nano": "9"}, 400, "malformed", "int or null"),
]


@pytest.mark.parametrize(("path", "body", "status", "kind", "message"), REFUSED)
def test_refusals_have_a_kind_and_a_reason(
    client: httpx.Client, path: str, body: Json, status: int, kind: str, message: str
) -> None:
    """What cannot be answered gets its status, its kind for programs and its reason for people."""
    answer = client.post(path, json=body)
    assert (answer.status_code, answer.json()["error"]) == (status, kind)
    assert message in answer.json()["message"]


def test_a_missing_parameter_is_named(client: httpx.Client, asked: SavedQuery) -> None:
    """The receiver checks the values of a saved query itself, whoever asks."""
    answer = client.post("/api/query/asked", json={"digest": asked.digest})
    assert answer.json()["error"] == "parameter"
    assert "needs parameter 'n'" in answer.json()["message"]


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"[" * 100_000, b"1"])
def test_a_body_that_is_no_json_is_refused(client: httpx.Client, content: bytes) -> None:
    """Hostile bodies are answered, not crashed on."""
    answer = client.post("/api/sql", content=content)
    assert (answer.status_code, answer.json()["error"]) == (400, "malformed")


def test_a_body_is_read_no_further_than_its_limit(client: httpx.Client) -> None:
    """A body without end does not fill the receiver's memory."""
    answer = client.post("/api/sql", content=b" " * (BODY_BYTES_MAX + 1))
    assert answer.status_code == 400
    assert "larger than" in answer.json()["message"]


def test_questions_beyond_the_limit_are_refused(tmp_path: Path) -> None:
    """So many questions run and wait at a time; the next is told to come back, and marks pass."""
    store = tmp_path / "s.duckdb"
    arrived, release = threading.Event(), threading.Event()
    answers: list[int] = []

    def gate() -> None:
        arrived.set()
        release.wait()

    def occupy() -> None:
        with open_database(store) as database:
            answers.append(database.sql("SELECT 1").table.num_rows)

    limits = ApiLimits(queries_max=1, waiting_max=0)
    with serving_api(store, limits=limits, gate=gate) as lease, connected(lease) as client:
        occupying = threading.Thread(target=occupy)
        occupying.start()
        arrived.wait()
        refused = client.post("/api/sql", json={"sql": "SELECT 1"})
        assert (refused.status_code, refused.json()["error"]) == (503, "busy")
        assert refused.headers["Retry-After"] == "1"
        with open_database(store) as database, pytest.raises(ReceiverOverloaded, match="busy"):
            database.sql("SELECT 1")
        assert client.get("/api/status").status_code == 200
        mark_deployment(store, MARK)
        release.set()
        occupying.join()
        assert client.post("/api/sql", json={"sql": "SELECT 1"}).status_code == 200
    assert answers == [1]


def test_questions_wait_their_turn(tmp_path: Path) -> None:
    """Many who ask at once are all answered, though few run side by side."""
    store = tmp_path / "s.duckdb"
    answers: list[int] = []

    def ask(number: int) -> None:
        with open_database(store) as database:
            table = database.sql("SELECT $n AS n", {"n": number}).table
            answers.append(int(table.column("n")[0].as_py()))

    with serving_api(store, limits=ApiLimits(queries_max=2, waiting_max=20)):
        threads = [threading.Thread(target=ask, args=(number,)) for number in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(answers) == list(range(16))


def test_a_mark_that_cannot_be_stored_now_is_not_lost_silently(tmp_path: Path) -> None:
    """A receiver that cannot write says so: busy when it may pass, failed when nobody knows."""
    errors: list[Exception] = [Unavailable("the disk is full.", 1.0), RuntimeError("a secret")]

    def fail(_told: Statement) -> None:
        raise errors.pop(0)

    store = tmp_path / "s.duckdb"
    with serving_api(store, tell=fail) as lease, connected(lease) as client:
        with pytest.raises(StoreError, match="the disk is full"):
            mark_deployment(store, MARK)
        body = {"service_name": "cart", "service_version": "1.0"}
        answer = client.post("/api/mark", json=body)
        assert answer.status_code == 500
        assert "secret" not in answer.text


def test_the_packaged_catalogue_is_served(tmp_path: Path) -> None:
    """A receiver answers every query that is shipped, by its name and digest."""
    with serving_api(tmp_path / "s.duckdb") as lease, connected(lease) as client:
        for query in Catalog.load():
            given = {
                p.name: {"type": p.type, "value": "[]" if p.name == "looks" else VALUES[p.type]}
                for p in query.parameters
                if p.required
            }
            body = {"digest": query.digest, "parameters": given}
            answer = client.post(f"/api/query/{query.name}", json=body)
            assert answer.status_code == 200, answer.text


def test_a_mark_is_stored_as_sent(tmp_path: Path) -> None:
    """A mark posted by hand is a row of the store, with its time when none is sent."""
    store = tmp_path / "s.duckdb"
    with serving_api(store) as lease, connected(lease) as client:
        body = {"service_name": "cart", "service_version": "1.0", "irreversible": True}
        assert client.post("/api/mark", json=body).json() == {}
    with closing(open_store(store)) as connection:
        rows = connection.sql("FROM store.deployment_marks").to_arrow_table().to_pylist()
    assert [(row["service_name"], row["irreversible"], row["note"]) for row in rows] == [
        ("cart", True, None)
    ]
    assert rows[0]["marked_at_unix_nano"] > 1_700_000_000 * 10**9
