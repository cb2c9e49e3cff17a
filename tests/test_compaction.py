"""Compaction: the file shrinks to what its rows need, and nothing is lost."""

import os
from pathlib import Path

import pytest

from analysis.exit_code import ExitCode
from receiver.storage.compaction import compact
from receiver.storage.store import StoreLocked, open_store
from tests.command_line import deploylens
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


def test_a_store_behind_a_link(tmp_path: Path) -> None:
    """A link stays a link; what it leads to is compacted, in its own folder."""
    (tmp_path / "data").mkdir()
    path, link = tmp_path / "data" / "s.duckdb", tmp_path / "link.duckdb"
    with ingesting(path) as ingest:
        ingest.send(trace_request({"n": 1}))
    link.symlink_to(path)
    before = path.stat().st_ino
    compact(link)
    assert link.readlink() == path
    assert path.stat().st_ino != before
    assert row(link, "SELECT count(*) AS n FROM spans") == {"n": 1}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
def test_owner_and_mode_stay(tmp_path: Path) -> None:
    """A store that root compacts still belongs to whom it belonged to."""
    path = tmp_path / "s.duckdb"
    with ingesting(path) as ingest:
        ingest.send(trace_request({"n": 1}))
    os.chown(path, 12345, 23456)
    path.chmod(0o640)
    compact(path)
    status = path.stat()
    assert (status.st_uid, status.st_gid, status.st_mode & 0o777) == (12345, 23456, 0o640)


def test_no_store(tmp_path: Path) -> None:
    """Without a store there the command ends as every other does that cannot reach one, and makes
    none."""
    ended = deploylens("compact", store=tmp_path / "none.duckdb", here=tmp_path)
    assert ended.code == ExitCode.NO_STORE
    assert "none.duckdb" in ended.err
    assert list(tmp_path.iterdir()) == []
