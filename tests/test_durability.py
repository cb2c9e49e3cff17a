"""What was acknowledged is in the store, once, whatever happens to the receiver."""

import contextlib
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import duckdb
import grpc
import pytest

from benchmarks.crash import measure
from receiver.export_request import read_request
from receiver.lease import lease_path, read_lease
from receiver.pipeline import Pipeline
from receiver.server import Receiver
from receiver.settings import Address, ReceiverSettings
from receiver.signals import Signal
from receiver.storage.writer import Writer
from tests.ingest import trace_request
from tests.load import Load, all_ways, loading, running_load, trace_id
from tests.mounted import mounted
from tests.reckoning import reckon
from tests.served import ROOT, Addresses, free_addresses, rows, serving, wait_for_lease

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
    """Every acknowledged request is stored, each stored one whole and once."""
    reckoning = reckon(store, load)
    assert reckoning.faults == {}
    assert reckoning.requests_acked == load.requests > 0


def test_kills_in_the_middle_of_a_load(tmp_path: Path) -> None:
    """After SIGKILLs at random moments, over every transport, what was acknowledged is there once.

    Also while it starts, and in the middle of checkpoints; `benchmarks.crash` is the long form.
    """
    result = measure(tmp_path / "s.duckdb", kills=5, seed=7)
    assert result.reckoning.faults == {}
    assert result.marks_missing == 0
    assert result.reckoning.requests_acked >= 5
    assert "StatusCode.UNAVAILABLE" in result.resent


def test_a_lost_request_is_seen(tmp_path: Path) -> None:
    """The comparison finds a request that is missing, one that is doubled, and one in part."""
    store, addresses = tmp_path / "s.duckdb", free_addresses()
    with serving(store, addresses), loading(addresses.grpc, clients=3, spans=SPANS) as load:
        load.wait_for(12)
        load.stop()
    with duckdb.connect(str(store)) as connection:
        spans = [trace_id(client, 1) for client in range(3)]
        connection.execute("DELETE FROM spans WHERE trace_id = ?", [spans[0]])
        connection.execute("INSERT INTO spans FROM spans WHERE trace_id = ?", [spans[1]])
        connection.execute("DELETE FROM spans WHERE trace_id = ? AND span_id = 1", [spans[2]])
    faults = reckon(store, load).faults
    assert (faults["missing"], faults["doubled"], faults["partial"]) == (1, 1, 1)


def test_terminate_in_the_middle_of_a_load(tmp_path: Path) -> None:
    """On SIGTERM the receiver stores and answers what it took and leaves no lease and no log."""
    store, addresses = tmp_path / "s.duckdb", free_addresses()
    with running_load(Load(all_ways(addresses), [1, SPANS, 1000])) as load:
        for _ in range(2):
            with serving(store, addresses):
                load.wait_for(load.requests + 40)
        load.stop()
    assert_each_once(store, load)
    assert not lease_path(store).exists()
    assert not store.with_name(store.name + ".wal").exists()


def test_terminate_while_a_question_is_endless(tmp_path: Path) -> None:
    """A question that would run for hours does not hold up the end, and the log is written away."""
    store, addresses = tmp_path / "s.duckdb", free_addresses()
    endless = "SELECT count(*) FROM range(1000000000000) t(i) WHERE hash(i) = 1"
    command = [sys.executable, "-m", "analysis", "--store", str(store), "sql", endless]
    with loading(addresses.grpc, spans=SPANS) as load:
        with serving(store, addresses):
            load.wait_for(10)
            with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL) as asking:
                time.sleep(2)
                assert asking.poll() is None
                load.wait_for(load.requests + 10)
                asking.kill()
        load.stop()
    assert_each_once(store, load)
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
    with mounted("size=24m") as folder:
        yield folder


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


def test_checkpoints_in_the_middle_of_a_load(tmp_path: Path) -> None:
    """Checkpoints during a load lose and double nothing, and the load goes on."""
    store = tmp_path / "s.duckdb"
    free = Address("127.0.0.1", 0)
    settings = ReceiverSettings(store=store, grpc=free, http=free)
    receiver = Receiver(settings)
    receiver.start()
    addresses = Addresses(str(receiver.grpc_address), str(receiver.http_address), "")
    with running_load(Load(all_ways(addresses), [1, SPANS, 1000])) as load:
        for _ in range(10):
            load.wait_for(load.requests + 5)
            receiver.writer.checkpoint(patience_s=0.0)
        load.wait_for(load.requests + 5)
        load.stop()
    receiver.drain()
    receiver.close()
    assert_each_once(store, load)


def test_the_clock_jumps(tmp_path: Path) -> None:
    """A wall clock that jumps by years, both ways, keeps no request waiting, lost or doubled."""
    store = tmp_path / "s.duckdb"
    now = time.time_ns()
    jumps = [now, now - 10**18, now + 10**18, 0, 2**62, now]
    payloads = [trace_request({"n": n}).SerializeToString() for n in range(len(jumps))]
    for _ in range(2):
        writer = Writer(store, lock_wait_s=0)
        pipeline = Pipeline(writer, ReceiverSettings(store=store))
        pipeline.start()
        for received_at_unix_nano, payload in zip(jumps, payloads, strict=True):
            request = read_request(Signal.TRACES, "test", payload, received_at_unix_nano)
            pipeline.submit(request).answer.result(30)
        pipeline.close()
        writer.close()
    found = rows(
        store, "SELECT received_at_unix_nano AS at FROM export_requests ORDER BY request_id"
    )
    assert [one["at"] for one in found] == jumps
    assert len(rows(store, "FROM spans")) == len(jumps)


def second_receiver(store: Path, addresses: Addresses) -> subprocess.CompletedProcess[str]:
    """A `deploylens serve` that is expected to give up."""
    command = [sys.executable, "-m", "analysis", "serve", "--store", str(store)]
    command += ["--grpc", addresses.grpc, "--http", addresses.http, "--api", addresses.api]
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )


def test_two_receivers(tmp_path: Path) -> None:
    """A second receiver on the same store, or on a port of the first, gives up and says on what;
    the first goes on."""
    store, addresses, others = tmp_path / "s.duckdb", free_addresses(), free_addresses()
    with loading(addresses.grpc, spans=SPANS) as load, serving(store, addresses):
        wait_for_lease(store)
        lease = read_lease(store)
        assert lease is not None
        same_store = second_receiver(store, others)
        assert same_store.returncode == 3
        assert f"held by process {lease.pid}" in same_store.stderr
        taken = [
            (replace(others, grpc=addresses.grpc), "--grpc"),
            (replace(others, http=addresses.http), "--http"),
            (replace(others, api=addresses.api), "--api"),
        ]
        for asked, flag in taken:
            same_port = second_receiver(tmp_path / "other.duckdb", asked)
            assert same_port.returncode != 0
            assert flag in same_port.stderr
        assert read_lease(store) == lease
        load.wait_for(load.requests + 10)
        load.stop()
    assert_each_once(store, load)
