"""A real `deploylens serve` in a process of its own, and what its store holds afterwards."""

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from receiver.lease import read_lease

ROOT = Path(__file__).resolve().parents[1]
_START_S = 30.0
_STOP_S = 30.0


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where a receiver listens, each as HOST:PORT."""

    grpc: str
    http: str
    api: str


def free_addresses() -> Addresses:
    """Three loopback addresses that nobody listens on now."""
    return Addresses(*(f"127.0.0.1:{port}" for port in free_ports(3)))


def free_ports(count: int) -> list[int]:
    """Distinct ports that nobody listens on now."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()


@contextmanager
def serving(store: Path, addresses: Addresses, *flags: str) -> Iterator[None]:
    """`deploylens serve` for the length of the block; it must then exit 0 on SIGTERM."""
    command = [sys.executable, "-m", "analysis", "serve", "--store", str(store)]
    command += ["--grpc", addresses.grpc, "--http", addresses.http, "--api", addresses.api]
    command += flags
    with running(command, store.with_suffix(".serve.txt"), [addresses.grpc, addresses.http]):
        wait_for_lease(store)
        yield


@contextmanager
def running(
    command: list[str],
    output: Path,
    addresses: list[str],
    environment: Mapping[str, str] | None = None,
    folder: Path = ROOT,
) -> Iterator[subprocess.Popen[bytes]]:
    """A server process in this folder for the length of the block; it must then exit 0 on SIGTERM.

    The block starts when all its addresses accept connections. The output goes to a file, whose
    text is in the message of every failure.
    """
    with (
        output.open("w") as sink,
        subprocess.Popen(
            command, cwd=folder, env=environment, stdout=sink, stderr=subprocess.STDOUT
        ) as process,
    ):
        try:
            _wait_until_listening(process, addresses, output)
            yield process
            process.send_signal(signal.SIGTERM)
            code = process.wait(_STOP_S)
            assert code == 0, f"{command[0]} exited {code}:\n{output.read_text()}"
        finally:
            process.kill()


def wait_for_lease(store: Path) -> None:
    """Waits until a receiver holds the store and says so; its ports are open before that."""
    deadline = time.monotonic() + _START_S
    while read_lease(store) is None:
        assert time.monotonic() < deadline, f"{store} is held by nobody"
        time.sleep(0.05)


def _wait_until_listening(
    process: subprocess.Popen[bytes], addresses: list[str], output: Path
) -> None:
    deadline = time.monotonic() + _START_S
    for address in addresses:
        while not listens(address):
            assert process.poll() is None, f"exited {process.returncode}:\n{output.read_text()}"
            assert time.monotonic() < deadline, f"{address} is silent:\n{output.read_text()}"
            time.sleep(0.05)


def listens(address: str) -> bool:
    """Whether somebody accepts connections there."""
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host, int(port)), timeout=1).close()
    except OSError:
        return False
    return True


def rows(store: Path, sql: str) -> list[dict[str, Any]]:  # Any: whatever the columns hold
    """The rows of a query over a store that no receiver holds, as column name to value."""
    with duckdb.connect(str(store), read_only=True) as connection:
        result = connection.execute(sql)
        names = [column[0] for column in result.description or ()]
        return [dict(zip(names, row, strict=True)) for row in result.fetchall()]
