"""What is said when there is nothing to show: what was looked at, and what to do next.

Every command takes these words from here.
"""

from pathlib import Path

from analysis.exit_code import CommandFailed
from receiver.lease import Lease, process_lives, read_lease

NOTHING_STORED = (
    "no span is stored yet. Start 'deploylens serve' and point an exporter at it"
    " (OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:4317), or run 'deploylens import FILE'."
)


class NothingStored(CommandFailed):
    """The store holds no span. Whoever knows the store says how to send one there."""

    def __init__(self, text: str = NOTHING_STORED) -> None:
        """What is said to the person who asked."""
        super().__init__(text)


def nothing_stored(store: Path) -> str:
    """That this store holds no span, and where to send some: to the receiver that holds it, if one
    runs, else to one that has to be started."""
    lease = _running(store)
    if lease is None:
        return (
            f"no span is stored yet in {store}. Start 'deploylens serve --store {store}' and point"
            " an exporter at it (OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:4317), or run"
            f" 'deploylens import --store {store} FILE'."
        )
    return (
        f"no span is stored yet in {store}. A receiver runs on it and waits for the first one:"
        f" point an exporter at it (OTEL_EXPORTER_OTLP_ENDPOINT=http://{lease.grpc}"
        f" OTEL_EXPORTER_OTLP_PROTOCOL=grpc, or http://{lease.http} and http/protobuf), or run"
        f" 'deploylens import --store {store} FILE'."
    )


def sentence(text: str) -> str:
    """The words of an error as a sentence that stands by itself."""
    return text[:1].upper() + text[1:]


def _running(store: Path) -> Lease | None:
    try:
        lease = read_lease(store.expanduser())
    except OSError:
        return None
    return lease if lease is not None and process_lives(lease.pid) else None
