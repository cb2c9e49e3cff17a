"""`GET /api/check` and `/api/gate` of a real receiver: what a rollout controller gets."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from analysis.api.turns import ApiLimits
from analysis.database import mark_deployment
from analysis.serving import running
from analysis.verdict.thresholds import Thresholds
from receiver.lease import Lease, read_lease
from receiver.settings import Address, ReceiverSettings
from receiver.storage.marks import DeploymentMark
from tests.api_process import TOKEN, serving_api
from tests.command_line import deploylens
from tests.ingest import stored
from tests.shop import fill_shop

ANY_PORT = Address("127.0.0.1", 0)
NEW = {"service": "checkout", "version": "1.4.0"}
STRICT = 0.001
ENDLESS = "SELECT count(*) FROM range(100000000) a, range(100000000) b"


def thresholds(_service: str) -> Thresholds:
    """Thresholds of a file that wants more proof."""
    return Thresholds(alpha=STRICT, origins={"alpha": "deploylens.toml [verdict]"})


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with the orders of the shop, and a version that was only marked."""
    filled = fill_shop(tmp_path_factory.mktemp("shop") / "shop.duckdb")
    mark_deployment(filled, DeploymentMark(service_name="checkout", service_version="2.0"))
    return filled


@pytest.fixture(scope="module")
def client(store: Path) -> Iterator[httpx.Client]:
    """A client of a receiver that holds the store."""
    settings = ReceiverSettings(store=store, grpc=ANY_PORT, http=ANY_PORT)
    with running(settings, ANY_PORT, thresholds):
        lease = read_lease(store)
        assert lease is not None
        with connected(lease) as opened:
            yield opened


def connected(lease: Lease) -> httpx.Client:
    """A client of this API, with its token."""
    headers = {"Authorization": f"Bearer {lease.token}"}
    return httpx.Client(base_url=lease.api or "", headers=headers, trust_env=False, timeout=30)


def without_time(document: dict[str, Any]) -> dict[str, Any]:
    """The check but for the moment it was made at."""
    return {name: value for name, value in document.items() if name != "generated_at"}


def test_the_check_is_that_of_the_command(
    client: httpx.Client, store: Path, tmp_path: Path
) -> None:
    """The API answers what `deploylens check --format json` prints, with the same thresholds."""
    (tmp_path / "deploylens.toml").write_text(f"[verdict]\nalpha = {STRICT}\n")
    answer = client.get("/api/check", params=NEW)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    ended = deploylens("check", "checkout@1.4.0", "--format", "json", store=store, here=tmp_path)
    assert without_time(answer.json()) == without_time(json.loads(ended.out))
    assert answer.json()["failure_rate"]["alpha"] == STRICT


def test_the_gate_is_that_of_the_check(client: httpx.Client) -> None:
    """Gate, verdict and reasons are those of the whole check."""
    whole = client.get("/api/check", params=NEW).json()
    gate = client.get("/api/gate", params=NEW)
    assert gate.status_code == 200
    assert gate.json() == {name: whole[name] for name in ("gate", "verdict", "reasons")}
    assert gate.json()["gate"] == "fail"


def test_the_past_can_be_asked(client: httpx.Client) -> None:
    """`at` judges as of a moment, and `since` begins the window; both read nothing else."""
    early = client.get("/api/check", params={**NEW, "at": "2026-11-21T10:31:00Z"}).json()
    assert early["deployment"]["requests"] == 2
    assert early["gate"] == "wait"
    late = client.get("/api/check", params={**NEW, "since": "2026-11-21T10:35:00Z"}).json()
    assert late["deployment"]["requests"] == 10


def test_empty_parameters_are_not_given(client: httpx.Client) -> None:
    """A template may leave a parameter empty; only the version may be meant to be."""
    given = {"environment": "", "deployment_id": "", "baseline": "", "at": "", "since": ""}
    whole = client.get("/api/check", params={**NEW, **given})
    assert without_time(whole.json()) == without_time(client.get("/api/check", params=NEW).json())
    assert client.get("/api/check", params={**NEW, "version": ""}).status_code == 404


def test_a_deployment_can_be_named_whole(client: httpx.Client) -> None:
    """`deployment` names it as on the command line, and `window` is the first minutes of it."""
    named = {"deployment": "checkout@1.4.0"}
    whole = client.get("/api/check", params=named)
    assert without_time(whole.json()) == without_time(client.get("/api/check", params=NEW).json())
    window = client.get("/api/check", params={**named, "window": "3m"})
    assert window.json()["deployment"]["requests"] == 6
    unknown = client.get("/api/check", params={"deployment": "chekout@1.4.0"})
    assert (unknown.status_code, unknown.json()["error"]) == (404, "unknown_deployment")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"service": "chekout"}, "Did you mean 'checkout'?"),
        ({"version": "1.4.1"}, "has no version '1.4.1'"),
        ({"environment": "prdo"}, "Did you mean 'prod'?"),
        ({"baseline": "7"}, "has no version '7'"),
        ({"at": "2020-01-01"}, "checkout"),
    ],
)
def test_what_is_not_stored_waits(client: httpx.Client, changed: dict[str, str], said: str) -> None:
    """Of an unknown deployment the check is 404 and says what there is; the gate is 200 and waits,
    for it may come yet."""
    whole = client.get("/api/check", params={**NEW, **changed})
    assert (whole.status_code, whole.json()["error"]) == (404, "unknown_deployment")
    assert said in whole.json()["message"]
    gate = client.get("/api/gate", params={**NEW, **changed})
    assert gate.status_code == 200
    assert gate.json() == {
        "gate": "wait",
        "verdict": "not_enough_data",
        "reasons": [whole.json()["message"]],
    }


