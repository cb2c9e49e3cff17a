"""Compaction: the file shrinks to what its rows need, and nothing is lost."""

from pathlib import Path

import pytest

from receiver.storage.compaction import compact
from receiver.storage.store import StoreLocked, open_store
from tests.ingest import ingesting, row, rows, trace_request

TABLES = ("resources", "spans", "export_requests", "deployment_history", "retention_edge")


def test_compacted(tmp_path: Path) -> None:
    """After most rows were deleted the file stays large; compacted it is small and holds the same
    rows in the same order."""
    path = tmp_path / "s.duckdb"
    with ingesting(path) as ingest:
        for _ in range(3):
            ingest.send(trace_request(*({"n": n} for n in range(20_000)), flags=_))
    with open_store(path) as connection:
        connection.execute("DELETE FROM store.spans WHERE request_id = 2")
        connection.execute("CHECKPOINT store")
    before, size = {t: rows(path, f"FROM {t}") for t in TABLES}, path.stat().st_size
    compact(path)
    assert {t: rows(path, f"FROM {t}") for t in TABLES} == before
    assert path.stat().st_size < size
    assert [one.name for one in tmp_path.iterdir()] == ["s.duckdb"]
    with ingesting(path) as ingest:
        ingest.send(trace_request({"n": "after"}))
    assert row(path, "SELECT max(request_id) AS n FROM spans") == {"n": 4}


def test_store_in_use(tmp_path: Path) -> None:
    """A store that somebody holds is refused and stays as it is."""
    path = tmp_path / "s.duckdb"
    with ingesting(path), pytest.raises(StoreLocked):
        compact(path)
    assert [one.name for one in tmp_path.glob("*.compact*")] == []


def test_draft_of_a_crash(tmp_path: Path) -> None:
    """What a compaction that was killed left behind is no obstacle."""
    path = tmp_path / "s.duckdb"
    with ingesting(path) as ingest:
        ingest.send(trace_request({"n": 1}))
    (tmp_path / "s.duckdb.compact").write_bytes(b"half a file")
    compact(path)
    assert row(path, "SELECT count(*) AS n FROM spans") == {"n": 1}
