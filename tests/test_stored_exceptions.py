"""Exceptions in the store: every text once, given back byte for byte, and each sighting once."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from analysis.database import open_database
from receiver.storage.writer import Writer
from tests.ingest import ingesting, key_values, row, rows, stored, trace_request
from tests.retaining import TestClock, retaining

HEAD = "Traceback (most recent call last):\n"
FRAME = '  File "/app/shop/orders.py", line 7, in price\n    return prices[order]\n'
NS = 1_700_000_000_000_000_000

# Message and stack of exceptions that are hard to take apart.
HARD = {
    "once": ("no price", f"{HEAD}{FRAME}ValueError: no price\n"),
    "several times": ("price", f"{HEAD}{FRAME}ValueError: price\nAnother: price\nLast: price\n"),
    "in a frame too": ("prices[order]", f"{HEAD}{FRAME}KeyError: prices[order]\n"),
    "empty": ("", f"{HEAD}{FRAME}ValueError\n"),
    "not in the stack": ("something else", f"{HEAD}{FRAME}ValueError: no price\n"),
    "many lines": ("a\nb\n\nc", f"{HEAD}{FRAME}ValueError: a\nb\n\nc\n"),
    "beyond ASCII": ("für 😀 ордер", f"{HEAD}{FRAME}Ошибка: für 😀 ордер\n😀"),
    "combining": ("e\u0301\u0301", "Fehler: e\u0301\u0301\u0301\n\tat a.b.C(C.java:1)"),
    "controls": (
        "\x01\x7f\x1b[31m",
        "Error: \x01\x7f\x1b[31m\r\n    at f (a.js:1:2)\r\n",
    ),
    "only the message": ("boom", "Error: boom"),
    "long": ("x" * 70_000, f"Error: {'x' * 70_000}\n" + "    at f (a.js:1:2)\n" * 5_000),
    "quotation marks": ("say \"no\" \\ 'maybe'", f"{HEAD}{FRAME}E: say \"no\" \\ 'maybe'\n"),
    "the same again and again": ("aa", "Error: aaaa aa: aa: aaaaa: aa"),
    "spaces": ("  ", "Error:   \n  \n"),
    "separator in it": ("a: b: ", "E: a: b: : a: b: \n"),
}


def failing(
    message: str | None, stack: str | None, trace: int = 1, **attributes: object
) -> ExportTraceServiceRequest:
    """A request with a SERVER span that recorded one exception."""
    request = trace_request({}, start_time_unix_nano=NS, trace_id=trace.to_bytes(16, "big"))
    span = request.resource_spans[0].scope_spans[0].spans[0]
    span.kind, span.status.code = Span.SPAN_KIND_SERVER, 2
    event = span.events.add(name="exception", time_unix_nano=NS + trace)
    given = {"exception.type": "ValueError", "exception.message": message, **attributes}
    if stack is not None:
        given["exception.stacktrace"] = stack
    event.attributes.extend(key_values({k: v for k, v in given.items() if v is not None}))
    return request


def exceptions(store: Path, columns: str = "* EXCLUDE (time)") -> list[dict[str, object]]:
    """The view `exceptions` as its readers see it."""
    with open_database(store) as database:
        found = database.sql(f"SELECT {columns} FROM exceptions ORDER BY time").table
    return list(found.to_pylist())


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """Where a store is to be."""
    return tmp_path / "s.duckdb"


def test_every_text_comes_back(store: Path) -> None:
    """Message and stack of every exception are given back as they were sent, however hard it is to
    take one out of the other, in one request and in many, and after a restart."""
    sent = [failing(*pair, trace=number) for number, pair in enumerate(HARD.values(), 1)]
    together = ExportTraceServiceRequest()
    for request in sent:
        together.resource_spans.extend(request.resource_spans)
    stored(store, together)
    stored(store, *sent)
    found = exceptions(store, "exception_message AS m, exception_stacktrace AS s")
    wanted = [(message or None, stack) for message, stack in HARD.values() for _ in (1, 2)]
    assert [(one["m"], one["s"]) for one in found] == wanted


def test_each_text_is_stored_once(store: Path) -> None:
    """Stacks that differ only in their message are one text, also after a restart and when the
    writer has forgotten it."""
    for start in (0, 10):
        with ingesting(store) as ingest:
            for n in range(start, start + 10):
                message = f"no price for order {n}"
                ingest.send(failing(message, f"{HEAD}{FRAME}ValueError: {message}\n", n + 1))
    assert row(store, "SELECT count(*) AS n FROM stacktraces") == {"n": 1}
    assert row(store, "SELECT count(DISTINCT stacktrace_id) AS n FROM exceptions") == {"n": 1}
    texts = [one["s"] for one in exceptions(store, "exception_stacktrace AS s")]
    assert texts == [f"{HEAD}{FRAME}ValueError: no price for order {n}\n" for n in range(20)]


def test_what_the_writer_forgot(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many texts there are, the writer remembers few of them and stores none twice."""
    monkeypatch.setattr("receiver.storage.stacktraces._REMEMBERED_MAX", 2)
    with ingesting(store) as ingest:
        for number in range(12):
            ingest.send(failing("m", f"Error: m\n    at f{number % 4} (a.js:1:2)", number + 1))
    assert row(store, "SELECT count(*) AS n FROM stacktraces") == {"n": 4}
    assert len(exceptions(store)) == 12


