"""`deploylens import` into a store that a receiver holds, however closed that receiver is."""

import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from analysis.exit_code import ExitCode
from analysis.serving import running
from receiver.lease import lease_path, read_lease
from receiver.settings import Address, ReceiverSettings
from receiver.transport.import_service import IMPORT_PATH
from tests.certificates import Authority, tls_files
from tests.command_line import deploylens
from tests.ingest import rows, trace_request
from tests.served import Addresses, free_addresses, wait_for_lease
from tests.served import running as running_process

ANY_PORT = Address("127.0.0.1", 0)
KEY = "a-key-of-the-test-0123456789"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file with three requests, one of which has a span that is refused, and a damaged place."""
    good = '{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"%032x","spanId":"%016x"}]}]}]}'
    path = tmp_path / "spans.jsonl"
    path.write_text("\n".join([good % (1, 1), good % (2, 2), good % (3, 0), "{broken"]))
    return path


def closed(folder: Path) -> ReceiverSettings:
    """Settings of a receiver that asks exporters for a key and a certificate."""
    ours = Authority(folder, "ours")
    return ReceiverSettings(
        store=folder / "s.duckdb",
        grpc=ANY_PORT,
        http=ANY_PORT,
        api_keys=KEY,
        tls=tls_files(ours.issue("receiver"), ours.ca),
    )


@contextmanager
def started(folder: Path, *flags: str | Path) -> Iterator[Addresses]:
    """`deploylens serve` on `s.duckdb` with these flags, and a key in its environment."""
    addresses = free_addresses()
    command = [sys.executable, "-m", "analysis", "serve", "--store", str(folder / "s.duckdb")]
    command += ["--grpc", addresses.grpc, "--http", addresses.http]
    command += [str(flag) for flag in flags or ("--api", addresses.api)]
    environment = {**os.environ, "DEPLOYLENS_API_KEYS": KEY}
    listening = [addresses.grpc, addresses.http]
    with running_process(command, folder / "serve.txt", listening, environment):
        wait_for_lease(folder / "s.duckdb")
        yield addresses


def test_what_it_says_is_the_same(tmp_path: Path, file: Path) -> None:
    """Through a receiver come the same counts and reasons as from the store itself, twice."""
    direct = [deploylens("import", file, store=tmp_path / "d.duckdb") for _ in range(2)]
    with started(tmp_path):
        through = [deploylens("import", file, store=tmp_path / "s.duckdb") for _ in range(2)]
    assert [ended.code for ended in through] == [ExitCode.FAILED] * 2
    said = [ended.err.replace("d.duckdb", "s.duckdb") for ended in direct]
    assert [ended.err for ended in through] == said
    assert "span_id is not 8 bytes" in through[0].err
    assert "stored before" in through[1].err


def test_keys_and_certificates_do_not_stop_it(tmp_path: Path, file: Path) -> None:
    """A receiver that asks exporters for keys and client certificates takes files all the same."""
    ours = Authority(tmp_path, "ours")
    pair, addresses = ours.issue("receiver"), free_addresses()
    tls = ("--tls-cert", pair.certificate, "--tls-key", pair.key, "--tls-client-ca", ours.ca)
    with started(tmp_path, "--api", addresses.api, *tls):
        ended = deploylens("import", file, store=tmp_path / "s.duckdb")
    assert "Imported 2 spans" in ended.err
    assert len(rows(tmp_path / "s.duckdb", "FROM spans")) == 2


def test_a_receiver_without_api_is_told(tmp_path: Path, file: Path) -> None:
    """With `--api off` an import says what stands in its way, and what to do."""
    with started(tmp_path, "--api", "off"):
        ended = deploylens("import", file, store=tmp_path / "s.duckdb")
    assert ended.code == ExitCode.NO_STORE
    assert "offers no local API. Start it without `--api off`" in ended.err


def test_what_is_too_large_is_left_out(tmp_path: Path) -> None:
    """A request over the receiver's limit is told with its place; the rest is imported."""
    large = trace_request({"text": "x" * 70_000}).SerializeToString()
    small = trace_request({}).SerializeToString()
    framed = b"".join(len(one).to_bytes(4, "big") + one for one in (large, small))
    (tmp_path / "spans.otlp").write_bytes(framed)
    addresses = free_addresses()
    with started(tmp_path, "--api", addresses.api, "--max-request-bytes", "64KiB"):
        ended = deploylens("import", tmp_path / "spans.otlp", store=tmp_path / "s.duckdb")
    assert ended.code == ExitCode.FAILED
    assert "larger than 65536 bytes" in ended.err
    assert "Imported 1 spans" in ended.err


def test_the_lease_is_for_its_owner(tmp_path: Path) -> None:
    """The file with the token is readable by its owner only, whatever the umask, and no text of the
    lease shows the token."""
    before = os.umask(0)
    try:
        with running(closed(tmp_path), api=ANY_PORT):
            lease = read_lease(tmp_path / "s.duckdb")
            mode = lease_path(tmp_path / "s.duckdb").stat().st_mode
    finally:
        os.umask(before)
    assert stat.S_IMODE(mode) == 0o600
    assert lease is not None
    assert lease.token not in repr(lease)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"authorization": "Bearer wrong"}, 401),
        ({"authorization": f"Bearer {KEY}"}, 401),
        ({"authorization": "TOKEN", "host": "evil.example"}, 421),
        ({"authorization": "TOKEN"}, 200),
    ],
)
def test_only_the_token_opens_it(tmp_path: Path, headers: dict[str, str], status: int) -> None:
    """Files are taken from whoever has the token of the lease; a key for exporters is none."""
    with running(closed(tmp_path), api=ANY_PORT):
        lease = read_lease(tmp_path / "s.duckdb")
        assert lease is not None
        given = {name: v.replace("TOKEN", f"Bearer {lease.token}") for name, v in headers.items()}
        answer = httpx.post(
            f"{lease.api}{IMPORT_PATH}traces",
            content=trace_request({}).SerializeToString(),
            headers=given,
        )
    assert answer.status_code == status
    expected = [{"transport": "file"}] if status == 200 else []
    assert rows(tmp_path / "s.duckdb", "SELECT transport FROM export_requests") == expected
