"""What is deleted, when, and what survives it."""

import itertools
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from analysis.catalog import Catalog
from analysis.database import mark_deployment, open_database
from analysis.query_error import QueryFailed
from analysis.reading_room import ReadingRoom, SqlLimits
from receiver.errors import Unavailable
from receiver.monitoring.metrics import Metrics
from receiver.signals import Signal
from receiver.storage import retention
from receiver.storage.disk_room import DiskLimit, disk_use
from receiver.storage.marks import DeploymentMark
from receiver.storage.writer import Writer
from tests.ingest import key_values, log_request, row, trace_request
from tests.retaining import DAY_NS, HOUR_NS, Retained, TestClock, retaining
from tests.served import ROOT, free_addresses, serving

RETENTION_S = 14 * 86_400
CATALOG = Catalog.load()
NUMBERS = itertools.count()
DISK_BYTES = 64_000_000


def one_span(version: str = "1.0", **fields: object) -> bytes:
    """A request of `shop` in this version with one span, unlike any other."""
    resource: dict[str, object] = {"service.name": "shop", "service.version": version}
    request = trace_request({"n": next(NUMBERS)}, resource=resource, **fields)
    return bytes(request.SerializeToString())


def failing_span(version: str, kind: str, at_ns: int) -> bytes:
    """A request of `shop` with a SERVER span that failed with an exception of this type."""
    resource: dict[str, object] = {"service.name": "shop", "service.version": version}
    request = trace_request({"n": next(NUMBERS)}, resource=resource, start_time_unix_nano=at_ns)
    span = request.resource_spans[0].scope_spans[0].spans[0]
    span.kind, span.end_time_unix_nano = Span.SPAN_KIND_SERVER, at_ns + 10**6
    event = span.events.add(name="exception", time_unix_nano=at_ns)
    event.attributes.extend(key_values({"exception.type": kind, "exception.message": "m"}))
    return bytes(request.SerializeToString())


@pytest.fixture(scope="module")
def many_spans() -> Callable[[], bytes]:
    """Makes requests of 2,049 spans of 400 bytes that nothing can compress; no two are the same."""
    spans = trace_request(
        *({"random": random.randbytes(400).hex()} for _ in range(2048))
    ).SerializeToString()

    def made() -> bytes:
        return bytes(spans) + one_span()  # two messages one after the other are read as one

    return made


def records(table: pa.Table) -> list[dict[str, Any]]:  # Any: whatever the columns hold
    """The rows of an answer, times as unix nanoseconds."""
    plain = [
        column.cast(pa.int64()) if pa.types.is_timestamp(column.type) else column
        for column in table.columns
    ]
    return list(pa.table(plain, table.column_names).to_pylist())


def test_age(tmp_path: Path) -> None:
    """What was received longer ago than the retention goes, spans, exceptions and log records; the
    rest stays."""
    clock = TestClock()
    with retaining(tmp_path / "s.duckdb", clock, RETENTION_S) as store:
        store.send(failing_span("1.0", "KeyError", clock.wall_ns))
        store.send(log_request("old").SerializeToString(), Signal.LOGS)
        clock.pass_time(13 * DAY_NS)
        store.send(one_span("1.1"))
        store.retention.run()
        assert (store.count("spans"), store.count("log_records")) == (2, 1)
        clock.pass_time(DAY_NS + HOUR_NS)
        store.retention.run()
        assert (store.count("spans"), store.count("exceptions")) == (1, 0)
        assert store.count("log_records") == 0
        assert store.retention.last_run_unix_nano == clock.wall_ns


@pytest.mark.parametrize("start_ns", [1, 7_200_000_000_000_000_000])
def test_what_senders_say_does_not_matter(tmp_path: Path, start_ns: int) -> None:
    """A span from 1970 is kept as long as any other, and one from 2200 no longer."""
    clock = TestClock()
    with retaining(tmp_path / "s.duckdb", clock, RETENTION_S) as store:
        store.send(one_span(start_time_unix_nano=start_ns, end_time_unix_nano=start_ns))
        store.retention.run()
        assert store.count("spans") == 1
        clock.pass_time(15 * DAY_NS)
        store.retention.run()
        assert store.count("spans") == 0


