"""OTLP files as a stream of export requests, whatever the known format they are written in.

Read are, plain or compressed with gzip or zstd: OTLP/JSON with a request on each line (what the
Collector's file exporter writes), OTLP/JSON documents over many lines, a single protobuf request,
and requests each after its length: 4 bytes big-endian (the file exporter's `format: proto`, and its
`compression: zstd`, which compresses each request) or a varint. The content decides, not the name.
"""

import io
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from receiver.otlp_files.file_record import RECORD_BYTES_MAX, DamagedRecord, FileRecord
from receiver.otlp_files.file_stream import FileStream
from receiver.otlp_files.json_file import read_documents, read_lines
from receiver.otlp_files.protobuf_file import (
    REQUEST_STARTS,
    four_byte_length,
    read_delimited,
    read_single,
    varint_length,
)
from receiver.signals import Signal

__all__ = ["DamagedRecord", "FileRecord", "read_records"]

_BUFFER_BYTES = 1024 * 1024
_HEAD_BYTES = 64 * 1024
_BOM = b"\xef\xbb\xbf"

# The quote that ends the first key tells JSON from a protobuf request of 123 bytes, "\n{…".
_JSON_START = re.compile(rb'\s*\{\s*(\}|"[^"\x00-\x1f]*"\s*:)')
_JSON_LINE = re.compile(rb'^\{\s*"resource', re.MULTILINE)
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1f]")

_Records = Iterator[FileRecord | DamagedRecord]


def read_records(
    path: Path,
    on_progress: Callable[[int], None] | None = None,
    *,
    signal: Signal | None = None,
) -> _Records:
    """The export requests of one file in order, each as valid protobuf, in bounded memory.

    Damage costs what is damaged: it is reported in place, and the rest of the file is read where it
    can be found again. `on_progress` is given the bytes of the file (compressed ones, if it is
    compressed) that were read since its last call. `signal` says what protobuf requests are where
    their records would be looked at to tell; JSON names it itself. Raises OSError if the file
    cannot be read at all.
    """
    with FileStream(path, on_progress) as stream:
        reader: io.BufferedReader = io.BufferedReader(stream, _BUFFER_BYTES)
        yield from _read(path, reader, signal)
        stream.report_rest()
        if stream.damage is not None:
            yield DamagedRecord(path, f"byte {stream.delivered}", stream.damage)


def _read(path: Path, reader: io.BufferedReader, signal: Signal | None) -> _Records:
    if reader.peek(len(_BOM)).startswith(_BOM):
        reader.read(len(_BOM))
    head = reader.peek(_HEAD_BYTES)[:_HEAD_BYTES]
    if not head.strip() or _JSON_START.match(head):
        return (read_documents if _is_spread(head) else read_lines)(path, reader)
    if _JSON_LINE.search(head) and not _CONTROL.search(head):
        return read_lines(path, reader)
    if _starts_with_length(head):
        return read_delimited(path, reader, four_byte_length, signal)
    if head.startswith(b"\x0a") and _CONTROL.search(head):
        return read_single(path, reader, signal)
    if _starts_with_varint(head):
        return read_delimited(path, reader, varint_length, signal)
    reason = f"neither OTLP/JSON nor protobuf export requests; it begins {head[:24]!r}"
    return iter([DamagedRecord(path, "byte 0", reason)])


def _is_spread(head: bytes) -> bool:
    """The first line opens an object that the second goes on with: one document, many lines."""
    first, newline, rest = head.lstrip().partition(b"\n")
    opens = newline and first.rstrip().endswith((b"{", b"[", b","))
    return bool(opens) and not _JSON_START.match(rest)


def _starts_with_length(head: bytes) -> bool:
    """4 bytes of length, then a request; those that begin a request would be far too large."""
    length = int.from_bytes(head[:4], "big")
    return length <= RECORD_BYTES_MAX and (length == 0 or head[4:8].startswith(REQUEST_STARTS))


def _starts_with_varint(head: bytes) -> bool:
    """A varint length, then a field 1 that fits in it."""
    frame: io.BufferedReader = io.BufferedReader(io.BytesIO(head))
    _, length = varint_length(frame)
    if length is None or frame.read(1) != REQUEST_STARTS[0]:
        return False
    inner_size, inner_length = varint_length(frame)
    return inner_length is not None and 1 + inner_size + inner_length <= length
