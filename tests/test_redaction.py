"""Secrets in attributes are replaced before they are stored, wherever they stand."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcSpans
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpSpans
from opentelemetry.proto.common.v1.common_pb2 import KeyValue

from receiver.errors import CredentialsUnusable
from receiver.flatten.redaction import REDACTED, SECRET, URL, Redaction
from receiver.flatten.redaction_rules import RedactionRules, is_secret_name
from receiver.pipeline import Pipeline
from receiver.settings import ReceiverSettings
from receiver.storage.redaction_key import redaction_key_path
from receiver.storage.writer import Writer
from tests.command_line import deploylens
from tests.ingest import Ingest, key_values, log_request, row, rows, stored, trace_request
from tests.sdk_spans import some_spans
from tests.served import ROOT, free_addresses, serving

SECRET_TEXT = "hunter2-hunter2"
DROP = Redaction(RedactionRules())

SECRET_KEYS = """
    authorization http.request.header.authorization proxy-authorization Proxy-Authorization
    cookie set-cookie http.response.header.set_cookie http.request.header.cookie
    password db.password dbPassword DB_PASSWORD passwd pwd
    token access_token accessToken authtoken x-auth-token PRIVATE-TOKEN token.value
    secret clientSecret client_secret app.secrets
    api_key apikey apiKey APIKey x-api-key access_key access_key_id AWSAccessKeyId private_key
    credential credentials user.credentials passphrase
"""
OTHER_KEYS = """
    gen_ai.usage.input_tokens gen_ai.token.type llm.token_count tokens max_tokens tokenizer
    user.id session.id messaging.message.id messaging.kafka.message.key service.name key
    aws.secretsmanager.secret.arn k8s.secret.name monkey keyboard primary_key partition.key
    passwordless authorized author http.route db.query.text password.policy cookie.count