def test_a_marked_deployment_waits(client: httpx.Client) -> None:
    """A version that was marked and sent nothing is known, and nothing is known of it."""
    marked = {"service": "checkout", "version": "2.0"}
    assert client.get("/api/check", params=marked).status_code == 200
    assert client.get("/api/gate", params=marked).json()["gate"] == "wait"


@pytest.mark.parametrize("path", ["/api/check", "/api/gate"])
@pytest.mark.parametrize(
    ("query", "kind", "said"),
    [
        ("", "malformed", "'service' and 'version' name the deployment"),
        ("service=checkout", "malformed", "'service' and 'version'"),
        ("service=&version=1", "malformed", "'service' and 'version'"),
        ("service=a&version=1&servce=b", "malformed", "Did you mean 'service'?"),
        ("service=a&version=1&version=2", "malformed", "'version' was given twice"),
        ("service=a&version=1&deployment=a@1", "malformed", "or 'deployment' alone"),
        ("service=a&deployment=a@1", "malformed", "or 'deployment' alone"),
        ("service=a&version=1&window=soon", "parameter", "'soon' is not a duration"),
        ("service=checkout&version=1.4.0&at=soon", "parameter", "'soon' is not a time"),
        ("service=checkout&version=1.4.0&since=%00", "parameter", "is not a time"),
    ],
)
def test_what_makes_no_sense_is_refused(
    client: httpx.Client, path: str, query: str, kind: str, said: str
) -> None:
    """A parameter that is missing, unknown or not of its type is an error, also for the gate."""
    answer = client.get(f"{path}?{query}")
    assert (answer.status_code, answer.json()["error"]) == (400, kind)
    assert said in answer.json()["message"]


@pytest.mark.parametrize("path", ["/api/check", "/api/gate"])
def test_it_is_guarded_as_the_rest(client: httpx.Client, path: str) -> None:
    """Without the token nothing is told, nor to a name that is not loopback; and GET only."""
    url = client.base_url.join(path)
    assert httpx.get(url, params=NEW, trust_env=False).status_code == 401
    assert client.get(path, params=NEW, headers={"Host": "evil.example"}).status_code == 421
    assert client.post(path, params=NEW).status_code == 405


@pytest.mark.parametrize(
    ("waiting_max", "said"), [(0, "questions are being answered"), (1, "took the receiver for")]
)
def test_a_busy_receiver_waits(tmp_path: Path, waiting_max: int, said: str) -> None:
    """A check takes its turn among all questions; when there is none in time the check says so
    with 503, and the gate waits, for a controller takes an error for a failed deployment."""
    store = tmp_path / "s.duckdb"
    stored(store)
    begun, release = threading.Event(), threading.Event()

    def gate() -> None:
        begun.set()
        release.wait(30)

    limits = ApiLimits(queries_max=1, waiting_max=waiting_max)
    with serving_api(store, limits=limits, gate=gate, answer_s=0.2) as lease:
        asking = threading.Thread(target=lambda: slow(lease))
        asking.start()
        try:
            assert begun.wait(30)
            with connected(lease) as client:
                whole = client.get("/api/check", params=NEW)
                answer = client.get("/api/gate", params=NEW)
        finally:
            release.set()
            asking.join()
    assert (whole.status_code, whole.json()["error"]) == (503, "busy")
    assert (answer.status_code, answer.json()["gate"]) == (200, "wait")
    assert said in answer.json()["reasons"][0]


def slow(lease: Lease) -> None:
    """A question of somebody else."""
    with connected(lease) as client:
        client.post("/api/sql", json={"sql": "SELECT 1"})


def test_an_answer_has_its_time(tmp_path: Path) -> None:
    """A check that is not made in time says so with 504, and the gate waits."""
    store = tmp_path / "s.duckdb"
    stored(store)
    with serving_api(store, answer_s=0.0001) as lease, connected(lease) as client:
        whole = client.get("/api/check", params=NEW)
        answer = client.get("/api/gate", params=NEW)
    assert whole.status_code in (503, 504)
    assert (answer.status_code, answer.json()["gate"]) == (200, "wait")


def test_a_bug_rolls_back_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """An error that nobody expected is logged; the check answers 500, the gate waits."""

    def broken(_service: str) -> Thresholds:
        raise ZeroDivisionError("of our own")

    store = fill_shop(tmp_path / "s.duckdb")
    with serving_api(store, thresholds=broken) as lease, connected(lease) as client:
        whole = client.get("/api/check", params=NEW)
        answer = client.get("/api/gate", params=NEW)
    assert (whole.status_code, whole.json()["error"]) == (500, "failed")
    assert answer.status_code == 200
    assert answer.json()["gate"] == "wait"
    assert answer.json()["reasons"] == ["the receiver failed; its log says more."]
    assert "of our own" not in whole.text + answer.text
    assert "of our own" in caplog.text


def test_the_token_is_that_of_the_lease(client: httpx.Client) -> None:
    """The tests above could fail: another token gets nothing."""
    other = {"Authorization": f"Bearer {TOKEN}"}
    assert client.get("/api/gate", params=NEW, headers=other).status_code == 401
