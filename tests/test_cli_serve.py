"""`deploylens serve`, and what other commands meet while it runs."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2_grpc import TraceServiceStub

from analysis.exit_code import ExitCode
from tests.command_line import deploylens
from tests.served import ROOT, Addresses, free_addresses, serving
from tests.shop import requests


def send_shop(address: str) -> None:
    """The orders of the shop, as an exporter sends them."""
    with grpc.insecure_channel(address) as channel:
        export = TraceServiceStub(channel).Export  # type: ignore[no-untyped-call]  # generated code
        for request in requests():
            export(request, timeout=30)


def serve_once(*arguments: str) -> subprocess.CompletedProcess[str]:
    """A receiver that is expected to refuse to start."""
    command = [sys.executable, "-m", "analysis", "serve", *arguments]
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
    )


def test_every_command_works_while_a_receiver_runs(tmp_path: Path) -> None:
    """Deployments, reports, traces, marks and exports are answered through the receiver."""
    store, addresses = tmp_path / "s.duckdb", free_addresses()
    with serving(store, addresses):
        send_shop(addresses.grpc)
        marked = deploylens("mark", "checkout", "1.4.0", "--note", "by hand", store=store)
        listed = deploylens("query", "deployments", "--format", "csv", store=store)
        screen = deploylens("deployments", store=store)
        while_receiving = deploylens("report", "checkout@1.4.0", store=store)
        traced = deploylens("trace", "0" * 30 + "50", store=store)
        imported = deploylens("import", ROOT / "tests/served.py", store=store)
    done = (marked, listed, screen, while_receiving, traced)
    assert [e.code for e in done] == [ExitCode.DONE] * 5
    assert "by hand" in listed.out
    assert "checkout" in screen.out
    assert "the failure starts in checkout@1.4.0" in traced.out
    assert imported.code == ExitCode.FAILED
    assert "Left out, " in imported.err
    assert deploylens("report", "checkout@1.4.0", store=store).out == while_receiving.out


def test_it_says_where_it_listens(tmp_path: Path) -> None:
    """The block it prints when it is ready names all addresses, the store, and how to stop it."""
    store, addresses = tmp_path / "s.duckdb", free_addresses()
    with serving(store, addresses):
        pass
    said = store.with_suffix(".serve.txt").read_text()
    for fact in (addresses.grpc, f"http://{addresses.http}", f"http://{addresses.api}", str(store)):
        assert fact in said
    assert "Ctrl-C" in said


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_it_well(tmp_path: Path, number: signal.Signals) -> None:
    """Either signal ends it with 0 after what was received is stored; standard output is empty."""
    store = tmp_path / "s.duckdb"
    command = [sys.executable, "-m", "analysis", "serve", "--store", str(store)]
    command += ["--grpc", "127.0.0.1:0", "--http", "127.0.0.1:0", "--api", "off"]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        lines = iter(process.stderr.readline, "")
        said = _until(lines, "Ctrl-C")
        grpc_address = next(line.split()[-1] for line in said if "OTLP gRPC" in line)
        send_shop(grpc_address)
        process.send_signal(number)
        out, _ = process.communicate(timeout=60)
    assert (process.returncode, out) == (ExitCode.DONE, "")
    assert any("off: no other command can ask" in line for line in said)
    counted = deploylens("sql", "SELECT count(*) AS n FROM spans", "--format", "csv", store=store)
    assert counted.out == "n\n400\n"


def _until(lines: Iterator[str], last: str) -> list[str]:
    """The lines up to one that begins so."""
    seen = []
    for line in lines:
        seen.append(line)
        if line.startswith(last):
            return seen
    raise AssertionError(f"it never said {last!r}: {seen}")


def test_a_second_receiver_refuses_by_name(tmp_path: Path) -> None:
    """The same store or a port that is taken is refused with 3, and the first receiver goes on."""
    store, addresses = tmp_path / "s.duckdb", free_addresses()
    with serving(store, addresses):
        same_store = serve_once("--store", str(store), *_options(free_addresses()))
        other = free_addresses()
        taken = [
            serve_once("--store", str(tmp_path / "t.duckdb"), *_options(wanted))
            for wanted in (
                Addresses(addresses.grpc, other.http, other.api),
                Addresses(other.grpc, addresses.http, other.api),
                Addresses(other.grpc, other.http, addresses.api),
            )
        ]
        still = deploylens("deployments", "--format", "json", store=store)
    assert same_store.returncode == ExitCode.NO_STORE
    assert str(store) in same_store.stderr
    for ended, address in zip(taken, (addresses.grpc, addresses.http, addresses.api), strict=True):
        assert ended.returncode == ExitCode.NO_STORE
        assert address in ended.stderr
        assert ended.stderr.startswith("Error: cannot listen")
    assert (still.code, still.out) == (ExitCode.DONE, "[]\n")


def test_settings_come_from_the_file(tmp_path: Path) -> None:
    """A receiver takes its addresses and store from deploylens.toml in its folder."""
    addresses = free_addresses()
    (tmp_path / "deploylens.toml").write_text(
        f'store = "mine.duckdb"\n[serve]\ngrpc = "{addresses.grpc}"\nhttp = "x"\n'
    )
    done = subprocess.run(
        [sys.executable, "-m", "analysis", "serve"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == ExitCode.USAGE
    assert "deploylens.toml: serve.http: 'x' is not HOST:PORT" in done.stderr


def _options(addresses: Addresses) -> list[str]:
    return ["--grpc", addresses.grpc, "--http", addresses.http, "--api", addresses.api]
