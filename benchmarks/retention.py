"""How storing goes on while old rows are deleted, and what a deletion frees.

    python -m benchmarks.retention [--groups 120] [--spans 8192]

Fills a store with old requests, then sends new ones over one pipeline, first alone and then beside
a run of retention that deletes all the old ones; prints the acknowledgement times of both.
"""

import argparse
import json
import statistics
import tempfile
import threading
import time
from pathlib import Path

from benchmarks.payloads import payloads
from receiver.storage.disk_room import disk_use
from tests.ingest import trace_request
from tests.retaining import DAY_NS, Retained, TestClock, retaining


def main() -> None:
    """Measures once and prints the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--groups", type=int, default=120, help="old requests to delete")
    parser.add_argument("--spans", type=int, default=8192, help="spans in a request")
    given = parser.parse_args()
    [spans] = payloads(1, given.spans)
    numbers = iter(range(10**9))

    def fresh() -> bytes:
        return bytes(spans + trace_request({"n": next(numbers)}).SerializeToString())

    with tempfile.TemporaryDirectory() as folder:
        path, clock = Path(folder) / "s.duckdb", TestClock()
        with retaining(path, clock, 14 * 86_400) as store:
            for _ in range(given.groups):
                store.send(fresh())
            clock.pass_time(15 * DAY_NS)
            alone = [timed(store, fresh()) for _ in range(20)]
            before = disk_use(store.writer.connection, path)
            deletion = threading.Thread(target=store.retention.run)
            began_s = time.perf_counter()
            deletion.start()
            beside = [timed(store, fresh())]
            while deletion.is_alive():
                beside.append(timed(store, fresh()))
            deleted_s = time.perf_counter() - began_s
            after = disk_use(store.writer.connection, path)
    figures = {
        "deleted_spans": given.groups * (given.spans + 1),
        "deletion_s": round(deleted_s, 2),
        "ack_p50_s_alone": round(statistics.median(alone), 3),
        "ack_max_s_alone": round(max(alone), 3),
        "ack_p50_s_beside": round(statistics.median(beside), 3),
        "ack_max_s_beside": round(max(beside), 3),
        "acks_beside": len(beside),
        "used_mb_before": round(before.used / 1e6, 1),
        "used_mb_after": round(after.used / 1e6, 1),
    }
    print(json.dumps(figures, indent=2))


def timed(store: Retained, payload: bytes) -> float:
    """Seconds until the request is acknowledged."""
    began_s = time.perf_counter()
    store.send(payload)
    return time.perf_counter() - began_s


if __name__ == "__main__":
    main()
