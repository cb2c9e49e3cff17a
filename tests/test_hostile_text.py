"""Text of an enemy in every string field of OTLP, and every way in which deploylens shows it."""

import csv
import io
import json
import re
from pathlib import Path
from typing import Any

import duckdb
import pytest
from google.protobuf.descriptor import FieldDescriptor
from markdown_it import MarkdownIt
from markdown_it.token import Token

from analysis.catalog import Catalog
from receiver.otlp.wire import PROFILES_ONLY, REQUEST_TYPES
from receiver.signals import Signal
from tests.command_line import Ended, deploylens
from tests.ingest import any_value, ingesting, rows, stored, trace_request
from tests.served import ROOT

EVIL = (
    "=cmd|'/c calc'!A1 \x1b[2J\x1b]0;owned\x07 \u202egnp.exe\u2066 <script>alert(1)</script>"
    " <img src=x onerror=alert(1)> '); DROP TABLE spans; --\" [x](javascript:alert(1))"
    " | `code` ![](http://evil.example/x.png) \x9b31m a\nb\x00c"
)
TRACE_ID = "0123456789abcdef" * 2
START = 1_800_000_000_000_000_000
_LENGTHS = {"trace_id": 16, "span_id": 8}
VIEWS = ("spans", "requests", "exceptions", "log_records", "resources", "deployments")
MARKDOWN = MarkdownIt("commonmark").enable("table")
_MARKERS = re.compile(r"f[0-9]+_[a-z_]+_f")
# Attributes by which columns are filled, so that the enemy's text gets into each of them.
_KEYS = (
    "service.name", "service.version", "service.namespace", "deployment.environment.name",
    "deployment.id", "service.instance.id", "telemetry.sdk.language", "telemetry.sdk.name",
    "telemetry.sdk.version", "vcs.ref.head.revision", "http.request.method", "http.route",
    "error.type", "exception.type", "exception.message", "exception.stacktrace", "rpc.system.name",
    "rpc.method", "rpc.service", "rpc.status_code", "db.system.name", "db.namespace",
    "db.operation.name", "db.collection.name", "db.response.status_code", "server.address",
    "server.port", "url.full", "messaging.operation.type", "messaging.destination.name",
    "service.peer.name", "user.id", "feature_flag.key", "otel.event.name", "container.image.name",
    "process.runtime.version", "host.name", "k8s.pod.name",
)  # fmt: skip


class Filler:
    """Fills every field of a message, each text with the enemy's and a marker of its own."""

    def __init__(self) -> None:
        """Has filled nothing."""
        self.markers: list[str] = []

    def fill(self, message: Any, depth: int = 0) -> Any:  # Any: untyped generated messages
        """The message, filled down to the third nested value."""
        for field in message.DESCRIPTOR.fields:
            if field.name in PROFILES_ONLY:
                continue
            if field.name == "attributes":
                for key in (*_KEYS, None):
                    one = message.attributes.add(key=key or self._text("key"))
                    one.value.CopyFrom(any_value(self._text("value")))
                one = message.attributes.add(key=self._text("key"))
                one.value.CopyFrom(any_value([self._text("array"), {self._text("map"): b"x"}]))
            elif field.message_type is not None and field.message_type.name == "AnyValue":
                getattr(message, field.name).CopyFrom(any_value(self._text(field.name)))
            elif field.message_type is not None:
                target = getattr(message, field.name)
                self.fill(target.add() if field.is_repeated else target, depth + 1)
            else:
                self._fill_scalar(message, field)
        return message

    def _fill_scalar(self, message: Any, field: FieldDescriptor) -> None:
        if field.type == FieldDescriptor.TYPE_STRING:
            text = self._text(field.name)
            if field.is_repeated:
                getattr(message, field.name).append(text)
            else:
                setattr(message, field.name, text)
        elif field.name in _LENGTHS:
            setattr(message, field.name, bytes.fromhex(TRACE_ID)[: _LENGTHS[field.name]])
        elif field.name.endswith("time_unix_nano"):
            setattr(message, field.name, START + (field.name[:3] == "end") * 1_000_000)
        elif field.enum_type is not None or field.name == "flags":
            setattr(message, field.name, 2)

    def _text(self, name: str) -> str:
        self.markers.append(f"f{len(self.markers)}_{name}_f")
        return f"{EVIL} {self.markers[-1]}"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """A store with a trace and a log request in which every string is the enemy's."""
    path = tmp_path_factory.mktemp("evil") / "s.duckdb"
    filler = Filler()
    with ingesting(path) as ingest:
        for signal in Signal:
            request = filler.fill(REQUEST_TYPES[signal]())
            assert ingest.send(request).accepted == 1
    [first, *_] = rows(path, "SELECT fingerprint FROM exceptions")
    for command in ("resolve", "silence"):
        ended = deploylens(
            command, first["fingerprint"], "--note", EVIL.replace("\0", ""), store=path
        )
        assert_printable(ended.out + ended.err)
        assert ended.code == 0, ended.err
    return path, filler.markers


