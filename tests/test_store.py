"""Opening a store: what is refused, and that a refused file is not touched."""

import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from receiver.fingerprints.fingerprint import FINGERPRINT_VERSION
from receiver.storage.store import (
    ROW_GROUP_ROWS,
    SCHEMA_VERSION,
    StoreError,
    StoreLocked,
    StoreMissing,
    StoreNotDuckDB,
    StoreSchemaMismatch,
    attach_read_only,
    open_store,
)
from tests.ingest import EXCEPTIONS, ingesting, row, rows, stored, trace_request
from tests.served import ROOT


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """An existing store with one span."""
    path = tmp_path / "s.duckdb"
    stored(path, trace_request({}))
    return path


def test_stamp(store: Path) -> None:
    """A new store is stamped with the schema version, and opens again."""
    assert row(store, "SELECT schema_version FROM store_schema") == {
        "schema_version": SCHEMA_VERSION
    }
    open_store(store).close()


def old_store(path: Path, version: int) -> None:
    """A store as deploylens made it with this schema version, with rows in its tables."""
    folder = Path(__file__).with_name("data") / "stores"
    with duckdb.connect() as connection:
        connection.execute(f"ATTACH '{path}' AS store (STORAGE_VERSION 'v1.5.0')")
        connection.execute("USE store")
        schema = (folder / f"schema_version_{version}.sql").read_text(encoding="utf-8")
        for statement in duckdb.extract_statements(schema):
            connection.execute(statement)
        connection.execute(
            "INSERT INTO store_schema VALUES ($v, 'deploylens 0.1.0', 1)", {"v": version}
        )
        if version > 2:
            connection.execute("INSERT INTO grouping VALUES (2, 'rules', 1)")
        if version > 1:
            connection.execute("INSERT INTO retention_edge VALUES (3, 1, 1, 1, 1, 1)")
            connection.execute(
                "INSERT INTO exception_history BY NAME SELECT 'shop' AS service_name,"
                " 'f' AS fingerprint, 'l' AS fingerprint_loose, 1 AS fingerprint_version,"
                " 7 AS sightings"
            )
        connection.execute(
            "INSERT INTO deployment_marks BY NAME SELECT 'shop' AS service_name,"
            " '1.0' AS service_version, false AS irreversible, 1 AS marked_at_unix_nano"
        )
        if version > 2:
            connection.execute("INSERT INTO stacktraces VALUES (7, 'E: ')")
            connection.execute(
                "INSERT INTO exceptions BY NAME SELECT 1 AS time_unix_nano, 'traces' AS signal,"
                " 'event' AS exception_source, 'shop' AS service_name, 1 AS resource_id,"
                " 'order 1' AS exception_message, 7 AS stacktrace_id, 3 AS message_at,"
                " 'f' AS fingerprint, 'l' AS fingerprint_loose, 2 AS fingerprint_version,"
                " 1 AS request_id"
            )
            return
        connection.executemany(
            "INSERT INTO exceptions BY NAME SELECT $1 AS time_unix_nano, $2 AS signal,"
            " 'shop' AS service_name, 1 AS resource_id, $3 AS exception_message,"
            " $4 AS exception_stacktrace, 'f' AS fingerprint, 'l' AS fingerprint_loose,"
            " 1 AS fingerprint_version, 1 AS request_id",
            [(number, *one) for number, one in enumerate(OLD_EXCEPTIONS)],
        )


# Signal, message and stack.
OLD_EXCEPTIONS = (
    *[("traces", f"order {n}", f"E: order {n}\n    at f (a.js:1:2)") for n in range(9_000)],
    ("logs", "für 😀", "E: für 😀\n    at f (a.js:1:2)"),
    ("logs", "elsewhere", "E: order\n    at f (a.js:1:2)"),
    ("traces", None, "E\n    at f (a.js:1:2)"),
    ("traces", "m", None),
)


@pytest.mark.parametrize("version", [1, 2])
def test_older_store_is_brought_up_to_date(tmp_path: Path, version: int) -> None:
    """A store of an older schema keeps its rows and gets what it lacks when it is opened for
    writing: every text of a stack once, and no row without its text. Reading says what to do and
    leaves the store alone."""
    path = tmp_path / "old.duckdb"
    old_store(path, version)
    before = path.read_bytes()
    with duckdb.connect() as connection, pytest.raises(StoreSchemaMismatch, match="serve --store"):
        attach_read_only(connection, path)
    assert path.read_bytes() == before
    open_store(path).close()
    assert row(path, "SELECT list(schema_version ORDER BY ALL) AS v FROM store_schema") == {
        "v": [version, SCHEMA_VERSION]
    }
    assert row(path, "SELECT count(*) AS n FROM deployment_marks") == {"n": 1}
    history = [{"sightings": 7}] if version > 1 else []
    assert rows(path, "SELECT sightings FROM exception_history") == history
    edge = {"last_request_id": 3 if version > 1 else 0}
    assert row(path, "SELECT last_request_id FROM retention_edge") == edge
    moved = "signal, exception_message, exception_stacktrace"
    found = rows(path, f"SELECT {moved} FROM {EXCEPTIONS} ORDER BY time_unix_nano")
    assert [tuple(one.values()) for one in found] == list(OLD_EXCEPTIONS)
    sources = rows(path, "SELECT exception_source, signal FROM exceptions GROUP BY ALL ORDER BY 1")
    assert [tuple(one.values()) for one in sources] == [("event", "traces"), ("log", "logs")]
    assert len(rows(path, "SELECT 1 AS one FROM stacktraces")) == 3
    assert rows(path, "SELECT fingerprint_version FROM grouping") == [{"fingerprint_version": 1}]
    fresh = tmp_path / "new.duckdb"
    stored(fresh, trace_request({}))
    assert columns(path) == columns(fresh)


