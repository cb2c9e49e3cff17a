"""What a receiver can be told: addresses, limits and intervals, with their defaults."""

import re
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path

from receiver.fingerprints.rules import GroupingRules
from receiver.flatten.redaction_rules import RedactionRules

GRPC_PORT = 4317
HTTP_PORT = 4318
API_PORT = 4319
_ORIGIN = re.compile(r"\*|[a-z][a-z0-9+.-]*://[a-z0-9.*:\[\]-]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Address:
    """A host and port to listen on; port 0 takes a free one."""

    host: str
    port: int

    @property
    def is_loopback(self) -> bool:
        """Whether only this host reaches it; a name that is not `localhost` is not known to be."""
        if self.host.lower() == "localhost":
            return True
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return False

    def __str__(self) -> str:
        """The address as people write it: `127.0.0.1:4317`, `[::1]:4317`."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse_address(text: str) -> Address:
    """`HOST:PORT` as an address; raises ValueError naming what was seen."""
    host, colon, port = text.strip().rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not colon or not host or not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise ValueError(f"{text!r} is not HOST:PORT, for example 127.0.0.1:{GRPC_PORT}")
    return Address(host, int(port))


def parse_origin(text: str) -> str:
    """An origin whose web pages may send, in lower case; raises ValueError naming what was seen.

    `https://shop.example.com`, with one `*` for any part of the host, or `*` for every origin.
    """
    origin = text.strip().lower()
    if _ORIGIN.fullmatch(origin) is None or origin.count("*") > 1:
        raise ValueError(
            f"{text!r} is not an origin: a scheme and a host, perhaps a port and one *, for"
            " example https://shop.example.com or https://*.example.com; or * for every origin"
        )
    return origin


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """PEM files: the certificate chain and key to show, and the authority that signs clients.

    With `client_ca` every client must show a certificate of that authority (mutual TLS).
    """

    certificate: Path
    key: Path
    client_ca: Path | None = None


@dataclass(frozen=True, slots=True)
class ReceiverSettings:
    """Everything that shapes one receiver.

    Sizes are bytes, times are seconds. A group is what one transaction commits. `api_keys` are
    separated by commas or line ends.
    """

    store: Path
    grpc: Address = field(default_factory=lambda: Address("127.0.0.1", GRPC_PORT))
    http: Address = field(default_factory=lambda: Address("127.0.0.1", HTTP_PORT))
    request_bytes_max: int = 64 * 1024 * 1024
    queue_bytes_max: int = 96 * 1024 * 1024
    group_rows_target: int = 32_768
    group_bytes_max: int = 48 * 1024 * 1024
    group_linger_s: float = 0.1
    ack_timeout_s: float = 30.0
    retry_delay_s: float = 1.0
    grpc_calls_max: int = 256
    store_lock_wait_s: float = 5.0
    response_bytes_max: int = 4 * 1024 * 1024
    cors_origins: tuple[str, ...] = ()
    api_key_file: Path | None = None
    api_keys: str = field(default="", repr=False)
    redaction: RedactionRules = field(default_factory=RedactionRules)
    grouping: GroupingRules = field(default_factory=GroupingRules)
    tls: TlsFiles | None = None
    retention_s: float | None = None
    disk_bytes_max: int | None = None
