"""API keys: who may send over gRPC and HTTP, and that no key is ever shown."""

import json
import logging
import os
import socket
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

import grpc
import httpx
import pytest
from google.rpc.status_pb2 import Status
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcSpans
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpSpans
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from analysis.serving import Serving, running
from receiver.errors import CredentialsUnusable
from receiver.settings import Address, ReceiverSettings
from receiver.transport import watched_files
from receiver.transport.api_keys import ApiKeys
from tests.ingest import row, trace_request
from tests.load import EXPORT
from tests.sdk_spans import some_spans

ANY_PORT = Address("127.0.0.1", 0)
OLD, NEW = "old-key-0123456789abcdef", "new-key-0123456789abcdef"
PROTOBUF = "application/x-protobuf"


def keys_of(text: str, folder: Path) -> ApiKeys:
    """The keys in a file of this text."""
    (folder / "keys").write_text(text)
    (folder / "keys").chmod(0o600)
    return ApiKeys(folder / "keys")


def knows(keys: ApiKeys, key: str) -> bool:
    """Whether this key is good."""
    return keys.accept([("authorization", f"Bearer {key}")])


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are looked at on every use."""
    monkeypatch.setattr(watched_files, "CHECK_INTERVAL_S", 0.0)


@pytest.fixture
def serving(tmp_path: Path, at_once: None) -> Iterator[Serving]:
    """A receiver that asks for one of two keys."""
    file = tmp_path / "keys"
    file.write_text(f"{OLD}\n{NEW}\n")
    file.chmod(0o600)
    settings = ReceiverSettings(
        store=tmp_path / "s.duckdb", grpc=ANY_PORT, http=ANY_PORT, api_key_file=file
    )
    with running(settings, api=None) as running_now:
        yield running_now


def test_a_file_holds_names_comments_and_keys(tmp_path: Path) -> None:
    """Keys stand bare or after a name; comments and empty lines count for nothing."""
    padded = "c2VjcmV0LXNlY3JldC1zZWNyZXQ="
    keys = keys_of(f"# for shop\n\nshop = {OLD}\n  {NEW}  \n{padded}\n", tmp_path)
    assert all(knows(keys, key) for key in (OLD, NEW, padded))
    assert not any(knows(keys, key) for key in ("", "shop", f"shop = {OLD}", OLD[:-1], OLD.upper()))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "holds no key"),
        ("# nothing\n", "holds no key"),
        ("\nshort-secret", "line 2 of the API key file .* is too short: 12 characters"),
        ("secret-key-with spaces in it", "line 1 .* holds a space"),
        ("secret-key-with-größe-in-it", "line 1 .* beyond ASCII"),
        ("name=secret-key-0123456789", "line 1 .* is unclear"),
        ("name = ", "line 1 .* holds a space"),
    ],
)
def test_a_wrong_file_is_refused(tmp_path: Path, text: str, said: str) -> None:
    """The error names the file and the line, and shows nothing of the line."""
    with pytest.raises(CredentialsUnusable, match=said) as raised:
        keys_of(text, tmp_path)
    assert "secret" not in str(raised.value)


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    """Bytes and missing files are told by name."""
    (tmp_path / "keys").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(CredentialsUnusable, match="is not text"):
        ApiKeys(tmp_path / "keys")
    with pytest.raises(CredentialsUnusable, match="cannot be read: No such file"):
        ApiKeys(tmp_path / "missing")


def test_keys_from_the_environment() -> None:
    """Keys in a list are separated by commas or line ends; a wrong one is told by its place."""
    keys = ApiKeys(listed=f"{OLD},\n {NEW} ,")
    assert knows(keys, OLD)
    assert knows(keys, NEW)
    assert not ApiKeys(listed=" ,\n")
    with pytest.raises(CredentialsUnusable, match="entry 2 of DEPLOYLENS_API_KEYS"):
        ApiKeys(listed=f"{OLD},short")


@pytest.mark.parametrize(
    ("name", "value", "good"),
    [
        ("authorization", f"Bearer {OLD}", True),
        ("authorization", f"bearer   {OLD} ", True),
        ("authorization", f"Bearer {OLD}".encode(), True),
        ("x-api-key", OLD, True),
        ("authorization", OLD, False),
        ("authorization", f"Basic {OLD}", False),
        ("authorization", "Bearer", False),
        ("x-api-key", f"Bearer {OLD}", False),
        ("x-api-key", "größe" * 10, False),
        ("cookie", OLD, False),
    ],
)
def test_a_key_is_shown_in_one_of_two_headers(name: str, value: str | bytes, good: bool) -> None:
    """A bearer token and x-api-key are keys, nothing else is."""
    assert ApiKeys(listed=OLD).accept([("te", "trailers"), (name, value)]) is good


def test_keys_are_read_again(
    tmp_path: Path, at_once: None, caplog: pytest.LogCaptureFixture
) -> None:
    """A changed file counts at once; a broken one is reported once and leaves the keys in force."""
    keys = keys_of(OLD, tmp_path)
    (tmp_path / "keys").write_text(f"{OLD}\n{NEW}")
    assert knows(keys, NEW)
    (tmp_path / "keys").write_text(NEW)
    assert not knows(keys, OLD)
    (tmp_path / "keys").write_text("broken")
    assert knows(keys, NEW)
    assert knows(keys, NEW)
    (tmp_path / "keys").unlink()
    assert knows(keys, NEW)
    errors = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
    assert [("too short" in said, "cannot be read" in said) for said in errors] == [
        (True, False),
        (False, True),
    ]


def test_a_change_that_looks_like_none(tmp_path: Path, at_once: None) -> None:
    """A key is not in force any more when its file got another text of the same size and time; a
    file that only got another mode, and may be readable now, is read again too."""
    keys, file = keys_of(OLD, tmp_path), tmp_path / "keys"
    before = file.stat()
    file.write_text(NEW)
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert (knows(keys, OLD), knows(keys, NEW)) == (False, True)
    watched = watched_files.WatchedFiles([file])
    assert not watched.changed()
    file.chmod(0o640)
    assert (watched.changed(), watched.changed()) == (True, False)


def test_a_file_that_others_can_read_is_warned_of(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A key file with a wide mode is used, and the warning says how to close it."""
    (tmp_path / "keys").write_text(OLD)
    (tmp_path / "keys").chmod(0o644)
    ApiKeys(tmp_path / "keys")
    assert "chmod 600" in caplog.text
    assert "mode 644" in caplog.text


