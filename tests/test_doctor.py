"""`deploylens doctor`: what is wrong with a receiver's surroundings is seen, by name."""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from analysis.announcing.targets import Targets
from analysis.doctor.announcing import check_announcing
from analysis.doctor.check import Check, State
from analysis.doctor.clock import check_clock, synchronised
from analysis.doctor.credentials import check_credentials
from analysis.doctor.holder import Holder, program_at
from analysis.doctor.lease_file import check_lease
from analysis.doctor.ports import check_port
from analysis.doctor.round_trip import check_sent_round_trip, check_temporary_round_trip
from analysis.doctor.running_receiver import check_running_receiver
from analysis.doctor.sender_clocks import check_sender_clocks
from analysis.doctor.store_folder import check_store_folder, file_system
from analysis.doctor.store_state import check_store
from analysis.doctor.versions import check_versions, unmet
from analysis.exit_code import ExitCode
from analysis.settings import Settings
from receiver.lease import Lease, lease_path, read_lease, write_lease
from receiver.settings import Address, ReceiverSettings, TlsFiles
from tests.certificates import LONG_AGO, Authority, tls_files
from tests.command_line import Ended, deploylens
from tests.ingest import stored, trace_request
from tests.mounted import mounted
from tests.served import free_addresses, free_ports, rows, serving

KEY = "0123456789abcdef0123"


def examined(
    *arguments: str | Path, store: Path, here: Path | None = None
) -> tuple[Ended, dict[str, Check]]:
    """The end of the command, and its checks by name."""
    addresses = free_addresses()
    ports = ("--grpc", addresses.grpc, "--http", addresses.http, "--api", addresses.api)
    named = [] if "--grpc" in arguments else list(ports)
    ended = deploylens("doctor", *named, *arguments, "--format", "json", store=store, here=here)
    checks = [
        Check(row["check"], State(row["state"]), row["seen"], row["next_step"])
        for row in json.loads(ended.out)
    ]
    return ended, {check.name: check for check in checks}


def a_lease(pid: int) -> Lease:
    """A lease as a receiver leaves it."""
    return Lease(pid, "http://127.0.0.1:9", "token", "127.0.0.1:1", "127.0.0.1:2", 10**18, 1)


def gone() -> int:
    """The id of a process that is gone."""
    with subprocess.Popen(["true"]) as process:
        process.wait()
    return process.pid


def test_well_without_a_receiver(tmp_path: Path) -> None:
    """On a host where nothing is wrong it exits 0, has found a test span on its way through a
    temporary receiver, and left nothing behind."""
    ended, checks = examined(store=tmp_path / "s.duckdb")
    assert ended.code == ExitCode.DONE
    assert {check.name for check in checks.values() if check.state == State.FAILED} == set()
    assert checks["test span"].seen.startswith("2 spans sent to a temporary receiver and found")
    assert {"python", "libraries", "store", "OTLP/gRPC port", "clock"} <= set(checks)
    assert "0 failed" in ended.err
    assert list(tmp_path.iterdir()) == []


def test_well_with_a_receiver(tmp_path: Path) -> None:
    """Beside a running receiver its store and ports are its own, and only with --send a span goes
    into its store."""
    store, addresses = tmp_path / "s.duckdb", free_addresses()
    ports = ("--grpc", addresses.grpc, "--http", addresses.http, "--api", addresses.api)
    with serving(store, addresses):
        lease = read_lease(store)
        ended, checks = examined(*ports, store=store)
        asked = deploylens("sql", "SELECT count(*) AS n FROM spans", "--format", "csv", store=store)
        sent, after = examined(*ports, "--send", store=store)
    assert lease is not None
    assert (ended.code, asked.out, sent.code) == (ExitCode.DONE, "n\n0\n", ExitCode.DONE)
    for name in ("store", "receiver", "OTLP/gRPC port", "OTLP/HTTP port", "local API port"):
        assert f"process {lease.pid}" in checks[name].seen
    assert checks["receiver"].seen.endswith("is ready")
    assert after["test span"].seen.startswith("1 span sent to the receiver, process")
    names = rows(store, "SELECT service_name FROM spans")
    assert names == [{"service_name": "deploylens-doctor"}]