def test_a_text_that_is_there_twice(store: Path) -> None:
    """If a text ever stood in the store twice, no exception would be doubled by it."""
    stored(store, failing("m", "Error: m\n    at f (a.js:1:2)"))
    writer = Writer(store, 0)
    writer.connection.execute("INSERT INTO store.stacktraces FROM store.stacktraces")
    writer.close()
    (found,) = exceptions(store)
    assert found["exception_stacktrace"] == "Error: m\n    at f (a.js:1:2)"


def test_event_without_its_stack(store: Path) -> None:
    """An event keeps what it has beside the stack of its exception."""
    stored(store, failing("m", "Error: m\n    at f (a.js:1:2)", 1, retries=3))
    (event,) = json.loads(row(store, "SELECT events FROM spans")["events"])
    assert event["attributes"] == {
        "exception.type": "ValueError", "exception.message": "m", "retries": 3
    }  # fmt: skip


def named(name: str, request: ExportTraceServiceRequest) -> KeyValue:
    """The attribute of the first event that has this key."""
    event = request.resource_spans[0].scope_spans[0].spans[0].events[0]
    found: KeyValue = next(one for one in event.attributes if one.key == name)
    return found


def not_an_exception(request: ExportTraceServiceRequest) -> None:
    """Makes of the event one that only has a stack."""
    event = request.resource_spans[0].scope_spans[0].spans[0].events[0]
    event.name = "slow"
    kept = [one for one in event.attributes if one.key == "exception.stacktrace"]
    del event.attributes[:]
    event.attributes.extend(kept)


def two_stacks(request: ExportTraceServiceRequest) -> None:
    """Gives the event another stack, of which nobody reads more than that it is there."""
    event = request.resource_spans[0].scope_spans[0].spans[0].events[0]
    event.attributes.extend(key_values({"exception.stacktrace": "second"}))


def stack_of_numbers(request: ExportTraceServiceRequest) -> None:
    """Sends the stack as a list."""
    value = named("exception.stacktrace", request).value
    value.array_value.values.add(int_value=7)


@pytest.mark.parametrize(
    ("change", "left"),
    [
        (not_an_exception, {"exception.stacktrace": "Error: m\n    at f (a.js:1:2)"}),
        (two_stacks, {"exception.stacktrace": "second"}),
        (stack_of_numbers, {"exception.stacktrace": [7]}),
    ],
)
def test_stacks_that_stay_with_their_event(
    store: Path, change: Callable[[ExportTraceServiceRequest], None], left: dict[str, object]
) -> None:
    """What is not the stack of a stored exception stays where it was sent."""
    request = failing("m", "Error: m\n    at f (a.js:1:2)")
    change(request)
    stored(store, request)
    (event,) = json.loads(row(store, "SELECT events FROM spans")["events"])
    assert left.items() <= event["attributes"].items()


def test_stack_spelled_in_another_way(store: Path) -> None:
    """A stack whose attribute has its value before its key, as no encoder writes it, is stored all
    the same."""
    text = b"Error: m\n    at f (a.js:1:2)"
    value = b"\x12" + bytes([len(text) + 2]) + b"\x0a" + bytes([len(text)]) + text
    pair = value + b"\x0a\x14exception.stacktrace"
    request = failing("m", None)
    event = request.resource_spans[0].scope_spans[0].spans[0].events[0]
    kept = event.SerializeToString() + b"\x1a" + bytes([len(pair)]) + pair
    span = request.resource_spans[0].scope_spans[0].spans[0]
    del span.events[:]
    whole = span.SerializeToString() + b"\x5a" + _varint(len(kept)) + kept
    scope = b"\x12" + _varint(len(whole)) + whole
    body = b"\x12" + _varint(len(scope)) + scope
    with ingesting(store) as ingest:
        ingest.send(b"\x0a" + _varint(len(body)) + body)
    (found,) = exceptions(store)
    assert found["exception_stacktrace"] == text.decode()


def _varint(number: int) -> bytes:
    return bytes([number]) if number < 128 else bytes([number & 127 | 128]) + _varint(number >> 7)


def test_texts_nobody_refers_to(store: Path) -> None:
    """Texts of exceptions that were deleted go, those that are still referred to stay, and a text
    that was removed is stored again when it comes again."""
    gone, kept = (f"Error: m\n    at {name} (a.js:1:2)" for name in ("gone", "kept"))
    with retaining(store, TestClock()) as one:
        one.send(failing("m", gone, 1))
        one.send(failing("m", kept, 2))
        one.writer.connection.execute("DELETE FROM store.exceptions WHERE request_id = 1")
        assert one.writer.forget_unused_stacktraces() == 1
        assert one.writer.forget_unused_stacktraces() == 0
        one.send(failing("m", gone, 3))
    assert [one["s"] for one in exceptions(store, "exception_stacktrace AS s")] == [kept, gone]
    assert len(rows(store, "SELECT * FROM stacktraces")) == 2
