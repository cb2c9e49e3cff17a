"""What `serve` refuses and warns of before anybody can be harmed, and that it shows no key."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import grpc
import httpx
import pytest

from analysis.exit_code import ExitCode
from analysis.receiver_settings import local_api_address, receiver_settings
from analysis.settings import ConfigurationError, Settings
from receiver.lease import lease_path
from receiver.settings import Address, ReceiverSettings, TlsFiles
from receiver.transport.exposure import exposure_warnings
from tests.certificates import LONG_AGO, Authority
from tests.command_line import deploylens
from tests.ingest import trace_request
from tests.load import EXPORT
from tests.served import ROOT, free_addresses, running, wait_for_lease

KEY, WRONG = "a-key-of-the-test-0123456789", "a-wrong-key-of-the-test-987654"
WIDE, LOCAL = Address("0.0.0.0", 4317), Address("127.0.0.1", 4318)
TLS = TlsFiles(Path("c"), Path("k"))
MUTUAL = TlsFiles(Path("c"), Path("k"), Path("ca"))


def settings(**changes: object) -> ReceiverSettings:
    """Settings that listen wider than loopback with gRPC."""
    given = {"store": Path("s"), "grpc": WIDE, "http": LOCAL, **changes}
    return ReceiverSettings(**given)  # type: ignore[arg-type]  # each field has its own type


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, ["anybody who reaches OTLP/gRPC 0.0.0.0:4317 can send", "unencrypted"]),
        ({"api_keys": KEY}, ["API keys and telemetry travel unencrypted"]),
        ({"api_key_file": Path("keys")}, ["API keys and telemetry travel unencrypted"]),
        ({"tls": TLS}, ["anybody who reaches"]),
        ({"tls": MUTUAL}, []),
        ({"tls": TLS, "api_keys": KEY}, []),
        ({"grpc": LOCAL}, []),
        ({"grpc": Address("localhost", 1), "http": Address("::1", 1)}, []),
        ({"grpc": Address("127.8.8.8", 1), "http": Address("::", 1)}, ["OTLP/HTTP [::]:1", "unen"]),
        ({"grpc": Address("shop.internal", 1)}, ["shop.internal", "unencrypted"]),
    ],
)
def test_warnings(changes: dict[str, object], said: list[str]) -> None:
    """Who can send, and who can read along, is told for addresses wider than loopback."""
    warnings = exposure_warnings(settings(**changes))
    assert len(warnings) == len(said)
    for fact, warning in zip(said, warnings, strict=True):
        assert fact in warning
        assert KEY not in warning


@pytest.mark.parametrize("host", ["0.0.0.0", "10.0.0.1", "[::]", "shop.internal", "127.0.0.2"])
def test_the_local_api_is_local(tmp_path: Path, host: str) -> None:
    """The local API listens on loopback or not at all."""
    ended = deploylens("serve", "--api", f"{host}:4319", here=tmp_path)
    assert ended.code == ExitCode.USAGE
    assert f"--api {host}:4319 is not on loopback" in ended.err
    for good in ("127.0.0.1", "LOCALHOST", "[::1]"):
        assert local_api_address(Settings({"api": f"{good}:1"}, {}, tmp_path)) is not None


def test_security_settings_from_every_place(tmp_path: Path) -> None:
    """Files come from flags, the environment or the file; keys from the environment only."""
    (tmp_path / "deploylens.toml").write_text('[serve]\ntls_key = "k"\ntls_client_ca = "ca"\n')
    environ = {"DEPLOYLENS_TLS_CERT": "c", "DEPLOYLENS_API_KEYS": KEY}
    made = receiver_settings(Settings({"api_key_file": "keys"}, environ, tmp_path))
    assert made.tls == MUTUAL
    assert (made.api_key_file, made.api_keys) == (Path("keys"), KEY)
    (tmp_path / "deploylens.toml").write_text(f'[serve]\napi_keys = "{KEY}"\n')
    with pytest.raises(ConfigurationError, match=r"unknown key 'serve.api_keys'") as raised:
        Settings({}, {}, tmp_path)
    assert KEY not in str(raised.value)


@pytest.mark.parametrize("given", [{"tls_cert": "c"}, {"tls_key": "k"}, {"tls_client_ca": "ca"}])
def test_half_of_tls_is_refused(tmp_path: Path, given: Mapping[str, str]) -> None:
    """A certificate without its key, or an authority without both, is a usage error."""
    with pytest.raises(ConfigurationError, match="give both --tls-cert and --tls-key"):
        receiver_settings(Settings(given, {}, tmp_path))


def test_unusable_files_end_it_with_2(tmp_path: Path) -> None:
    """Key files and certificates that cannot be used are a usage error, before the store opens."""
    expired = Authority(tmp_path, "ours").issue("old", LONG_AGO)
    (tmp_path / "keys").write_text("short")
    for flags, said in (
        (["--api-key-file", tmp_path / "keys"], "line 1 of the API key file"),
        (["--tls-cert", expired.certificate, "--tls-key", expired.key], "expired on"),
    ):
        ended = serve_once(tmp_path, *map(str, flags))
        assert ended.returncode == ExitCode.USAGE
        assert said in ended.stderr
        assert not (tmp_path / "s.duckdb").exists()


def serve_once(folder: Path, *flags: str) -> subprocess.CompletedProcess[str]:
    """A receiver that is expected to refuse to start."""
    addresses = free_addresses()
    command = [sys.executable, "-m", "analysis", "serve", "--store", str(folder / "s.duckdb")]
    command += ["--grpc", addresses.grpc, "--http", addresses.http, "--api", "off", *flags]
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
    )


def test_no_key_is_shown_anywhere(tmp_path: Path) -> None:
    """No key, good or wrong, is in the output, the process list, the lease, the log or the store;
    the warning about the wide address is in the output."""
    keys, store, addresses = tmp_path / "keys", tmp_path / "s.duckdb", free_addresses()
    keys.write_text(f"shop = {KEY}\n")
    keys.chmod(0o644)
    command = [sys.executable, "-m", "analysis", "serve", "--store", str(store), "--debug"]
    command += ["--grpc", addresses.grpc, "--api", addresses.api]
    command += ["--http", addresses.http.replace("127.0.0.1", "0.0.0.0")]
    command += ["--api-key-file", str(keys), "--log-level", "debug"]
    environment = {**os.environ, "DEPLOYLENS_API_KEYS": f"{KEY}-2"}
    output = tmp_path / "serve.txt"
    with running(command, output, [addresses.grpc, addresses.http], environment):
        wait_for_lease(store)
        provoke(addresses.grpc, addresses.http)
        processes = subprocess.run(
            ["ps", "-eo", "args"], capture_output=True, text=True, check=True
        )
        lease = lease_path(store).read_text()
    keys.write_text(f"{KEY} and more")
    refused = serve_once(tmp_path, "--api-key-file", str(keys), "--debug")
    assert refused.returncode == ExitCode.USAGE
    assert "Traceback" in refused.stderr
    written = output.read_text()
    assert "anybody" not in written
    assert "API keys and telemetry travel unencrypted" in written
    assert "chmod 600" in written
    shown = [processes.stdout, lease, refused.stderr, refused.stdout, written]
    stored = [p for p in tmp_path.iterdir() if p.is_file() and p != keys]
    shown += [path.read_bytes().decode("latin-1") for path in stored]
    for secret in (KEY, WRONG):
        assert not [text for text in shown if secret in text]


def provoke(grpc_address: str, http_address: str) -> None:
    """Requests that succeed, that cannot be read, and that show a wrong key."""
    payload = trace_request({}).SerializeToString()
    for key in (KEY, WRONG):
        headers = {"x-api-key": key, "content-type": "application/x-protobuf"}
        for body in (payload, b"\xff"):
            httpx.post(f"http://{http_address}/v1/traces", content=body, headers=headers)
            with grpc.insecure_channel(grpc_address) as channel:
                metadata = (("authorization", f"Bearer {key}"),)
                call = channel.unary_unary(EXPORT).future(body, metadata=metadata, timeout=10)
                expected = (
                    grpc.StatusCode.OK if body == payload else grpc.StatusCode.INVALID_ARGUMENT
                )
                assert call.code() is (
                    grpc.StatusCode.UNAUTHENTICATED if key == WRONG else expected
                )
