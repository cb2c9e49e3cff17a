"""The Node example, a real SDK in another language, sends what the store then holds."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.ingest import EXCEPTIONS
from tests.served import ROOT, free_addresses, rows, serving

CLIENT = ROOT / "examples" / "clients" / "node"
PROTOCOLS = ("grpc", "http/protobuf", "http/json")


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the example with its packages installed from the lock file."""
    missing = [tool for tool in ("node", "npm") if shutil.which(tool) is None]
    if missing:
        pytest.skip(f"{' and '.join(missing)} not found: the Node example needs Node 20 and npm")
    folder = tmp_path_factory.mktemp("client") / "node"
    shutil.copytree(CLIENT, folder, ignore=shutil.ignore_patterns("node_modules"))
    _run(["npm", "ci", "--prefer-offline", "--no-audit", "--no-fund"], folder, os.environ.copy())
    return folder


@pytest.fixture(scope="module")
def store(client: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a receiver stored of one run for each protocol, whose name is the deployment id."""
    path = tmp_path_factory.mktemp("store") / "store.duckdb"
    addresses = free_addresses()
    with serving(path, addresses):
        for protocol in PROTOCOLS:
            endpoint = addresses.grpc if protocol == "grpc" else addresses.http
            environment = {
                **{name: text for name, text in os.environ.items() if not name.startswith("OTEL_")},
                "OTEL_SERVICE_NAME": "checkout",
                "OTEL_RESOURCE_ATTRIBUTES": "service.version=1.4.2,service.namespace=shop,"
                f"deployment.environment.name=staging,deployment.id={protocol}",
                "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://{endpoint}",
                "OTEL_EXPORTER_OTLP_PROTOCOL": protocol,
                "OTEL_EXPORTER_OTLP_COMPRESSION": "gzip",
                "OTEL_METRICS_EXPORTER": "none",
                "OTEL_LOGS_EXPORTER": "none",
            }
            assert _run(["node", "client.js"], client, environment) == ""
    return path


def _run(command: list[str], folder: Path, environment: dict[str, str]) -> str:
    """What a command that succeeds prints on standard error."""
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=50,
    )
    assert done.returncode == 0, f"{command} exited {done.returncode}:\n{done.stderr}"
    return done.stderr


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_every_span_says_which_deployment_it_belongs_to(store: Path, protocol: str) -> None:
    """OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES become the deployment columns of each span."""
    stored = rows(
        store,
        f"""
        SELECT service_namespace, service_name, service_version, environment_name,
               scope_name, scope_version, count(*) AS spans, count(DISTINCT trace_id) AS traces
        FROM spans WHERE deployment_id = '{protocol}' GROUP BY ALL
        """,
    )
    assert stored == [
        {
            "service_namespace": "shop",
            "service_name": "checkout",
            "service_version": "1.4.2",
            "environment_name": "staging",
            "scope_name": "deploylens-example",
            "scope_version": "1.0.0",
            "spans": 6,
            "traces": 3,
        }
    ]


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_requests_keep_their_values(store: Path, protocol: str) -> None:
    """The store holds the requests as the program recorded them, and what follows from that."""
    stored = rows(
        store,
        f"""
        SELECT span_name, status_code, status_message, http_request_method, http_route,
               http_status_code, error_type, endpoint, outcome, peer
        FROM spans WHERE deployment_id = '{protocol}' AND span_kind = 'SERVER'
        ORDER BY http_status_code
        """,
    )
    answered = {
        "span_name": "POST /orders/{id}",
        "status_code": "UNSET",
        "status_message": None,
        "http_request_method": "POST",
        "http_route": "/orders/{id}",
        "http_status_code": 200,
        "error_type": None,
        "endpoint": "POST /orders/{id}",
        "outcome": "ok",
        "peer": None,
    }
    failed = {
        **answered,
        "status_code": "ERROR",
        "status_message": "order 3 was declined",
        "http_status_code": 500,
        "error_type": "PaymentDeclined",
        "outcome": "server_error",
    }
    assert stored == [answered, answered, failed]


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_calls_keep_their_values(store: Path, protocol: str) -> None:
    """The store holds the calls as the program recorded them, each below its request."""
    stored = rows(
        store,
        f"""
        SELECT span.span_name, span.status_code, span.http_status_code, span.server_address,
               span.error_type, span.endpoint, span.outcome, span.peer,
               parent.span_kind AS parent_kind, parent.http_status_code AS parent_answered
        FROM spans AS span JOIN spans AS parent
          ON parent.trace_id = span.trace_id AND parent.span_id = span.parent_span_id
        WHERE span.deployment_id = '{protocol}' AND span.span_kind = 'CLIENT'
        ORDER BY span.http_status_code
        """,
    )
    answered = {
        "span_name": "POST",
        "status_code": "UNSET",
        "http_status_code": 200,
        "server_address": "payments.example",
        "error_type": None,
        "endpoint": None,
        "outcome": "ok",
        "peer": "payments.example",
        "parent_kind": "SERVER",
        "parent_answered": 200,
    }
    failed = {
        **answered,
        "status_code": "ERROR",
        "http_status_code": 502,
        "error_type": "PaymentDeclined",
        "outcome": "server_error",
        "parent_answered": 500,
    }
    assert stored == [answered, answered, failed]


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_attributes_keep_their_types(store: Path, protocol: str) -> None:
    """Integers stay integers and arrays stay arrays, whatever the encoding they came in."""
    stored = rows(
        store,
        f"""
        SELECT attributes FROM spans
        WHERE deployment_id = '{protocol}' AND span_kind = 'SERVER' AND outcome = 'server_error'
        """,
    )
    assert [json.loads(row["attributes"]) for row in stored] == [
        {
            "http.request.method": "POST",
            "http.route": "/orders/{id}",
            "order.id": 3,
            "order.items": ["book", "pen"],
            "http.response.status_code": 500,
            "error.type": "PaymentDeclined",
        }
    ]


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_the_exception_is_stored_where_it_was_recorded(store: Path, protocol: str) -> None:
    """The call and its request recorded one exception: two rows, one fingerprint."""
    stored = rows(
        store,
        f"""
        SELECT span.span_kind, exception.signal, exception.event_name, exception.exception_type,
               exception.exception_message, exception.sdk_language, exception.service_version,
               exception.environment_name, exception.fingerprint, exception.exception_stacktrace
        FROM {EXCEPTIONS} AS exception JOIN spans AS span USING (trace_id, span_id)
        WHERE exception.deployment_id = '{protocol}' ORDER BY span.span_kind
        """,
    )
    assert len({row.pop("fingerprint") for row in stored}) == 1
    for stacktrace in [row.pop("exception_stacktrace") for row in stored]:
        assert stacktrace.startswith("PaymentDeclined: order 3 was declined\n    at pay (")
    recorded = {
        "signal": "traces",
        "event_name": "exception",
        "exception_type": "PaymentDeclined",
        "exception_message": "order 3 was declined",
        "sdk_language": "nodejs",
        "service_version": "1.4.2",
        "environment_name": "staging",
    }
    assert stored == [{"span_kind": "CLIENT", **recorded}, {"span_kind": "SERVER", **recorded}]
