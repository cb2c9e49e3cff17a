"""`/healthz` and `/readyz` say whether a receiver lives and takes requests, and what is wrong."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from analysis.serving import running
from receiver.errors import Unavailable
from receiver.export_request import Answer, ExportRequest, read_request
from receiver.monitoring.health import Health
from receiver.pipeline import Pipeline
from receiver.server import Receiver
from receiver.settings import Address, ReceiverSettings
from receiver.signals import Signal
from receiver.storage.writer import Writer
from tests.ingest import row, trace_request
from tests.mounted import mounted

ANY_PORT = Address("127.0.0.1", 0)
PROTOBUF = {"Content-Type": "application/x-protobuf"}


def settings(store: Path, **changes: Any) -> ReceiverSettings:  # Any: whatever the field holds
    """Free ports and this store."""
    return ReceiverSettings(store=store, grpc=ANY_PORT, http=ANY_PORT, **changes)


@contextmanager
def received(store: Path) -> Iterator[Receiver]:
    """A started receiver that has drained and is closed after the block."""
    receiver = Receiver(settings(store))
    receiver.start()
    try:
        yield receiver
    finally:
        receiver.drain()
        receiver.close()


class ThenDo(Future[Answer]):
    """An answer that does something in the thread that gives it: waits, or ends that thread."""

    def __init__(self, action: Callable[[], object]) -> None:
        super().__init__()
        self.set_running_or_notify_cancel()
        self._action = action

    def set_result(self, result: Answer) -> None:
        self._action()
        super().set_result(result)


def request(number: int, action: Callable[[], object]) -> ExportRequest:
    """A request of one span; the action is done when it is answered."""
    payload = trace_request({"n": number}).SerializeToString()
    read = read_request(Signal.TRACES, "test", payload, time.time_ns())
    return ExportRequest(
        read.signal,
        read.transport,
        read.payload,
        read.digest,
        read.record_count,
        read.received_at_unix_nano,
        ThenDo(action),
    )


def until(true: Callable[[], bool], timeout_s: float = 30.0) -> None:
    """Waits until something is so."""
    deadline = time.monotonic() + timeout_s
    while not true():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.02)


def get(receiver: Receiver, path: str) -> httpx.Response:
    """The answer of the receiver's HTTP port."""
    return httpx.get(f"http://{receiver.http_address}{path}", timeout=30)


def test_well(tmp_path: Path) -> None:
    """A receiver that is well answers 200 on both ports, without a token, with every check."""
    store = tmp_path / "s.duckdb"
    with running(settings(store), ANY_PORT) as serving:
        for address in (serving.http, serving.api):
            live = httpx.get(f"http://{address}/healthz")
            ready = httpx.get(f"http://{address}/readyz")
            assert (live.status_code, ready.status_code) == (200, 200)
            assert set(live.json()["checks"]) == {"decode_thread", "commit_thread"}
            assert set(ready.json()["checks"]) >= {"intake", "queue", "store", "disk"}
            assert ready.json()["failed"] == []
            assert httpx.head(f"http://{address}/readyz").status_code == 200


def test_the_local_api_stays_guarded(tmp_path: Path) -> None:
    """Beside the three open paths the local API wants its token, and always a loopback Host."""
    with running(settings(tmp_path / "s.duckdb"), ANY_PORT) as serving:
        base = f"http://{serving.api}"
        assert httpx.get(f"{base}/api/status").status_code == 401
        assert httpx.get(f"{base}/metrics").status_code == 200
        assert httpx.get(f"{base}/metrics/").status_code != 200
        other = {"Host": "rebound.example"}
        assert httpx.get(f"{base}/readyz", headers=other).status_code == 421


def test_a_thread_that_died(tmp_path: Path) -> None:
    """After a pipeline thread died it is not alive, says why, refuses what comes so that it is sent
    again, and can still be stopped."""

    def die() -> None:
        raise SystemExit("struck by a test")

    store = tmp_path / "s.duckdb"
    with received(store) as receiver:
        doomed = receiver.submit(request(1, die))
        until(lambda: get(receiver, "/healthz").status_code == 503)
        checks = get(receiver, "/healthz").json()
        assert checks["failed"] == ["commit_thread"]
        assert "struck by a test" in checks["checks"]["commit_thread"]["seen"]
        assert get(receiver, "/readyz").status_code == 503
        body = trace_request({"n": 2}).SerializeToString()
        url = f"http://{receiver.http_address}/v1/traces"
        assert httpx.post(url, content=body, headers=PROTOBUF).status_code == 503
        assert doomed.record_count == 1
    assert row(store, "SELECT count(*) AS n FROM spans") == {"n": 1}


