"""How a receiver starts, is asked to stop, and is started again, in a process of its own."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from analysis.exit_code import ExitCode
from analysis.service_manager import ServiceManager
from receiver.lease import lease_path
from tests.load import Load, all_ways, running_load
from tests.reckoning import reckon
from tests.served import ROOT, Addresses, free_addresses, rows, serving


class Process:
    """`deploylens serve` with a JSON log."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        """Reads its standard error."""
        assert process.stderr is not None
        self._process, self._lines = process, process.stderr
        self.log: list[dict[str, object]] = []

    def until_said(self, message: str) -> dict[str, object]:
        """Reads the log up to a line with this message."""
        for line in self._lines:
            self.log.append(json.loads(line))
            if self.log[-1]["message"] == message:
                return self.log[-1]
        raise AssertionError(f"it never said {message!r}: {self.log}")

    def signal(self, number: signal.Signals) -> None:
        """Sends it a signal."""
        self._process.send_signal(number)

    def ended(self) -> int:
        """Its exit code, once the rest of its log is read."""
        self.log += [json.loads(line) for line in self._lines]
        return self._process.wait(60)


@contextlib.contextmanager
def logged(
    store: Path, addresses: Addresses, environ: dict[str, str] | None = None
) -> Iterator[Process]:
    """A receiver with a JSON log for the length of the block, killed at its end if it still
    runs."""
    command = [sys.executable, "-m", "analysis", "serve", "--store", str(store)]
    command += ["--grpc", addresses.grpc, "--http", addresses.http, "--api", addresses.api]
    with subprocess.Popen(
        [*command, "--log-format", "json"],
        cwd=ROOT,
        env={**os.environ, **(environ or {})},
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield Process(process)
        finally:
            process.kill()


def test_restarts_under_load_lose_nothing(tmp_path: Path) -> None:
    """Over every way to send, SIGTERM under load and a new start, three times, lose and double
    nothing that was acknowledged, and clients are only told to come back."""
    store, addresses = tmp_path / "s.duckdb", free_addresses()
    with running_load(Load(all_ways(addresses), [1, 40])) as load:
        for rounds in range(1, 4):
            with serving(store, addresses):
                load.wait_for(rounds * 60)
        with serving(store, addresses):
            load.wait_for(load.requests + 30)
            load.stop()
    assert reckon(store, load).faults == {}
    # CANCELLED is retryable in OTLP: gRPC says it to calls that a stopping server ends.
    retryable = {"StatusCode.UNAVAILABLE", "StatusCode.CANCELLED", "503", "0"}
    assert {str(refusal) for refusal in load.refused} <= retryable
    assert not store.with_name(store.name + ".wal").exists()


def test_it_says_what_it_did(tmp_path: Path) -> None:
    """The log has a line at the start with addresses and limits, and one at the end with counts."""
    store, addresses = tmp_path / "s.duckdb", free_addresses()
    with logged(store, addresses) as process:
        started = process.until_said("started")
        with running_load(Load(all_ways(addresses)[:1], [10])) as load:
            load.wait_for(5)
        process.signal(signal.SIGTERM)
        assert process.ended() == ExitCode.DONE
    assert (started["grpc"], started["store"]) == (addresses.grpc, str(store))
    assert started["queue_bytes_max"]
    stopped = process.log[-1]
    assert stopped["message"] == "stopped"
    assert stopped["accepted_spans"] == sum(row["n"] for row in rows(store, COUNT))
    assert stopped["dropped_spans"] == 0


COUNT = "SELECT count(*) AS n FROM spans"


def test_a_second_signal_ends_it_at_once(tmp_path: Path) -> None:
    """While it drains, a second signal ends it with 130, says what may be missing, and removes the
    lease; what was acknowledged is stored."""
    store, addresses = tmp_path / "s.duckdb", free_addresses()
    with logged(store, addresses) as process:
        process.until_said("started")
        with running_load(Load(all_ways(addresses)[:1], [10])) as load:
            load.wait_for(5)
        with half_sent(addresses.http):
            process.signal(signal.SIGTERM)
            process.until_said("stopping")
            time.sleep(0.3)
            process.signal(signal.SIGINT)
            assert process.ended() == ExitCode.INTERRUPTED
    assert "second signal" in str(process.log[-1]["message"])
    assert process.log[-1]["requests"] == 0
    assert not lease_path(store).exists()
    assert reckon(store, load).faults == {}


@contextlib.contextmanager
def half_sent(address: str) -> Iterator[None]:
    """A request whose body does not come, for which a server that stops waits some seconds."""
    host, _, port = address.rpartition(":")
    head = "POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-protobuf\r\n"
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(f"{head}Content-Length: 1000\r\n\r\nhalf".encode())
        time.sleep(0.2)
        yield


@pytest.mark.parametrize("which", ["grpc", "http", "api"])
def test_a_refused_start_leaves_nothing(tmp_path: Path, which: str) -> None:
    """A receiver that cannot have one of its ports leaves no file behind."""
    addresses = free_addresses()
    host, _, port = getattr(addresses, which).rpartition(":")
    folder = tmp_path / "stores"
    folder.mkdir()
    with socket.create_server((host, int(port))):
        command = [sys.executable, "-m", "analysis", "serve", "--store", str(folder / "s.duckdb")]
        command += ["--grpc", addresses.grpc, "--http", addresses.http, "--api", addresses.api]
        ended = subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
        )
    assert ended.returncode == ExitCode.NO_STORE
    assert ended.stderr.startswith("Error: cannot listen")
    assert list(folder.iterdir()) == []


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[tuple[Path, Callable[[], str]]]:
    """The socket of a service manager, and a function that gives the next thing it was told."""
    path = tmp_path / "notify.sock"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(path))
        listening.settimeout(30)
        yield path, lambda: listening.recv(4096).decode()


def test_systemd_is_told(tmp_path: Path, manager: tuple[Path, Callable[[], str]]) -> None:
    """A service manager hears that it is ready, that it lives, and that it stops."""
    path, told = manager
    environ = {"NOTIFY_SOCKET": str(path), "WATCHDOG_USEC": "400000"}
    with logged(tmp_path / "s.duckdb", free_addresses(), environ) as process:
        while not (first := told()).startswith("READY=1"):
            assert first == "WATCHDOG=1"
        process.until_said("started")
        assert "STATUS=receives on " in first
        assert told() == "WATCHDOG=1"
        process.signal(signal.SIGTERM)
        while not (last := told()).startswith("STOPPING=1"):
            assert last == "WATCHDOG=1"
        assert process.ended() == ExitCode.DONE


def test_without_a_manager_nothing_is_told() -> None:
    """Without NOTIFY_SOCKET, or with one that nobody listens on, telling does nothing."""
    ServiceManager({}).tell("READY=1")
    ServiceManager({"NOTIFY_SOCKET": "/nowhere/notify.sock"}).tell("READY=1")


def test_a_receiver_that_is_stuck_is_not_reported_alive(
    manager: tuple[Path, Callable[[], str]],
) -> None:
    """The watchdog hears nothing while the pipeline is not alive, so that systemd restarts it."""
    path, told = manager
    environ = {"NOTIFY_SOCKET": str(path), "WATCHDOG_USEC": "40000"}
    alive = [True]
    with ServiceManager(environ).watched(lambda: alive[0]):
        assert told() == "WATCHDOG=1"
        alive[0] = False
    ServiceManager(environ).tell("END=1")
    heard = [told()]
    while heard[-1] != "END=1":
        heard.append(told())
    assert len(heard) <= 2, "at most one that was on its way"
    other_process = ServiceManager({**environ, "WATCHDOG_PID": "1"})
    with other_process.watched(lambda: True):
        time.sleep(0.1)
    other_process.tell("END=2")
    assert told() == "END=2"
