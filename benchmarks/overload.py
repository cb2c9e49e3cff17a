"""What happens when senders offer three times what the receiver can take, while somebody asks for
too much.

    python -m benchmarks.overload [--seconds 300] [--factor 3] [--no-questions]

First measures what the receiver takes from senders that wait for their answers. Then many more
offer that many times as much, over gRPC and HTTP, at a fixed pace. A sender that is refused comes
back with the same bytes after the delay it was told, and drops what falls due meanwhile, as an
exporter with a full queue does. Meanwhile `deploylens sql` asks for what no memory holds.
Afterwards the first measurement is made again. In the end every acknowledgement is compared with
the store.
"""

import argparse
import json
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import count, pairwise
from pathlib import Path

from benchmarks.payloads import payloads
from benchmarks.senders import Sender, senders
from receiver.lease import read_lease
from tests.ingest import row, rows, trace_request
from tests.served import ROOT, free_addresses, serving

_SIZES = (64, 4096, 4096, 4096)
_MEASURING = 12
_OFFERING = 192
_MARKER = "overload"
_QUESTIONS = (
    "SELECT list(a.i) FROM range(2000000000) a(i)",
    "SELECT count(*) FROM spans a, spans b, spans c WHERE a.duration_ns > b.duration_ns",
    "SELECT span_id, attributes, events FROM spans ORDER BY hash(span_id) LIMIT 1000000",
    "SELECT string_agg(attributes, '') FROM spans, range(1000)",
)


@dataclass(frozen=True, slots=True)
class Phase:
    """One part of a run; times are seconds, latencies from the first attempt to the answer."""

    seconds: float
    spans_per_s: int
    requests_offered: int
    requests_acked: int
    attempts: int
    attempts_refused: dict[str, int]
    refused_without_delay: int
    attempts_of_an_ack_p50: float
    attempts_of_an_ack_max: int
    answer_p50_s: float
    answer_p99_s: float
    ack_gap_max_s: float


@dataclass(frozen=True, slots=True)
class Result:
    """A whole run. `questions` counts how the commands of the runaway user ended."""

    before: Phase
    overload: Phase
    after: Phase
    rss_peak_mib: int
    questions: dict[str, int]
    missing: int
    doubled: int
    partial: int


class _Offer:
    """Requests that are unlike each other, and what became of each."""

    def __init__(self) -> None:
        bodies = {size: next(payloads(1, size)) for size in set(_SIZES)}
        self._bodies = [(size, bodies[size]) for size in _SIZES]
        self._numbers = count(1)
        self._lock = threading.Lock()
        self.acked: dict[uuid.UUID, int] = {}

    def request(self, sender: int) -> tuple[uuid.UUID, int, bytes]:
        """A new one: its trace id, its number of spans, its bytes."""
        size, body = self._bodies[sender % len(self._bodies)]
        with self._lock:
            trace = uuid.UUID(int=next(self._numbers))
        marker = trace_request({}, resource={"service.name": _MARKER}, trace_id=trace.bytes)
        return trace, size + 1, body + marker.SerializeToString()  # protobuf adds up


