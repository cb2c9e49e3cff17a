"""OTLP files into the store: directly, or through the receiver that holds it."""

import os
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Protocol

import grpc

from receiver.errors import MalformedRequest, ReceiverError, Unavailable
from receiver.export_request import Answer, read_request
from receiver.grpc_service import SERVICES, answer_from_metadata
from receiver.lease import Lease, process_lives, read_lease
from receiver.otlp_files.files import DamagedRecord, FileRecord, read_records
from receiver.pipeline import Pipeline
from receiver.settings import ReceiverSettings
from receiver.store import StoreError, StoreLocked
from receiver.writer import Writer

Progress = Callable[[Path, int], None]
_UNDER_WAY_MAX = 512  # many small requests make a group that is worth a transaction
_RETRIES_MAX = 30
_REMOTE_CALLS = 32


@dataclass(slots=True)
class ImportReport:
    """What became of the files: requests read, those stored before, records by fate, damaged
    places."""

    requests: int = 0
    duplicates: int = 0
    accepted: int = 0
    rejected: int = 0
    rejected_reasons: list[str] = field(default_factory=list)
    damaged: list[DamagedRecord] = field(default_factory=list)


class Destination(Protocol):
    """Somewhere to send export requests."""

    def send(self, record: FileRecord) -> "Future[Answer]":
        """The answer to come; raises MalformedRequest."""


def import_files(paths: Iterable[Path], store: Path, on_progress: Progress) -> ImportReport:
    """Imports OTLP files; what is damaged is reported and the rest imported.

    `on_progress` is told the file and how many more of its bytes, as stored, were read. Raises
    StoreError, and OSError for a file that cannot be read.
    """
    report = ImportReport()
    with _destination(store) as destination:
        under_way: deque[tuple[FileRecord, Future[Answer]]] = deque()
        for path in paths:
            for record in read_records(path, partial(on_progress, path)):
                if isinstance(record, DamagedRecord):
                    report.damaged.append(record)
                    continue
                _send(destination, record, under_way, report)
                while len(under_way) > _UNDER_WAY_MAX:
                    _settle(*under_way.popleft(), report)
        while under_way:
            _settle(*under_way.popleft(), report)
    return report


def _send(
    destination: Destination,
    record: FileRecord,
    under_way: "deque[tuple[FileRecord, Future[Answer]]]",
    report: ImportReport,
) -> None:
    """Sends a record; while there is no room, waits for the oldest one under way."""
    for attempt in range(_RETRIES_MAX):
        try:
            under_way.append((record, destination.send(record)))
            return
        except MalformedRequest as error:
            report.damaged.append(DamagedRecord(record.path, record.position, str(error)))
            return
        except Unavailable as error:
            if attempt == _RETRIES_MAX - 1:
                raise
            if under_way:
                _settle(*under_way.popleft(), report)
            else:
                time.sleep(error.retry_delay_s)


def _settle(record: FileRecord, answer: "Future[Answer]", report: ImportReport) -> None:
    try:
        result = answer.result()
    except MalformedRequest as error:
        report.damaged.append(DamagedRecord(record.path, record.position, str(error)))
        return
    report.requests += 1
    report.duplicates += result.duplicate
    report.accepted += result.accepted
    report.rejected += result.rejected
    if result.reason:
        report.rejected_reasons.append(f"{record.path} {record.position}: {result.reason}")


@contextmanager
def _destination(store: Path) -> Iterator[Destination]:
    """The store itself, or the receiver that holds it."""
    try:
        writer = Writer(store, lock_wait_s=1.0)
    except StoreLocked:
        lease = read_lease(store)
        if lease is None or lease.pid == os.getpid():
            raise
        options = [("grpc.max_send_message_length", -1)]
        with grpc.insecure_channel(lease.grpc, options=options) as channel:
            yield _Remote(channel, store, lease)
        return
    pipeline = Pipeline(writer, ReceiverSettings(store=store))
    pipeline.start()
    try:
        yield _Local(pipeline)
    finally:
        pipeline.close()
        writer.close()


class _Local:
    """A pipeline in this process."""

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline

    def send(self, record: FileRecord) -> "Future[Answer]":
        request = read_request(record.signal, "file", record.payload, time.time_ns())
        return self._pipeline.submit(request).answer


class _Remote:
    """The running receiver that holds the store, asked by gRPC as any exporter does."""

    def __init__(self, channel: grpc.Channel, store: Path, lease: Lease) -> None:
        self._store, self._lease = store, lease
        self._calls = {
            signal: channel.unary_unary(f"/{service}/Export")
            for signal, service in SERVICES.items()
        }
        self._threads = ThreadPoolExecutor(_REMOTE_CALLS)

    def send(self, record: FileRecord) -> "Future[Answer]":
        return self._threads.submit(self._send, record)

    def _send(self, record: FileRecord) -> Answer:
        for _ in range(_RETRIES_MAX):
            try:
                _, call = self._calls[record.signal].with_call(record.payload, timeout=60)
            except grpc.RpcError as error:
                if error.code() is grpc.StatusCode.INVALID_ARGUMENT:
                    raise MalformedRequest(error.details()) from None
                if error.code() is not grpc.StatusCode.UNAVAILABLE:
                    raise ReceiverError(f"the receiver refused: {error.details()}") from None
                self._check_receiver()
                time.sleep(1.0)
            else:
                return answer_from_metadata(call.trailing_metadata())
        raise StoreError(
            f"the receiver that holds {self._store} is too busy to take the file. What it"
            " acknowledged is stored; run the same command again later."
        )

    def _check_receiver(self) -> None:
        if read_lease(self._store) != self._lease or not process_lives(self._lease.pid):
            raise StoreError(
                f"the receiver that held {self._store} stopped. What it acknowledged is stored; run"
                " the same command again."
            )
