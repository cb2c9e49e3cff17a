"""A receiver that is offered too much refuses, says when to come back, and goes on."""

import os
import socket
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import grpc
import pytest
from google.rpc.error_details_pb2 import RetryInfo

from analysis.query_error import QueryFailed, QueryTooLarge
from analysis.question import Question
from analysis.reading_room import ReadingRoom, SqlLimits, lock_down
from analysis.serving import running
from receiver.errors import Unavailable
from receiver.export_request import read_request
from receiver.monitoring.metrics import Metrics
from receiver.pipeline import Pipeline
from receiver.settings import Address, ReceiverSettings
from receiver.signals import Signal
from receiver.storage.committer import Committer
from receiver.storage.store import open_store
from receiver.storage.writer import Writer
from receiver.transport.admission import ANSWER_S_MAX, Admission
from receiver.transport.grpc_calls import CallLimit
from receiver.transport.grpc_service import GrpcService
from tests.ingest import row, trace_request
from tests.load import EXPORT

MB = 1024 * 1024
TASKS = Path("/proc/self/task")
# Gathers a list in memory, then looks without end for more of it.
HOG_AND_STAY = (
    "SELECT list(i) FROM (SELECT i FROM range(6000000) t(i)"
    " UNION ALL SELECT i FROM range(100000000000) t(i) WHERE hash(i) = 1)"
)


def test_bytes_in_flight_are_bounded() -> None:
    """Past the limit a request is refused with a delay; what is given back may be taken again."""
    admission = Admission(bytes_max=100, retry_delay_s=1.0)
    admission.take(60)
    with pytest.raises(Unavailable, match="60 bytes are waiting to be stored") as refused:
        admission.take(41)
    assert 0.5 <= refused.value.retry_delay_s <= 1.0
    admission.take(40)
    admission.give_back(60)
    admission.take(60)
    assert admission.bytes_in_flight == 100


def test_one_large_request_is_taken() -> None:
    """A request larger than the limit is taken when it is the only one, piece by piece too."""
    admission = Admission(bytes_max=100, retry_delay_s=1.0)
    with admission.arrival() as arrival:
        arrival.add(90)
        arrival.add(90)
        with pytest.raises(Unavailable):
            admission.take(1)
    assert admission.bytes_in_flight == 0
    admission.take(1)


def test_what_an_arrival_holds_is_given_back() -> None:
    """A request that is over before it was queued no longer counts."""
    admission = Admission(bytes_max=100, retry_delay_s=1.0)
    with admission.arrival() as arrival:
        arrival.add(50)
        assert admission.bytes_in_flight == 50
    assert admission.bytes_in_flight == 0


def test_the_delay_follows_the_queue() -> None:
    """Senders are told to wait about as long as a request lately took, and not all the same."""
    admission = Admission(bytes_max=100, retry_delay_s=1.0)
    admission.take(10)
    admission.give_back(10, waited_s=8.0)
    delays = {admission.delay_s() for _ in range(50)}
    assert 4.0 <= min(delays) < max(delays) <= 8.0
    assert len(delays) > 40


def test_slow_answers_shorten_the_queue() -> None:
    """While answers come later than senders wait for them less is taken; in time, all again."""
    admission = Admission(bytes_max=1000, retry_delay_s=1.0)
    for _ in range(200):
        admission.take(1)
        admission.give_back(1, waited_s=ANSWER_S_MAX + 1)
    admission.take(100)
    with pytest.raises(Unavailable):
        admission.take(100)
    for _ in range(400):
        admission.take(1)
        admission.give_back(1, waited_s=0.1)
    admission.take(900)


def settings(store: Path, calls_max: int = 256) -> ReceiverSettings:
    """Settings for a receiver on free ports."""
    free = Address("127.0.0.1", 0)
    return ReceiverSettings(store=store, grpc=free, http=free, grpc_calls_max=calls_max)


@contextmanager
def unstarted(store: Path, calls_max: int) -> Iterator[tuple[GrpcService, Pipeline]]:
    """A gRPC service whose pipeline stores nothing until it is started."""
    given = settings(store, calls_max)
    writer = Writer(store, lock_wait_s=0)
    pipeline = Pipeline(writer, given)
    service = GrpcService(pipeline.submit, given, admission=pipeline.admission)
    service.start()
    try:
        yield service, pipeline
    finally:
        service.stop()
        pipeline.close()
        writer.close()


