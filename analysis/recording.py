"""The recordings that come with deploylens, and sending one as an exporter does."""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import grpc
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2_grpc import LogsServiceStub
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2_grpc import TraceServiceStub

from receiver.otlp_files.file_record import DamagedRecord, FileRecord
from receiver.otlp_files.files import read_records
from receiver.settings import Address
from receiver.signals import Signal

_DATA = Path(__file__).with_name("demo_data")
_UNDER_WAY_MAX = 32
_TIMEOUT_S = 30.0


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording: its short name and the files with its export requests."""

    name: str
    files: tuple[str, ...]

    def requests(self, on_progress: Callable[[int], None] | None = None) -> Iterator[FileRecord]:
        """Its export requests, in the order in which they were recorded."""
        for file in self.files:
            for record in read_records(_DATA / self.name / file, on_progress):
                if isinstance(record, DamagedRecord):
                    raise ValueError(f"{record.path} {record.position}: {record.reason}")
                yield record

    @property
    def size(self) -> int:
        """The bytes of its files."""
        return sum((_DATA / self.name / file).stat().st_size for file in self.files)


OTEL_DEMO = Recording("otel-demo", ("traces.otlp.gz", "logs.otlp.gz"))
TRAIN_TICKET = Recording("train-ticket", ("contacts-return.otlp.gz",))


def send(recording: Recording, address: Address, on_progress: Callable[[int], None]) -> int:
    """Send a recording over OTLP/gRPC with gzip, with the stubs that the SDK's exporters use.

    Returns the number of requests; each was acknowledged. `on_progress` is told how many bytes of
    the files were read since it was last told.
    """
    under_way: deque[grpc.Future] = deque()
    sent = 0
    with grpc.insecure_channel(str(address), compression=grpc.Compression.Gzip) as channel:
        exports = _exports(channel)
        for record in recording.requests(on_progress):
            under_way.append(exports[record.signal](record.payload))
            sent += 1
            if len(under_way) >= _UNDER_WAY_MAX:
                under_way.popleft().result()
        while under_way:
            under_way.popleft().result()
    return sent


def _exports(channel: grpc.Channel) -> dict[Signal, Callable[[bytes], grpc.Future]]:
    """How a request of each signal is sent, without waiting for the answer."""
    traces = TraceServiceStub(channel).Export  # type: ignore[no-untyped-call]  # generated code
    logs = LogsServiceStub(channel).Export  # type: ignore[no-untyped-call]  # generated code
    as_traces, as_logs = ExportTraceServiceRequest.FromString, ExportLogsServiceRequest.FromString
    return {
        Signal.TRACES: lambda payload: traces.future(as_traces(payload), timeout=_TIMEOUT_S),
        Signal.LOGS: lambda payload: logs.future(as_logs(payload), timeout=_TIMEOUT_S),
    }
