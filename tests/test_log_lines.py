"""The log of a receiver: lines that machines and people can read, whatever senders put in."""

import gc
import io
import json
import logging
import re
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from analysis.serving import running
from receiver.flatten.bounds import RESOURCES_MAX
from receiver.lease import read_lease
from receiver.monitoring.log_bound import LogBound
from receiver.monitoring.log_lines import configure_logging, escaped
from receiver.settings import Address, ReceiverSettings
from tests.command_line import deploylens
from tests.ingest import key_values
from tests.scraped import scrape

ANY_PORT = Address("127.0.0.1", 0)
_LOG = logging.getLogger("receiver.test")
HOSTILE = "a\nb\r\x1b[31mred\x00\u202eevil\ud800"

Configure = Callable[[str, str], tuple[io.StringIO, LogBound]]


@pytest.fixture
def configure() -> Iterator[Configure]:
    """Sends the log of this process to a text, until the end of the test."""
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    root.handlers.clear()

    def configured(log_format: str, least: str) -> tuple[io.StringIO, LogBound]:
        stream = io.StringIO()
        return stream, configure_logging(log_format, least, stream)

    yield configured
    root.handlers[:] = before
    root.setLevel(level)


def test_json_lines(configure: Configure) -> None:
    """A JSON line has time in UTC, level, logger and message, and the fields of the event."""
    stream, _ = configure("json", "info")
    _LOG.warning("refused %s", "one", extra={"requests": 3, "store": "s.duckdb"})
    line = json.loads(stream.getvalue())
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line.pop("timestamp"))
    assert line == {
        "level": "warning",
        "logger": "receiver.test",
        "message": "refused one",
        "requests": 3,
        "store": "s.duckdb",
    }


def test_text_lines(configure: Configure) -> None:
    """A line of text has time, level, logger, message and fields; the level bounds what is
    written."""
    stream, _ = configure("text", "warning")
    _LOG.info("not this")
    _LOG.error("refused", extra={"requests": 3, "why": "no room"})
    (line,) = stream.getvalue().splitlines()
    time, rest = line.split(" ", 1)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", time)
    assert rest == "ERROR   receiver.test: refused requests=3 why='no room'"


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_nothing_unprintable_is_written(configure: Configure, log_format: str) -> None:
    """Line breaks, ANSI codes, NUL, direction marks and half surrogates of a sender are escaped, in
    the message and in the fields."""
    stream, _ = configure(log_format, "info")
    _LOG.warning("seen %s", HOSTILE, extra={"reason": HOSTILE})
    text = stream.getvalue()
    assert text.endswith("\n")
    assert text[:-1].isprintable()
    assert "red" in text
    if log_format == "json":
        assert json.loads(text)["message"] == f"seen {HOSTILE}"


def test_a_traceback_keeps_its_lines(configure: Configure) -> None:
    """In text a traceback has lines of its own, each printable; in JSON it is one field."""
    texts = {}
    for log_format in ("text", "json"):
        stream, _ = configure(log_format, "info")
        try:
            raise ValueError(HOSTILE)
        except ValueError:
            _LOG.exception("failed")
        texts[log_format] = stream.getvalue()
    lines = texts["text"].splitlines()
    assert all(line.isprintable() for line in lines)
    assert (lines[1], len(lines) > 3) == ("  Traceback (most recent call last):", True)
    (line,) = texts["json"].splitlines()
    assert "ValueError" in json.loads(line)["exception"]


def test_the_text_of_an_exception_is_no_line_of_the_log(configure: Configure) -> None:
    """Whatever line breaks the text of an exception has, no line but the first begins like one of
    the log."""
    stream, _ = configure("text", "info")
    try:
        raise ValueError("x\n2026-01-01T00:00:00.000Z ERROR   receiver.pipeline: forged")
    except ValueError:
        _LOG.exception("failed")
    first, *rest = stream.getvalue().splitlines()
    assert first.endswith(" ERROR   receiver.test: failed")
    assert all(line.startswith("  ") for line in rest)
    assert sum("forged" in line for line in rest) > 0


def test_long_texts_are_cut(configure: Configure) -> None:
    """A message or field of a megabyte becomes a short line that says how much is missing."""
    for log_format in ("text", "json"):
        stream, _ = configure(log_format, "info")
        _LOG.warning("%s", "x" * 1_000_000, extra={"field": "y" * 1_000_000})
        assert len(stream.getvalue()) < 5000
        assert "(998000 more)" in stream.getvalue()


