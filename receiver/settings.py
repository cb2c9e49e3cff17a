"""What a receiver can be told: addresses, limits and intervals, with their defaults."""

from dataclasses import dataclass, field
from pathlib import Path

GRPC_PORT = 4317
HTTP_PORT = 4318
API_PORT = 4319


@dataclass(frozen=True, slots=True)
class Address:
    """A host and port to listen on; port 0 takes a free one."""

    host: str
    port: int

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


@dataclass(frozen=True, slots=True)
class ReceiverSettings:
    """Everything that shapes one receiver.

    Sizes are bytes, times are seconds. A group is what one transaction commits.
    """

    store: Path
    grpc: Address = field(default_factory=lambda: Address("127.0.0.1", GRPC_PORT))
    http: Address = field(default_factory=lambda: Address("127.0.0.1", HTTP_PORT))
    request_bytes_max: int = 64 * 1024 * 1024
    queue_bytes_max: int = 256 * 1024 * 1024
    group_rows_target: int = 32_768
    group_bytes_max: int = 48 * 1024 * 1024
    group_linger_s: float = 0.1
    ack_timeout_s: float = 30.0
    retry_delay_s: float = 1.0
    grpc_threads: int = 32
    store_lock_wait_s: float = 5.0