def test_no_proxy_stands_between(monkeypatch: pytest.MonkeyPatch) -> None:
    """The test span, and the key with it, goes to the receiver and to no proxy that the environment
    names."""
    (closed,) = free_ports(1)
    for name in ("http_proxy", "https_proxy", "grpc_proxy", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{closed}")
    for name in ("no_proxy", "no_grpc_proxy"):
        monkeypatch.delenv(name, raising=False)
    assert check_temporary_round_trip().state == State.OK


def test_send_wants_a_receiver(tmp_path: Path) -> None:
    """--send without a running receiver fails with 1 and says what to do."""
    ended, checks = examined("--send", store=tmp_path / "s.duckdb")
    assert ended.code == ExitCode.FAILED
    assert checks["test span"].state == State.FAILED
    assert "deploylens serve" in str(checks["test span"].next_step)


def test_send_over_tls_with_a_key(tmp_path: Path) -> None:
    """The test span of --send shows a configured key and believes the configured certificate."""
    store, addresses = tmp_path / "s.duckdb", free_addresses()
    files = tls_files(Authority(tmp_path, "own").issue("server"))
    environ = {
        "DEPLOYLENS_API_KEYS": KEY,
        "DEPLOYLENS_TLS_CERT": str(files.certificate),
        "DEPLOYLENS_TLS_KEY": str(files.key),
    }
    before = dict(os.environ)
    os.environ.update(environ)
    try:
        with serving(store, addresses):
            lease = read_lease(store)
            assert lease is not None
            settings = ReceiverSettings(store, tls=files, api_keys=KEY)
            good = check_sent_round_trip(Holder(lease), settings)
            bad = check_sent_round_trip(Holder(lease), replace(settings, api_keys="x" * 20))
    finally:
        os.environ.clear()
        os.environ.update(before)
    assert (good.state, bad.state) == (State.OK, State.FAILED)
    assert "401" in bad.seen
    assert "xxxx" not in bad.seen


def test_table_for_people(tmp_path: Path) -> None:
    """Without --format it is a table."""
    ended = deploylens("doctor", "--api", "off", store=tmp_path / "s.duckdb", here=tmp_path)
    assert ended.out.startswith("check")
    assert "test span" in ended.out


def test_wrong_configuration_is_a_check(tmp_path: Path) -> None:
    """A file that cannot be read and a value that makes no sense are checks that failed, each with
    the words of the receiver."""
    (tmp_path / "deploylens.toml").write_text("store = ")
    ended, checks = examined(store=tmp_path / "s.duckdb", here=tmp_path)
    assert (ended.code, checks["configuration"].state) == (ExitCode.FAILED, State.FAILED)
    assert "deploylens.toml cannot be read" in checks["configuration"].seen
    (tmp_path / "deploylens.toml").write_text('[serve]\nlog_format = "jsn"\n')
    ended, checks = examined(store=tmp_path / "s.duckdb", here=tmp_path)
    assert (ended.code, "jsn" in checks["configuration"].seen) == (ExitCode.FAILED, True)


def test_versions() -> None:
    """What is installed is as it should be, and what is not is named."""
    assert {check.state for check in check_versions()} <= {State.OK, State.WARNING}
    assert list(unmet(["duckdb>=2.0", "click>=1", "pytest", 'x>=1; extra == "y"'])) == []
    (older,) = unmet(["duckdb>=99.1"])
    assert older.endswith("99.1 or later is wanted")
    (other,) = unmet(["ptars==0.0.1"])
    assert other.endswith("exactly 0.0.1 is wanted")
    assert list(unmet(["no-such-thing>=1"])) == ["no-such-thing is not installed, >=1 is wanted"]


@pytest.mark.parametrize("which", ["grpc", "http", "api"])
def test_a_port_of_another_program(tmp_path: Path, which: str) -> None:
    """A port that another program holds fails, and where the system tells, that program is
    named."""
    addresses = free_addresses()
    host, _, port = getattr(addresses, which).rpartition(":")
    ports = ("--grpc", addresses.grpc, "--http", addresses.http, "--api", addresses.api)
    with socket.create_server((host, int(port))):
        assert program_at(int(port)) in (f"process {os.getpid()} ({_own_name()})", None)
        ended, checks = examined(*ports, store=tmp_path / "s.duckdb")
    wrong = [check for check in checks.values() if check.state == State.FAILED]
    assert ended.code == ExitCode.FAILED
    assert [f"--{which}" in str(check.next_step) for check in wrong] == [True]
    assert "held by" in wrong[0].seen


def _own_name() -> str:
    return Path("/proc/self/comm").read_text().strip() if Path("/proc").exists() else ""


def test_an_address_of_another_host() -> None:
    """An address that this host does not have fails; port 0 is always well."""
    elsewhere = check_port("port", "--grpc", Address("192.0.2.1", 4317), None)
    assert (elsewhere.state, "address of this host" in str(elsewhere.next_step)) == (
        State.FAILED,
        True,
    )
    assert check_port("port", "--grpc", Address("127.0.0.1", 0), None).state == State.OK


@pytest.fixture
def unwritable() -> Iterator[Path]:
    """A folder that nobody can write, not even root."""
    if os.geteuid() == 0:
        with mounted("ro,size=1m") as folder:
            yield folder
        return
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o555)
        yield Path(name)
        Path(name).chmod(0o755)