class _Run:
    """Senders at work for some seconds, each at its pace; without one as fast as it is answered."""

    def __init__(self, offer: _Offer, working: Sequence[Sender], seconds: float) -> None:
        self._offer, self._working, self._seconds = offer, working, seconds
        self._refused = Counter[str]()
        self._without_delay = self._offered = self._attempts = 0
        self._tries: list[int] = []
        self._answers_s: list[float] = []
        self._acks: list[tuple[float, int]] = []
        self._lock = threading.Lock()

    def measure(self, spans_per_s: float | None = None) -> Phase:
        """Works and says how it went."""
        spans = sum(_SIZES[n % len(_SIZES)] for n in range(len(self._working)))
        period_s = 0.0 if spans_per_s is None else spans / spans_per_s
        self._started_s = time.monotonic()
        self._end_s = self._started_s + self._seconds
        threads = [
            threading.Thread(target=self._work, args=(number, sender, period_s))
            for number, sender in enumerate(self._working)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return self._phase()

    def _work(self, number: int, sender: Sender, period_s: float) -> None:
        due_s = self._started_s + period_s * number / len(self._working)
        while max(due_s, time.monotonic()) < self._end_s:
            time.sleep(max(0.0, due_s - time.monotonic()))
            self._deliver(number, sender)
            passed = 1 + int((time.monotonic() - due_s) / period_s) if period_s else 1
            due_s += passed * period_s
            with self._lock:
                self._offered += passed

    def _deliver(self, number: int, sender: Sender) -> None:
        """Sends one request until it is acknowledged or the time is over."""
        trace, size, body = self._offer.request(number)
        tries = 0
        while time.monotonic() < self._end_s:
            began_s = time.monotonic()
            refusal = sender.send(body)
            now_s = time.monotonic()
            tries += 1
            with self._lock:
                self._attempts += 1
                self._answers_s.append(now_s - began_s)
                if refusal is None:
                    self._offer.acked[trace] = size
                    self._acks.append((now_s, size))
                    self._tries.append(tries)
                    return
                self._refused[refusal.code] += 1
                self._without_delay += refusal.delay_s is None
            time.sleep(min(refusal.delay_s or 1.0, max(0.0, self._end_s - time.monotonic())))

    def _phase(self) -> Phase:
        times = sorted([self._started_s, *(at for at, _ in self._acks), self._end_s])
        return Phase(
            seconds=self._seconds,
            spans_per_s=round(sum(size for _, size in self._acks) / self._seconds),
            requests_offered=self._offered,
            requests_acked=len(self._acks),
            attempts=self._attempts,
            attempts_refused=dict(self._refused),
            refused_without_delay=self._without_delay,
            attempts_of_an_ack_p50=statistics.median(self._tries),
            attempts_of_an_ack_max=max(self._tries),
            answer_p50_s=round(statistics.median(self._answers_s), 3),
            answer_p99_s=round(statistics.quantiles(self._answers_s, n=100)[98], 3),
            ack_gap_max_s=round(max(later - sooner for sooner, later in pairwise(times)), 2),
        )


def main() -> None:
    """Runs once and prints the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=300.0, help="of overload")
    parser.add_argument("--capacity-seconds", type=float, default=20.0, help="before and after")
    parser.add_argument("--factor", type=float, default=3.0, help="times what it can take")
    parser.add_argument("--questions", action=argparse.BooleanOptionalAction, default=True)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / "overload.duckdb"
        result = measure(
            store, given.seconds, given.capacity_seconds, given.factor, given.questions
        )
    print(json.dumps(asdict(result), indent=2))


def measure(store: Path, seconds: float, capacity_s: float, factor: float, asking: bool) -> Result:
    """One run into a new store."""
    addresses, offer = free_addresses(), _Offer()
    outcomes = Counter[str]()
    with serving(store, addresses):
        while (lease := read_lease(store)) is None:
            time.sleep(0.05)
        few, many = senders(addresses, _MEASURING), senders(addresses, _OFFERING)
        before = _Run(offer, few, capacity_s).measure()
        with _asking(store, outcomes if asking else None):
            overload = _Run(offer, many, seconds).measure(factor * before.spans_per_s)
        after = _Run(offer, few, capacity_s).measure()
        rss_peak_mib = _peak_mib(lease.pid)
        for sender in (*few, *many):
            sender.close()
    missing, doubled, partial = _compare(store, offer)
    return Result(before, overload, after, rss_peak_mib, dict(outcomes), missing, doubled, partial)


def _peak_mib(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    return int(found[1]) // 1024 if found else 0


@contextmanager
def _asking(store: Path, outcomes: Counter[str] | None) -> Iterator[None]:
    """A user for the length of the block who asks for too much, again and again."""
    done = threading.Event()

    def ask() -> None:
        for number in count():
            if done.is_set() or outcomes is None:
                return
            question = _QUESTIONS[number % len(_QUESTIONS)]
            command = [sys.executable, "-m", "analysis", "--store", str(store), "sql", question]
            with subprocess.Popen(
                command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
            ) as process:
                while process.poll() is None and not done.wait(0.1):
                    pass
                process.terminate()
                talk = process.stderr.read() if process.stderr else ""
            outcomes[" ".join(talk.split())[:90] or f"exit {process.returncode}"] += 1

    user = threading.Thread(target=ask)
    user.start()
    try:
        yield
    finally:
        done.set()
        user.join()


def _compare(store: Path, offer: _Offer) -> tuple[int, int, int]:
    """How many acknowledged requests are not there, are there more than once, or in part."""
    sql = (
        "SELECT trace_id, n FROM (SELECT request_id, count(*) AS n, any_value(trace_id)"
        f" FILTER (service_name = '{_MARKER}') AS trace_id FROM spans GROUP BY request_id)"
    )
    stored: dict[uuid.UUID, list[int]] = {}
    for one in rows(store, sql):
        stored.setdefault(one["trace_id"], []).append(one["n"])
    assert row(store, "SELECT count(*) AS n FROM export_requests")["n"] >= len(stored)
    acked = offer.acked
    return (
        len(acked.keys() - stored.keys()),
        sum(len(sizes) > 1 for sizes in stored.values()),
        sum(stored[trace] != [size] for trace, size in acked.items() if trace in stored),
    )


if __name__ == "__main__":
    main()
