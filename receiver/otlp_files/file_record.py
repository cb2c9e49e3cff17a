"""What comes out of an OTLP file: export requests, and reports of what could not be read."""

from dataclasses import dataclass
from pathlib import Path

from receiver.signals import Signal

# Of one record, after decompression: what the receiver takes as one request, too.
RECORD_BYTES_MAX = 64 * 1024 * 1024
TOO_LARGE = f"larger than {RECORD_BYTES_MAX // 1024**2} MiB, the limit of one record"


@dataclass(frozen=True, slots=True)
class FileRecord:
    """One export request: valid protobuf bytes of the signal's request message.

    `position` is where it begins in the decompressed content: "line 12" or "byte 1234".
    """

    path: Path
    position: str
    signal: Signal
    payload: bytes


@dataclass(frozen=True, slots=True)
class DamagedRecord:
    """A place in a file that yields no request, and why: damage, or content that is not stored."""

    path: Path
    position: str
    reason: str
