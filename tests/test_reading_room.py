"""The reading room: an instance that reads a store, within limits of rows, time and memory."""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import duckdb
import pytest

from analysis.api import rooms as api_rooms
from analysis.query_error import QueryFailed, QueryInterrupted, QueryTimeout
from analysis.question import Question
from analysis.reading_room import ReadingRoom, SqlLimits, connect, lock_down
from analysis.saved_query import read_saved_query
from receiver.server import Receiver
from receiver.settings import Address, ReceiverSettings
from receiver.storage.marks import DeploymentMark, insert_mark
from receiver.storage.reader_gate import ReaderGate
from receiver.storage.store import open_store

ENDLESS = "SELECT count(*) FROM range(100000000) a, range(100000000) b"
MARK = DeploymentMark(service_name="cart", service_version="1.0")


@pytest.fixture(scope="module")
def writable(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """A store attached for writing, as a receiver has it, with one mark in it."""
    connection = open_store(tmp_path_factory.mktemp("room") / "s.duckdb")
    insert_mark(connection, MARK)
    yield connection
    connection.close()


@pytest.fixture(scope="module")
def room(writable: duckdb.DuckDBPyConnection) -> ReadingRoom:
    """A reading room over the writable store."""
    return ReadingRoom(writable)


def marks(connection: duckdb.DuckDBPyConnection) -> int:
    """How many marks the store holds."""
    return int(connection.sql("SELECT count(*) FROM store.deployment_marks").fetchall()[0][0])


def test_behind_the_tree_the_transaction_only_reads(
    room: ReadingRoom, writable: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    """Even a query of ours, which the sandbox does not check, cannot write."""
    path = tmp_path / "writes.sql"
    path.write_text(
        "-- T.\nWITH d AS (DELETE FROM store.deployment_marks RETURNING *) SELECT * FROM d"
    )
    with pytest.raises(QueryFailed, match="read-only"):
        room.run(read_saved_query(path, trusted=True))
    assert marks(writable) == 1


def test_a_locked_instance_opens_nothing(tmp_path: Path) -> None:
    """Behind the sandbox the instance itself refuses files, extensions and settings."""
    (tmp_path / "a.csv").write_text("a\n1\n")
    connection = connect(tmp_path / "spill")
    lock_down(connection)
    for sql in (
        f"SELECT * FROM read_csv('{tmp_path}/a.csv')",
        f"ATTACH '{tmp_path}/other.duckdb'",
        f"COPY (SELECT 1) TO '{tmp_path}/out.csv'",
        "LOAD httpfs",
        "SET memory_limit = '100GB'",
        "SET enable_external_access = true",
    ):
        with pytest.raises(duckdb.Error):
            connection.execute(sql)
    connection.close()


def test_rows_are_limited_in_the_order_asked(room: ReadingRoom) -> None:
    """At most so many rows come back, the first of the order asked for, and the cut is told."""
    descending = "SELECT i FROM range(100000) t(i) ORDER BY i DESC"
    cut = room.sql(descending, limits=SqlLimits(rows_max=3))
    assert cut.truncated
    assert cut.table.column("i").to_pylist() == [99999, 99998, 99997]
    exact = room.sql("SELECT i FROM range(3) t(i)", limits=SqlLimits(rows_max=3))
    assert not exact.truncated
    assert exact.table.num_rows == 3


@pytest.mark.parametrize(
    "sql",
    [
        ENDLESS,
        "WITH RECURSIVE n AS (SELECT 1 i UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n",
    ],
)
def test_endless_queries_are_stopped(room: ReadingRoom, sql: str) -> None:
    """A query that would run for hours is stopped, and its cursor's room goes on answering."""
    with pytest.raises(QueryTimeout, match=r"no answer within 0\.3 s"):
        room.sql(sql, limits=SqlLimits(timeout_s=0.3))
    assert room.sql("SELECT 1").table.num_rows == 1


def test_an_interrupted_program_stops_its_query(tmp_path: Path) -> None:
    """Ctrl-C ends a program that waits for an answer, long before the query's own time is over."""
    program = (
        "import duckdb, sys; from pathlib import Path; from analysis.reading_room import *\n"
        f"room = ReadingRoom(duckdb.connect(), Path({str(tmp_path)!r}))\n"
        "print('up', flush=True)\n"
        f"room.sql({ENDLESS!r}, limits=SqlLimits(timeout_s=100000))"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[1],
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        _out, talk = process.communicate()
    assert talk.endswith("KeyboardInterrupt\n")
    assert process.returncode == -signal.SIGINT


def test_a_stopped_query_disturbs_no_other(room: ReadingRoom) -> None:
    """A timeout stops its own query only; one that runs beside it gets its answer."""
    sums: list[int] = []

    def beside() -> None:
        table = room.sql("SELECT sum(i % 7) AS s FROM range(200000000) t(i)").table
        sums.append(int(table.column("s")[0].as_py()))

    other = threading.Thread(target=beside)
    other.start()
    with pytest.raises(QueryTimeout):
        room.sql(ENDLESS, limits=SqlLimits(timeout_s=0.1))
    other.join()
    assert sums == [sum(i % 7 for i in range(7)) * (200000000 // 7) + sum(range(200000000 % 7))]


def test_views_hold_only_create(writable: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    """A file of views that does anything but CREATE is refused by name."""
    (tmp_path / "views").mkdir()
    (tmp_path / "views/10_bad.sql").write_text("CREATE VIEW a AS SELECT 1; DROP VIEW a;")
    with pytest.raises(QueryFailed, match=r"10_bad\.sql: only CREATE belongs here, not DROP"):
        ReadingRoom(writable, tmp_path / "views")


def test_a_locked_down_receiver_goes_on_writing(tmp_path: Path) -> None:
    """Closing an instance for files does not keep it from committing and checkpointing."""
    path = tmp_path / "s.duckdb"
    with closing(open_store(path)) as connection:
        room = ReadingRoom(connection)
        lock_down(connection)
        insert_mark(connection, MARK)
        connection.execute("CHECKPOINT store")
        insert_mark(connection, MARK)
        assert room.sql("FROM store.deployment_marks").table.num_rows == 2
    with closing(open_store(path)) as connection:
        assert marks(connection) == 2


def test_memory_is_bounded(tmp_path: Path) -> None:
    """A query that needs more memory than a reader may take spills or fails; it says which."""
    with closing(connect(tmp_path / "spill")) as connection:
        connection.execute("ATTACH ':memory:' AS store")
        connection.execute("SET memory_limit = '64MB'")
        connection.execute("SET max_temp_directory_size = '1MB'")
        room = ReadingRoom(connection, tmp_path)
        with pytest.raises(QueryFailed, match=r"(?i)memory"):
            room.sql("SELECT list(i) FROM range(50000000) t(i)")
        assert room.sql("SELECT 1 AS one").table.to_pylist() == [{"one": 1}]


def test_a_room_whose_store_was_opened_again(tmp_path: Path) -> None:
    """A question whose instance was closed while it waited is told to ask again."""
    connection = open_store(tmp_path / "s.duckdb")
    room = ReadingRoom(connection)
    connection.close()
    with pytest.raises(QueryInterrupted, match="ask again"):
        room.sql("SELECT 1")


def test_a_question_that_had_to_end(tmp_path: Path) -> None:
    """A question that the receiver stops, to delete or to end, may be asked again; that it failed
    for itself would be told otherwise."""
    gate, asked = ReaderGate(), Question()
    with closing(open_store(tmp_path / "s.duckdb")) as connection:
        room = ReadingRoom(connection, readers=gate)

        def stop() -> None:
            while asked.cursor is None:
                time.sleep(0.005)
            with gate.closed(0.0, 30.0):
                pass

        stopping = threading.Thread(target=stop)
        stopping.start()
        with pytest.raises(QueryInterrupted, match="ask again"):
            room.sql(ENDLESS, asked=asked)
        stopping.join()


def test_no_room_before_it_is_locked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A room that could not be locked down is not given to the next question."""
    address = Address("127.0.0.1", 0)
    receiver = Receiver(ReceiverSettings(tmp_path / "s.duckdb", address, address))
    rooms = api_rooms.Rooms(receiver.writer)
    locked: list[duckdb.DuckDBPyConnection] = []

    def lock_second(connection: duckdb.DuckDBPyConnection) -> None:
        locked.append(connection)
        if len(locked) == 1:
            raise duckdb.OutOfMemoryException("no room")
        lock_down(connection)

    monkeypatch.setattr(api_rooms, "lock_down", lock_second)
    try:
        with pytest.raises(duckdb.OutOfMemoryException):
            rooms.current()
        assert rooms.current() is rooms.current()
        assert len(locked) == 2
    finally:
        receiver.drain()
        receiver.close()