def test_a_folder_that_cannot_be_written(unwritable: Path) -> None:
    """A folder without the right to write fails; one that is not there yet is judged by the one
    above it."""
    for store in (unwritable / "s.duckdb", unwritable / "below" / "s.duckdb"):
        checks = {check.name: check for check in check_store_folder(store)}
        assert checks["store folder"].state == State.FAILED
        assert str(unwritable) in checks["store folder"].seen


def test_a_disk_that_is_memory(unwritable: Path) -> None:
    """A file system in memory is worth a warning, and one without room fails."""
    if os.geteuid() != 0:
        pytest.skip("mounting a file system needs root; run this test as root once")
    checks = {check.name: check for check in check_store_folder(unwritable / "s.duckdb")}
    assert (checks["file system"].state, checks["file system"].seen[:5]) == (State.WARNING, "tmpfs")
    assert checks["disk space"].state == State.FAILED


def test_kinds_of_file_systems(tmp_path: Path) -> None:
    """The mount that holds a folder is the longest above it, and of two on one point the last."""
    mounts = tmp_path / "mountinfo"
    mounts.write_text(
        "1 0 8:1 / / rw - ext4 /dev/sda rw\n"
        "2 1 0:1 / /data rw shared:1 - nfs4 host:/x rw\n"
        "3 1 0:2 / /data\\040two rw - xfs /dev/sdb rw\n"
        "4 1 0:3 / /data\\040two rw - cifs //host/y rw\n"
    )
    found = {path: file_system(Path(path), mounts) for path in ("/", "/data/x", "/data two/x")}
    assert found == {"/": "ext4", "/data/x": "nfs4", "/data two/x": "cifs"}
    assert file_system(Path("/datax"), mounts) == "ext4"
    assert file_system(Path("/"), tmp_path / "none") is None


def test_a_store_that_is_none(tmp_path: Path) -> None:
    """A file that is no store fails; a missing one is well, and one in which nothing is yet."""
    store = tmp_path / "s.duckdb"
    assert check_store(store).state == State.OK
    store.write_text("no database")
    assert check_store(store).state == State.FAILED
    store.unlink()
    with duckdb.connect(str(store)) as connection:
        assert connection.execute("SELECT 1").fetchall() == [(1,)]
    assert check_store(store).state == State.OK
    with duckdb.connect(str(store)) as connection:
        connection.execute("CREATE TABLE other (n INTEGER)")
    assert check_store(store).state == State.FAILED


def test_a_store_held_by_another_program(tmp_path: Path) -> None:
    """A store that a program without a lease holds fails with its process id."""
    store = tmp_path / "s.duckdb"
    stored(store, trace_request({"n": 1}))
    code = f"import duckdb, sys; c = duckdb.connect({str(store)!r}); print(1, flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        process.stdout.readline()
        check = check_store(store)
        process.stdin.close()
    assert (check.state, f"process {process.pid}" in check.seen) == (State.FAILED, True)
    assert check_store(store).state == State.OK


def test_a_torn_log(tmp_path: Path) -> None:
    """A write-ahead log that is torn is worth a warning, and is left as it is."""
    store = tmp_path / "s.duckdb"
    with duckdb.connect(str(store)) as connection:
        connection.execute("PRAGMA disable_checkpoint_on_shutdown")
        connection.execute("CREATE TABLE t (n INTEGER)")
        for n in range(3):
            connection.execute(f"INSERT INTO t VALUES ({n})")
    wal = store.with_name(store.name + ".wal")
    whole = wal.read_bytes()
    wal.write_bytes(whole[:-6] + bytes(6))
    check = check_store(store)
    assert (check.state, "torn" in check.seen) == (State.WARNING, True)
    assert "deploylens serve" in str(check.next_step)
    assert wal.read_bytes() == whole[:-6] + bytes(6)


def test_leases(tmp_path: Path) -> None:
    """A lease that others can read fails; one that is stale or torn is worth a warning."""
    store = tmp_path / "s.duckdb"
    assert check_lease(store).state == State.OK
    write_lease(store, a_lease(os.getpid()))
    assert check_lease(store).state == State.OK
    lease_path(store).chmod(0o644)
    readable = check_lease(store)
    assert (readable.state, "0644" in readable.seen) == (State.FAILED, True)
    write_lease(store, a_lease(gone()))
    stale = check_lease(store)
    assert (stale.state, "which is gone" in stale.seen) == (State.WARNING, True)
    lease_path(store).write_text("{")
    assert check_lease(store).state == State.WARNING


