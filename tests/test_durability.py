"""What was acknowledged is in the store, once, whatever happens to the receiver."""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest

from receiver.lease import lease_path, read_lease
from tests.load import Load, loading
from tests.served import ROOT, Addresses, free_addresses, rows, serving

SPANS = 50


@contextlib.contextmanager
def killed_at_end(store: Path, addresses: Addresses) -> Iterator[subprocess.Popen[bytes]]:
    """`deploylens serve`, killed without warning at the end of the block."""
    command = [sys.executable, "-m", "analysis", "serve", "--store", str(store)]
    command += ["--grpc", addresses.grpc, "--http", addresses.http, "--api", addresses.api]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL) as process:
        try:
            yield process
        finally:
            process.kill()


def assert_each_once(store: Path, load: Load) -> None:
    """Every acknowledged span is stored, and no span twice."""
    found = rows(
        store,
        "SELECT service_name, flags, count(*) AS n, count(DISTINCT span_id) AS distinct_n"
        " FROM spans GROUP BY ALL",
    )
    counts = {(one["service_name"], one["flags"]): one["n"] for one in found}
    assert {one["n"] for one in found} == {SPANS}
    assert {one["distinct_n"] for one in found} == {SPANS}
    missing = [
        (client, number)
        for client, numbers in enumerate(load.acknowledged)
        for number in numbers
        if (f"client-{client}", number) not in counts
    ]
    assert missing == []


def test_kill_in_the_middle_of_a_load(tmp_path: Path) -> None:
    """After SIGKILL in the middle of a load every acknowledged span is there once."""
    store, addresses = tmp_path / "s.duckdb", free_addresses()
    with loading(addresses.grpc, spans=SPANS) as load:
        for rounds in range(1, 4):
            with killed_at_end(store, addresses):
                load.wait_for(rounds * 40)
        with serving(store, addresses):
            load.wait_for(load.requests + 20)
            load.stop()
    assert_each_once(store, load)
    assert grpc.StatusCode.UNAVAILABLE in load.refused


def test_terminate_in_the_middle_of_a_load(tmp_path: Path) -> None:
    """On SIGTERM the receiver stores and answers what it took and leaves no lease and no log."""
    store, addresses = tmp_path / "s.duckdb", free_addresses()
    with loading(addresses.grpc, spans=SPANS) as load:
        with serving(store, addresses):
            load.wait_for(40)
        load.stop()
    assert_each_once(store, load)
    assert not lease_path(store).exists()
    assert not store.with_name(store.name + ".wal").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_end_it_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    """SIGINT and SIGTERM both end an idle receiver with exit code 0."""
    store, addresses = tmp_path / "s.duckdb", free_addresses()
    with killed_at_end(store, addresses) as process:
        deadline = time.monotonic() + 30
        while read_lease(store) is None:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        process.send_signal(number)
        assert process.wait(30) == 0


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """A file system of 24 MB."""
    with tempfile.TemporaryDirectory() as folder:
        mount = ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", folder]
        if os.geteuid() != 0 or subprocess.run(mount, check=False).returncode != 0:
            pytest.skip("mounting a small file system needs root; run this test as root once")
        try:
            yield Path(folder)
        finally:
            subprocess.run(["umount", folder], check=True)


def test_full_disk_and_room_again(small_disk: Path) -> None:
    """A full disk tells senders to come back; with room again nothing acknowledged is lost."""
    store, addresses = small_disk / "s.duckdb", free_addresses()
    ballast = small_disk / "ballast"
    with loading(addresses.grpc, spans=SPANS) as load, serving(store, addresses):
        load.wait_for(40)
        load.refused.clear()
        fill(ballast)
        deadline = time.monotonic() + 60
        while not load.refused:
            assert time.monotonic() < deadline, "the full disk was never noticed"
            time.sleep(0.05)
        ballast.unlink()
        load.wait_for(load.requests + 40)
        load.stop()
    assert load.refused <= {grpc.StatusCode.UNAVAILABLE}
    assert_each_once(store, load)


def fill(ballast: Path) -> None:
    """Takes all the room there is."""
    with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(64 * 1024))
