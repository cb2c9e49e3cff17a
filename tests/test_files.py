"""OTLP files in every known format become the requests that were written in them."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from receiver.otlp.wire import REQUEST_TYPES
from receiver.otlp.wire_format import length_delimited
from receiver.otlp_files.files import DamagedRecord, FileRecord, read_records
from receiver.signals import Signal
from tests.otlp_requests import SAMPLES, from_json

COLLECTOR_LINES = (SAMPLES / "collector" / "json.jsonl").read_bytes().splitlines()
STORED = [line for line in COLLECTOR_LINES if not line.startswith(b'{"resourceMetrics"')]
METRICS = "metrics are not stored, only traces and logs"


def signal_of(line: bytes) -> Signal:
    """The signal of a line that the Collector wrote."""
    return Signal.TRACES if line.startswith(b'{"resourceSpans"') else Signal.LOGS


def message(line: bytes) -> Any:  # Any: the generated message classes are untyped
    """The request in a line, as google.protobuf reads it."""
    return from_json(line, signal_of(line))


MESSAGES = [message(line) for line in STORED]
TRACES = [message(line) for line in STORED if signal_of(line) is Signal.TRACES]


def requests(path: Path, **options: Any) -> list[Any]:
    """The requests in a file, in which nothing may be damaged."""
    records = list(read_records(path, **options))
    assert all(isinstance(record, FileRecord) for record in records), records
    return [parsed(record) for record in records if isinstance(record, FileRecord)]


def parsed(record: FileRecord) -> Any:
    """The message in a record."""
    return REQUEST_TYPES[record.signal].FromString(record.payload)


def delimited(payload: bytes) -> bytes:
    """A record after its length in 4 bytes."""
    return len(payload).to_bytes(4, "big") + payload


def zstd(content: bytes) -> bytes:
    """The content as one zstd stream, without its size in front, as streaming writers make it."""
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(content)
    compressed: bytes = sink.getvalue().to_pybytes()
    return compressed


@pytest.mark.parametrize(
    "path", sorted((SAMPLES / "collector").iterdir()), ids=lambda path: path.name
)
def test_collector_files(path: Path) -> None:
    """Every format of the Collector's file exporter gives the same requests of both signals."""
    records = list(read_records(path))
    damaged = [record for record in records if isinstance(record, DamagedRecord)]
    assert [parsed(record) for record in records if isinstance(record, FileRecord)] == MESSAGES
    assert [record.reason for record in damaged] == [METRICS]
    assert records.index(damaged[0]) == 6


FORMATS = {
    "lines": b"\n".join(STORED) + b"\n",
    "lines without a last end": b"\n".join(STORED),
    "lines with blank ones and CRLF": b"\r\n \r\n".join([b"", *STORED, b""]),
    "lines after a byte order mark": b"\xef\xbb\xbf" + b"\n".join(STORED),
    "documents": b"\n".join(json.dumps(json.loads(line), indent=2).encode() for line in STORED),
    "delimited": b"".join(delimited(request.SerializeToString()) for request in MESSAGES),
    "delimited JSON": b"".join(delimited(line) for line in STORED),
    "delimited zstd": b"".join(delimited(zstd(line)) for line in STORED),
    "varint": b"".join(length_delimited(request.SerializeToString()) for request in MESSAGES),
}
COMPRESSIONS: dict[str, Callable[[bytes], bytes]] = {
    "plain": bytes,
    "gzip": gzip.compress,
    "gzip of several members": lambda content: (
        gzip.compress(content[:999]) + gzip.compress(content[999:])
    ),
    "zstd": zstd,
    "zstd of several frames": lambda content: zstd(content[:999]) + zstd(content[999:]),
}


@pytest.mark.parametrize("compression", COMPRESSIONS)
@pytest.mark.parametrize("name", FORMATS)
def test_formats(name: str, compression: str, tmp_path: Path) -> None:
    """The content decides how a file is read, not its name, and all of its bytes are counted."""
    path = tmp_path / "data.txt"
    path.write_bytes(COMPRESSIONS[compression](FORMATS[name]))
    steps: list[int] = []
    assert requests(path, on_progress=steps.append) == MESSAGES
    assert sum(steps) == path.stat().st_size


@pytest.mark.parametrize("compression", COMPRESSIONS)
@pytest.mark.parametrize("line", [STORED[0], STORED[1]], ids=signal_of)
def test_single_request(line: bytes, compression: str, tmp_path: Path) -> None:
    """A file that is one protobuf request, and nothing else, is that request."""
    path = tmp_path / "data.txt"
    path.write_bytes(COMPRESSIONS[compression](message(line).SerializeToString()))
    assert requests(path) == [message(line)]


