"""TLS and mutual TLS on both transports, with real certificates, right and wrong ones."""

import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import grpc
import pytest
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcSpans
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpSpans
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from analysis.serving import Serving, running
from receiver.errors import CredentialsUnusable
from receiver.settings import Address, ReceiverSettings, TlsFiles
from receiver.transport import watched_files
from receiver.transport.tls import Certificates
from tests.certificates import LONG_AGO, Authority, Pair, tls_files
from tests.ingest import rows
from tests.sdk_spans import some_spans

ANY_PORT = Address("127.0.0.1", 0)
TRANSPORTS = ("grpc", "http")
each_transport = pytest.mark.parametrize("transport", TRANSPORTS)


@pytest.fixture(autouse=True)
def _only_named_authorities(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the environment believes goes before what Python's HTTP exporter is told."""
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def ours(tmp_path: Path) -> Authority:
    """The authority that clients and receiver believe."""
    return Authority(tmp_path, "ours")


@pytest.fixture
def theirs(tmp_path: Path) -> Authority:
    """An authority that nobody believes."""
    return Authority(tmp_path, "theirs")


@contextmanager
def receiving(folder: Path, files: TlsFiles | None) -> Iterator[Serving]:
    """A receiver with these files on free ports."""
    store = folder / "s.duckdb"
    settings = ReceiverSettings(store=store, grpc=ANY_PORT, http=ANY_PORT, tls=files)
    with running(settings, api=None) as serving:
        yield serving


def exported(
    serving: Serving, transport: str, authority: Path | None, client: Pair | None = None
) -> SpanExportResult:
    """How the SDK's exporter fares that believes this authority; None is one without TLS."""
    exporter: SpanExporter
    if transport == "grpc":
        exporter = GrpcSpans(
            str(serving.grpc),
            insecure=authority is None,
            credentials=_grpc_credentials(authority, client) if authority else None,
            timeout=2,
        )
    else:
        exporter = HttpSpans(
            f"{'https' if authority else 'http'}://{serving.http}/v1/traces",
            certificate_file=str(authority) if authority else None,
            client_certificate_file=str(client.certificate) if client else None,
            client_key_file=str(client.key) if client else None,
            timeout=2,
        )
    try:
        return exporter.export(some_spans())
    finally:
        exporter.shutdown()


def _grpc_credentials(authority: Path, client: Pair | None) -> grpc.ChannelCredentials:
    return grpc.ssl_channel_credentials(
        authority.read_bytes(),
        client.key.read_bytes() if client else None,
        client.certificate.read_bytes() if client else None,
    )


@each_transport
def test_exporters_send_over_tls(tmp_path: Path, ours: Authority, transport: str) -> None:
    """The SDK's exporters reach the receiver over TLS, and what they sent is stored."""
    with receiving(tmp_path, tls_files(ours.issue("receiver"))) as serving:
        assert exported(serving, transport, ours.ca) is SpanExportResult.SUCCESS
    assert rows(tmp_path / "s.duckdb", "SELECT span_name FROM spans") == [{"span_name": "work"}]


@each_transport
def test_a_client_does_not_believe_another_authority(
    tmp_path: Path, ours: Authority, theirs: Authority, transport: str
) -> None:
    """A receiver that shows a certificate of another authority gets nothing."""
    with receiving(tmp_path, tls_files(theirs.issue("receiver"))) as serving:
        assert exported(serving, transport, ours.ca) is SpanExportResult.FAILURE
    assert rows(tmp_path / "s.duckdb", "FROM spans") == []


@each_transport
def test_mutual_tls(tmp_path: Path, ours: Authority, theirs: Authority, transport: str) -> None:
    """With a client CA only those are heard who show a certificate of it that is valid now."""
    files = tls_files(theirs.issue("receiver"), ours.ca)
    clients: dict[SpanExportResult, list[Pair | None]] = {
        SpanExportResult.SUCCESS: [ours.issue("client")],
        SpanExportResult.FAILURE: [None, theirs.issue("client"), ours.issue("old", LONG_AGO)],
    }
    with receiving(tmp_path, files) as serving:
        for expected, shown in clients.items():
            for client in shown:
                assert exported(serving, transport, theirs.ca, client) is expected, client
    assert len(rows(tmp_path / "s.duckdb", "FROM spans")) == 1


@each_transport
def test_exporters_take_files_from_their_environment(
    tmp_path: Path, ours: Authority, transport: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The variables that SECURITY.md names are all that the SDK's exporters need."""
    client = ours.issue("client")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_CERTIFICATE", str(ours.ca))
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", str(client.certificate))
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_CLIENT_KEY", str(client.key))
    with receiving(tmp_path, tls_files(ours.issue("receiver"), ours.ca)) as serving:
        address = serving.grpc if transport == "grpc" else serving.http
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"https://{address}")
        exporter = GrpcSpans() if transport == "grpc" else HttpSpans()
        assert exporter.export(some_spans()) is SpanExportResult.SUCCESS
        exporter.shutdown()


@each_transport
def test_plain_text_on_a_tls_port(tmp_path: Path, ours: Authority, transport: str) -> None:
    """A client without TLS gets nothing, and the receiver goes on."""
    with receiving(tmp_path, tls_files(ours.issue("receiver"))) as serving:
        assert exported(serving, transport, None) is SpanExportResult.FAILURE
        assert exported(serving, transport, ours.ca) is SpanExportResult.SUCCESS


@each_transport
def test_tls_on_a_plain_port(tmp_path: Path, ours: Authority, transport: str) -> None:
    """A client with TLS gets nothing, and the receiver goes on."""
    with receiving(tmp_path, None) as serving:
        assert exported(serving, transport, ours.ca) is SpanExportResult.FAILURE
        assert exported(serving, transport, None) is SpanExportResult.SUCCESS


@each_transport
def test_old_versions_of_tls_are_refused(tmp_path: Path, ours: Authority, transport: str) -> None:
    """A client that knows nothing newer than TLS 1.1 is refused; 1.2 and 1.3 are spoken."""
    with receiving(tmp_path, tls_files(ours.issue("receiver"))) as serving:
        address = serving.grpc if transport == "grpc" else serving.http
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            assert _handshake(address, ours.ca, version)
        with pytest.raises(ssl.SSLError):
            _handshake(address, ours.ca, ssl.TLSVersion.TLSv1_1)


def _handshake(address: Address, authority: Path, version: ssl.TLSVersion) -> dict[str, object]:
    """The certificate that is shown to a client of exactly this version."""
    context = ssl.create_default_context(cafile=str(authority))
    context.set_alpn_protocols(["h2", "http/1.1"])
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    with pytest.warns() if version < ssl.TLSVersion.TLSv1_2 else _nothing():
        context.minimum_version = context.maximum_version = version
    with (
        socket.create_connection((address.host, address.port), timeout=10) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as secured,
    ):
        return dict(secured.getpeercert() or {})


@contextmanager
def _nothing() -> Iterator[None]:
    yield


@each_transport
def test_certificates_are_read_again(
    tmp_path: Path, ours: Authority, transport: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A renewed certificate is shown on the next connection, a broken one never."""
    monkeypatch.setattr(watched_files, "CHECK_INTERVAL_S", 0.0)
    pair, renewed = ours.issue("receiver"), ours.issue("renewed")
    with receiving(tmp_path, tls_files(pair)) as serving:
        address = serving.grpc if transport == "grpc" else serving.http

        def shown() -> object:
            return _handshake(address, ours.ca, ssl.TLSVersion.TLSv1_3)["serialNumber"]

        first = shown()
        assert shown() == first
        pair.replace_with(renewed)
        second = shown()
        assert second != first
        pair.certificate.write_text("broken")
        assert shown() == second


@each_transport
def test_the_client_ca_is_read_again(
    tmp_path: Path,
    ours: Authority,
    theirs: Authority,
    transport: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An authority that is taken out of the file is believed no more."""
    monkeypatch.setattr(watched_files, "CHECK_INTERVAL_S", 0.0)
    client, believed = ours.issue("client"), tmp_path / "believed.pem"
    believed.write_bytes(ours.ca.read_bytes())
    with receiving(tmp_path, tls_files(ours.issue("receiver"), believed)) as serving:
        assert exported(serving, transport, ours.ca, client) is SpanExportResult.SUCCESS
        believed.write_bytes(theirs.ca.read_bytes())
        assert exported(serving, transport, ours.ca, client) is SpanExportResult.FAILURE


Wrong = Callable[[Authority, Authority, Path], TlsFiles]
WRONG_FILES: dict[str, Wrong] = {
    "cannot be read: No such file": lambda ours, _, folder: TlsFiles(
        folder / "nix.pem", ours.issue("receiver").key
    ),
    "is not PEM": lambda ours, _, folder: TlsFiles(
        ours.issue("receiver").certificate, _file(folder, "nothing in here")
    ),
    "does not belong to the certificate": lambda ours, theirs, _: TlsFiles(
        ours.issue("receiver").certificate, theirs.issue("receiver").key
    ),
    "is not whole PEM": lambda ours, _, folder: TlsFiles(
        _file(folder, "-----BEGIN CERTIFICATE-----\nMIIB"), ours.issue("receiver").key
    ),
    "expired on Jan  1 00:00:00 2020": lambda ours, _, __: tls_files(
        ours.issue("receiver", LONG_AGO)
    ),
    "client CA file .* holds no certificate": lambda ours, _, __: tls_files(
        ours.issue("receiver"), ours.issue("other").key
    ),
    "is encrypted with a password": lambda ours, _, folder: TlsFiles(
        ours.issue("receiver").certificate, _encrypted(folder, ours.issue("receiver").key)
    ),
}


@pytest.mark.parametrize("said", WRONG_FILES)
def test_wrong_files_are_told_at_the_start(
    tmp_path: Path, ours: Authority, theirs: Authority, said: str
) -> None:
    """Files that no client could use are refused by name, with what is wrong with them."""
    with pytest.raises(CredentialsUnusable, match=said):
        Certificates(WRONG_FILES[said](ours, theirs, tmp_path))


def _file(folder: Path, text: str) -> Path:
    path = folder / "wrong.pem"
    path.write_text(text)
    return path


def _encrypted(folder: Path, key: Path) -> Path:
    from cryptography.hazmat.primitives import serialization as form

    loaded = form.load_pem_private_key(key.read_bytes(), None)
    locked = form.BestAvailableEncryption(b"word")
    path = folder / "locked.key"
    path.write_bytes(loaded.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, locked))
    return path


def test_nothing_of_the_key_is_shown(ours: Authority) -> None:
    """What a receiver holds of its key comes up in no representation."""
    pair = ours.issue("receiver")
    loaded = Certificates(tls_files(pair)).current()
    assert pair.key.read_text().splitlines()[1] not in repr(loaded)