def test_clock_that_jumps_ahead_and_back(tmp_path: Path) -> None:
    """A clock that shows 2090 for some hours deletes nothing, and what was received then goes with
    its neighbours."""
    clock = TestClock()
    with retaining(tmp_path / "s.duckdb", clock, RETENTION_S) as store:
        store.send(one_span())
        clock.pass_time(2 * DAY_NS)
        clock.wall_ns += 64 * 365 * DAY_NS
        for _ in range(3):
            store.send(one_span())
            store.retention.run()
            clock.pass_time(HOUR_NS)
        clock.wall_ns -= 64 * 365 * DAY_NS
        store.send(one_span())
        store.retention.run()
        assert store.count("spans") == 5
        clock.pass_time(14 * DAY_NS)
        store.retention.run()
        assert store.count("spans") == 4
        clock.pass_time(DAY_NS)
        store.retention.run()
        assert store.count("spans") == 0


def test_clock_ahead_across_a_restart(tmp_path: Path) -> None:
    """A receiver that starts while the clock is wrong by years deletes nothing for a day either,
    although it has received something at that time; a clock that stays is believed then."""
    path, clock = tmp_path / "s.duckdb", TestClock()
    with retaining(path, clock, RETENTION_S) as store:
        store.send(one_span())
    clock.wall_ns += 64 * 365 * DAY_NS
    for _ in range(2):
        with retaining(path, clock, RETENTION_S) as store:
            store.send(one_span())
            store.retention.run()
            assert store.count("spans") > 1
        clock.pass_time(2 * HOUR_NS)
    with retaining(path, clock, RETENTION_S) as store:
        clock.pass_time(DAY_NS)
        store.retention.run()
        assert store.count("spans") == 2


def test_clock_that_was_too_early(tmp_path: Path) -> None:
    """What is received while the clock shows 1970 makes nothing before it old."""
    path, clock = tmp_path / "s.duckdb", TestClock()
    with retaining(path, clock, RETENTION_S) as store:
        store.send(one_span())
    right = clock.wall_ns
    clock.wall_ns = HOUR_NS
    with retaining(path, clock, RETENTION_S) as store:
        store.send(one_span())
        store.retention.run()
    clock.wall_ns = right + HOUR_NS
    with retaining(path, clock, RETENTION_S) as store:
        store.send(one_span())
        store.retention.run()
        clock.pass_time(2 * DAY_NS)
        store.retention.run()
        assert store.count("spans") == 3


def test_off_for_some_days(tmp_path: Path) -> None:
    """A receiver that was off for less than half the retention deletes what is due at once."""
    path, clock = tmp_path / "s.duckdb", TestClock()
    with retaining(path, clock, RETENTION_S) as store:
        for _ in range(4):
            store.send(one_span())
            clock.pass_time(6 * DAY_NS)
    with retaining(path, clock, RETENTION_S) as store:
        store.retention.run()
        assert store.count("spans") == 2


