"""What became of announcements to webhooks and Grafana."""

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Gauge

RESULTS = ("sent", "refused", "given_up")


class AnnouncementMetrics:
    """Counters of events, deliveries and attempts; nothing is counted where no target is set."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Adds them to this registry, all zero."""
        self._events = Counter(
            "deploylens_announcements_total", "Events announced.", ("event",), registry=registry
        )
        self._deliveries = Counter(
            "deploylens_announcement_deliveries_total",
            "Events that came to their end at a target: sent, refused or given_up.",
            ("target", "result"),
            registry=registry,
        )
        self._failures = Counter(
            "deploylens_announcement_failed_attempts_total",
            "Attempts that failed and are made again.",
            ("target",),
            registry=registry,
        )
        self._waiting = Gauge(
            "deploylens_announcements_waiting",
            "Events that wait for a target.",
            ("target",),
            registry=registry,
        )
        self._last_round = Gauge(
            "deploylens_announcing_last_round_timestamp_seconds",
            "When deployments were last looked at, 0 before the first time.",
            registry=registry,
        )

    def begin(self, events: Iterable[str], targets: Iterable[str]) -> None:
        """Makes the series that alerts look at: one that begins at 1 never rose for Prometheus."""
        for event in events:
            self._events.labels(event)
        for target in targets:
            self._failures.labels(target)
            self._waiting.labels(target)
            for result in RESULTS:
                self._deliveries.labels(target, result)

    def announced(self, event: str) -> None:
        """An event is stored with its deliveries."""
        self._events.labels(event).inc()

    def ended(self, target: str, result: str) -> None:
        """A delivery will not be tried again."""
        self._deliveries.labels(target, result).inc()

    def failed(self, target: str) -> None:
        """An attempt failed."""
        self._failures.labels(target).inc()

    def waiting(self, target: str, count: int) -> None:
        """So many wait now."""
        self._waiting.labels(target).set(count)

    def looked(self, time_s: float) -> None:
        """A round is over."""
        self._last_round.set(time_s)
