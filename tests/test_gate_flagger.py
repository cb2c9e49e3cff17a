"""`/flagger/gate` and `/flagger/rollback` of a real receiver, asked as Flagger asks."""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from analysis.serving import running
from analysis.verdict.thresholds import Thresholds
from receiver.settings import ReceiverSettings
from tests.gated import ANY_PORT, HEALTHY, fill_healthy, fill_marked_shop, gates
from tests.shop import fill_shop

GATE, ROLLBACK = "/flagger/gate", "/flagger/rollback"


def payload(**metadata: object) -> dict[str, Any]:
    """What Flagger 1.36 sends: fluxcd/flagger, pkg/apis/flagger/v1beta1, CanaryWebhookPayload."""
    return {
        "name": "checkout",
        "namespace": "shop",
        "phase": "Progressing",
        "checksum": "7dcb4b4bd5",
        "metadata": {"version": "1.4.0", **metadata},
    }


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shop, where 1.4.0 is to be rolled back."""
    return fill_marked_shop(tmp_path_factory.mktemp("shop") / "shop.duckdb")


@pytest.fixture(scope="module")
def client(store: Path) -> Iterator[httpx.Client]:
    """A client of the gates of a receiver that holds the store."""
    with (
        gates(store) as serving,
        httpx.Client(base_url=f"http://{serving.gate}", trust_env=False, timeout=30) as opened,
    ):
        yield opened


def test_a_bad_version_is_not_promoted_and_rolled_back(client: httpx.Client) -> None:
    """The gate says no with 412, the rollback hook yes with 200, both with the reason as text."""
    gate, rollback = client.post(GATE, json=payload()), client.post(ROLLBACK, json=payload())
    assert (gate.status_code, rollback.status_code) == (412, 200)
    for answer in (gate, rollback):
        assert answer.headers["content-type"] == "text/plain; charset=utf-8"
        assert answer.text.startswith("fail: checkout 1.4.0 is roll_back. ")
        assert answer.text.count("\n") == 1
        assert len(answer.text) <= 401


def test_a_good_version_is_promoted(tmp_path: Path) -> None:
    """Of a healthy version the gate says yes with 200, and the rollback hook no with 412."""
    with gates(fill_healthy(tmp_path / "s.duckdb")) as serving:
        gate = httpx.post(f"http://{serving.gate}{GATE}", json=payload(**HEALTHY), timeout=30)
        back = httpx.post(f"http://{serving.gate}{ROLLBACK}", json=payload(**HEALTHY), timeout=30)
    assert (gate.status_code, back.status_code) == (200, 412), gate.text
    assert gate.text.startswith("pass: checkout 1.1 is healthy.")


@pytest.mark.parametrize(
    ("metadata", "said"),
    [
        ({"version": "2.0"}, "wait: checkout 2.0 is not_enough_data"),
        ({"version": "9"}, "has no version '9'"),
        ({"service": "chekout"}, "Did you mean 'checkout'?"),
        ({"environment": "prdo"}, "Did you mean 'prod'?"),
        ({"version": ""}, "has no 'version'"),
        ({"version": 1}, "'version' is missing or is not a text"),
        ({"service": None}, "'service' is missing or is not a text"),
        ({"window": "soon"}, "'soon' is not a duration"),
    ],
)
def test_no_is_412_for_both(client: httpx.Client, metadata: dict[str, Any], said: str) -> None:
    """What is undecided, unknown or a mistake holds a canary, and rolls back nothing."""
    for path in (GATE, ROLLBACK):
        answer = client.post(path, json=payload(**metadata))
        assert answer.status_code == 412
        assert said in answer.text


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "not JSON"),
        (b"\xff", "not JSON"),
        (b"[" * 100_000, "larger than 65536 bytes"),
        (b"[" * 60_000, "not JSON"),
        (b"[]", "not a JSON object"),
        (b"{}", "'service' is missing"),
        (b'{"name": "checkout", "metadata": null}', "has no 'version'"),
        (b'{"name": "checkout", "metadata": ["version"]}', "'metadata' is not an object"),
        (b'{"name": "\\ud800", "metadata": {"version": "\\u001b[2J"}}', "wait: "),
    ],
)
def test_what_cannot_be_read_is_no(
    client: httpx.Client, caplog: pytest.LogCaptureFixture, content: bytes, said: str
) -> None:
    """A body that is no webhook's is answered with 412 and text by both, and logged."""
    for path in (GATE, ROLLBACK):
        caplog.clear()
        answer = client.post(path, content=content)
        assert answer.status_code == 412
        assert said in answer.text
        assert answer.text.strip().isprintable()
        if said != "wait: ":
            assert path in caplog.text
            assert all(record.levelno == logging.WARNING for record in caplog.records)


def test_other_metadata_is_left_alone(client: httpx.Client) -> None:
    """Metadata that means something to others, and an event's, changes nothing."""
    more = {"cmd": "hey -z 1m http://checkout", "eventType": "Normal", "namespace": "x"}
    assert client.post(GATE, json=payload(**more)).text == client.post(GATE, json=payload()).text


def test_the_gate_can_be_asked_by_hand(client: httpx.Client) -> None:
    """GET takes the parameters of `/api/gate`; a rollback hook is never asked by mistake."""
    answer = client.get(GATE, params={"service": "checkout", "version": "1.4.0"})
    assert answer.status_code == 412
    assert answer.text == client.post(GATE, json=payload()).text
    assert client.get(GATE, params={"service": "checkout", "servce": "x"}).status_code == 412
    assert client.get(ROLLBACK, params={"service": "checkout"}).status_code == 405


def test_a_bug_rolls_back_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """An error that nobody expected is logged and told to nobody; both hooks answer 412."""

    def broken(_service: str) -> Thresholds:
        raise ZeroDivisionError("of our own")

    store = fill_shop(tmp_path / "s.duckdb")
    settings = ReceiverSettings(store=store, grpc=ANY_PORT, http=ANY_PORT)
    with running(settings, None, broken, ANY_PORT) as serving:
        for path in (GATE, ROLLBACK):
            answer = httpx.post(f"http://{serving.gate}{path}", json=payload(), timeout=30)
            assert answer.status_code == 412
            assert answer.text == "wait: the receiver failed; its log says more.\n"
    assert "of our own" in caplog.text
