"""`otel-config.yaml`: what it says agrees with the receiver, and a real Collector runs it."""

import os
import re
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from opentelemetry._logs import LogRecord
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import SimpleLogRecordProcessor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor

from receiver.flatten.semconv import NAMES
from receiver.settings import GRPC_PORT, HTTP_PORT, ReceiverSettings
from tests.served import ROOT, Addresses, free_addresses, free_ports, rows, running, serving

CONFIG = ROOT / "otel-config.yaml"
TO_FILE = ROOT / "examples" / "collector" / "to-file.yaml"
BUILDER = ROOT / "examples" / "collector" / "builder.yaml"
KINDS = ("receivers", "processors", "exporters")
SIGNALS = ("traces", "logs")
# Component type -> last part of the Go module that holds it.
GO_MODULES = {
    "otlp": "otlpreceiver",
    "memory_limiter": "memorylimiterprocessor",
    "transform": "transformprocessor",
    "otlp_grpc": "otlpexporter",
    "otlp_http": "otlphttpexporter",
    "file": "fileexporter",
}

Yaml = dict[str, Any]  # Any: a parsed YAML mapping nests without a fixed shape


def parsed(path: Path) -> Yaml:
    """A YAML file in which every `${env:NAME:-default}` has its default."""
    text = re.sub(r"\$\{env:\w+:-([^}]*)\}", r"\1", path.read_text())
    document: Yaml = yaml.safe_load(text)
    return document


@pytest.fixture(scope="module")
def config() -> Yaml:
    return parsed(CONFIG)


def test_exporters_point_at_the_receivers_default_ports(config: Yaml) -> None:
    """Unset, the endpoints are where `deploylens serve` listens; the exporter adds the path."""
    exporters = config["exporters"]
    assert exporters["otlp_grpc/deploylens"]["endpoint"] == f"127.0.0.1:{GRPC_PORT}"
    assert exporters["otlp_http/deploylens"]["endpoint"] == f"http://127.0.0.1:{HTTP_PORT}"


def test_the_collector_leaves_the_receivers_ports_free(config: Yaml) -> None:
    """The Collector and deploylens run on one host with their defaults."""
    protocols = config["receivers"]["otlp"]["protocols"]
    endpoints = {protocols[name]["endpoint"] for name in ("grpc", "http")}
    assert endpoints == {"127.0.0.1:14317", "127.0.0.1:14318"}
    assert not {f"127.0.0.1:{port}" for port in (GRPC_PORT, HTTP_PORT)} & endpoints


def test_the_collector_takes_what_the_receiver_takes(config: Yaml) -> None:
    """A request that deploylens would accept is not refused for its size one hop earlier."""
    protocols = config["receivers"]["otlp"]["protocols"]
    limit = ReceiverSettings(Path("store")).request_bytes_max
    assert protocols["grpc"]["max_recv_msg_size_mib"] * 1024 * 1024 == limit
    assert protocols["http"]["max_request_body_size"] == limit


def test_both_exporters_compress_queue_and_retry(config: Yaml) -> None:
    """Neither way to deploylens gives up, and both cut their batches above the retry."""
    for exporter in config["exporters"].values():
        assert exporter["compression"] == "gzip"
        assert exporter["timeout"] == "5s"
        assert exporter["retry_on_failure"]["max_elapsed_time"] == 0
        assert exporter["sending_queue"]["batch"]["max_size"] > 0


@pytest.mark.parametrize("signal", SIGNALS)
def test_each_signal_takes_one_way(config: Yaml, signal: str) -> None:
    """No span and no log record is sent to deploylens twice."""
    exporters = [
        exporter
        for name, pipeline in config["service"]["pipelines"].items()
        if name.partition("/")[0] == signal
        for exporter in pipeline["exporters"]
    ]
    assert len(exporters) == 1


def test_both_transports_are_used(config: Yaml) -> None:
    """One pipeline sends by gRPC, the other by HTTP."""
    pipelines = config["service"]["pipelines"]
    assert pipelines["traces/deploylens"]["exporters"] == ["otlp_grpc/deploylens"]
    assert pipelines["logs/deploylens"]["exporters"] == ["otlp_http/deploylens"]


@pytest.mark.parametrize("kind", KINDS)
def test_pipelines_use_what_is_defined(config: Yaml, kind: str) -> None:
    """Every component of a pipeline is defined, and every defined one is used."""
    used = {name for pipeline in config["service"]["pipelines"].values() for name in pipeline[kind]}
    assert used == set(config[kind])


