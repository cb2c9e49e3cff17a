"""A group of export requests as rows: what one transaction commits."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from receiver.errors import MalformedRequest
from receiver.export_request import Answer, ExportRequest, canonical
from receiver.flatten.endpoint import EndpointLimit
from receiver.flatten.log_records import log_rows
from receiver.flatten.resources import Resource
from receiver.flatten.rows import RequestRows, Rows
from receiver.flatten.spans import span_rows
from receiver.otlp.wire import requests_to_arrow
from receiver.signals import Signal


@dataclass(frozen=True, slots=True)
class Group:
    """Requests with their answers once committed, and their rows by table name."""

    requests: tuple[ExportRequest, ...]
    request_ids: tuple[int, ...]
    answers: tuple[Answer, ...]
    tables: tuple[tuple[str, pa.Table], ...]
    resources: frozenset[Resource]


@dataclass(frozen=True, slots=True)
class Refused:
    """A request that cannot be turned into rows, although the strict parser took it."""

    request: ExportRequest
    error: MalformedRequest


@dataclass(frozen=True, slots=True)
class _Part:
    """Requests of one signal that became rows together."""

    requests: Sequence[ExportRequest]
    arrival: RequestRows
    rows: Rows


class GroupBuilder:
    """Turns export requests into groups. Numbers the requests; remembers the endpoints of every
    service."""

    def __init__(self, first_request_id: int, limit: EndpointLimit) -> None:
        """Starts where the store ends."""
        self._next_request_id = first_request_id
        self._limit = limit
        self._lock = threading.Lock()

    def build(self, requests: Sequence[ExportRequest]) -> tuple[Group, list[Refused]]:
        """The group of these requests; one that fails is refused without harm to the others."""
        parts: list[_Part] = []
        refused: list[Refused] = []
        with self._lock:
            for signal in Signal:
                mine = [request for request in requests if request.signal is signal]
                if mine:
                    self._build_signal(signal, mine, parts, refused)
        return _merge(parts), refused

    def _build_signal(
        self,
        signal: Signal,
        requests: list[ExportRequest],
        parts: list[_Part],
        refused: list[Refused],
    ) -> None:
        """All at once as they came; if that fails, as the strict parser reads them; if that fails,
        one by one."""
        try:
            parts.append(self._part(signal, requests, [r.payload for r in requests]))
            return
        except MalformedRequest:
            pass  # which of them it is, the loop below finds out
        for request in requests:
            try:
                payload = canonical(signal, request.payload)
                parts.append(self._part(signal, [request], [payload]))
            except MalformedRequest as error:
                refused.append(Refused(request, error))

    def _part(
        self, signal: Signal, requests: Sequence[ExportRequest], payloads: Sequence[bytes]
    ) -> _Part:
        batch = requests_to_arrow(signal, payloads)
        arrival = RequestRows(
            request_ids=np.arange(len(requests), dtype=np.int64) + self._next_request_id,
            received_at_unix_nano=np.array(
                [request.received_at_unix_nano for request in requests], dtype=np.int64
            ),
        )
        rows = (
            span_rows(batch, arrival, self._limit)
            if signal is Signal.TRACES
            else log_rows(batch, arrival)
        )
        expected = [request.record_count for request in requests]
        if (rows.accepted + rows.rejections.counts).tolist() != expected:
            raise MalformedRequest("two readings of the request differ in the number of records")
        self._next_request_id += len(requests)
        return _Part(requests, arrival, rows)


def _merge(parts: Sequence[_Part]) -> Group:
    tables = [
        (name, table)
        for part in parts
        for name, table in part.rows.tables.items()
        if table is not None and len(table)
    ]
    return Group(
        requests=tuple(request for part in parts for request in part.requests),
        request_ids=tuple(number for part in parts for number in part.arrival.request_ids.tolist()),
        answers=tuple(answer for part in parts for answer in _answers(part.rows)),
        tables=tuple(tables),
        resources=frozenset(resource for part in parts for resource in part.rows.resources),
    )


def _answers(rows: Rows) -> list[Answer]:
    refused = zip(rows.rejections.counts.tolist(), rows.rejections.reasons, strict=True)
    return [
        Answer(accepted=accepted, rejected=count, reason=reason)
        for accepted, (count, reason) in zip(rows.accepted.tolist(), refused, strict=True)
    ]
