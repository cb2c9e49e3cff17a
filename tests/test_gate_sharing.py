"""Many who ask the same at once get one answer: real HTTP, many at a time."""

import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from analysis.api.turns import ApiLimits
from analysis.verdict.thresholds import Thresholds
from receiver.lease import Lease
from tests.api_process import serving_api
from tests.shop import fill_shop

NEW = {"service": "checkout", "version": "1.4.0"}
OLD = {"service": "checkout", "version": "1.3.9"}
MANY = 60


class Counting:
    """Thresholds that count who asks for them: one for each check that is made; each waits for
    `release`."""

    def __init__(self) -> None:
        self.made = 0
        self.begun, self.release = threading.Event(), threading.Event()

    def __call__(self, _service: str) -> Thresholds:
        """The usual ones, once released."""
        self.made += 1
        self.begun.set()
        assert self.release.wait(30)
        return Thresholds()


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with the orders of the shop."""
    return fill_shop(tmp_path_factory.mktemp("shop") / "shop.duckdb")


@contextmanager
def served(shop: Path, counting: Counting, reuse_s: float = 30.0) -> Iterator[httpx.Client]:
    """A receiver that makes one check at a time, and lets nobody wait."""
    limits = ApiLimits(queries_max=1, waiting_max=1)
    served_by = serving_api(
        shop, limits=limits, thresholds=counting, answer_s=60.0, reuse_s=reuse_s
    )
    with served_by as lease, connected(lease) as client:
        try:
            yield client
        finally:
            counting.release.set()


def connected(lease: Lease) -> httpx.Client:
    """A client that opens a connection for each question that is asked at a time."""
    headers = {"Authorization": f"Bearer {lease.token}"}
    return httpx.Client(base_url=lease.api or "", headers=headers, trust_env=False)


def asked(
    client: httpx.Client, given: Mapping[str, str], path: str = "/api/gate", wait_s: float = 60.0
) -> httpx.Response:
    """One question."""
    return client.get(path, params=dict(given), timeout=wait_s)


def test_they_share_one_check(shop: Path) -> None:
    """Sixty gates that ask the same while it is found get the same answer from one check, though
    the receiver makes one at a time and lets one wait."""
    counting = Counting()
    with served(shop, counting) as client, ThreadPoolExecutor(MANY) as askers:
        first = askers.submit(asked, client, NEW)
        assert counting.begun.wait(30)
        rest = [askers.submit(asked, client, NEW) for _ in range(MANY - 1)]
        time.sleep(0.5)  # they have come; whoever comes later is served from the finished one
        counting.release.set()
        answers = [one.result() for one in (first, *rest)]
    assert counting.made == 1
    assert {answer.status_code for answer in answers} == {200}
    assert {answer.text for answer in answers} == {answers[0].text}
    assert answers[0].json()["gate"] == "fail"


def test_check_and_gate_share(shop: Path) -> None:
    """The whole check and the gate of it are one question; another version is another."""
    counting = Counting()
    counting.release.set()
    with served(shop, counting) as client:
        whole = asked(client, NEW, "/api/check").json()
        again = asked(client, NEW, "/api/check").json()
        assert asked(client, NEW).json()["reasons"] == whole["reasons"]
        assert counting.made == 1
        assert again["generated_at"] == whole["generated_at"]
        asked(client, OLD)
        asked(client, {**NEW, "environment": "prod"})
    assert counting.made == 3


def test_an_answer_ages(shop: Path) -> None:
    """A finished answer is given again for a moment only."""
    counting = Counting()
    counting.release.set()
    with served(shop, counting, reuse_s=0.0) as client:
        asked(client, NEW)
        time.sleep(0.05)
        asked(client, NEW)
    assert counting.made == 2


def test_a_failure_is_not_kept(shop: Path) -> None:
    """Who asks after a check that failed gets another one."""
    calls: list[str] = []

    def broken_once(service: str) -> Thresholds:
        calls.append(service)
        if len(calls) == 1:
            raise ZeroDivisionError("of our own")
        return Thresholds()

    with serving_api(shop, thresholds=broken_once) as lease, connected(lease) as client:
        assert asked(client, NEW).json()["gate"] == "wait"
        assert asked(client, NEW).json()["gate"] == "fail"
    assert len(calls) == 2


def test_one_who_leaves_takes_nothing_from_the_rest(shop: Path) -> None:
    """Who gives up early does not end the question of those who still wait."""
    counting = Counting()
    with served(shop, counting) as client, ThreadPoolExecutor(2) as askers:
        impatient = askers.submit(asked, client, NEW, wait_s=0.3)
        assert counting.begun.wait(30)
        patient = askers.submit(asked, client, NEW)
        with pytest.raises(httpx.ReadTimeout):
            impatient.result()
        time.sleep(1.2)  # twice as long as it takes to notice who has left
        counting.release.set()
        assert patient.result().json()["gate"] == "fail"
    assert counting.made == 1
