"""What senders were told, counted once per request.

Every record of a request that could be read is counted in exactly one of five fates: accepted,
rejected (OTLP's partial success), duplicate, refused, dropped.
"""

from prometheus_client import CollectorRegistry, Counter, Histogram

from receiver.signals import Signal

TRANSPORTS = ("grpc", "http/protobuf", "http/json")
RECORDS = {Signal.TRACES: "spans", Signal.LOGS: "log_records"}
_FATES = {
    "accepted": "{} whose sender was told that they are stored.",
    "rejected": "{} refused one by one, in requests whose other records were stored.",
    "duplicate": "{} of requests that had been sent before, so that nothing was added.",
    "refused": "{} whose sender was told that they are not stored, by reason.",
    "dropped": "{} lost by an error of the receiver. Must stay 0.",
}
_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)


class TrafficMetrics:
    """Counters of requests and records, and how long answers took."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Adds them to this registry, all zero."""
        self._requests = Counter(
            "deploylens_receiver_requests_total",
            "Export requests by the code they were answered with.",
            ("transport", "signal", "code"),
            registry=registry,
        )
        self._refused_requests = Counter(
            "deploylens_receiver_refused_requests_total",
            "Export requests whose sender was told that they are not stored, by reason.",
            ("transport", "reason"),
            registry=registry,
        )
        self._dropped_requests = Counter(
            "deploylens_receiver_dropped_requests_total",
            "Export requests lost by an error of the receiver. Must stay 0.",
            ("transport",),
            registry=registry,
        )
        self._bytes = Counter(
            "deploylens_receiver_request_bytes_total",
            "Bytes of the export requests that could be read, decompressed and as protobuf.",
            ("transport",),
            registry=registry,
        )
        self._ack_seconds = Histogram(
            "deploylens_receiver_ack_seconds",
            "From the arrival of a request to its answer, for those that were accepted.",
            ("transport",),
            buckets=_SECONDS,
            registry=registry,
        )
        self._records = {
            (fate, signal): Counter(
                f"deploylens_receiver_{fate}_{word}_total",
                text.format(word.replace("_", " ").capitalize()),
                ("transport", "reason") if fate == "refused" else ("transport",),
                registry=registry,
            )
            for signal, word in RECORDS.items()
            for fate, text in _FATES.items()
        }
        self._begin_at_zero()

    def _begin_at_zero(self) -> None:
        """Makes the series that alerts look at: one that begins at 1 never rose for Prometheus."""
        for transport in TRANSPORTS:
            self._dropped_requests.labels(transport)
            for (fate, _signal), counter in self._records.items():
                if fate != "refused":
                    counter.labels(transport)

    def totals(self) -> dict[str, int]:
        """The records so far by fate, as `accepted_spans`, over all transports and reasons."""
        return {
            f"{fate}_{RECORDS[signal]}": int(
                sum(
                    sample.value
                    for family in counter.collect()
                    for sample in family.samples
                    if sample.name.endswith("_total")
                )
            )
            for (fate, signal), counter in self._records.items()
        }

    def read(self, transport: str, payload_bytes: int) -> None:
        """A request could be read."""
        self._bytes.labels(transport).inc(payload_bytes)

    def answered(self, transport: str, signal: Signal, code: str) -> None:
        """A request was answered, however."""
        self._requests.labels(transport, signal.value, code).inc()

    def stored(
        self, transport: str, signal: Signal, accepted: int, rejected: int, ack_s: float
    ) -> None:
        """A sender was told how many records are stored and how many never will be."""
        self._ack_seconds.labels(transport).observe(ack_s)
        self._records["accepted", signal].labels(transport).inc(accepted)
        if rejected:
            self._records["rejected", signal].labels(transport).inc(rejected)

    def duplicate(self, transport: str, signal: Signal, count: int) -> None:
        """A sender was told that this many records are stored, which they had been before."""
        self._records["duplicate", signal].labels(transport).inc(count)

    def refused(self, transport: str, signal: Signal, reason: str, count: int) -> None:
        """A sender was told that a request is not stored.

        `count` is the number of its records, 0 if it could not be read.
        """
        self._refused_requests.labels(transport, reason).inc()
        self._records["refused", signal].labels(transport, reason).inc(count)

    def dropped(self, transport: str, signal: Signal, count: int) -> None:
        """A sender was told not to come back, and that was our fault."""
        self._dropped_requests.labels(transport).inc()
        self._records["dropped", signal].labels(transport).inc(count)