def test_a_thread_that_is_stuck(tmp_path: Path) -> None:
    """A thread that is at the same group for too long is named, until it goes on."""
    store = tmp_path / "s.duckdb"
    release = threading.Event()
    with received(store) as receiver:
        pipeline = receiver.pipeline
        health = Health(pipeline, lambda: receiver.writer.connection, settings(store), stuck_s=0.1)
        taken = receiver.submit(request(1, release.wait))
        until(lambda: not health.is_live())
        (failed,) = [check for check in health.live() if not check.ok]
        assert (failed.name, failed.seen[:21]) == ("commit_thread", "at the same group for")
        assert get(receiver, "/healthz").status_code == 200, "that one waits two minutes"
        release.set()
        assert taken.answer.result(30).accepted == 1
        until(health.is_live)


def test_a_queue_that_is_full(tmp_path: Path) -> None:
    """A queue at its limit is not ready."""
    small = settings(tmp_path / "s.duckdb", queue_bytes_max=1)
    writer = Writer(small.store, lock_wait_s=0)
    pipeline = Pipeline(writer, small)  # not started, so that the request stays under way
    health = Health(pipeline, lambda: writer.connection, small)
    assert failed(health) == {"decode_thread", "commit_thread"}
    first = pipeline.submit(request(1, lambda: None))
    assert failed(health) == {"decode_thread", "commit_thread", "queue"}
    pipeline.start()
    first.answer.result(30)
    assert failed(health) == set()
    pipeline.close()
    assert "intake" in failed(health)
    writer.close()


def failed(health: Health) -> set[str]:
    """The names of the checks that are not well."""
    return {check.name for check in health.ready() if not check.ok}


def test_a_store_that_is_gone(tmp_path: Path) -> None:
    """An instance that was lost is not ready and is opened again, although nobody sends; a disk
    with too little left is not ready either."""
    store = tmp_path / "s.duckdb"
    with received(store) as receiver:
        pipeline = receiver.pipeline
        wanting = Health(
            pipeline,
            lambda: receiver.writer.connection,
            settings(store),
            disk_free_bytes_min=2**62,
        )
        assert failed(wanting) == {"disk"}
        assert failed(receiver.health) == set()
        receiver.writer.connection.close()
        assert failed(receiver.health) == {"store"}
        until(lambda: not failed(receiver.health))


def test_draining(tmp_path: Path) -> None:
    """While it drains it is alive and not ready, refuses what comes, and still answers what it had
    taken."""
    store = tmp_path / "s.duckdb"
    release = threading.Event()
    with received(store) as receiver:
        held = receiver.submit(request(1, release.wait))
        until(lambda: receiver.load().requests == 1)
        draining = threading.Thread(target=receiver.drain)
        draining.start()
        until(lambda: get(receiver, "/readyz").status_code == 503)
        until(lambda: "intake" in get(receiver, "/readyz").json()["failed"])
        assert get(receiver, "/healthz").status_code == 200
        with pytest.raises(Unavailable, match="stopping"):
            receiver.submit(request(2, lambda: None))
        release.set()
        assert held.answer.result(30).accepted == 1
        draining.join()
    assert row(store, "SELECT count(*) AS n FROM spans") == {"n": 1}


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """A file system of 48 MB."""
    with mounted("size=48m") as folder:
        yield folder


def test_a_full_disk(small_disk: Path) -> None:
    """A full disk is not ready, and with room again it is; nobody needs to send for that."""
    ballast = small_disk / "ballast"
    with received(small_disk / "s.duckdb") as receiver:
        assert get(receiver, "/readyz").status_code == 200
        ballast.write_bytes(bytes(40 * 1024 * 1024))
        assert get(receiver, "/readyz").json()["failed"] == ["disk"]
        ballast.unlink()
        assert get(receiver, "/readyz").status_code == 200