def test_store_without_announcements_is_brought_up_to_date(tmp_path: Path) -> None:
    """A store of version 3 gets the tables of announcements and is otherwise as it was: what its
    fingerprints were made with is still known, so nothing is grouped again."""
    path = tmp_path / "old.duckdb"
    old_store(path, 3)
    with duckdb.connect() as connection, pytest.raises(StoreSchemaMismatch, match="serve --store"):
        attach_read_only(connection, path)
    open_store(path).close()
    assert row(path, "SELECT list(schema_version ORDER BY ALL) AS v FROM store_schema") == {
        "v": [3, SCHEMA_VERSION]
    }
    grouping = "SELECT fingerprint_version, rules_digest FROM grouping"
    assert rows(path, grouping) == [{"fingerprint_version": 2, "rules_digest": "rules"}]
    assert rows(path, f"SELECT exception_stacktrace FROM {EXCEPTIONS}") == [
        {"exception_stacktrace": "E: order 1"}
    ]
    assert rows(path, "SELECT sightings FROM exception_history") == [{"sightings": 7}]
    assert rows(path, "FROM announcements") == rows(path, "FROM announcement_deliveries") == []
    fresh = tmp_path / "new.duckdb"
    stored(fresh, trace_request({}))
    assert columns(path) == columns(fresh)


def test_killed_while_an_old_store_is_brought_up_to_date(tmp_path: Path) -> None:
    """Whoever is killed on the way leaves the old store, which can be opened again."""
    path = tmp_path / "old.duckdb"
    old_store(path, 2)
    killed = (
        "import os, sys\nfrom pathlib import Path\nfrom receiver.storage import store\n"
        "store._stamp_anew = lambda *_: os.kill(os.getpid(), 9)\n"
        "store.open_store(Path(sys.argv[1]))\n"
    )
    subprocess.run([sys.executable, "-c", killed, str(path)], cwd=ROOT, check=False)
    assert row(path, "SELECT max(schema_version) AS v FROM store_schema") == {"v": 2}
    open_store(path).close()
    assert row(path, "SELECT count(*) AS n FROM exceptions") == {"n": len(OLD_EXCEPTIONS)}


def test_new_store_says_how_it_groups(store: Path) -> None:
    """A new store notes the version of the fingerprints that its exceptions will have."""
    assert rows(store, "SELECT fingerprint_version, rules_digest FROM grouping") == [
        {"fingerprint_version": FINGERPRINT_VERSION, "rules_digest": ""}
    ]


def columns(path: Path) -> list[dict[str, object]]:
    """Every column of every table."""
    return rows(
        path,
        "SELECT table_name, column_name, data_type, is_nullable FROM duckdb_columns()"
        " WHERE NOT internal ORDER BY table_name, column_index",
    )


@pytest.mark.parametrize(("version", "age"), [(0, "older"), (99, "newer")])
def test_other_schema_is_not_touched(store: Path, version: int, age: str) -> None:
    """A store of an older or newer deploylens is refused by name and not a byte of it changes."""
    with duckdb.connect(str(store)) as connection:
        connection.execute("UPDATE store_schema SET schema_version = $v", {"v": version})
    before = store.read_bytes()
    with pytest.raises(StoreSchemaMismatch, match=f"version {version}.*{age}"):
        open_store(store)
    with duckdb.connect() as connection, pytest.raises(StoreSchemaMismatch):
        attach_read_only(connection, store)
    assert store.read_bytes() == before
    assert not store.with_name(store.name + ".wal").exists()


def test_file_that_is_not_duckdb(tmp_path: Path) -> None:
    """A file of something else is refused and stays as it is."""
    path = tmp_path / "notes.txt"
    path.write_text("not a database\n" * 2000)
    before = path.read_bytes()
    with pytest.raises(StoreNotDuckDB, match="not a DuckDB database"):
        open_store(path)
    assert path.read_bytes() == before


def test_only_a_lock_is_a_lock(tmp_path: Path) -> None:
    """A file that is not DuckDB's is not said to be held by somebody, whatever its path is."""
    path = tmp_path / "blocked" / "unlocked.txt"
    path.parent.mkdir()
    path.write_text("not a database\n" * 2000)
    with pytest.raises(StoreNotDuckDB):
        open_store(path)


def test_database_of_another_program(tmp_path: Path) -> None:
    """A DuckDB database without our stamp is refused."""
    path = tmp_path / "other.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE TABLE orders (id INT)")
    with pytest.raises(StoreNotDuckDB, match="not a store of deploylens"):
        open_store(path)


