"""Protobuf export requests in files: a single one, or each after its length."""

import io
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
from google.protobuf.message import DecodeError

from receiver.otlp.payload_signal import METRICS, payload_signal
from receiver.otlp.wire import REQUEST_TYPES
from receiver.otlp_files.file_record import RECORD_BYTES_MAX, TOO_LARGE, DamagedRecord, FileRecord
from receiver.otlp_files.file_stream import ZSTD_MAGIC
from receiver.otlp_files.json_file import read_document
from receiver.signals import Signal

# A request is a list of field 1, so this byte begins it; unless it is JSON or compressed.
REQUEST_STARTS = (b"\x0a", b"{", ZSTD_MAGIC)

# Beyond this it is not the record that is too large but its length that is damaged.
_PLAUSIBLE_BYTES_MAX = 1024**3
_STEP_BYTES = 1024 * 1024
_VARINT_BYTES_MAX = 5

# Takes one length from the reader: the bytes that it took, and the length, None if it is cut off.
ReadLength = Callable[[io.BufferedReader], tuple[int, int | None]]


def read_single(
    path: Path, reader: io.BufferedReader, signal: Signal | None
) -> Iterator[FileRecord | DamagedRecord]:
    """The one request that is the whole file."""
    payload = reader.read(RECORD_BYTES_MAX + 1)
    yield _request(path, "byte 0", payload, signal, _named_signal(path))


def read_delimited(
    path: Path, reader: io.BufferedReader, read_length: ReadLength, signal: Signal | None
) -> Iterator[FileRecord | DamagedRecord]:
    """The requests of a file in which each stands after its length.

    One that cannot be read is skipped by its length. A length that cannot be true ends the file.
    """
    usual = _named_signal(path)
    for position, frame in _frames(reader, read_length):
        if isinstance(frame, str):
            yield DamagedRecord(path, position, frame)
            continue
        for record in _read_frame(path, position, frame, signal, usual):
            if isinstance(record, FileRecord):
                usual = record.signal
            yield record


def four_byte_length(reader: io.BufferedReader) -> tuple[int, int | None]:
    """A length of 4 bytes, big-endian, as the Collector's file exporter writes it."""
    length = reader.read(4)
    return len(length), int.from_bytes(length, "big") if len(length) == 4 else None


def varint_length(reader: io.BufferedReader) -> tuple[int, int | None]:
    """A length as a protobuf varint, as protobuf's own delimited streams have it."""
    length = 0
    for index in range(_VARINT_BYTES_MAX):
        byte = reader.read(1)
        if not byte:
            return index, None
        length |= (byte[0] & 0x7F) << 7 * index
        if byte[0] < 0x80:
            return index + 1, length
    return _VARINT_BYTES_MAX, length


def _frames(
    reader: io.BufferedReader, read_length: ReadLength
) -> Iterator[tuple[str, bytes | str]]:
    """The position of each record with its bytes, or with the reason why there are none."""
    offset = 0
    while True:
        size, length = read_length(reader)
        position = f"byte {offset}"
        if size == 0:
            return
        if length is None:
            yield position, "the file ends within the length of a record"
            return
        if length > RECORD_BYTES_MAX:
            if not _plausible(reader, length):
                yield position, f"a length of {length} bytes cannot be true; the rest is not read"
                return
            yield position, TOO_LARGE
            _skip(reader, length)
        else:
            frame = reader.read(length)
            if len(frame) < length:
                yield position, f"the file ends {len(frame)} bytes into a record of {length} bytes"
                return
            yield position, frame
        offset += size + length


def _plausible(reader: io.BufferedReader, length: int) -> bool:
    return length <= _PLAUSIBLE_BYTES_MAX and reader.peek(4).startswith(REQUEST_STARTS)


def _skip(reader: io.BufferedReader, length: int) -> None:
    while length > 0 and (step := reader.read(min(length, _STEP_BYTES))):
        length -= len(step)


def _read_frame(
    path: Path, position: str, frame: bytes, signal: Signal | None, usual: Signal
) -> Iterator[FileRecord | DamagedRecord]:
    try:
        content = _decompressed(frame) if frame.startswith(ZSTD_MAGIC) else frame
    except OSError as error:
        yield DamagedRecord(path, position, f"the zstd data is damaged: {error}")
        return
    if content.startswith(b"{"):
        yield from read_document(path, position, content)
    elif content:
        yield _request(path, position, content, signal, usual)


def _decompressed(frame: bytes) -> bytes:
    """The content, or as much of it as shows that it is too large."""
    content = bytearray()
    with pa.CompressedInputStream(pa.BufferReader(frame), "zstd") as stream:
        while len(content) <= RECORD_BYTES_MAX and (step := stream.read(_STEP_BYTES)):
            content += step
    return bytes(content)


def _request(
    path: Path, position: str, payload: bytes, signal: Signal | None, usual: Signal
) -> FileRecord | DamagedRecord:
    if len(payload) > RECORD_BYTES_MAX:
        return DamagedRecord(path, position, TOO_LARGE)
    try:
        kind = signal or payload_signal(payload, usual)
        if kind is None:
            reason = "the records in it are neither spans nor log records"
            return DamagedRecord(path, position, reason)
        if kind == METRICS:
            return DamagedRecord(path, position, "metrics are not stored, only traces and logs")
        signal = Signal(kind)
        message = REQUEST_TYPES[signal].FromString(payload)
    except DecodeError as error:
        reason = str(error).rpartition(": ")[2]
        return DamagedRecord(path, position, f"not a valid protobuf export request: {reason}")
    if not message.ListFields():
        return DamagedRecord(path, position, "this protobuf message is not an export request")
    return FileRecord(path, position, signal, payload)


def _named_signal(path: Path) -> Signal:
    """What a request without records is taken for: nothing but the name is left to say it."""
    return Signal.LOGS if "log" in path.name.lower() else Signal.TRACES