def test_calls_beyond_the_limit_are_refused_at_once(tmp_path: Path) -> None:
    """When as many calls wait as may, the next is told to come back instead of waiting unseen."""
    store = tmp_path / "s.duckdb"
    bodies = [trace_request({"n": n}).SerializeToString() for n in range(3)]
    with (
        unstarted(store, calls_max=2) as (service, pipeline),
        grpc.insecure_channel(str(service.address)) as channel,
    ):
        export = channel.unary_unary(EXPORT)
        first = [export.future(body, timeout=60) for body in bodies[:2]]
        while pipeline.load().requests < 2:
            time.sleep(0.01)
        with pytest.raises(grpc.RpcError) as refused:
            export(bodies[2], timeout=60)
        assert refused.value.code() is grpc.StatusCode.UNAVAILABLE
        info = dict(refused.value.trailing_metadata())["google.rpc.retryinfo-bin"]
        assert RetryInfo.FromString(info).retry_delay.ToNanoseconds() > 0
        pipeline.start()
        assert [one.result(60) for one in first] == [b"", b""]
        assert export(bodies[2], timeout=60) == b""
    assert row(store, "SELECT count(*) AS n FROM spans") == {"n": 3}


def test_a_call_that_sends_nothing_is_ended() -> None:
    """A sender that opens a call and sends no message does not keep its place forever."""
    limit = CallLimit(1, Admission(100, 1.0), reading_timeout_s=0.5)
    handler = grpc.unary_unary_rpc_method_handler(lambda payload, _context: payload)
    server = grpc.server(ThreadPoolExecutor(3), interceptors=[limit])
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("a.B", {"C": handler}),))
    port = server.add_insecure_port("127.0.0.1:0")
    limit.start()
    server.start()
    silence = threading.Event()

    def never() -> Iterator[bytes]:
        silence.wait(30)
        yield b""

    try:
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            stalled = channel.stream_unary("/a.B/C").future(never(), timeout=30)
            with pytest.raises(grpc.RpcError):
                stalled.result(30)
            silence.set()
            call = channel.unary_unary("/a.B/C")
            deadline = time.monotonic() + 10
            while True:
                try:
                    assert call(b"x", timeout=10) == b"x"
                    break
                except grpc.RpcError:
                    assert time.monotonic() < deadline
    finally:
        silence.set()
        server.stop(0).wait()
        limit.stop()


def memory_bytes(writer: Writer) -> int:
    """What DuckDB's instance holds now."""
    with closing(writer.connection.cursor()) as cursor:
        found = cursor.execute("SELECT sum(memory_usage_bytes)::BIGINT FROM duckdb_memory()")
        return int((found.fetchone() or (0,))[0])


def outcome_of(room: ReadingRoom, sql: str, asked: Question | None = None) -> "Future[object]":
    """What becomes of a question that is asked from a thread of its own."""
    result: Future[object] = Future()

    def ask() -> None:
        try:
            result.set_result(room.sql(sql, limits=SqlLimits(timeout_s=120), asked=asked))
        except Exception as error:
            result.set_exception(error)

    threading.Thread(target=ask).start()
    return result


def test_storing_goes_before_questions(tmp_path: Path) -> None:
    """A question that has taken all memory is stopped, with a reason, and the commit succeeds."""
    store = tmp_path / "s.duckdb"
    writer = Writer(store, lock_wait_s=0)
    room = ReadingRoom(writer.connection, readers=writer.readers)
    pipeline = Pipeline(writer, ReceiverSettings(store=store))
    pipeline.start()
    hog = outcome_of(room, HOG_AND_STAY)
    deadline = time.monotonic() + 60
    held = [0]
    while held[-1] < 40 * MB or held[-4:] != held[-1:] * 4:  # the list is whole once it stays
        assert time.monotonic() < deadline
        assert not hog.done()
        time.sleep(0.3)
        held.append(memory_bytes(writer))
    limit = held[-1] + MB
    writer.connection.execute(f"SET GLOBAL memory_limit = '{limit}B'").fetchall()
    connection = writer.connection
    body = trace_request(*({"n": n, "text": "x" * 200} for n in range(8000))).SerializeToString()
    request = read_request(Signal.TRACES, "test", body, time.time_ns())
    assert pipeline.submit(request).answer.result(60).accepted == 8000
    with pytest.raises(QueryFailed, match="the receiver needed its memory"):
        hog.result(30)
    assert writer.connection is connection  # the store did not have to be opened again
    assert room.sql("SELECT count(*) AS n FROM spans").table.to_pylist() == [{"n": 8000}]
    pipeline.close()
    writer.close()