"""
URLS = {
    "https://shop.example/x?page=2&q=token": "https://shop.example/x?page=2&q=token",
    "https://me:pw@shop.example/x": "https://REDACTED:REDACTED@shop.example/x",
    "https://me@shop.example/x": "https://REDACTED@shop.example/x",
    "/x?a=1&access_token=abc&b=2": "/x?a=1&access_token=REDACTED&b=2",
    "token=abc": "token=REDACTED",
    "token=": "token=",
    "/x#access_token=abc": "/x#access_token=REDACTED",
    "/x?X-Amz-Signature=abc&sig=d&Signature=e&signal=f": (
        "/x?X-Amz-Signature=REDACTED&sig=REDACTED&Signature=REDACTED&signal=f"
    ),
    "postgresql://me:p%40w@db/shop?sslmode=on": "postgresql://REDACTED:REDACTED@db/shop?sslmode=on",
    "Server=db;User Id=me;Password=p w;Encrypt=yes": (
        "Server=db;User Id=me;Password=REDACTED;Encrypt=yes"
    ),
    "host=db password='p w' dbname=shop": "host=db password=REDACTED dbname=shop",
    "root:p4ss@tcp(10.0.0.1:3306)/shop": "REDACTED:REDACTED@tcp(10.0.0.1:3306)/shop",
    "root:p/4//s@s s@unix(/run/db)/shop": "REDACTED:REDACTED@unix(/run/db)/shop",
    ":p4ss@cache:6379": "REDACTED:REDACTED@cache:6379",
    "jdbc:oracle:thin:scott/p4ss@//db:1521/x": "REDACTED:REDACTED@//db:1521/x",
    "jdbc:mysql://me:p4ss@db/shop": "jdbc:mysql://REDACTED:REDACTED@db/shop",
    "postgres://me:p4/s?s#w@db/shop": "postgres://REDACTED:REDACTED@db/shop",
    "postgres://me:p4 ss@db/shop": "postgres://REDACTED:REDACTED@db/shop",
    "https://me:pw@shop.example/@me?at=a:b@c": (
        "https://REDACTED:REDACTED@shop.example/@me?at=a:b@c"
    ),
    "https://shop.example:8080/@me": "https://shop.example:8080/@me",
    "http://[::1]:8080/@me": "http://[::1]:8080/@me",
    "https://shop.example/@me/12:30": "https://shop.example/@me/12:30",
    "q=a:b@c&page=2": "q=a:b@c&page=2",
    "/x?toke%6e=abc&access%5Ftoken=def&p%61ge=2": (
        "/x?toke%6e=REDACTED&access%5Ftoken=REDACTED&p%61ge=2"
    ),
}


@pytest.mark.parametrize("key", SECRET_KEYS.split())
def test_secret_keys(key: str) -> None:
    """A word for a secret makes a key secret, in any spelling of several words."""
    assert is_secret_name(key)
    assert DROP.mark(key) == SECRET


@pytest.mark.parametrize("key", OTHER_KEYS.split())
def test_other_keys(key: str) -> None:
    """Words that only look alike, and what is told about a secret, are kept."""
    assert not is_secret_name(key)


@pytest.mark.parametrize("url", URLS)
def test_urls(url: str) -> None:
    """Of a URL or connection string only the secret parts are replaced."""
    assert DROP.text(url, URL) == URLS[url]


def test_what_is_searched_is_found(tmp_path: Path) -> None:
    """The quick search before sees every text in which something is replaced."""
    texts = {f"{number}": {"url.full": url} for number, url in enumerate(URLS)}
    stored(tmp_path / "s.duckdb", trace_request(texts))
    kept = attributes_of(tmp_path / "s.duckdb")
    assert [one["url.full"] for one in kept.values()] == list(URLS.values())
    flat = trace_request(*({"url.full": url} for url in URLS))
    stored(tmp_path / "flat.duckdb", flat)
    found = rows(tmp_path / "flat.duckdb", "SELECT attributes FROM spans ORDER BY span_id")
    assert [json.loads(one["attributes"])["url.full"] for one in found] == list(URLS.values())


def test_a_huge_url_is_replaced_whole() -> None:
    """A URL that is too long to be searched is not kept if something in it may be secret."""
    assert DROP.text("/x?token=" + "a" * 100_000, URL) == REDACTED


@given(st.text(max_size=60))
def test_any_text_can_be_a_url(text: str) -> None:
    """No text makes the search fail, and what is replaced once stays as it is."""
    once = DROP.text(text, URL)
    assert DROP.text(once, URL) == once


def receive(store: Path, rules: RedactionRules, *requests: Any) -> None:  # Any: both kinds
    """The requests stored by these rules."""
    writer = Writer(store, lock_wait_s=0)
    pipeline = Pipeline(writer, ReceiverSettings(store=store, redaction=rules))
    pipeline.start()
    for request in requests:
        Ingest(pipeline).send(request)
    pipeline.close()
    writer.close()


def attributes_of(store: Path) -> dict[str, Any]:  # Any: whatever JSON holds
    """The attributes of the only span."""
    found = json.loads(row(store, "SELECT attributes FROM spans")["attributes"])
    assert isinstance(found, dict)
    return found


def test_values_of_every_type(tmp_path: Path) -> None:
    """Texts and bytes are replaced at any depth; numbers, booleans and empty values stay."""
    request = trace_request(
        {
            "password": SECRET_TEXT,
            "token": 12,
            "secret": True,
            "cookie": 1.5,
            "api_key": "",
            "credentials": None,
            "authorization": [SECRET_TEXT, 7, [SECRET_TEXT]],
            "access_token": SECRET_TEXT.encode(),
            "private_key": {"pem": SECRET_TEXT, "bits": 2048},
            "headers": {"Cookie": SECRET_TEXT, "accept": "*/*", "more": [{"x-api-key": "k"}]},
            "url.query": ["a=1&token=b"],
            "url.full": b"https://u:p@h/?token=abc",
            "plain": SECRET_TEXT,
        }
    )
    stored(tmp_path / "s.duckdb", request)
    assert attributes_of(tmp_path / "s.duckdb") == {
        "password": "REDACTED",
        "token": 12,
        "secret": True,
        "cookie": 1.5,
        "api_key": "",
        "credentials": None,
        "authorization": ["REDACTED", 7, ["REDACTED"]],
        "access_token": "REDACTED",
        "private_key": {"pem": "REDACTED", "bits": 2048},
        "headers": {"Cookie": "REDACTED", "accept": "*/*", "more": [{"x-api-key": "REDACTED"}]},
        "url.query": ["a=1&token=REDACTED"],
        "url.full": "REDACTED",
        "plain": SECRET_TEXT,
    }


def test_every_place_of_an_attribute(tmp_path: Path) -> None:
    """Resource, scope, span, event, link and log attributes and log bodies are all searched."""
    secret = key_values({"password": SECRET_TEXT})
    spans = trace_request({"password": SECRET_TEXT}, resource={"auth.token": SECRET_TEXT})
    scope_spans = spans.resource_spans[0].scope_spans[0]
    scope_spans.scope.attributes.extend(secret)
    scope_spans.spans[0].events.add(name="e").attributes.extend(secret)
    scope_spans.spans[0].links.add(trace_id=b"t" * 16, span_id=b"s" * 8).attributes.extend(secret)
    logs = log_request({"a": {"password": SECRET_TEXT}}, attributes={"api.key": SECRET_TEXT})
    logs.resource_logs[0].scope_logs[0].scope.attributes.extend(secret)
    store = tmp_path / "s.duckdb"
    stored(store, spans, logs)
    span = row(store, "SELECT scope_attributes, attributes, events, links FROM spans")
    record = row(store, "SELECT scope_attributes, attributes, body FROM log_records")
    assert all('"REDACTED"' in text for text in (*span.values(), *record.values()))
    assert SECRET_TEXT not in json.dumps([span, record, rows(store, "FROM resources")], default=str)


def test_promoted_columns_hold_what_is_left(tmp_path: Path) -> None:
    """A column beside the attributes never holds what was taken out of them."""
    request = trace_request({"user.id": "ann", "url.full": "http://u:p@h:81/?token=x"}, kind=3)
    store = tmp_path / "s.duckdb"
    receive(store, RedactionRules(keys=("user.*",)), request)
    assert row(store, "SELECT user_id, peer FROM spans") == {"user_id": "REDACTED", "peer": "h:81"}


def test_more_and_fewer_keys(tmp_path: Path) -> None:
    """Globs over whole keys add to the known ones, others take away; these win."""
    rules = RedactionRules(keys=("*.SSN", "auth.*"), keep=("auth.token", "shop.cookie"))
    request = trace_request(
        {"user.ssn": "1", "auth.user": "2", "auth.token": "3", "shop.cookie": "4", "ssn": "5"}
    )
    receive(tmp_path / "s.duckdb", rules, request)
    assert "".join(v[0] for v in attributes_of(tmp_path / "s.duckdb").values()) == "RR345"


def test_globs_reach_into_urls(tmp_path: Path) -> None:
    """The rules for keys are those for the names of parameters too."""
    rules = RedactionRules(keys=("ssn",), keep=("token",))
    receive(tmp_path / "s.duckdb", rules, trace_request({"http.target": "/x?ssn=1&token=2&pwd=3"}))
    assert attributes_of(tmp_path / "s.duckdb") == {
        "http.target": "/x?ssn=REDACTED&token=2&pwd=REDACTED"
    }


def test_off_keeps_everything(tmp_path: Path) -> None:
    """With mode off nothing is replaced."""
    given = {"password": SECRET_TEXT, "url.full": "http://u:p@h/?token=1"}
    receive(tmp_path / "s.duckdb", RedactionRules(mode="off"), trace_request(given))
    assert attributes_of(tmp_path / "s.duckdb") == given


def test_hashes_tell_values_apart(tmp_path: Path) -> None:
    """With mode hash the same value has the same hash, also after a restart, and another store
    has others; the key of the hashes lies beside the store, for its owner only."""
    rules, store, other = RedactionRules(mode="hash"), tmp_path / "s.duckdb", tmp_path / "o.duckdb"
    request = trace_request({"token": "a"}, {"token": "b"}, {"secret": "a"})
    receive(store, rules, request)
    receive(store, rules, trace_request({"token": "a", "url.query": "token=a"}))
    receive(other, rules, request)
    read = "SELECT attributes->>'$.*' AS v FROM spans ORDER BY request_id, span_id"
    first, second, third, fourth = (found["v"] for found in rows(store, read))
    assert first == third == [fourth[0]]
    assert first != second
    assert fourth[1] == f"token={first[0]}"
    assert first[0].startswith("hmac-sha256:")
    assert rows(other, read)[0]["v"] != first
    assert redaction_key_path(store).stat().st_mode & 0o777 == 0o600


def test_a_lost_hash_key_is_told(tmp_path: Path) -> None:
    """A damaged key is not replaced silently, for the hashes would change."""
    store = tmp_path / "s.duckdb"
    redaction_key_path(store).write_text("not hex")
    with pytest.raises(CredentialsUnusable, match=r"hash key .* cannot be read"):
        receive(store, RedactionRules(mode="hash"))


def test_the_id_of_a_resource_is_that_of_what_is_left(tmp_path: Path) -> None:
    """A secret that changes makes no new resource, and a restart neither."""
    for secret in ("one", "two"):
        resource: dict[str, object] = {"service.name": "shop", "auth.token": secret}
        stored(tmp_path / "s.duckdb", trace_request({}, resource=resource, trace_state=secret))
    assert len(rows(tmp_path / "s.duckdb", "FROM resources")) == 1


def test_duplicate_keys_are_both_replaced(tmp_path: Path) -> None:
    """A key that comes twice hides no value behind the first."""
    request = trace_request({"password": SECRET_TEXT})
    attributes = request.resource_spans[0].scope_spans[0].spans[0].attributes
    attributes.append(KeyValue(key="password", value=attributes[0].value))
    stored(tmp_path / "s.duckdb", request)
    assert (
        SECRET_TEXT not in row(tmp_path / "s.duckdb", "SELECT attributes FROM spans")["attributes"]
    )


@pytest.mark.parametrize(
    "attributes",
    [
        {"http.request.header.authorization": f"Bearer {SECRET_TEXT}"},
        {"http.request.header.cookie": (f"sid={SECRET_TEXT}",), "db.password": SECRET_TEXT},
        {"url.full": f"https://me:{SECRET_TEXT}@h/?api_key={SECRET_TEXT}"},
    ],
)
def test_no_secret_comes_out(tmp_path: Path, attributes: dict[str, Any]) -> None:
    """What the SDK's exporters send is in no file of the receiver, no answer and no export."""
    store, addresses = tmp_path / "s.duckdb", free_addresses()
    spans = some_spans(attributes, resource={"deploy.token": SECRET_TEXT})
    with serving(store, addresses):
        GrpcSpans(f"http://{addresses.grpc}", insecure=True).export(spans)
        HttpSpans(f"http://{addresses.http}/v1/traces").export(spans)
        answers = [
            deploylens("sql", f"FROM {table}", "--format", "json", store=store).out
            for table in ("spans", "resources", "export_requests")
        ]
        exported = deploylens("export", "--parquet", tmp_path / "out", store=store)
        assert exported.code == 0
        assert '"span_name": "work"' in answers[0]
        assert _files_with(tmp_path, SECRET_TEXT) == []
    assert not [answer for answer in answers if SECRET_TEXT in answer]
    assert _files_with(tmp_path, SECRET_TEXT) == []