@pytest.mark.parametrize("name", ["empty.jsonl", "whitespace.jsonl"])
def test_nothing(name: str) -> None:
    """A file without content is no error and yields nothing."""
    assert list(read_records(SAMPLES / "duckdb-otlp" / name)) == []


def test_empty_requests(tmp_path: Path) -> None:
    """An empty request, in JSON or of length zero, yields nothing, and what follows is read."""
    (tmp_path / "lines").write_bytes(b"{}\n" + STORED[0])
    (tmp_path / "delimited").write_bytes(delimited(b"") + delimited(TRACES[0].SerializeToString()))
    assert requests(tmp_path / "lines") == requests(tmp_path / "delimited") == TRACES[:1]


def test_positions(tmp_path: Path) -> None:
    """A record is found by its line, counted from 1, or by the byte at which it begins."""
    (tmp_path / "lines").write_bytes(b"\n" + b"\n".join(STORED[:2]))
    (tmp_path / "documents").write_bytes(
        b'{\n"resourceSpans": []\n}\n\n{\n "resourceLogs": []\n}\n'
    )
    (tmp_path / "delimited").write_bytes(delimited(b"\x0a\x00") + delimited(b"\x0a\x00"))
    assert positions(tmp_path / "lines") == ["line 2", "line 3"]
    assert positions(tmp_path / "documents") == ["line 1", "line 5"]
    assert positions(tmp_path / "delimited") == ["byte 0", "byte 6"]


def positions(path: Path) -> list[str]:
    """Where the records of a file begin."""
    return [record.position for record in read_records(path)]


def test_both_signals_on_one_line(tmp_path: Path) -> None:
    """An object that holds traces and logs is two requests."""
    path = tmp_path / "lines"
    path.write_bytes(STORED[0][:-1] + b"," + STORED[1][1:])
    assert requests(path) == MESSAGES[:2]


def test_large_lines(tmp_path: Path) -> None:
    """Lines that are converted together, by signal, are the same and in order as each alone."""
    irregular = STORED[0].replace(b'"kind":2', b'"kind":"SPAN_KIND_SERVER"')
    path = tmp_path / "lines"
    for lines, expected in (
        (STORED * 40, MESSAGES * 40),
        ([*STORED * 40, irregular], [*MESSAGES * 40, MESSAGES[0]]),
    ):
        path.write_bytes(b"\n".join(lines))
        assert requests(path) == expected
        assert positions(path) == [f"line {number}" for number in range(1, len(lines) + 1)]


def test_streaming(tmp_path: Path) -> None:
    """The first record of a large file is there long before the file is read."""
    path = tmp_path / "large"
    path.write_bytes(FORMATS["delimited"] * 400)
    steps: list[int] = []
    next(iter(read_records(path, steps.append)))
    assert sum(steps) <= 1024 * 1024 < path.stat().st_size / 4


def test_samples() -> None:
    """Published protobuf files are told apart by what is in them, not by their names."""
    signals = {
        "duckdb-otlp/otlp_traces.pb": Signal.TRACES,
        "duckdb-otlp/otlp_logs.pb": Signal.LOGS,
        "duckdb-otlp/traces-initial.otlp": Signal.TRACES,
        "duckdb-otlp/logs-initial.otlp": Signal.LOGS,
        "otlp2parquet/traces.pb": Signal.TRACES,
        "otlp2parquet/trace.pb": Signal.TRACES,
        "otlp2parquet/logs.pb": Signal.LOGS,
    }
    for name, signal in signals.items():
        [record] = read_records(SAMPLES / name)
        assert isinstance(record, FileRecord)
        assert (record.signal, record.payload) == (signal, (SAMPLES / name).read_bytes())
    for name in (
        "duckdb-otlp/otlp_metrics.pb",
        "duckdb-otlp/metrics-initial.otlp",
        "otlp2parquet/metrics_gauge.pb",
    ):
        [damaged] = read_records(SAMPLES / name)
        assert damaged == DamagedRecord(SAMPLES / name, "byte 0", METRICS)


def test_missing_file(tmp_path: Path) -> None:
    """A file that is not there, or a folder, is the operating system's error."""
    for path in (tmp_path / "missing", tmp_path):
        with pytest.raises(OSError, match=str(path)):
            list(read_records(path))