def test_no_key_is_kept(tmp_path: Path) -> None:
    """Neither the object nor the settings show a key, and settings compare without harm."""
    keys = ApiKeys(listed=OLD)
    assert OLD not in repr(vars(keys))
    assert OLD not in repr(ReceiverSettings(store=tmp_path / "s", api_keys=OLD))


@pytest.mark.parametrize("headers", [{"authorization": f"Bearer {OLD}"}, {"x-api-key": NEW}])
@pytest.mark.parametrize("transport", ["grpc", "http"])
def test_exporters_show_a_key(serving: Serving, headers: Mapping[str, str], transport: str) -> None:
    """The SDK's exporters send with a key; without one they fail and give up."""

    def exported(given: Mapping[str, str]) -> SpanExportResult:
        exporter: SpanExporter = (
            GrpcSpans(f"http://{serving.grpc}", insecure=True, headers=dict(given))
            if transport == "grpc"
            else HttpSpans(f"http://{serving.http}/v1/traces", headers=dict(given))
        )
        return exporter.export(some_spans())

    assert exported({}) is SpanExportResult.FAILURE
    assert exported(headers) is SpanExportResult.SUCCESS


@pytest.mark.parametrize(
    "variable", [f"authorization=Bearer%20{OLD}", f"x-api-key={OLD}", f"X-API-Key={OLD}"]
)
def test_the_key_of_an_exporter_from_its_environment(
    serving: Serving, variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """OTEL_EXPORTER_OTLP_HEADERS gives the SDK's exporters their key, as SECURITY.md shows it."""
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", variable)
    for exporter in (
        GrpcSpans(f"http://{serving.grpc}", insecure=True),
        HttpSpans(f"http://{serving.http}/v1/traces"),
    ):
        assert exporter.export(some_spans()) is SpanExportResult.SUCCESS


def test_only_those_with_a_key_are_stored(tmp_path: Path) -> None:
    """What came without a key is not in the store."""
    store = tmp_path / "s.duckdb"
    settings = ReceiverSettings(store=store, grpc=ANY_PORT, http=ANY_PORT, api_keys=f"{OLD},{NEW}")
    with (
        running(settings, api=None) as serving,
        grpc.insecure_channel(str(serving.grpc)) as channel,
    ):
        export = channel.unary_unary(EXPORT)
        with pytest.raises(grpc.RpcError) as raised:
            export(trace_request({}).SerializeToString(), metadata=(("x-api-key", "x" * 24),))
        assert raised.value.code() is grpc.StatusCode.UNAUTHENTICATED
        export(trace_request({}).SerializeToString(), metadata=(("x-api-key", NEW),))
    assert row(store, "SELECT count(*) AS n FROM spans") == {"n": 1}


@pytest.mark.parametrize("content_type", [PROTOBUF, "application/json", "text/plain", None])
def test_http_says_401_in_the_senders_encoding(serving: Serving, content_type: str | None) -> None:
    """The refusal is a google.rpc.Status as protobuf or JSON, and names the scheme."""
    headers = {"content-type": content_type} if content_type else {}
    answer = httpx.post(f"http://{serving.http}/v1/traces", content=b"\xff", headers=headers)
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert "retry-after" not in answer.headers
    if content_type == PROTOBUF:
        status = Status.FromString(answer.content)
        code, message = status.code, status.message
    else:
        code, message = (json.loads(answer.content)[name] for name in ("code", "message"))
    assert code == grpc.StatusCode.UNAUTHENTICATED.value[0]
    assert "authorization: Bearer KEY" in message


@pytest.mark.parametrize("path", ["/metrics", "/v1/traces", "/v1/logs", "/nothing"])
def test_every_path_asks_for_a_key(serving: Serving, path: str) -> None:
    """Nothing about the data, and not even which paths exist, is told without a key."""
    assert httpx.get(f"http://{serving.http}{path}").status_code == 401
    assert httpx.get(f"http://{serving.http}{path}", headers={"x-api-key": OLD}).status_code != 401


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_health_is_asked_without_a_key(serving: Serving, path: str) -> None:
    """Whoever watches the process needs no key."""
    assert httpx.get(f"http://{serving.http}{path}").status_code != 401


def test_a_preflight_is_asked_without_a_key(serving: Serving) -> None:
    """Browsers ask before they send and cannot show a key then; other OPTIONS need one."""
    url = f"http://{serving.http}/v1/traces"
    asked = {"Origin": "https://shop.example", "Access-Control-Request-Method": "POST"}
    assert httpx.options(url, headers=asked).status_code != 401
    assert httpx.options(url).status_code == 401


def test_a_web_page_can_read_why_it_is_refused(tmp_path: Path) -> None:
    """With origins configured, the preflight succeeds and the 401 is shown to the page."""
    shop = "https://shop.example"
    settings = ReceiverSettings(
        store=tmp_path / "s.duckdb",
        grpc=ANY_PORT,
        http=ANY_PORT,
        api_keys=OLD,
        cors_origins=(shop,),
    )
    asked = {
        "Origin": shop,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "x-api-key,content-type",
    }
    with running(settings, api=None) as serving:
        url = f"http://{serving.http}/v1/traces"
        preflight = httpx.options(url, headers=asked)
        refused = httpx.post(url, headers={"Origin": shop})
    assert preflight.is_success
    assert "x-api-key" in preflight.headers["access-control-allow-headers"].lower()
    assert refused.status_code == 401
    assert refused.headers["access-control-allow-origin"] == shop


def test_refused_before_the_body(serving: Serving) -> None:
    """The refusal comes while the body is still to be sent, so its size costs nothing."""
    with socket.create_connection((serving.http.host, serving.http.port), timeout=10) as connection:
        head = "POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Length: 60000000\r\n"
        connection.sendall(f"{head}Content-Type: {PROTOBUF}\r\n\r\n".encode())
        assert connection.recv(12) == b"HTTP/1.1 401"


def test_grpc_refuses_before_the_message(serving: Serving) -> None:
    """The call ends while the message is still to come."""
    ended = threading.Event()

    def never_sent() -> Iterator[bytes]:
        ended.wait()
        yield b""

    with grpc.insecure_channel(str(serving.grpc)) as channel:
        with pytest.raises(grpc.RpcError) as raised:
            channel.stream_unary(EXPORT)(never_sent(), timeout=10)
        ended.set()
    assert raised.value.code() is grpc.StatusCode.UNAUTHENTICATED
    details = dict(raised.value.trailing_metadata())["grpc-status-details-bin"]
    status = Status.FromString(details)
    assert not status.details
    assert "x-api-key" in status.message


def test_rotation_without_a_restart(serving: Serving, tmp_path: Path) -> None:
    """A key that was taken out of the file is refused by a receiver that runs on."""
    url = f"http://{serving.http}/v1/logs"
    headers = {"content-type": PROTOBUF, "x-api-key": OLD}
    assert httpx.post(url, headers=headers).status_code == 200
    (tmp_path / "keys").write_text(NEW)
    assert httpx.post(url, headers=headers).status_code == 401
    assert httpx.post(url, headers={**headers, "x-api-key": NEW}).status_code == 200


def test_no_key_is_logged(serving: Serving, caplog: pytest.LogCaptureFixture) -> None:
    """Neither a good key nor a wrong one comes up in the log, whatever the request does."""
    caplog.set_level(logging.DEBUG)
    wrong = "wrong-key-0123456789abcdef"
    for key in (OLD, wrong):
        headers = {"content-type": PROTOBUF, "authorization": f"Bearer {key}"}
        httpx.post(f"http://{serving.http}/v1/traces", content=b"\xff", headers=headers)
        httpx.post(f"http://{serving.http}/nothing", headers=headers)
    ours = [r.getMessage() for r in caplog.records if r.name.startswith(("receiver", "analysis"))]
    assert not [said for said in ours if OLD in said or wrong in said]