def test_every_field_is_stored_as_it_was_sent(store: tuple[Path, list[str]]) -> None:
    """Each string field of both signals is found again in the store; the tables are all there."""
    path, markers = store
    tables = [row["name"] for row in rows(path, "SHOW TABLES")]
    assert {"spans", "exceptions", "log_records", "resources"} <= set(tables)
    found = {
        marker
        for table in tables
        for row in rows(path, f"FROM {table}")
        for value in row.values()
        if isinstance(value, str)
        for marker in _MARKERS.findall(value)
    }
    assert set(markers) - found == set()


FORMATS = ("table", "json", "csv", "jsonl", "markdown")
QUERIES = tuple(
    path.stem
    for path in sorted((ROOT / "queries").glob("*.sql"))
    if path.stem not in {"trace", "traces_by_id", "deployments"}
)
GIVEN = {"service_name": "SERVICE", "service_version": "VERSION", "fingerprint": "FINGERPRINT"}
# For queries that need them: a window that holds START, and an attribute.
NEEDED = {"since": "SINCE", "until": "UNTIL", "attribute": "ATTRIBUTE", "looks": "LOOKS"}


def query(name: str) -> list[str]:
    """The command that asks a saved query about the one deployment and exception in the store."""
    parameters = Catalog.load()[name].parameters
    declared = {parameter.name for parameter in parameters}
    needed = {parameter.name for parameter in parameters if parameter.required}
    words = [word for parameter, word in GIVEN.items() if parameter in declared]
    words += [word for parameter, word in NEEDED.items() if parameter in needed]
    return ["query", name, *(part for word in words for part in ("-p", word))]


COMMANDS: dict[str, list[str]] = {
    "trace": ["trace", TRACE_ID],
    "deployments": ["deployments"],
    **{view: ["sql", f"FROM {view}"] for view in VIEWS},
    "resolve": ["resolve", "--list"],
    "silence": ["silence", "--list"],
    **{name: query(name) for name in QUERIES},
}


def asked(path: Path, command: list[str], *options: str) -> Ended:
    """The end of a command about the one service and version in the store."""
    [named] = rows(path, "SELECT service_name, service_version FROM spans")
    [exception, *_] = rows(path, "SELECT fingerprint FROM exceptions")
    given = {
        "SERVICE": f"service_name={named['service_name']}",
        "VERSION": f"service_version={named['service_version']}",
        "FINGERPRINT": f"fingerprint={exception['fingerprint']}",
        "SINCE": "since=2027-01-15 07:50",
        "UNTIL": "until=2027-01-15 08:10",
        "ATTRIBUTE": "attribute=user.id",
        "LOOKS": f"looks={json.dumps([{**named, 'until': '2027-01-15 08:10:00'}])}",
        "KEY": str(exception["fingerprint"]),
    }
    return deploylens(*(given.get(word, word) for word in command), *options, store=path)


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("shape", FORMATS)
def test_every_output_is_safe(store: tuple[Path, list[str]], name: str, shape: str) -> None:
    """No command in any format lets the text steer a terminal, a spreadsheet or a document."""
    ended = asked(store[0], COMMANDS[name], "--format", shape)
    assert ended.code == 0, ended.err
    assert_printable(ended.err)
    if shape == "csv":
        assert_no_formulas(ended.out)
    else:
        assert_printable(ended.out)
    if shape == "markdown":
        assert_plain_markdown(ended.out)
    if shape == "json":
        json.loads(ended.out)
    if shape == "jsonl":
        for line in ended.out.splitlines():
            json.loads(line)


