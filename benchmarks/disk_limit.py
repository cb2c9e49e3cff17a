"""Whether a store stays below its limit while more arrives than it may hold.

    python -m benchmarks.disk_limit [--max-disk 1GB] [--seconds 240]

Sends as fast as it is answered, looks at the size of the store and its log twenty times a second,
and in the end counts what is stored and what the history says was deleted.
"""

import argparse
import json
import tempfile
import threading
from pathlib import Path

from analysis.byte_size import parse_byte_size
from benchmarks.ingest import Case, longest_gap, send_for
from benchmarks.payloads import endless, payloads
from tests.ingest import row
from tests.served import free_addresses, serving

_SAMPLE_S = 0.05
_CASE = Case("max-disk")


def main() -> None:
    """Measures once and prints the figures as JSON; exits 1 if a span is neither stored nor told
    to be deleted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--max-disk", default="1GB", help="the limit")
    parser.add_argument("--seconds", type=float, default=240.0, help="of sending")
    given = parser.parse_args()
    requests = endless(list(payloads(32, _CASE.spans)))
    addresses = free_addresses()
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / "limited.duckdb"
        with serving(store, addresses, "--max-disk", given.max_disk), _Sizes(store) as sizes:
            sent = send_for(given.seconds, requests, addresses, _CASE)
        left = row(store, "SELECT count(*) AS n FROM spans")["n"]
        told = row(store, "SELECT coalesce(sum(spans), 0) AS n FROM deployment_history")["n"]
        end = store.stat().st_size
    spans = len(sent.acks) * _CASE.spans
    figures = {
        "limit_mb": parse_byte_size(given.max_disk) / 1e6,
        "peak_mb": round(sizes.peak / 1e6, 1),
        "end_mb": round(end / 1e6, 1),
        "samples": sizes.samples,
        "spans_acked": spans,
        "spans_stored": left,
        "spans_deleted": int(told),
        "spans_per_s": round(spans / sent.seconds),
        "refusals": sent.refusals,
        "ack_gap_max_s": round(longest_gap(sent), 2),
    }
    print(json.dumps(figures, indent=2))
    raise SystemExit(int(left + told != spans))


class _Sizes:
    """The largest that a store and its log were together, looked at again and again."""

    def __init__(self, store: Path) -> None:
        self._files = (store, store.with_name(store.name + ".wal"))
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._look)
        self.peak = self.samples = 0

    def __enter__(self) -> "_Sizes":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._stopped.wait(_SAMPLE_S):
            self.peak = max(self.peak, sum(map(_size, self._files)))
            self.samples += 1


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except FileNotFoundError:
        return 0


if __name__ == "__main__":
    main()
