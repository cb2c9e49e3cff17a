"""`deploylens import` and `deploylens export`."""

import gzip
from functools import partial
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from analysis import export
from analysis.exit_code import ExitCode
from receiver.settings import ReceiverSettings
from tests.api_process import serving_api
from tests.command_line import deploylens
from tests.ingest import EXCEPTIONS, log_request, rows, stored
from tests.shop import START, fill_shop, requests, trace_id


def framed(content: bytes) -> bytes:
    """A protobuf request after its length, as a file holds several."""
    return len(content).to_bytes(4, "big") + content


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """The orders of the shop as a file of length-delimited protobuf requests, compressed."""
    path = tmp_path / "orders.otlp.gz"
    path.write_bytes(gzip.compress(b"".join(framed(r.SerializeToString()) for r in requests())))
    return path


def test_a_file_is_imported_once(tmp_path: Path, recording: Path) -> None:
    """The same file again adds nothing; both times it is said what happened, on standard error."""
    store = tmp_path / "s.duckdb"
    first = deploylens("import", recording, store=store)
    again = deploylens("import", recording, store=store)
    assert (first.code, first.out) == (ExitCode.DONE, "")
    assert "Imported 400 spans and log records in 4 requests from 1 file" in first.err
    assert again.code == ExitCode.DONE
    assert "4 of these requests were stored before and added nothing." in again.err
    assert rows(store, "SELECT count(*) AS n FROM spans") == [{"n": 400}]


def test_a_file_larger_than_the_queue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An import waits for room as often as it takes, although most of what it sent is answered."""
    small = partial(ReceiverSettings, queue_bytes_max=20_000)
    monkeypatch.setattr("receiver.importer.ReceiverSettings", small)
    path = tmp_path / "logs.otlp"
    sent = [log_request(f"{n} {'x' * 200}").SerializeToString() for n in range(1000)]
    path.write_bytes(b"".join(framed(one) for one in sent))
    ended = deploylens("import", path, store=tmp_path / "s.duckdb")
    assert (ended.code, ended.out) == (ExitCode.DONE, "")
    assert rows(tmp_path / "s.duckdb", "SELECT count(*) AS n FROM log_records") == [{"n": 1000}]


def test_damage_is_told_with_its_place(tmp_path: Path) -> None:
    """A damaged line is named with file and line, the rest is imported, the command ends with 1."""
    path = tmp_path / "spans.jsonl"
    good = '{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"%032x","spanId":"%016x"}]}]}]}'
    path.write_text(f"{good % (1, 1)}\n{{broken\x1b[2J\n{good % (2, 2)}\n")
    ended = deploylens("import", path, store=tmp_path / "s.duckdb")
    assert ended.code == ExitCode.FAILED
    assert "Left out, 1:" in ended.err
    assert f"{path} line 2: " in ended.err
    assert "\x1b" not in ended.err
    assert rows(tmp_path / "s.duckdb", "SELECT count(*) AS n FROM spans") == [{"n": 2}]


TABLES = (
    *("spans", "exceptions", "log_records", "resources", "export_requests", "deployment_marks"),
    *("deployment_history", "exception_history", "retention_edge"),
    *("resolutions", "silences", "grouping"),
)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A store with the orders of the shop, a log record and a mark."""
    store = fill_shop(tmp_path / "shop.duckdb")
    stored(store, log_request("hello"))
    deploylens("mark", "checkout", "1.4.0", store=store)
    return store


def counted(store: Path) -> dict[str, int]:
    """The rows of each table of a store."""
    return {t: int(rows(store, f"SELECT count(*) AS n FROM {t}")[0]["n"]) for t in TABLES}


def test_every_table_is_exported(
    shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All rows are there, also when they are read in pages; ids are hex, times are nanoseconds."""
    monkeypatch.setattr(export, "PAGE_RECORDS", 150)
    ended = deploylens("export", "--parquet", tmp_path / "out", store=shop)
    assert (ended.code, ended.out) == (ExitCode.DONE, "")
    assert "spans.parquet: 400 rows" in ended.err
    written = {p.stem: pq.read_metadata(p).num_rows for p in (tmp_path / "out").iterdir()}
    assert written == counted(shop)
    assert written["exceptions"] == 30
    texts = pq.read_table(tmp_path / "out/exceptions.parquet")["exception_stacktrace"]
    whole = rows(shop, f"SELECT exception_stacktrace AS text FROM {EXCEPTIONS}")
    assert sorted(map(str, texts.to_pylist())) == sorted(str(one["text"]) for one in whole)
    assert pq.read_metadata(tmp_path / "out/spans.parquet").num_row_groups > 1
    spans = pq.read_table(tmp_path / "out/spans.parquet").slice(0, 2).to_pylist()
    assert [span["trace_id"] for span in spans] == [trace_id(1)] * 2
    assert [span["span_id"] for span in spans] == [f"{10:016x}", f"{11:016x}"]
    assert [span["parent_span_id"] for span in spans] == [None, f"{10:016x}"]
    assert spans[0]["start_time_unix_nano"] == START


def test_the_export_is_the_same_while_a_receiver_holds_the_store(
    shop: Path, tmp_path: Path
) -> None:
    """Through the receiver come the same files as from the store itself."""
    deploylens("export", "--parquet", tmp_path / "file", store=shop)
    with serving_api(shop):
        ended = deploylens("export", "--parquet", tmp_path / "receiver", store=shop)
    assert ended.code == ExitCode.DONE
    for table in TABLES:
        one = pq.read_table(tmp_path / f"file/{table}.parquet")
        other = pq.read_table(tmp_path / f"receiver/{table}.parquet")
        assert one.equals(other), table


def test_files_are_not_overwritten(shop: Path, tmp_path: Path) -> None:
    """A file that is there stops the export before anything is written; --force replaces it."""
    out = tmp_path / "out"
    out.mkdir()
    (out / "exceptions.parquet").write_text("mine")
    ended = deploylens("export", "--parquet", out, store=shop)
    assert ended.code == ExitCode.USAGE
    assert "exceptions.parquet exists" in ended.err
    assert [path.name for path in out.iterdir()] == ["exceptions.parquet"]
    assert deploylens("export", "--parquet", out, "--force", store=shop).code == ExitCode.DONE
    assert pq.read_metadata(out / "exceptions.parquet").num_rows == 30


def test_an_export_that_fails_leaves_no_half_file(
    shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A table that cannot be read leaves what was written before whole, and no draft."""
    broken = export.ExportedTable("spans", "no_such_column", by_request=True)
    monkeypatch.setattr(export, "TABLES", (export.TABLES[0], broken))
    ended = deploylens("export", "--parquet", tmp_path / "out", store=shop)
    assert ended.code == ExitCode.FAILED
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["resources.parquet"]


def test_an_empty_store_is_exported_with_its_columns(tmp_path: Path) -> None:
    """Files without rows have the columns all the same, so a reader needs no special case."""
    stored(tmp_path / "s.duckdb")
    deploylens("export", "--parquet", tmp_path / "out", store=tmp_path / "s.duckdb")
    assert pq.read_metadata(tmp_path / "out/spans.parquet").num_rows == 0
    assert "start_time_unix_nano" in pq.read_schema(tmp_path / "out/spans.parquet").names
