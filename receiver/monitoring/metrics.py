"""What a receiver counts about itself, as Prometheus reads it.

Names follow the OpenTelemetry Collector's own (`otelcol_receiver_accepted_spans`,
`otelcol_receiver_refused_spans`, `otelcol_exporter_queue_size`), with `deploylens_` in front and
units last. Everything is counted once per request or per group, never per span. Every metric is
described in docs/operation.md.
"""

import platform
from collections.abc import Callable, Iterator
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version

from prometheus_client import CollectorRegistry, Gauge, ProcessCollector, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from receiver.monitoring.announcement_metrics import AnnouncementMetrics
from receiver.monitoring.store_metrics import StoreMetrics
from receiver.monitoring.traffic_metrics import TrafficMetrics

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Metrics:
    """The metrics of one receiver, in a registry of their own.

    `traffic` is what senders were told, `store` what became of it, `announcements` what others were
    told of deployments.
    """

    def __init__(self) -> None:
        """Everything is zero; what must be looked up is added by `gauge`."""
        self._registry = CollectorRegistry()
        self.traffic = TrafficMetrics(self._registry)
        self.store = StoreMetrics(self._registry)
        self.announcements = AnnouncementMetrics(self._registry)
        build = Gauge(
            "deploylens_build_info",
            "Always 1; the labels say what runs.",
            ("version", "python", "duckdb"),
            registry=self._registry,
        )
        build.labels(program_version(), platform.python_version(), version("duckdb")).set(1)
        ProcessCollector(registry=self._registry)

    def gauge(self, name: str, text: str, read: Callable[[], float]) -> None:
        """Adds a gauge that is read whenever somebody asks."""
        self._registry.register(_Looked(name, text, read))

    def totals(self) -> dict[str, int]:
        """The records so far by fate, as `accepted_spans`, over all transports."""
        return self.traffic.totals()

    def text(self) -> bytes:
        """All metrics in Prometheus' text format, without the time when each was created."""
        return generate_latest(_WithoutCreated(self._registry))


def program_version() -> str:
    """The version of deploylens that runs, "unknown" when it is not installed."""
    try:
        return version("deploylens")
    except PackageNotFoundError:
        return "unknown"


class _Looked(Collector):
    """A gauge that is looked up when somebody asks; one that fails is left out."""

    def __init__(self, name: str, text: str, read: Callable[[], float]) -> None:
        self._name, self._text, self._read = name, text, read

    def collect(self) -> Iterator[Metric]:
        found = GaugeMetricFamily(self._name, self._text)
        with suppress(OSError):
            found.add_sample(self._name, {}, self._read())
        yield found


class _WithoutCreated(Collector):
    """Another collector's metrics without the samples that say when each began."""

    def __init__(self, whole: Collector) -> None:
        self._whole = whole

    def collect(self) -> Iterator[Metric]:
        for metric in self._whole.collect():
            metric.samples = [s for s in metric.samples if not s.name.endswith("_created")]
            yield metric
