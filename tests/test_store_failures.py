"""What fails under the receiver costs a delay: no thread ends by it, nothing is stored twice."""

import errno
import logging
import shutil
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pytest

from receiver import group
from receiver.errors import Unavailable
from receiver.export_request import Answer, read_request
from receiver.pipeline import Pipeline
from receiver.settings import ReceiverSettings
from receiver.signals import Signal
from receiver.storage import writer as writing
from receiver.storage.disk_room import disk_use
from receiver.storage.ledger import Ledger
from receiver.storage.writer import Writer
from tests.ingest import row, stored, trace_request
from tests.retaining import Retained, TestClock, retaining

REQUEST, OTHER = trace_request({"n": 1}), trace_request({"n": 2})
AFTER_EVERYTHING = 2**62
FULL = OSError(errno.ENOSPC, "No space left on device")


@pytest.fixture
def parts(tmp_path: Path) -> Iterator[Retained]:
    """A pipeline into a store that keeps everything."""
    with retaining(tmp_path / "s.duckdb", TestClock()) as parts:
        yield parts


def failing(works: Callable[..., Any], *outcomes: Exception | None) -> Callable[..., Any]:
    """The same function (of any type), but its first calls raise these errors; None is no error."""
    coming = list(outcomes)

    def call(*arguments: object) -> Any:
        if coming and (error := coming.pop(0)):
            raise error
        return works(*arguments)

    return call


def fail_transaction(
    monkeypatch: pytest.MonkeyPatch, error: Exception, *, durable: bool, passed: int = 0
) -> None:
    """The next transaction but `passed` raises this, before its COMMIT or when it is durable."""
    works, coming = writing._transaction, [*[None] * passed, error]

    @contextmanager
    def transaction(connection: duckdb.DuckDBPyConnection) -> Iterator[duckdb.DuckDBPyConnection]:
        failure = coming.pop(0) if coming else None
        with works(connection) as cursor:
            yield cursor
            if failure and not durable:
                raise failure
        if failure:
            raise failure

    monkeypatch.setattr(writing, "_transaction", transaction)


def send_until_stored(parts: Retained) -> Answer:
    """The answer to a request that is sent again as long as the receiver says so."""
    deadline = time.monotonic() + 30
    while True:
        try:
            return parts.send(REQUEST)
        except Unavailable:
            assert time.monotonic() < deadline
            time.sleep(0.05)


def assert_both_threads_live(pipeline: Pipeline) -> None:
    """Neither thread of the pipeline has ended."""
    assert [stage.died for stage in pipeline.stages] == [None, None]


def test_memory_runs_out_after_the_commit(parts: Retained, monkeypatch: pytest.MonkeyPatch) -> None:
    """A commit that was durable before memory ran out is remembered: sent again it adds no span,
    and its resource is not stored once more."""
    error = duckdb.OutOfMemoryException("after the commit")
    fail_transaction(monkeypatch, error, durable=True)
    assert parts.send(REQUEST).accepted == 1
    assert parts.send(REQUEST).duplicate
    assert not parts.send(OTHER).duplicate
    assert (parts.count("spans"), parts.count("resources")) == (2, 1)