def test_killed_while_the_store_was_created(tmp_path: Path) -> None:
    """A file in which nothing is yet, because who made it was killed, becomes a store; for a reader
    there is none."""
    path = tmp_path / "s.duckdb"
    killed = (
        "import os, sys\nfrom pathlib import Path\nfrom receiver.storage import store\n"
        "store._create_tables = lambda *_: os.kill(os.getpid(), 9)\n"
        "store.open_store(Path(sys.argv[1]))\n"
    )
    subprocess.run([sys.executable, "-c", killed, str(path)], cwd=ROOT, check=False)
    assert path.stat().st_size > 0
    with duckdb.connect() as connection, pytest.raises(StoreMissing, match="deploylens serve"):
        attach_read_only(connection, path)
    stored(path, trace_request({}))
    assert row(path, "SELECT count(*) AS n FROM spans") == {"n": 1}


def test_database_with_only_a_view(tmp_path: Path) -> None:
    """A DuckDB database that somebody put something into is not taken for an empty one."""
    path = tmp_path / "other.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE VIEW orders AS SELECT 1 AS id")
    with pytest.raises(StoreNotDuckDB, match="not a store of deploylens"):
        open_store(path)


def test_missing_store_is_not_created_by_a_reader(tmp_path: Path) -> None:
    """A reader says what to do when there is no store, and makes no file."""
    path = tmp_path / "none.duckdb"
    with duckdb.connect() as connection, pytest.raises(StoreMissing, match="deploylens serve"):
        attach_read_only(connection, path)
    assert not path.exists()


def test_store_held_by_another_process(store: Path) -> None:
    """A store that another process holds is refused with that process's id."""
    program = (
        f"import duckdb, time; c = duckdb.connect({str(store)!r});"
        " print('open', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        with pytest.raises(StoreLocked) as refused:
            open_store(store)
        assert refused.value.pid == process.pid
        assert str(process.pid) in str(refused.value)
        process.kill()


def test_writer_waits_for_a_reader(store: Path) -> None:
    """A receiver that starts while somebody reads waits until the reader lets go."""
    program = (
        f"import duckdb, time; c = duckdb.connect({str(store)!r}, read_only=True);"
        " print('open', flush=True); time.sleep(0.5)"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        open_store(store, lock_wait_s=20).close()


def test_folder_is_not_a_store(tmp_path: Path) -> None:
    """A folder in the place of the store is refused."""
    with pytest.raises(StoreError, match="cannot be opened"):
        open_store(tmp_path)


def test_no_folder_can_be_made_for_the_store(tmp_path: Path) -> None:
    """A path through a file is refused as a store that cannot be opened."""
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(StoreError, match="cannot be opened"):
        open_store(tmp_path / "notes.txt" / "s.duckdb")


def test_torn_log_is_cut_at_the_damage(tmp_path: Path) -> None:
    """A write-ahead log with a torn tail is cut there; what was committed before is kept."""
    path = tmp_path / "s.duckdb"
    killed = (
        "import os, sys\nfrom pathlib import Path\n"
        "from tests.ingest import ingesting, trace_request\n"
        "with ingesting(Path(sys.argv[1])) as ingest:\n"
        "    for n in range(20): ingest.send(trace_request({'n': n}))\n"
        "    os.kill(os.getpid(), 9)\n"
    )
    subprocess.run([sys.executable, "-c", killed, str(path)], cwd=ROOT, check=False)
    log = path.with_name(path.name + ".wal")
    whole = log.read_bytes()
    log.write_bytes(whole[:-200] + bytes(200))
    with pytest.raises(duckdb.Error):
        duckdb.connect(str(path), read_only=True)
    with ingesting(path) as ingest:
        ingest.send(trace_request({"n": "after"}))
    kept = row(path, "SELECT count(*) AS n FROM spans")["n"]
    assert 15 < kept <= 20
    (copy,) = tmp_path.glob("s.duckdb.wal.damaged-*")
    assert copy.read_bytes() == whole[:-200] + bytes(200)


def test_large_commits_go_straight_into_the_file(tmp_path: Path) -> None:
    """A commit of a row group or more leaves no write-ahead log behind, so it is never written
    twice."""
    path = tmp_path / "s.duckdb"
    with ingesting(path) as ingest:
        ingest.send(trace_request(*[{"n": n} for n in range(ROW_GROUP_ROWS)]))
        log = path.with_name(path.name + ".wal")
        assert not log.exists() or log.stat().st_size < 100_000
    assert row(path, "SELECT count(*) AS n FROM spans") == {"n": ROW_GROUP_ROWS}


def test_duckdb_1_5_can_open_the_file(store: Path) -> None:
    """The file is written in the storage version of DuckDB 1.5, whose command line users have."""
    with duckdb.connect() as connection:
        connection.execute(f"ATTACH '{store}' AS s (READ_ONLY)")
        tags = connection.execute("SELECT tags FROM duckdb_databases() WHERE database_name = 's'")
        assert "v1.5" in str(tags.fetchone())