def test_what_survives(tmp_path: Path) -> None:
    """Deployments, their marks, dates and counts survive, and so does what exceptions were seen."""
    path, clock = tmp_path / "s.duckdb", TestClock()
    began_ns = clock.wall_ns
    mark_deployment(path, DeploymentMark(service_name="shop", service_version="1.0", note="first"))
    with retaining(path, clock, RETENTION_S) as store:
        for _ in range(3):
            store.send(failing_span("1.0", "KeyError", clock.wall_ns))
            clock.pass_time(HOUR_NS)
        clock.pass_time(15 * DAY_NS)
        for kind in ("KeyError", "IndexError"):
            store.send(failing_span("1.1", kind, clock.wall_ns))
        store.retention.run()
        assert (store.count("spans"), store.count("exceptions")) == (2, 2)
    with open_database(path) as database:
        new, old = records(database.run(CATALOG["deployments"]))
        asked = {"service_name": "shop", "service_version": "1.1"}
        found = records(database.run(CATALOG["new_exceptions"], asked))
        [compared] = records(database.run(CATALOG["comparison"], asked))
    assert (old["service_version"], old["note"]) == ("1.0", "first")
    assert old["first_seen"] == began_ns
    assert (old["spans"], old["requests"], old["failures"], old["deleted_spans"]) == (3, 3, 0, 3)
    assert (new["service_version"], new["deleted_spans"]) == ("1.1", 0)
    assert [exception["exception_type"] for exception in found] == ["IndexError"]
    assert (compared["baseline_version"], compared["baseline_kind"]) == ("1.0", None)


def test_examples_survive(tmp_path: Path) -> None:
    """Of a deleted exception one example stays, whole, and its text is not kept for anybody else;
    one that came on both signals was deleted once."""
    clock, stack = TestClock(), "E: m\n    at f (a.js:1:2)"
    given = {"exception.type": "E", "exception.message": "m", "exception.stacktrace": stack}
    request = trace_request(start_time_unix_nano=clock.wall_ns, end_time_unix_nano=clock.wall_ns)
    event = request.resource_spans[0].scope_spans[0].spans[0].events.add(name="exception")
    event.attributes.extend(key_values(given))
    ids: dict[str, Any] = {"trace_id": bytes(15) + b"\x01", "span_id": bytes(7) + b"\x01"}
    log = log_request("it failed", attributes=dict(given), **ids)
    with retaining(tmp_path / "s.duckdb", clock, retention_s=3600) as store:
        store.send(request)
        store.send(log.SerializeToString(), Signal.LOGS)
        clock.pass_time(2 * HOUR_NS)
        store.send(one_span())
        store.retention.run()
        assert (store.count("exceptions"), store.count("stacktraces")) == (0, 0)
    found = row(tmp_path / "s.duckdb", "SELECT * FROM exception_history")
    wanted = ("event", "E", "m", stack, 1)
    names = ("source", "type", "message", "stacktrace")
    assert (*(found[f"exception_{name}"] for name in names), found["sightings"]) == wanted