@pytest.mark.parametrize("shape", ["text", "json"])
def test_explanations_are_safe(store: tuple[Path, list[str]], shape: str) -> None:
    """Frames, messages and notes of an explanation steer no terminal."""
    ended = asked(store[0], ["explain-exception", "KEY"], "--format", shape)
    assert ended.code == 0, ended.err
    assert_printable(ended.out + ended.err)


@pytest.mark.parametrize("view", VIEWS)
def test_json_holds_the_text_as_it_was_sent(store: tuple[Path, list[str]], view: str) -> None:
    """Escapes are only how JSON spells the text: whoever parses it has every character."""
    ended = asked(store[0], COMMANDS[view], "--format", "json")
    texts = [value for row in json.loads(ended.out) for value in row.values()]
    assert [text for text in texts if isinstance(text, str) and text.startswith(EVIL)]


@pytest.mark.parametrize("key", ['"', "*", "", "a/b", "~1", "\\", "a\x00", "$.x", "0", "#-1"])
def test_any_key_can_be_asked_for(tmp_path: Path, key: str) -> None:
    """An attribute is found by its key, whatever that is, and no key breaks the query."""
    path = tmp_path / "s.duckdb"
    stored(path, trace_request({key: "found", "other": "x"}))
    asked_for = key.replace("\0", "' || chr(0) || '")
    ended = deploylens(
        "sql",
        f"SELECT attr(attributes, '{asked_for}') AS a FROM spans",
        "--format",
        "json",
        store=path,
    )
    assert ended.code == 0, ended.err
    assert json.loads(ended.out) == [{"a": "found"}]


def test_the_report_is_safe(store: tuple[Path, list[str]]) -> None:
    """The incident document has no HTML, link, image or control character of the enemy's."""
    [named] = rows(store[0], "SELECT service_name, service_version FROM spans")
    deployment = f"{named['service_name']}@{named['service_version']}"
    ended = deploylens("report", deployment, store=store[0])
    assert ended.code == 0, ended.err
    assert_printable(ended.out)
    assert_plain_markdown(ended.out)


def test_export_keeps_every_character(store: tuple[Path, list[str]], tmp_path: Path) -> None:
    """Parquet files hold the text as it was sent; only their reader can show it."""
    ended = deploylens("export", "--parquet", tmp_path / "out", store=store[0])
    assert ended.code == 0, ended.err
    assert_printable(ended.out + ended.err)
    [file] = (tmp_path / "out").rglob("spans*.parquet")
    with duckdb.connect() as connection:
        found = connection.execute("SELECT span_name FROM read_parquet(?)", [str(file)]).fetchall()
    assert [name.startswith(EVIL) for (name,) in found] == [True]


def assert_printable(text: str) -> None:
    """Nothing but line ends is unprintable."""
    assert {character for character in text if not character.isprintable()} <= {"\n"}


def assert_no_formulas(text: str) -> None:
    """No cell is what a spreadsheet would compute, and no character steers a terminal."""
    kept = {character for character in text if not character.isprintable()}
    assert kept <= {"\n", "\r", "\t"}
    for row in csv.reader(io.StringIO(text)):
        for value in row:
            assert not value.startswith(("=", "+", "@", "\t", "\r")), value
            assert not value.startswith("-") or float(value) < 0


def assert_plain_markdown(text: str) -> None:
    """What a Markdown reader sees is text: no HTML, links or images."""
    tokens: list[Token] = MARKDOWN.parse(text)
    kinds = {token.type for token in tokens}
    kinds |= {child.type for token in tokens for child in token.children or ()}
    assert not {kind for kind in kinds if "html" in kind or "link" in kind or "image" in kind}