def _files_with(folder: Path, text: str) -> list[str]:
    """The files below the folder whose bytes hold the text."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert len(files) > 2
    return [path.name for path in files if text.encode() in path.read_bytes()]


def test_imported_files_are_redacted(tmp_path: Path) -> None:
    """`import` follows the same rules as `serve`, and takes them from the same settings."""
    request = trace_request({"password": SECRET_TEXT, "user.id": "ann"})
    (tmp_path / "spans.otlp").write_bytes(request.SerializeToString())
    store = tmp_path / "s.duckdb"
    (tmp_path / "deploylens.toml").write_text('[serve.redact]\nkeys = ["user.id"]\nkeep = "x,y"\n')
    done = deploylens("import", tmp_path / "spans.otlp", store=store, here=tmp_path)
    assert done.code == 0, done.err
    assert attributes_of(store) == {"password": "REDACTED", "user.id": "REDACTED"}


def test_a_wrong_mode_is_refused(tmp_path: Path) -> None:
    """A mode that does not exist is told with those that do, before anything starts."""
    (tmp_path / "deploylens.toml").write_text('[serve.redact]\nmode = "dorp"\n')
    ended = deploylens("serve", here=tmp_path)
    assert ended.code == 2
    assert "serve.redact.mode is 'dorp'. Did you mean 'drop'?" in ended.err
    done = subprocess.run(
        [sys.executable, "-m", "analysis", "serve", "--redact", "x"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "'x' is not one of 'drop', 'hash', 'off'" in done.stderr