def test_deleting_in_parts_counts_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However a deployment is deleted, in one slice or in many, its sums stay the same."""
    monkeypatch.setattr(retention, "SLICE_RECORDS", 2)
    path, clock = tmp_path / "s.duckdb", TestClock()
    with retaining(path, clock, RETENTION_S) as store:
        for number in range(9):
            store.send(failing_span("1.0", f"E{number % 2}", clock.wall_ns))
        room = ReadingRoom(store.writer.connection)
        before = records(room.run(CATALOG["deployments"]))
        clock.pass_time(15 * DAY_NS)
        store.retention.run()
        after = records(room.run(CATALOG["deployments"]))
        sightings = store.writer.connection.sql(
            "SELECT sightings FROM store.exception_history ORDER BY ALL"
        ).fetchall()
    gone = {"deleted_spans": 9}
    assert [one | gone for one in before] == after
    assert sightings == [(4,), (5,)]


def test_resent_requests(tmp_path: Path) -> None:
    """A request whose rows are deleted is known for a day after it was received; the memory for it
    is given back then."""
    clock = TestClock()
    with retaining(tmp_path / "s.duckdb", clock, 3600) as store:
        payload = one_span()
        store.send(payload)
        clock.pass_time(3 * HOUR_NS)
        store.retention.run()
        assert store.count("spans") == 0
        assert store.send(payload).duplicate
        clock.pass_time(DAY_NS)
        store.send(one_span())
        clock.pass_time(2 * HOUR_NS)
        store.retention.run()
        assert len(store.writer.ledger) == 1
        assert not store.send(payload).duplicate


def test_numbers_are_not_used_again(tmp_path: Path) -> None:
    """After everything was deleted requests are numbered on, not from 1."""
    path, clock = tmp_path / "s.duckdb", TestClock()
    with retaining(path, clock, RETENTION_S) as store:
        for _ in range(3):
            store.send(one_span())
        clock.pass_time(16 * DAY_NS)
        store.retention.run()
        assert store.count("export_requests") == 0
    writer = Writer(path, 0)
    assert writer.next_request_id() == 4
    writer.close()


def test_resources(tmp_path: Path) -> None:
    """A resource goes with its last row; one that is still sent stays, and one that comes back is
    stored again."""
    clock = TestClock()
    with retaining(tmp_path / "s.duckdb", clock, RETENTION_S) as store:
        store.send(one_span("1.0"))
        store.send(one_span("1.1"))
        clock.pass_time(10 * DAY_NS)
        store.send(one_span("1.1"))
        clock.pass_time(5 * DAY_NS)
        store.retention.run()
        assert store.count("resources") == 1
        store.send(one_span("1.0"))
        store.send(one_span("1.1"))
        assert store.count("resources") == 2


def test_size(tmp_path: Path, many_spans: Callable[[], bytes]) -> None:
    """File and log together never pass the limit, however much is sent; the newest is kept."""
    path, clock = tmp_path / "s.duckdb", TestClock()
    with retaining(path, clock, disk_bytes_max=DISK_BYTES) as store:
        store.retention.start()
        for _ in range(100):
            store.send(many_spans())
            assert disk_use(store.writer.connection, path).total <= DISK_BYTES
        assert 50_000 < store.count("spans") < 150_000
    assert row(path, "SELECT max(request_id) AS n FROM spans") == {"n": 100}
    assert row(path, "SELECT spans AS n FROM retention_edge")["n"] > 50_000


def test_question_that_keeps_deleted_rows(tmp_path: Path, many_spans: Callable[[], bytes]) -> None:
    """A question that runs while the disk limit is reached is ended; storing goes on."""
    path, clock = tmp_path / "s.duckdb", TestClock()
    with retaining(path, clock, disk_bytes_max=DISK_BYTES) as store:
        room = ReadingRoom(store.writer.connection, readers=store.writer.readers)
        failed: list[Exception] = []

        def ask() -> None:
            try:
                room.sql("SELECT count(*) FROM range(10_000_000_000_000)", None, SqlLimits(1, 120))
            except QueryFailed as error:
                failed.append(error)

        question = threading.Thread(target=ask)
        question.start()
        for _ in range(100):
            store.send(many_spans())
            if failed:
                break
        question.join()
        assert failed
        assert disk_use(store.writer.connection, path).total <= DISK_BYTES


def test_no_room_at_all(tmp_path: Path) -> None:
    """What does not fit even when everything is deleted is told to come back later."""
    clock = TestClock()
    with retaining(tmp_path / "s.duckdb", clock, disk_bytes_max=DISK_BYTES) as store:
        with pytest.raises(Unavailable, match="--max-disk"):
            store.writer.make_room(DiskLimit(DISK_BYTES).file_max + 1)
        store.send(one_span())


def test_acknowledgements_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While old requests are deleted new ones are acknowledged and stored."""
    monkeypatch.setattr(retention, "SLICE_RECORDS", 1)
    clock = TestClock()
    with retaining(tmp_path / "s.duckdb", clock, RETENTION_S) as store:
        for _ in range(40):
            store.send(one_span())
        clock.pass_time(15 * DAY_NS)
        deleting = threading.Thread(target=store.retention.run)
        deleting.start()
        acknowledged = 0
        while deleting.is_alive():
            store.send(one_span("1.1"))
            acknowledged += deleting.is_alive()
        assert acknowledged > 1
        assert not [v for v in versions(store) if v == "1.0"]
        assert store.count("spans") >= acknowledged