@given(st.text())
def test_escaped_text_is_printable(text: str) -> None:
    """Escaping leaves printable text as it is, and nothing that is not printable."""
    assert escaped(text).isprintable()
    if not any(unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") for c in text):
        assert escaped(text) == text or not text.isprintable()


def test_a_flood_is_bounded(configure: Configure) -> None:
    """Of each kind some lines a minute are written; the next minute says how many were not."""
    stream, _ = configure("json", "info")
    handler = logging.getLogger().handlers[0]
    now = [0.0]
    handler.filters[:] = [LogBound(lines_max=3, period_s=60.0, clock=lambda: now[0])]
    for _ in range(1000):
        _LOG.warning("refused %s", "x", extra={"reason": "malformed"})
        _LOG.warning("refused %s", "x", extra={"reason": "queue_full"})
    now[0] = 61.0
    _LOG.warning("refused %s", "y", extra={"reason": "malformed"})
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert len(lines) == 3 + 3 + 1
    assert lines[-1]["kept_back"] == 997


def test_what_was_kept_back_is_told_at_the_end(configure: Configure) -> None:
    """At the end the log says what it kept back and had no occasion to tell."""
    stream, bound = configure("json", "info")
    for _ in range(50):
        _LOG.warning("refused", extra={"reason": "malformed"})
    bound.tell()
    bound.tell()
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [line.get("kept_back") for line in lines[10:]] == [40]


def test_a_flood_of_bad_requests(configure: Configure, tmp_path: Path) -> None:
    """Hundreds of bad requests write some lines, and every one of them is counted; a good one
    writes none."""
    stream, _ = configure("json", "info")
    logging.getLogger("httpx").setLevel("WARNING")
    settings = ReceiverSettings(store=tmp_path / "s.duckdb", grpc=ANY_PORT, http=ANY_PORT)
    with running(settings, api=None) as serving, httpx.Client() as client:
        url = f"http://{serving.http}/v1/traces"
        headers = {"Content-Type": "application/x-protobuf"}
        assert client.post(url, content=b"", headers=headers).status_code == 200
        assert stream.getvalue() == ""
        for _ in range(300):
            assert client.post(url, content=b"\xff", headers=headers).status_code == 400
        counted = scrape(serving.http).total("receiver_refused_requests_total", reason="malformed")
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert counted == 300
    assert len(lines) == 10
    assert {line["transport"] for line in lines} == {"http/protobuf"}
    assert {line["reason"] for line in lines} == {"malformed"}


def test_a_wrong_format_is_refused(tmp_path: Path) -> None:
    """An unknown log format is a mistake of configuration, wherever it stands."""
    ended = deploylens("serve", environ={"DEPLOYLENS_LOG_FORMAT": "jsn"}, here=tmp_path)
    assert ended.code == 2
    assert "DEPLOYLENS_LOG_FORMAT is 'jsn'. Did you mean 'json'?" in ended.err
    (tmp_path / "deploylens.toml").write_text('[serve]\nlog_level = "loud"\n')
    ended = deploylens("serve", here=tmp_path)
    assert (ended.code, "serve.log_level is 'loud'" in ended.err) == (2, True)


def test_a_refusal_in_the_queue_is_told_once(configure: Configure, tmp_path: Path) -> None:
    """A request that is refused after it was queued writes its refusal and nothing else, over the
    port of OTLP and over that for files."""
    stream, _ = configure("json", "info")
    logging.getLogger("httpx").setLevel("WARNING")
    request = ExportTraceServiceRequest()
    for number in range(RESOURCES_MAX + 1):
        entry = request.resource_spans.add()
        entry.resource.attributes.extend(key_values({"n": number}))
        entry.scope_spans.add().spans.add(trace_id=b"t" * 16, span_id=b"s" * 8, name="work")
    store = tmp_path / "s.duckdb"
    settings = ReceiverSettings(store=store, grpc=ANY_PORT, http=ANY_PORT)
    with running(settings, api=ANY_PORT) as serving, httpx.Client() as client:
        lease = read_lease(store)
        assert lease is not None
        headers = {
            "Content-Type": "application/x-protobuf",
            "Authorization": f"Bearer {lease.token}",
        }
        for url in (f"http://{serving.http}/v1/traces", f"{lease.api}/api/import/v1/traces"):
            answer = client.post(url, content=request.SerializeToString(), headers=headers)
            assert (answer.status_code, "different resources" in answer.text) == (400, True)
    gc.collect()
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [line.get("reason") for line in lines] == ["malformed"] * 2