def test_the_memory_limiter_comes_first(config: Yaml) -> None:
    """Each pipeline refuses data before it spends work on it."""
    for pipeline in config["service"]["pipelines"].values():
        assert pipeline["processors"] == ["memory_limiter", "transform/deployment"]


@pytest.mark.parametrize("signal", SIGNALS)
def test_inserted_attributes_are_those_the_receiver_reads(config: Yaml, signal: str) -> None:
    """Environment and deployment id go under the receiver's name for them, where there is none."""
    statements = config["processors"]["transform/deployment"][
        {"traces": "trace_statements", "logs": "log_statements"}[signal]
    ]
    environment, old_environment = NAMES["deployment.environment.name"]
    assert old_environment in statements[0]
    targets = [re.match(r'set\(resource\.attributes\["([^"]+)"\]', line) for line in statements]
    inserted = [target[1] for target in targets if target]
    assert inserted == [environment, environment, NAMES["deployment.id"][0]]
    for statement, name in zip(statements, inserted, strict=True):
        assert f'where resource.attributes["{name}"] == nil' in statement


def test_to_file_replaces_every_exporter(config: Yaml) -> None:
    """Laid over the configuration, `to-file.yaml` leaves no pipeline that still sends."""
    overlay = parsed(TO_FILE)
    pipelines = overlay["service"]["pipelines"]
    assert set(pipelines) == set(config["service"]["pipelines"])
    assert all(pipeline == {"exporters": ["file"]} for pipeline in pipelines.values())
    assert set(overlay["exporters"]) == {"file"}


def test_the_recipe_builds_the_components_in_use(config: Yaml) -> None:
    """The builder manifest names the modules that the configurations need, and no others."""
    overlay = parsed(TO_FILE)
    manifest = parsed(BUILDER)
    for kind in KINDS:
        types = {name.partition("/")[0] for name in {**config[kind], **overlay.get(kind, {})}}
        modules = {line["gomod"].split()[0].rpartition("/")[2] for line in manifest[kind]}
        assert modules == {GO_MODULES[one] for one in types}


def test_the_recipe_pins_one_release_line() -> None:
    """Every component, the Collector's own version and the builder are of one release."""
    manifest = parsed(BUILDER)
    versions = {line["gomod"].split()[1] for kind in KINDS for line in manifest[kind]}
    release = manifest["dist"]["version"]
    assert versions == {f"v{release}"}
    assert f"BUILDER_VERSION := v{release}\n" in BUILDER.with_name("Makefile").read_text()


# With a real Collector.


@pytest.fixture(scope="module")
def otelcol() -> str:
    """The Collector binary: the file that OTELCOL names, else `otelcol` on the PATH."""
    if named := os.environ.get("OTELCOL"):
        assert Path(named).is_file(), f"OTELCOL names {named}, which is not a file"
        return str(Path(named).resolve())
    if found := shutil.which("otelcol"):
        return found
    pytest.skip(
        "no Collector: `make -C examples/collector` builds one; then set "
        "OTELCOL=examples/collector/build/otelcol"
    )


@pytest.mark.parametrize("overlays", [[], [TO_FILE]], ids=["alone", "to_file"])
def test_the_collector_accepts_the_configuration(otelcol: str, overlays: list[Path]) -> None:
    """`otelcol validate` has nothing to say about the configuration, alone or with its overlay."""
    options = [option for path in (CONFIG, *overlays) for option in ("--config", str(path))]
    done = subprocess.run(
        [otelcol, "validate", *options], capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, "")


@dataclass(frozen=True, slots=True)
class Collector:
    """A running Collector: where SDKs send, and where it serves its own metrics."""

    grpc: str
    http: str
    metrics: str

    def sent(self, item: str) -> int:
        """How many spans or log records deploylens has acknowledged."""
        with urllib.request.urlopen(f"http://{self.metrics}/metrics", timeout=5) as answer:
            text = answer.read().decode()
        counts = re.findall(rf"^otelcol_exporter_sent_{item}\S*\s+(\d+)", text, re.MULTILINE)
        return sum(int(count) for count in counts)

    def wait_until_sent(self, item: str, count: int) -> None:
        """Returns when deploylens has acknowledged that many, at the latest after 30 seconds."""
        deadline = time.monotonic() + 30
        while self.sent(item) < count:
            assert time.monotonic() < deadline, f"{self.sent(item)} of {count} {item} were sent"
            time.sleep(0.1)


