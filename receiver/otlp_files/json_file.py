"""OTLP/JSON in files: a request on each line, or documents spread over many lines."""

import io
import reprlib
from collections.abc import Iterator
from pathlib import Path

from receiver.errors import MalformedRequest
from receiver.otlp.request_json import Document, encode, parse, regular_to_protobuf
from receiver.otlp_files.file_record import RECORD_BYTES_MAX, TOO_LARGE, DamagedRecord, FileRecord
from receiver.signals import Signal

# So many bytes of lines are converted together: more would not be faster.
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
_REGULAR_STARTS = {Signal.TRACES: b'{"resourceSpans":', Signal.LOGS: b'{"resourceLogs":'}

_Line = tuple[int, bytes]  # number from 1, content without surrounding whitespace


def read_lines(path: Path, reader: io.BufferedReader) -> Iterator[FileRecord | DamagedRecord]:
    """The requests of a file with one JSON object per line; blank lines are nothing."""
    for block in _blocks(_lines(reader)):
        converted = _convert_regular(block)
        for number, line in block:
            position = f"line {number}"
            if number in converted:
                signal, payload = converted[number]
                yield FileRecord(path, position, signal, payload)
            else:
                yield from read_document(path, position, line)


def read_documents(path: Path, reader: io.BufferedReader) -> Iterator[FileRecord | DamagedRecord]:
    """The requests of a file of JSON documents, each ending with a line that is a brace alone."""
    document = bytearray()
    first_line = 0
    for number, line in enumerate(_raw_lines(reader), start=1):
        if not document:
            first_line = number
        if document or line.strip():
            document += line[: RECORD_BYTES_MAX + 1 - len(document)]
        if line.rstrip() == b"}":
            yield from read_document(path, f"line {first_line}", bytes(document))
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


def _convert_regular(block: list[_Line]) -> dict[int, tuple[Signal, bytes]]:
    """The lines that can be converted together with others of their signal, by number."""
    converted = {}
    for signal, start in _REGULAR_STARTS.items():
        regular = [(number, line) for number, line in block if line.startswith(start)]
        payloads = regular_to_protobuf([line for _, line in regular], signal) or []
        for (number, _), payload in zip(regular, payloads, strict=False):
            converted[number] = (signal, payload)
    return converted


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
