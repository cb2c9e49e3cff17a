"""OTLP/JSON in files: a request on each line, or documents spread over many lines."""

import io
import re
import reprlib
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from receiver.errors import MalformedRequest
from receiver.file_record import RECORD_BYTES_MAX, TOO_LARGE, DamagedRecord, FileRecord
from receiver.otlp_json import Document, encode, parse, regular_to_protobuf
from receiver.signals import Signal

# Lines are converted together, which is fastest in blocks of this size.
BLOCK_BYTES = 1024 * 1024

_KEYS = {
    Signal.TRACES: ("resourceSpans", "resource_spans"),
    Signal.LOGS: ("resourceLogs", "resource_logs"),
}
_NOT_STORED = {
    "resourceMetrics": "metrics",
    "resource_metrics": "metrics",
    "resourceProfiles": "profiles",
    "resource_profiles": "profiles",
}
_REGULAR_START = re.compile(rb'\{"resource(Spans|Logs)":')
_REGULAR_SIGNALS = {b"Spans": Signal.TRACES, b"Logs": Signal.LOGS}

_Line = tuple[int, bytes]  # number from 1, content without surrounding whitespace


def read_lines(path: Path, reader: io.BufferedReader) -> Iterator[FileRecord | DamagedRecord]:
    """The requests of a file with one JSON object per line; blank lines are nothing."""
    for signal, run in groupby(_lines(reader), key=_regular_signal):
        for block in _blocks(run):
            yield from _read_block(path, block, signal)


def read_documents(path: Path, reader: io.BufferedReader) -> Iterator[FileRecord | DamagedRecord]:
    """The requests of a file of JSON documents, each ending with a line that is a brace alone."""
    document = bytearray()
    first_line = 0
    for number, line in enumerate(_raw_lines(reader), start=1):
        if not document:
            first_line = number
        document += line[: RECORD_BYTES_MAX + 1 - len(document)]
        if line.rstrip() == b"}":
            yield from read_document(path, f"line {first_line}", bytes(document))
        if line.rstrip() == b"}" or not document.strip():
            document.clear()
    if document:
        yield from read_document(path, f"line {first_line}", bytes(document))


def read_document(path: Path, position: str, text: bytes) -> Iterator[FileRecord | DamagedRecord]:
    """The requests in one JSON object: none if it is empty, one for each signal it holds."""
    if len(text) > RECORD_BYTES_MAX:
        yield DamagedRecord(path, position, TOO_LARGE)
        return
    try:
        document = parse(text)
        payloads = {
            signal: encode(document, signal)
            for signal, keys in _KEYS.items()
            if not document.keys().isdisjoint(keys)
        }
    except MalformedRequest as error:
        yield DamagedRecord(path, position, str(error))
        return
    for signal, payload in payloads.items():
        yield FileRecord(path, position, signal, payload)
    if document and not payloads:
        yield DamagedRecord(path, position, _nothing_to_store(document))


def _read_block(
    path: Path, block: list[_Line], signal: Signal | None
) -> Iterator[FileRecord | DamagedRecord]:
    lines = [line for _, line in block]
    payloads = regular_to_protobuf(lines, signal) if signal else None
    if signal is None or payloads is None:
        for number, line in block:
            yield from read_document(path, f"line {number}", line)
    else:
        for (number, _), payload in zip(block, payloads, strict=True):
            yield FileRecord(path, f"line {number}", signal, payload)


def _nothing_to_store(document: Document) -> str:
    for key, kind in _NOT_STORED.items():
        if key in document:
            return f"{kind} are not stored, only traces and logs"
    keys = reprlib.repr(list(document))
    return f"neither resourceSpans nor resourceLogs in this JSON object, its keys are {keys}"


def _lines(reader: io.BufferedReader) -> Iterator[_Line]:
    for number, line in enumerate(_raw_lines(reader), start=1):
        if content := line.strip():
            yield number, content


def _raw_lines(reader: io.BufferedReader) -> Iterator[bytes]:
    """Each line with its end; of one that is too large only a byte past the limit."""
    while line := reader.readline(RECORD_BYTES_MAX + 1):
        yield line
        while len(line) > BLOCK_BYTES and not line.endswith(b"\n"):
            line = reader.readline(BLOCK_BYTES + 1)


def _regular_signal(line: _Line) -> Signal | None:
    """The signal of a line that begins as the Collector's do; groups what is converted together."""
    start = _REGULAR_START.match(line[1])
    return _REGULAR_SIGNALS[start[1]] if start else None


def _blocks(lines: Iterator[_Line]) -> Iterator[list[_Line]]:
    block: list[_Line] = []
    size = 0
    for line in lines:
        block.append(line)
        size += len(line[1])
        if size >= BLOCK_BYTES:
            yield block
            block, size = [], 0
    if block:
        yield block