def test_the_ledger_cannot_be_read_when_the_store_is_opened_again(
    parts: Retained, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is committed beside a ledger that was read before the failure."""
    error = duckdb.FatalException("after the commit")
    fail_transaction(monkeypatch, error, durable=True)
    unread = duckdb.OutOfMemoryException("reading the ledger")
    monkeypatch.setattr(writing, "Ledger", failing(Ledger, unread))
    assert send_until_stored(parts).duplicate
    assert parts.count("spans") == 1


def tear_log(parts: Retained) -> None:
    """Leaves the store as a fatal error in the middle of a write does."""
    store = parts.writer.path
    log = store.with_name(store.name + ".wal")
    file, written = store.read_bytes(), log.read_bytes()
    parts.writer.connection.close()
    store.write_bytes(file)
    log.write_bytes(written[:-200] + bytes(200))


def test_no_room_for_the_copy_of_a_torn_log(
    parts: Retained, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk too full for the copy of a torn log ends no thread and is not filled with halves of
    it; with room again the store is opened."""

    def copy_half(source: Path, target: Path) -> None:
        target.write_bytes(source.read_bytes()[:100])
        raise FULL

    for n in range(20):
        parts.send(trace_request({"number": n}))
    tear_log(parts)
    with monkeypatch.context() as full_disk:
        full_disk.setattr(shutil, "copy2", copy_half)
        for _ in range(2):
            with pytest.raises(Unavailable):
                parts.send(REQUEST)
        assert list(parts.writer.path.parent.glob("*.damaged-*")) == []
    assert_both_threads_live(parts.pipeline)
    send_until_stored(parts)
    assert parts.count("spans") > 15


@contextmanager
def sent_together(store: Path) -> Iterator[tuple[Pipeline, Writer, list["Future[Answer]"]]]:
    """REQUEST and OTHER in one group of a pipeline that the block starts; their answers to come."""
    writer = Writer(store, lock_wait_s=0)
    with closing(writer):
        pipeline = Pipeline(writer, ReceiverSettings(store=store))
        payloads = [one.SerializeToString() for one in (REQUEST, OTHER)]
        asked = [read_request(Signal.TRACES, "test", one, time.time_ns()) for one in payloads]
        yield pipeline, writer, [pipeline.submit(one).answer for one in asked]
        pipeline.close()


def test_no_memory_beside_a_resent_request(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A group that cannot be decoded for lack of memory leaves alone the request in it that was
    answered already; the other is told to come back."""
    store = tmp_path / "s.duckdb"
    stored(store, REQUEST)
    monkeypatch.setattr(group, "_merge", failing(group._merge, MemoryError()))
    with sent_together(store) as (pipeline, _, (resent, new)):
        pipeline.start()
        assert resent.result(30).duplicate
        with pytest.raises(Unavailable):
            new.result(30)
        assert_both_threads_live(pipeline)


@pytest.mark.parametrize(
    ("step", "outcomes"),
    [("requests_to_arrow", [None, *[MemoryError()] * 4]), ("_merge", [None, MemoryError()])],
)
def test_no_memory_after_the_store_was_opened_again(
    parts: Retained, monkeypatch: pytest.MonkeyPatch, step: str, outcomes: list[Exception | None]
) -> None:
    """What cannot be decoded once more is answered all the same: its sender comes back."""
    decode = failing(getattr(group, step), *outcomes)
    reopened: list[bool] = []

    def decode_while_the_store_is_reopened(*arguments: object) -> Any:
        if not reopened:
            parts.writer.reopen()
            reopened.append(True)
        return decode(*arguments)

    monkeypatch.setattr(group, step, decode_while_the_store_is_reopened)
    with pytest.raises(Unavailable):
        parts.send(REQUEST)
    assert not send_until_stored(parts).duplicate
    assert_both_threads_live(parts.pipeline)


def test_no_memory_while_each_is_tried_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the requests of a group are tried one by one, one for which there is no memory is told
    to come back, and the other is stored."""
    store = tmp_path / "s.duckdb"
    with sent_together(store) as (pipeline, _, (one, other)):
        fail_transaction(monkeypatch, ValueError("a mistake of ours"), durable=False)
        monkeypatch.setattr(group, "_merge", failing(group._merge, None, MemoryError()))
        pipeline.start()
        with pytest.raises(Unavailable):
            one.result(30)
        assert other.result(30).accepted == 1
        assert_both_threads_live(pipeline)
    assert row(store, "SELECT count(*) AS n FROM spans") == {"n": 1}


@pytest.mark.parametrize("error", [OSError(errno.EIO, "Input/output error"), MemoryError("all")])
def test_the_system_fails_while_room_is_made(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    error: Exception,
) -> None:
    """An error of the disk, or no memory, is a reason to come back; which it was is for the log."""
    caplog.set_level(logging.ERROR)
    with retaining(tmp_path / "s.duckdb", TestClock(), disk_bytes_max=10**9) as parts:
        monkeypatch.setattr("receiver.storage.retention.disk_use", failing(disk_use, error))
        with pytest.raises(Unavailable) as refused:
            parts.send(REQUEST)
        assert refused.value.reason == "store"
        assert str(refused.value) == "the request could not be stored now. Send it again later."
        assert str(error) in caplog.text
        assert not send_until_stored(parts).duplicate


def test_senders_are_not_told_what_the_store_says(
    parts: Retained, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither a path nor the text of DuckDB goes to a sender; the log has it."""
    error = duckdb.IOException(f"Could not write file {parts.writer.path}")
    fail_transaction(monkeypatch, error, durable=False)
    with pytest.raises(Unavailable) as refused:
        parts.send(REQUEST)
    assert "s.duckdb" not in str(refused.value)
    assert "Could not write" not in str(refused.value)
    assert str(error) in caplog.text


@pytest.mark.parametrize("durable", [False, True])
def test_a_deletion_of_resources_fails(
    parts: Retained, monkeypatch: pytest.MonkeyPatch, durable: bool
) -> None:
    """Whether a deletion that failed was durable or not, a resource is stored once."""
    parts.send(REQUEST)
    with parts.writer.transaction() as cursor:
        cursor.execute("DELETE FROM store.spans")
    error = duckdb.IOException("the disk is full")
    fail_transaction(monkeypatch, error, durable=durable, passed=1)
    with pytest.raises(duckdb.IOException):
        parts.writer.forget_unused_resources(AFTER_EVERYTHING)
    assert parts.count("resources") == (0 if durable else 1)
    parts.send(OTHER)
    assert parts.count("resources") == 1
