"""Damage in an OTLP file is reported with its place and reason, and the rest is read."""

import gzip
import json
import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from receiver.otlp.wire import REQUEST_TYPES
from receiver.otlp.wire_format import length_delimited
from receiver.otlp_files.file_record import RECORD_BYTES_MAX, TOO_LARGE
from receiver.otlp_files.files import DamagedRecord, FileRecord, read_records
from tests.otlp_requests import SAMPLES
from tests.test_files import METRICS, STORED, TRACES, delimited, zstd

GOOD = TRACES[0].SerializeToString()
BAD = GOOD[:-5]
HEX = "expected an id in hexadecimal (OTLP/JSON ids are not base64)"


def read(content: bytes, folder: Path) -> list[str]:
    """What comes out of a file of this content: "good", or the place and reason of the damage."""
    path = folder / "file"
    path.write_bytes(content)
    return [
        f"{record.position}: {record.reason}" if isinstance(record, DamagedRecord) else "good"
        for record in read_records(path)
    ]


def test_malformed_lines() -> None:
    """Each bad line is reported by its number, with what was seen."""
    path = SAMPLES / "duckdb-otlp" / "malformed.jsonl"
    keys = "neither resourceSpans nor resourceLogs in this JSON object, its keys are ['invalid']"
    assert list(read_records(path)) == [
        DamagedRecord(path, "line 1", keys),
        DamagedRecord(path, "line 2", "not JSON: Expecting value (character 0)"),
        DamagedRecord(
            path, "line 3", f"resourceSpans[0].scopeSpans[0].spans[0].traceId: {HEX}, got a string"
        ),
        DamagedRecord(
            path,
            "line 4",
            "not JSON: Expecting property name enclosed in double quotes (character 1)",
        ),
    ]


def test_lines_around_a_bad_one(tmp_path: Path) -> None:
    """The lines before and after a bad one are read; so are those after a bad first one."""
    for bad in (b'"}]}', b'{"resourceSpans":[{', b'{"resourceSpans":"x\xff"}', STORED[0][:100]):
        first = read(b"\n".join([bad, STORED[0], bad, STORED[1]]), tmp_path)
        assert [line.split(":")[0] for line in first] == ["line 1", "good", "line 3", "good"]


def test_bad_document(tmp_path: Path) -> None:
    """A bad document among documents over many lines costs itself."""
    good = b'{\n  "resourceSpans": [\n    {}\n  ]\n}\n'
    assert read(good + good.replace(b"]", b"") + good, tmp_path) == [
        "good",
        "line 6: not JSON: Expecting ',' delimiter (character 33)",
        "good",
    ]


def test_metrics_are_named() -> None:
    """Metrics are no damage: the reason says that they are not stored."""
    path = SAMPLES / "opentelemetry-proto" / "metrics.json"
    assert list(read_records(path)) == [DamagedRecord(path, "line 1", METRICS)]


def test_base64_ids() -> None:
    """Ids in base64, as protobuf's own JSON writers make them, are refused by name."""
    path = SAMPLES / "otlp2parquet" / "trace.json"
    [damaged] = read_records(path)
    assert isinstance(damaged, DamagedRecord)
    assert damaged.reason.endswith(f"traceId: {HEX}, got a string")


def test_bad_record(tmp_path: Path) -> None:
    """A record that is no request is skipped by its length."""
    bad = {
        BAD: "not a valid protobuf export request: Wire format was corrupt",
        b"\x08\x05": "this protobuf message is not an export request",
        b"{}x": "not JSON: Extra data (character 2)",
        zstd(GOOD)[:-9]: "the zstd data is damaged: Truncated compressed stream",
    }
    for record, reason in bad.items():
        content = b"".join(map(delimited, [GOOD, record, GOOD]))
        assert read(content, tmp_path) == ["good", f"byte {4 + len(GOOD)}: {reason}", "good"]


@pytest.mark.parametrize(
    ("tail", "reason"),
    [
        (b"\x00\x00", "the file ends within the length of a record"),
        (delimited(GOOD)[:50], f"the file ends 46 bytes into a record of {len(GOOD)} bytes"),
        (b"\xff\xff\xff\xff", "a length of 4294967295 bytes cannot be true; the rest is not read"),
        (
            b"\x05\x00\x00\x00zzzz",
            "a length of 83886080 bytes cannot be true; the rest is not read",
        ),
    ],
)
def test_bad_tail(tail: bytes, reason: str, tmp_path: Path) -> None:
    """A length that is cut off, or cannot be true, or a record that is cut off, ends the file."""
    content = delimited(GOOD) * 2
    assert read(content + tail, tmp_path) == ["good", "good", f"byte {len(content)}: {reason}"]


def test_bad_varint_tail(tmp_path: Path) -> None:
    """The same holds where lengths are varints."""
    content = length_delimited(GOOD)
    assert read(content + b"\xff", tmp_path) == [
        "good",
        f"byte {len(content)}: the file ends within the length of a record",
    ]
    assert read(content + b"\xff" * 9, tmp_path) == [
        "good",
        f"byte {len(content)}: a length of 34359738367 bytes cannot be true; the rest is not read",
    ]


