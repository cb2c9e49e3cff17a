"""A group of export requests as rows: what one transaction commits."""

import logging
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from receiver.errors import MalformedRequest
from receiver.export_request import Answer, ExportRequest, canonical
from receiver.fingerprints.fingerprint import Fingerprinter
from receiver.flatten.bounds import PastBound, check_repeated_text
from receiver.flatten.endpoint import EndpointLimit
from receiver.flatten.exception_groups import ExceptionGroups
from receiver.flatten.log_records import log_rows
from receiver.flatten.redaction import Redaction
from receiver.flatten.redaction_rules import RedactionRules
from receiver.flatten.resources import Resource
from receiver.flatten.rows import RequestRows, Rows
from receiver.flatten.spans import span_rows
from receiver.otlp.wire import ProfilesOnlyFields, requests_to_arrow
from receiver.signals import Signal

_LOG = logging.getLogger(__name__)


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
    """A request that cannot be turned into rows, although the strict parser took it.

    Any error but MalformedRequest is a mistake of ours; it costs the one request that shows it.
    """

    request: ExportRequest
    error: Exception


@dataclass(frozen=True, slots=True)
class _Part:
    """Requests of one signal that became rows together."""

    requests: Sequence[ExportRequest]
    arrival: RequestRows
    rows: Rows


class GroupBuilder:
    """Turns export requests into groups. Numbers the requests; remembers the endpoints of every
    service."""

    def __init__(
        self,
        first_request_id: int,
        limit: EndpointLimit,
        redaction: Redaction | None = None,
        fingerprinter: Fingerprinter | None = None,
    ) -> None:
        """Starts where the store ends. Without `redaction` and `fingerprinter`, by the usual
        rules."""
        self._groups = ExceptionGroups(fingerprinter or Fingerprinter())
        self._redaction = redaction or Redaction(RedactionRules())
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
        except PastBound as error:  # reading it another way makes it no smaller
            if len(requests) == 1:
                refused.append(Refused(requests[0], error))
                return
        except ProfilesOnlyFields:
            _warn_of_profiles(len(requests))
            if self._canonical_together(signal, requests, parts):
                return
        except Exception:  # which of them it is, the loop below finds out
            if self._canonical_together(signal, requests, parts):
                return
        for request in requests:
            try:
                payload = canonical(signal, request.payload)
                parts.append(self._part(signal, [request], [payload]))
            except Exception as error:
                refused.append(Refused(request, error))

    def _canonical_together(
        self, signal: Signal, requests: list[ExportRequest], parts: list[_Part]
    ) -> bool:
        """Whether all of them became rows, as the strict parser reads them."""
        with suppress(Exception):
            plain = [canonical(signal, request.payload) for request in requests]
            parts.append(self._part(signal, requests, plain))
            return True
        return False

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
            span_rows(batch, arrival, self._limit, self._redaction, self._groups)
            if signal is Signal.TRACES
            else log_rows(batch, arrival, self._redaction, self._groups)
        )
        expected = [request.record_count for request in requests]
        if (rows.accepted + rows.rejections.counts).tolist() != expected:
            raise MalformedRequest("two readings of the request differ in the number of records")
        check_repeated_text(rows.tables)
        self._next_request_id += len(requests)
        return _Part(requests, arrival, rows)


def _merge(parts: Sequence[_Part]) -> Group:
    tables = [
        (name, table)
        for part in parts
        for name, table in part.rows.tables
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


def _warn_of_profiles(requests: int) -> None:
    _LOG.warning(
        "among %d requests are some whose attributes or values point into a table of strings that"
        " only profiles have; these attributes are stored as if they did not. Update what sends"
        " them.",
        requests,
    )
