"""TLS for both transports from the same PEM files, which are read again when they change."""

import contextlib
import logging
import ssl
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc

from receiver.errors import CredentialsUnusable
from receiver.settings import TlsFiles
from receiver.transport.watched_files import WatchedFiles

_LOG = logging.getLogger(__name__)
_NO_CHECK_TIME = 0x200000  # X509_V_FLAG_NO_CHECK_TIME of OpenSSL, which `ssl` does not name
_HANDSHAKE_ROUNDS_MAX = 8


@dataclass(frozen=True, slots=True)
class _Loaded:
    """The files as both transports want them; the private key shows in no representation."""

    context: ssl.SSLContext
    grpc_configuration: Any  # Any: grpc has no types

    def __repr__(self) -> str:
        return "_Loaded()"


class Certificates:
    """The certificate that the receiver shows, and whom it believes.

    Files that change are read again on the next connection; wrong ones are reported once and leave
    those before in force.
    """

    def __init__(self, files: TlsFiles) -> None:
        """Reads the files; raises CredentialsUnusable."""
        self._files = files
        paths = [path for path in (files.certificate, files.key, files.client_ca) if path]
        self._watched = WatchedFiles(paths)
        self._lock = threading.Lock()
        self._loaded = _load(files)

    def http_context(self) -> ssl.SSLContext:
        """A context for a server that shows the newest certificate on each connection."""
        return _Following(self)

    def grpc_credentials(self) -> Any:  # Any: grpc has no types
        """The same for a gRPC server."""
        shown = self._loaded

        def newest() -> Any:  # Any: grpc has no types
            nonlocal shown
            loaded = self.current()
            if loaded is shown:
                return None
            shown = loaded
            return loaded.grpc_configuration

        return grpc.dynamic_ssl_server_credentials(
            shown.grpc_configuration,
            newest,
            require_client_authentication=self._files.client_ca is not None,
        )

    def current(self) -> _Loaded:
        """What the files hold now, or held when they were last usable."""
        if self._watched.changed():
            with self._lock:
                self._reload()
        return self._loaded

    def _reload(self) -> None:
        try:
            self._loaded = _load(self._files)
        except CredentialsUnusable as error:
            _LOG.error("%s The certificate that was read before stays in force.", error)
        else:
            _LOG.info("read the certificate again from %s", self._files.certificate)


def valid_until_s(files: TlsFiles) -> float:
    """When the certificate ends, in seconds since 1970; raises CredentialsUnusable."""
    certificate = _shown_certificate(_server_context(files), files.certificate)
    return ssl.cert_time_to_seconds(certificate["notAfter"])


class _Following(ssl.SSLContext):
    """Hands every new connection to the newest context; asyncio calls nothing else of it."""

    _certificates: Certificates

    def __new__(cls, certificates: Certificates) -> "_Following":
        self = super().__new__(cls, ssl.PROTOCOL_TLS_SERVER)
        self._certificates = certificates
        return self

    def __init__(self, certificates: Certificates) -> None:
        super().__init__()

    def wrap_bio(self, *arguments: Any, **options: Any) -> ssl.SSLObject:  # Any: handed on
        return self._certificates.current().context.wrap_bio(*arguments, **options)


def _load(files: TlsFiles) -> _Loaded:
    chain, key = _content(files.certificate, "certificate"), _content(files.key, "key")
    authority = _content(files.client_ca, "client CA") if files.client_ca else None
    context = _server_context(files)
    _check_validity(context, files.certificate)
    configuration = grpc.ssl_server_certificate_configuration([(key, chain)], authority)
    return _Loaded(context, configuration)


def _content(path: Path, what: str) -> bytes:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise CredentialsUnusable(
            f"the TLS {what} file {path} cannot be read: {error.strerror}."
            " Check the path, and that this user may read it."
        ) from None
    if b"-----BEGIN " not in content:
        raise CredentialsUnusable(
            f"the TLS {what} file {path} is not PEM: it has no line `-----BEGIN ...`."
        )
    return content


def _server_context(files: TlsFiles) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    try:
        context.load_cert_chain(files.certificate, files.key, password=_no_password(files.key))
    except ssl.SSLError as error:
        raise CredentialsUnusable(_pair_error(files, error)) from None
    if files.client_ca:
        try:
            context.load_verify_locations(files.client_ca)
        except ssl.SSLError:
            raise CredentialsUnusable(
                f"the TLS client CA file {files.client_ca} holds no certificate."
            ) from None
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def _no_password(key: Path) -> Any:  # Any: typeshed wants a function that returns
    def refuse() -> str:
        raise CredentialsUnusable(
            f"the TLS key file {key} is encrypted with a password; give one that is not, readable"
            " by the user of the receiver only."
        )

    return refuse


def _pair_error(files: TlsFiles, error: ssl.SSLError) -> str:
    if error.reason == "KEY_VALUES_MISMATCH":
        return f"the TLS key in {files.key} does not belong to the certificate {files.certificate}."
    return (
        f"the TLS certificate {files.certificate} or its key {files.key} is not whole PEM"
        f" ({error.reason or 'no certificate or key in it'}). The certificate file holds the"
        " receiver's own certificate first, then those of its authorities; the key file one key."
    )


def _check_validity(context: ssl.SSLContext, path: Path) -> None:
    """Refuses a certificate whose time has passed or not come; clients would refuse it anyway."""
    certificate = _shown_certificate(context, path)
    now = time.time()
    if ssl.cert_time_to_seconds(certificate["notAfter"]) < now:
        raise CredentialsUnusable(
            f"the TLS certificate {path} expired on {certificate['notAfter']}. Renew it."
        )
    if ssl.cert_time_to_seconds(certificate["notBefore"]) > now:
        raise CredentialsUnusable(
            f"the TLS certificate {path} is not valid before {certificate['notBefore']}."
            " Check the clock of this host."
        )


def _shown_certificate(server: ssl.SSLContext, path: Path) -> dict[str, Any]:
    """What a client learns of the certificate, from a handshake in memory.

    `ssl` has no other way to read the dates of a certificate that is no authority's.
    """
    asking = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    asking.check_hostname = False
    asking.load_verify_locations(path)
    asking.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN | ssl.VerifyFlags(_NO_CHECK_TIME)
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = asking.wrap_bio(to_client, to_server)
    serving = server.wrap_bio(to_server, to_client, server_side=True)
    try:
        for _ in range(_HANDSHAKE_ROUNDS_MAX):
            with contextlib.suppress(ssl.SSLWantReadError):
                client.do_handshake()
                return dict(client.getpeercert() or {})
            with contextlib.suppress(ssl.SSLWantReadError):
                serving.do_handshake()
    except ssl.SSLError as error:
        why = getattr(error, "verify_message", "") or error.reason
        raise CredentialsUnusable(f"the TLS certificate {path} cannot be used: {why}.") from None
    raise CredentialsUnusable(f"the TLS certificate {path} cannot be shown to a client.")