def test_single_request_cut_off(tmp_path: Path) -> None:
    """A single request that is cut off is no request."""
    reason = "not a valid protobuf export request: Wire format was corrupt"
    assert read(BAD, tmp_path) == [f"byte 0: {reason}"]


@pytest.mark.parametrize("codec", ["gzip", "zstd"])
@pytest.mark.parametrize("kept", [0.3, 0.9])
def test_compressed_data_cut_off(codec: str, kept: float, tmp_path: Path) -> None:
    """Of a compressed file that is cut off, all records before that are read."""
    lines = [noise(number) for number in range(300)]
    content = gzip.compress(b"\n".join(lines)) if codec == "gzip" else zstd(b"\n".join(lines))
    *good, torn, cut = read(content[: int(len(content) * kept)], tmp_path)
    assert set(good) == {"good"}
    # zstd comes in blocks of 128 KiB, of which a part is nothing.
    assert len(good) >= 300 * kept - (5 if codec == "gzip" else 128 * 1024 / len(lines[0]) + 1)
    assert torn.startswith(f"line {len(good) + 1}: not JSON: ")
    assert cut.endswith(f": the {codec} data is damaged or cut off: Truncated compressed stream")


def noise(number: int) -> bytes:
    """A trace request as a line that hardly compresses."""
    name = random.Random(number).randbytes(1000).hex()
    return json.dumps({"resourceSpans": [{"schemaUrl": name}]}).encode()


def test_garbage_after_compressed_data(tmp_path: Path) -> None:
    """All records before garbage at the end of a compressed file are read."""
    content = b"".join(map(delimited, [GOOD, GOOD]))
    for name, compressed in {"gzip": gzip.compress(content), "zstd": zstd(content)}.items():
        *good, cut = read(compressed + b"garbage", tmp_path)
        assert good == ["good", "good"]
        assert cut.startswith(f"byte {len(content)}: the {name} data is damaged or cut off: ")


@pytest.mark.parametrize(
    "content",
    [
        b"# Not OTLP\n\nJust a text.\n",
        b"PAR1\x15\x04\x15\x90\n\x15\xe8\x07",
        b'[{"resourceSpans":[]}]',
        (SAMPLES / "duckdb-otlp" / "logs-initial.bar").read_bytes(),
        (SAMPLES / "otlp2parquet" / "LICENSE").read_bytes(),
    ],
    ids=["text", "parquet", "array", "OTAP", "text after a line end"],
)
def test_other_files(content: bytes, tmp_path: Path) -> None:
    """A file of something else is reported once, with how it begins."""
    assert read(content, tmp_path) == [
        f"byte 0: neither OTLP/JSON nor protobuf export requests; it begins {content[:24]!r}"
    ]


def test_too_large_line(tmp_path: Path) -> None:
    """A line larger than the limit is reported and the next is read."""
    large = b'{"resourceSpans":"' + b"x" * RECORD_BYTES_MAX + b'"}\n'
    assert read(large + STORED[0] + b"\n" + large, tmp_path) == [
        f"line 1: {TOO_LARGE}",
        "good",
        f"line 3: {TOO_LARGE}",
    ]


def test_too_large_document(tmp_path: Path) -> None:
    """A document larger than the limit is reported and the next is read."""
    large = (
        b'{\n"resourceSpans":\n['
        + (b"{}," * 9999 + b"\n") * (RECORD_BYTES_MAX // 29998 + 1)
        + b"{}]\n}\n"
    )
    good = b'{\n"resourceSpans":[{}]\n}\n'
    assert read(large + good, tmp_path) == [f"line 1: {TOO_LARGE}", "good"]


def test_too_large_record(tmp_path: Path) -> None:
    """A record larger than the limit, as it is or when decompressed, is skipped by its length."""
    large = b"\x0a" + b"x" * RECORD_BYTES_MAX
    bomb = zstd(bytes(RECORD_BYTES_MAX + 1))
    content = b"".join(map(delimited, [GOOD, large, GOOD, bomb, GOOD]))
    first = len(delimited(GOOD))
    assert read(content, tmp_path) == [
        "good",
        f"byte {first}: {TOO_LARGE}",
        "good",
        f"byte {2 * first + len(delimited(large))}: {TOO_LARGE}",
        "good",
    ]


def test_too_large_single_request(tmp_path: Path) -> None:
    """A file that would be one request larger than the limit is not read."""
    assert read(GOOD * (RECORD_BYTES_MAX // len(GOOD) + 1), tmp_path) == [f"byte 0: {TOO_LARGE}"]


FILES = sorted((SAMPLES / "collector").iterdir())


@given(data=st.data())
@settings(
    max_examples=300,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_anything(data: st.DataObject, tmp_path: Path) -> None:
    """Whatever happened to a file, reading it ends, and all that comes out is valid requests."""
    content = bytearray(data.draw(st.sampled_from(FILES)).read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(content)))
        end = start + data.draw(st.sampled_from([0, 1, 4, 1000]))
        content[start:end] = data.draw(st.binary(max_size=5))
    path = tmp_path / "file"
    path.write_bytes(content[: data.draw(st.integers(0, len(content)))])
    for record in read_records(path):
        if isinstance(record, FileRecord):
            REQUEST_TYPES[record.signal].FromString(record.payload)
        else:
            assert record.reason
