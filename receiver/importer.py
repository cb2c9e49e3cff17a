"""OTLP files into the store: directly, or through the receiver that holds it."""

import contextlib
import os
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Protocol

from receiver.errors import MalformedRequest, Unavailable
from receiver.export_request import Answer, read_request
from receiver.fingerprints.rules import GroupingRules
from receiver.flatten.redaction_rules import RedactionRules
from receiver.lease import read_lease
from receiver.otlp_files.files import DamagedRecord, FileRecord, read_records
from receiver.pipeline import Pipeline
from receiver.settings import ReceiverSettings
from receiver.storage.regrouping import regroup_if_needed
from receiver.storage.store import StoreLocked
from receiver.storage.writer import Writer
from receiver.transport.import_client import ImportClient

Progress = Callable[[Path, int], None]
_UNDER_WAY_MAX = 512  # many small requests make a group that is worth a transaction
_RETRIES_MAX = 30


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


def import_files(
    paths: Iterable[Path],
    store: Path,
    on_progress: Progress,
    redaction: RedactionRules | None = None,
    grouping: GroupingRules | None = None,
) -> ImportReport:
    """Imports OTLP files; what is damaged is reported and the rest imported.

    A receiver that holds the store redacts and groups exceptions by its own rules, not by these.
    Without one, what is stored is grouped again first, if it was grouped by others.
    `on_progress` is told the file and how many more of its bytes, as stored, were read. Raises
    StoreError, and OSError for a file that cannot be read.
    """
    report = ImportReport()
    with _destination(
        store, redaction or RedactionRules(), grouping or GroupingRules()
    ) as destination:
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
    """Sends a record; while there is no room, waits for the oldest one under way.

    A refusal counts only when nothing is under way: until then there is something to wait for.
    """
    refusals = 0
    while True:
        try:
            under_way.append((record, destination.send(record)))
            return
        except MalformedRequest as error:
            report.damaged.append(DamagedRecord(record.path, record.position, str(error)))
            return
        except Unavailable as error:
            while under_way and under_way[0][1].done():  # these give no more room back
                _settle(*under_way.popleft(), report)
            if under_way:
                _settle(*under_way.popleft(), report)
                continue
            refusals += 1
            if refusals == _RETRIES_MAX:
                raise
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


@contextlib.contextmanager
def _destination(
    store: Path, redaction: RedactionRules, grouping: GroupingRules
) -> Iterator[Destination]:
    """The store itself, or the receiver that holds it."""
    try:
        writer = Writer(store, lock_wait_s=1.0)
    except StoreLocked:
        lease = read_lease(store)
        if lease is None or lease.pid == os.getpid():
            raise
        with contextlib.closing(ImportClient(store, lease)) as client:
            yield client
        return
    settings = ReceiverSettings(store=store, redaction=redaction, grouping=grouping)
    try:
        regroup_if_needed(writer.connection, grouping)
        pipeline = Pipeline(writer, settings)
    except BaseException:
        writer.close()
        raise
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
