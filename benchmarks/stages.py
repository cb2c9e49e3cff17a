"""What each stage of receiving costs per span, in CPU time, beside what nobody can go below.

    python -m benchmarks.stages [--requests 40] [--failing 0.02]
    python -m benchmarks.stages --incident

Runs the stages one after the other in this process, without sockets. The floors are measured on the
same payloads in the same run: copying the bytes once, hashing them, writing what the store holds of
them to a file and syncing it. `--incident` takes two loads through in the same run: one without
exceptions, and one with a stack trace of 3 KB on half of the spans, 200 groups, half of them with
ids in their messages; the last figure is the speed of the second as a share of the first.
"""

import argparse
import hashlib
import json
import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from benchmarks.payloads import payloads
from receiver.allocator import keep_freed_memory, sparing_started_objects
from receiver.export_request import ExportRequest, read_request
from receiver.flatten import attributes
from receiver.flatten.endpoint import EndpointLimit
from receiver.flatten.envelope import open_envelope
from receiver.flatten.redaction import Redaction
from receiver.flatten.redaction_rules import RedactionRules
from receiver.group import GroupBuilder
from receiver.otlp.wire import requests_to_arrow
from receiver.signals import Signal
from receiver.storage.writer import Writer

_SPANS = 8192
_REQUESTS_IN_GROUP = 4
_ALL = ("read: upb and digest", "build: all of it", "commit")


class Stages:
    """CPU seconds by stage, of all threads of this process."""

    def __init__(self) -> None:
        """Nothing was measured yet."""
        self.seconds: dict[str, float] = {}

    @contextmanager
    def measured(self, stage: str) -> Iterator[None]:
        """Adds what the block takes to the stage."""
        started = time.process_time()
        yield
        taken = time.process_time() - started
        self.seconds[stage] = self.seconds.get(stage, 0.0) + taken


def main() -> None:
    """Measures once and prints microseconds of CPU per span as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=40, help=f"requests of {_SPANS} spans")
    parser.add_argument("--failing", type=float, default=0.02, help="share with an exception")
    parser.add_argument("--incident", action="store_true", help="compare with an incident")
    given = parser.parse_args()
    keep_freed_memory()
    figures: dict[str, object]
    if given.incident:
        quiet = taken_us(list(payloads(given.requests, _SPANS, 0.0)))
        incident = taken_us(list(payloads(given.requests, _SPANS, 0.5, stack_groups=200)))
        ratio = sum(quiet[stage] for stage in _ALL) / sum(incident[stage] for stage in _ALL)
        figures = {"quiet": quiet, "incident": incident, "incident of quiet": round(ratio, 3)}
    else:
        figures = {**taken_us(list(payloads(given.requests, _SPANS, given.failing)))}
    print(json.dumps(figures, indent=2))


def taken_us(sent: Sequence[bytes]) -> dict[str, float]:
    """Microseconds of CPU per span, by stage."""
    with tempfile.TemporaryDirectory() as folder, sparing_started_objects():
        measure(sent[: _REQUESTS_IN_GROUP * 2], Path(folder) / "warm-up.duckdb")
        stages = measure(sent, Path(folder) / "stages.duckdb")
    spans = len(sent) * _SPANS
    return {stage: round(taken / spans * 1e6, 2) for stage, taken in stages.seconds.items()}


def measure(sent: Sequence[bytes], store: Path) -> Stages:
    """Takes the requests through every stage, a group of them at a time."""
    stages = Stages()
    redaction = Redaction(RedactionRules())
    builder = GroupBuilder(1, EndpointLimit(), redaction)
    writer = Writer(store, lock_wait_s=0)
    for first in range(0, len(sent), _REQUESTS_IN_GROUP):
        group = sent[first : first + _REQUESTS_IN_GROUP]
        with stages.measured("read: upb and digest"):
            requests = [read_request(Signal.TRACES, "grpc", p, time.time_ns()) for p in group]
        _parts_of_building(requests, redaction, stages)
        with stages.measured("build: all of it"):
            rows, _ = builder.build(requests)
        with stages.measured("commit"):
            writer.commit(rows)
    writer.close()
    _floors(sent, store.stat().st_size, store.with_suffix(".floor"), stages)
    return stages


def _parts_of_building(
    requests: Sequence[ExportRequest], redaction: Redaction, stages: Stages
) -> None:
    """The larger parts of building the rows, by themselves."""
    with stages.measured("build: protobuf to Arrow"):
        batch = requests_to_arrow(Signal.TRACES, [request.payload for request in requests])
    spans = open_envelope(batch, Signal.TRACES, redaction).records
    with stages.measured("build: distinct attributes"):
        found = attributes.decode(spans.field("attributes"), redaction)
    with stages.measured("build: attributes as JSON"):
        found.json()


def _floors(sent: Sequence[bytes], stored_bytes: int, file: Path, stages: Stages) -> None:
    with stages.measured("floor: copy the bytes once"):
        for payload in sent:
            bytearray(payload)
    with stages.measured("floor: SHA-256 of the bytes"):
        for payload in sent:
            hashlib.sha256(payload).digest()
    with stages.measured("floor: upb parse"):
        for payload in sent:
            ExportTraceServiceRequest.FromString(payload)
    content = os.urandom(stored_bytes)
    with stages.measured("floor: write and sync what is stored"), file.open("wb") as target:
        target.write(content)
        os.fdatasync(target.fileno())


if __name__ == "__main__":
    main()