@contextmanager
def collecting(otelcol: str, folder: Path, deploylens: Addresses) -> Iterator[Collector]:
    """The Collector with our configuration, in environment `production` and deployment `12e4`."""
    grpc, http, metrics = free_ports(3)
    collector = Collector(f"127.0.0.1:{grpc}", f"127.0.0.1:{http}", f"127.0.0.1:{metrics}")
    prometheus = {"host": "127.0.0.1", "port": metrics, "without_type_suffix": True}
    reader = {"pull": {"exporter": {"prometheus": {**prometheus, "without_units": True}}}}
    overlay = folder / "metrics.yaml"
    overlay.write_text(
        yaml.safe_dump({"service": {"telemetry": {"metrics": {"readers": [reader]}}}})
    )
    environment = {
        **os.environ,
        "COLLECTOR_GRPC_ENDPOINT": collector.grpc,
        "COLLECTOR_HTTP_ENDPOINT": collector.http,
        "DEPLOYLENS_GRPC_ENDPOINT": deploylens.grpc,
        "DEPLOYLENS_HTTP_ENDPOINT": f"http://{deploylens.http}",
        "DEPLOYMENT_ENVIRONMENT": "production",
        "DEPLOYMENT_ID": "12e4",
    }
    command = [otelcol, "--config", str(CONFIG), "--config", str(overlay)]
    listening = [collector.grpc, collector.http, collector.metrics]
    with running(command, folder / "otelcol.txt", listening, environment):
        yield collector


def send_span(collector: Collector, service: str, attributes: dict[str, str]) -> None:
    """One span of a service, through the SDK's gRPC exporter."""
    provider = TracerProvider(resource=Resource({"service.name": service, **attributes}))
    exporter = OTLPSpanExporter(endpoint=f"http://{collector.grpc}", insecure=True)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    provider.get_tracer("tests").start_span("GET /cart").end()
    provider.shutdown()


def send_log_record(collector: Collector, service: str, attributes: dict[str, str]) -> None:
    """One log record of a service, through the SDK's HTTP exporter."""
    provider = LoggerProvider(resource=Resource({"service.name": service, **attributes}))
    exporter = OTLPLogExporter(endpoint=f"http://{collector.http}/v1/logs")
    provider.add_log_record_processor(SimpleLogRecordProcessor(exporter))
    provider.get_logger("tests").emit(LogRecord(body="cart opened"))
    provider.shutdown()


# Service -> the attributes it sends, and the environment and deployment id that must be stored.
SENT: dict[str, tuple[dict[str, str], str, str]] = {
    "names_nothing": ({}, "production", "12e4"),
    "names_its_environment": ({"deployment.environment.name": "qa"}, "qa", "12e4"),
    "uses_the_old_name": ({"deployment.environment": "staging"}, "staging", "12e4"),
    "names_its_deployment": ({"deployment.id": "d-7"}, "production", "d-7"),
}


def test_spans_and_log_records_arrive_with_what_was_missing(otelcol: str, tmp_path: Path) -> None:
    """What a service left out is added, what it said is kept, and everything is stored once."""
    store = tmp_path / "store.duckdb"
    addresses = free_addresses()
    with serving(store, addresses), collecting(otelcol, tmp_path, addresses) as collector:
        for service, (attributes, _, _) in SENT.items():
            send_span(collector, service, attributes)
            send_log_record(collector, service, attributes)
    expected = sorted(
        (service, environment, deployment) for service, (_, environment, deployment) in SENT.items()
    )
    columns = "service_name, environment_name, deployment_id"
    for table in ("spans", "log_records"):
        stored = rows(store, f"SELECT {columns} FROM {table} ORDER BY service_name")
        assert [tuple(row.values()) for row in stored] == expected


def test_what_is_sent_while_deploylens_is_away_arrives_later(otelcol: str, tmp_path: Path) -> None:
    """The Collector keeps what it cannot deliver and sends it once deploylens is back, once."""
    store = tmp_path / "store.duckdb"
    addresses = free_addresses()
    with collecting(otelcol, tmp_path, addresses) as collector:
        send_span(collector, "shop", {})
        send_log_record(collector, "shop", {})
        time.sleep(1)  # past the queue's flush, so that a first attempt has failed
        with serving(store, addresses):
            collector.wait_until_sent("spans", 1)
            collector.wait_until_sent("log_records", 1)
    assert rows(store, "SELECT span_name, service_name, environment_name FROM spans") == [
        {"span_name": "GET /cart", "service_name": "shop", "environment_name": "production"}
    ]
    assert rows(store, "SELECT body, service_name, environment_name FROM log_records") == [
        {"body": "cart opened", "service_name": "shop", "environment_name": "production"}
    ]