def test_a_question_does_not_keep_a_failed_store_closed(tmp_path: Path) -> None:
    """The store is opened again after a failure although a question was under way."""
    writer = Writer(tmp_path / "s.duckdb", lock_wait_s=0)
    room = ReadingRoom(writer.connection, readers=writer.readers)
    endless = outcome_of(room, "SELECT count(*) FROM range(100000000000) t(i) WHERE hash(i) = 1")
    committer = Committer(writer, Metrics().store)
    time.sleep(0.5)
    committer.recover()
    assert not committer.store_lost
    with pytest.raises(QueryFailed, match="stopped"):
        endless.result(30)
    writer.close()


def test_answers_are_bounded(tmp_path: Path) -> None:
    """An answer larger than a receiver hands over is refused before it is in memory."""
    with closing(open_store(tmp_path / "s.duckdb")) as connection:
        room = ReadingRoom(connection, answer_bytes_max=10 * MB)
        lock_down(connection)
        with pytest.raises(QueryTooLarge, match="larger than 10 MiB"):
            room.sql(
                "SELECT repeat('x', 1000) || i FROM range(1000000) t(i)",
                limits=SqlLimits(rows_max=1_000_000),
            )
        assert room.sql("SELECT repeat('x', 1000) || i AS x FROM range(10) t(i)").table.num_rows


def test_a_question_can_be_stopped(tmp_path: Path) -> None:
    """Who holds a question ends it; another one beside it gets its answer."""
    with closing(open_store(tmp_path / "s.duckdb")) as connection:
        room = ReadingRoom(connection)
        asked = Question()
        threading.Timer(0.3, asked.stop).start()
        with pytest.raises(QueryFailed):
            room.sql("SELECT count(*) FROM range(100000000000) t(i) WHERE hash(i) = 1", asked=asked)
        assert room.sql("SELECT 1 AS one").table.num_rows == 1


@pytest.mark.skipif(sys.platform != "linux", reason="a nice value is a thread's own on Linux only")
def test_questions_step_back(tmp_path: Path) -> None:
    """A question that runs beside a writer computes with lower priority; the writer's does not."""
    writer = Writer(tmp_path / "s.duckdb", lock_wait_s=0)
    room = ReadingRoom(writer.connection, readers=writer.readers)
    asked = Question()
    sql = "SELECT count(*) FROM range(100000000000) t(i) WHERE hash(i) = 1"
    endless = outcome_of(room, sql, asked)
    while asked.cursor is None:
        time.sleep(0.05)
    time.sleep(0.3)
    nices = {os.getpriority(os.PRIO_PROCESS, int(task.name)) for task in TASKS.iterdir()}
    usual = os.getpriority(os.PRIO_PROCESS, os.getpid())
    assert usual in nices
    assert usual >= 10 or 10 in nices
    asked.stop()
    with pytest.raises(QueryFailed):
        endless.result(30)
    writer.close()


def test_slow_http_body(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A body that does not come is given up with 503, and its connection is closed."""
    monkeypatch.setattr("receiver.transport.http_service._BODY_TIMEOUT_S", 0.5)
    given = settings(tmp_path / "s.duckdb")
    with (
        running(given, api=None) as serving,
        socket.create_connection((serving.http.host, serving.http.port), timeout=30) as sender,
    ):
        sender.sendall(
            b"POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-protobuf\r\n"
            b"Content-Length: 1000\r\n\r\nnot all of it"
        )
        answer = b""
        while piece := sender.recv(4096):
            answer += piece
    assert answer.startswith(b"HTTP/1.1 503")
    assert b"retry-after" in answer.lower()