def test_a_receiver_that_does_not_answer(tmp_path: Path) -> None:
    """A lease of a live process behind which nobody answers fails."""
    check = check_running_receiver(Holder(a_lease(os.getpid())))
    assert (check.state, "does not answer /readyz" in check.seen) == (State.FAILED, True)
    off = check_running_receiver(Holder(replace(a_lease(os.getpid()), api=None)))
    assert off.state == State.WARNING


def test_keys_and_certificates(tmp_path: Path) -> None:
    """Key files that others may read are worth a warning; ones that cannot be used, and
    certificates that ended, fail."""
    settings, keys = ReceiverSettings(tmp_path / "s.duckdb"), tmp_path / "keys"
    assert states(settings) == {"API keys": "ok", "TLS": "ok", "exposure": "ok"}
    with_keys = replace(settings, api_key_file=keys)
    assert states(with_keys)["API keys"] == "failed"
    keys.write_text(KEY)
    keys.chmod(0o644)
    assert states(with_keys)["API keys"] == "warning"
    keys.chmod(0o600)
    assert states(with_keys)["API keys"] == "ok"
    authority = Authority(tmp_path, "own")
    files = tls_files(authority.issue("server"))
    files.key.chmod(0o600)
    assert states(replace(settings, tls=files))["TLS"] == "ok"
    other = TlsFiles(files.certificate, keys)
    assert states(replace(settings, tls=other))["TLS"] == "failed"
    soon = datetime.now(UTC) + timedelta(days=3)
    for ends, state in ((soon, "warning"), (LONG_AGO, "failed")):
        ending = tls_files(authority.issue(f"{state}", ends))
        assert states(replace(settings, tls=ending))["TLS"] == state


def test_exposure(tmp_path: Path) -> None:
    """A receiver that listens beyond this host without keys, or without TLS, is worth a warning."""
    wide = ReceiverSettings(tmp_path / "s.duckdb", grpc=Address("0.0.0.0", 4317))
    assert states(wide)["exposure"] == "warning"
    assert states(replace(wide, api_keys=KEY))["exposure"] == "warning"
    files = tls_files(Authority(tmp_path, "own").issue("server"))
    assert states(replace(wide, api_keys=KEY, tls=files))["exposure"] == "ok"


def states(settings: ReceiverSettings) -> dict[str, str]:
    """The state of each check of the credentials."""
    return {check.name: check.state.value for check in check_credentials(settings)}


def test_clocks(tmp_path: Path) -> None:
    """A store that was written in the future makes the clock fail; whether the kernel keeps it in
    step is said as it is."""
    store = tmp_path / "s.duckdb"
    store.touch()
    assert [check.name for check in check_clock(store)] == ["clock", "clock in step"]
    assert next(check_clock(store)).state == State.OK
    os.utime(store, (time.time() + 3600, time.time() + 3600))
    assert next(check_clock(store)).state == State.FAILED
    assert synchronised() in (True, False, None)


def test_clocks_of_senders(tmp_path: Path) -> None:
    """A service whose spans end after they came, or came hours late, is named; others are not."""
    store, now = tmp_path / "s.duckdb", time.time_ns()
    assert check_sender_clocks(store).state == State.OK
    for name, ends in (("right", 0), ("fast\x1b[31m", 90 * 10**9), ("slow", -5 * 3600 * 10**9)):
        stored(
            store,
            trace_request(
                *({"n": n} for n in range(30)),
                resource={"service.name": name},
                start_time_unix_nano=now + ends - 10**6,
                end_time_unix_nano=now + ends,
            ),
        )
    check = check_sender_clocks(store)
    assert check.state == State.WARNING
    assert "fast\\x1b[31m is 8" in check.seen
    assert "slow sends 5.0 h late" in check.seen
    assert "right" not in check.seen


def test_targets_of_announcements(tmp_path: Path) -> None:
    """A target that could never be told fails, a secret that others may read is worth a warning,
    and no secret is shown."""
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo="
    for name, mode in (("open", 0o644), ("closed", 0o600)):
        (tmp_path / name).write_text(secret)
        (tmp_path / name).chmod(mode)
    hook = (
        "[[webhooks]]\nname = '{0}'\nurl = 'https://hooks.example.com/{0}'\nsecret_file = '{0}'\n"
    )
    names = ("closed", "open", "missing")
    (tmp_path / "deploylens.toml").write_text("".join(hook.format(name) for name in names))
    checks = list(check_announcing(Settings({}, {}, tmp_path).targets))
    assert [check.state for check in checks] == [State.OK, State.WARNING, State.FAILED]
    assert "No such file" in checks[2].seen
    assert secret not in str(checks)
    [none] = check_announcing(Targets())
    assert none.state == State.OK