DELETING = """
import sys, time
from pathlib import Path
from receiver.storage import retention
from tests.retaining import DAY_NS, TestClock, retaining
retention.SLICE_RECORDS = 1
clock = TestClock(wall_ns=int(sys.argv[2]))
with retaining(Path(sys.argv[1]), clock, 3600) as store:
    print("deleting", flush=True)
    clock.pass_time(2 * DAY_NS)
    store.retention.run()
"""


def test_killed_while_it_deletes(tmp_path: Path) -> None:
    """After SIGKILL in the middle of a deletion every span is either stored or in the history."""
    path, clock = tmp_path / "s.duckdb", TestClock()
    with retaining(path, clock, 3600) as store:
        for _ in range(60):
            store.send(failing_span("1.0", "KeyError", clock.wall_ns))
    for delay_s in (0.1, 0.3, 0.5):
        command = [sys.executable, "-c", DELETING, str(path), str(clock.wall_ns)]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(delay_s)
            process.kill()
        Writer(path, 5).close()
        counts = row(
            path,
            "SELECT (SELECT count(*) FROM spans) AS spans,"
            " (SELECT count(*) FROM exceptions) AS exceptions,"
            " (SELECT coalesce(sum(spans), 0)::INT FROM deployment_history) AS spans_gone,"
            " (SELECT coalesce(sum(sightings), 0)::INT FROM exception_history) AS sightings_gone,"
            " (SELECT spans FROM retention_edge) AS deleted",
        )
        assert counts["spans"] + counts["spans_gone"] == 60
        assert counts["exceptions"] + counts["sightings_gone"] == 60
        assert counts["deleted"] == counts["spans_gone"]


def versions(store: Retained) -> list[str]:
    """The versions of the stored spans."""
    with store.writer.connection.cursor() as cursor:
        found = cursor.execute("SELECT DISTINCT service_version FROM store.spans").fetchall()
    return [version for (version,) in found]


def test_a_stop_is_not_missed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stop that comes while a run begins ends the thread at once, not at the next run."""
    writer = Writer(tmp_path / "s.duckdb", 0)
    kept = retention.Retention(writer, Metrics().store, RETENTION_S)
    begins, stopped = threading.Event(), threading.Event()
    clear = kept._wake.clear

    def clear_late() -> None:
        begins.set()
        assert stopped.wait(30)
        clear()

    monkeypatch.setattr(kept._wake, "clear", clear_late)
    kept.start()
    assert begins.wait(30)
    stop = threading.Thread(target=kept.stop, daemon=True)
    stop.start()
    while not kept._wake.is_set():
        time.sleep(0.01)
    stopped.set()
    stop.join(30)
    assert not stop.is_alive()
    writer.close()


def test_real_receiver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`serve --retention` deletes what is too old when it starts, and its local API knows what
    there was."""
    path, addresses = tmp_path / "s.duckdb", free_addresses()
    clock = TestClock(wall_ns=time.time_ns() - 3 * DAY_NS)
    with retaining(path, clock) as store:
        for _ in range(5):
            store.send(failing_span("1.0", "KeyError", clock.wall_ns))
            clock.pass_time(14 * HOUR_NS)
    monkeypatch.setenv("DEPLOYLENS_RETENTION", "36h")
    with serving(path, addresses), open_database(path) as database:
        assert database.home == "receiver"
        deadline_s = time.monotonic() + 30
        while True:
            [deployment] = records(database.run(CATALOG["deployments"]))
            if deployment["deleted_spans"]:
                break
            assert time.monotonic() < deadline_s
            time.sleep(0.1)
        [left] = database.sql("SELECT count(*) AS n FROM spans").table.to_pylist()
    assert left == {"n": 2}
    assert (deployment["spans"], deployment["deleted_spans"]) == (5, 3)
