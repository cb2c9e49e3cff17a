"""From accepted requests to committed rows: two threads, one decoding the next group while the
other commits.

A request is answered only after the transaction that holds its rows has committed. The same bytes
sent again while the first are still under way wait for the same answer; sent again later, the
ledger answers them.
"""

import logging
import queue
import threading
import time
from collections import deque
from collections.abc import Sequence
from uuid import UUID

import duckdb

from receiver.errors import Unavailable
from receiver.export_request import Answer, ExportRequest
from receiver.flatten.endpoint import EndpointLimit
from receiver.group import Group, GroupBuilder
from receiver.settings import ReceiverSettings
from receiver.store import StoreError
from receiver.writer import Writer

_LOG = logging.getLogger(__name__)
_SENDERS_DECAY = 0.75


class Pipeline:
    """Takes validated requests, answers them once they are durable."""

    def __init__(self, writer: Writer, settings: ReceiverSettings) -> None:
        """Starts where the store ends; `start` sets the threads going."""
        self._writer = writer
        self._settings = settings
        limit = EndpointLimit(writer.stored_endpoints())
        self._builder = GroupBuilder(writer.next_request_id(), limit)
        self._changed = threading.Condition()
        self._waiting: deque[ExportRequest] = deque()
        self._pending: dict[UUID, ExportRequest] = {}
        self._pending_bytes = 0
        self._senders = 0.0
        self._closing = False
        self._built: queue.Queue[Group | None] = queue.Queue(maxsize=1)
        self._threads = (
            threading.Thread(target=self._build_groups, name="deploylens-decode"),
            threading.Thread(target=self._commit_groups, name="deploylens-commit"),
        )

    def start(self) -> None:
        """Sets the two threads going."""
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """Refuses new requests, commits everything that was taken, and ends the threads."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        for thread in self._threads:
            if thread.ident is not None:  # a receiver may be given up before it has started
                thread.join()

    def submit(self, request: ExportRequest) -> ExportRequest:
        """Queues a request and returns the one whose answer to wait for.

        That is another one with the same bytes if such a one is under way. Raises Unavailable when
        the queue is full or the receiver is stopping.
        """
        if request.record_count == 0:
            request.answer.set_result(Answer(accepted=0))
            return request
        with self._changed:
            if self._closing:
                raise Unavailable("the receiver is stopping", self._settings.retry_delay_s)
            under_way = self._pending.get(request.digest)
            if under_way is not None:
                return under_way
            self._check_room(len(request.payload))
            self._pending[request.digest] = request
            self._pending_bytes += len(request.payload)
            self._senders = max(self._senders, len(self._pending))
            self._waiting.append(request)
            self._changed.notify_all()
        return request

    def _check_room(self, payload_bytes: int) -> None:
        """One request is always taken, however large, so that none waits forever."""
        most = self._settings.queue_bytes_max
        if self._pending and self._pending_bytes + payload_bytes > most:
            raise Unavailable(
                f"{self._pending_bytes} bytes are waiting to be stored, the limit is {most}."
                " Send again later.",
                self._settings.retry_delay_s,
            )

    def _build_groups(self) -> None:
        while requests := self._next_requests():
            try:
                self._build(requests)
            except Exception as error:  # the edge of this thread: every request gets an answer
                _LOG.exception("a group of %d requests could not be decoded", len(requests))
                self._fail(requests, error)
        self._built.put(None)

    def _build(self, requests: Sequence[ExportRequest]) -> None:
        stored = self._writer.ledger.stored(request.digest for request in requests)
        for request in requests:
            if request.digest in stored:
                self._answer(request, Answer(accepted=0, duplicate=True))
        group, refused = self._builder.build([r for r in requests if r.digest not in stored])
        for refusal in refused:
            self._fail([refusal.request], refusal.error)
        if group.requests:
            self._built.put(group)

    def _next_requests(self) -> list[ExportRequest]:
        """What waits, once it is worth a transaction or waited long enough; empty at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closing)
            deadline = time.monotonic() + self._settings.group_linger_s
            self._changed.wait_for(
                lambda: self._closing or self._enough(), max(0.0, deadline - time.monotonic())
            )
            taken: list[ExportRequest] = []
            rows = size = 0
            while self._waiting and rows < self._settings.group_rows_target:
                if taken and size + len(self._waiting[0].payload) > self._settings.group_bytes_max:
                    break
                taken.append(self._waiting.popleft())
                rows += taken[-1].record_count
                size += len(taken[-1].payload)
            self._senders = max(len(self._pending), self._senders * _SENDERS_DECAY)
            return taken

    def _enough(self) -> bool:
        """Whether more would not come, or would not make the transaction cheaper.

        A sender waits for its answer before it sends again. So once as many requests are under way
        as there were lately, every sender is waiting for us.
        """
        rows = sum(request.record_count for request in self._waiting)
        return rows >= self._settings.group_rows_target or len(self._pending) >= int(self._senders)

    def _commit_groups(self) -> None:
        while (group := self._built.get()) is not None:
            self._commit(group)

    def _commit(self, group: Group) -> None:
        try:
            self._writer.commit(group)
        except Exception as error:  # the edge of this thread: every request gets an answer
            self._not_stored(group, error)
        else:
            for request, answer in zip(group.requests, group.answers, strict=True):
                self._answer(request, answer)

    def _not_stored(self, group: Group, error: Exception) -> None:
        """A store that failed is opened again and the senders told to come back.

        Any other error is the fault of one request: each is tried by itself, so that only that one
        fails.
        """
        if isinstance(error, duckdb.Error | StoreError):
            _LOG.error("%d requests could not be stored: %s", len(group.requests), error)
            self._recover()
            self._fail(group.requests, error)
        elif len(group.requests) == 1:
            _LOG.exception("a request could not be stored")
            self._fail(group.requests, error)
        else:
            for request in group.requests:
                alone, refused = self._builder.build([request])
                self._fail([refusal.request for refusal in refused], error)
                if alone.requests:
                    self._commit(alone)

    def _recover(self) -> None:
        """Opens the store again; DuckDB gives up its instance when the disk is full."""
        try:
            self._writer.reopen()
        except (StoreError, duckdb.Error) as again:
            _LOG.error("the store cannot be opened again yet: %s", again)

    def _answer(self, request: ExportRequest, answer: Answer) -> None:
        self._forget(request)
        request.answer.set_result(answer)

    def _fail(self, requests: Sequence[ExportRequest], error: Exception) -> None:
        if isinstance(error, duckdb.Error | StoreError):
            error = Unavailable(f"the store failed: {error}", self._settings.retry_delay_s)
        for request in requests:
            self._forget(request)
            request.answer.set_exception(error)

    def _forget(self, request: ExportRequest) -> None:
        with self._changed:
            if self._pending.pop(request.digest, None) is not None:
                self._pending_bytes -= len(request.payload)
