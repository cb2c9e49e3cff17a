"""From accepted requests to committed rows: two threads, one decoding the next group while the
other commits.

A request is answered only after the transaction that holds its rows has committed. The same bytes
sent again while the first are still under way wait for the same answer; sent again later, the
ledger answers them.
"""

import logging
import math
import queue
import threading
import time
from collections import deque
from collections.abc import Sequence
from concurrent.futures import InvalidStateError
from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

import duckdb

from receiver.errors import Unavailable
from receiver.export_request import Answer, ExportRequest
from receiver.fingerprints.fingerprint import Fingerprinter
from receiver.flatten.endpoint import EndpointLimit
from receiver.group import Group, GroupBuilder, Refused
from receiver.monitoring.metrics import Metrics
from receiver.settings import ReceiverSettings
from receiver.stage import Stage
from receiver.storage.committer import Committer
from receiver.storage.ledger import Ledger
from receiver.storage.redaction_key import open_redaction
from receiver.storage.store import StoreError
from receiver.storage.writer import Writer
from receiver.transport.admission import Admission

_LOG = logging.getLogger(__name__)
# The senders are not to blame for these: what they sent may be stored later.
_STORE_FAILURES = (duckdb.Error, StoreError, OSError, MemoryError)
_SENDERS_DECAY = 0.75
_JOIN_S = 0.2


@dataclass(frozen=True, slots=True)
class Load:
    """Requests that were taken and are not answered yet, and whether no more are taken."""

    requests: int
    payload_bytes: int
    closing: bool


class Pipeline:
    """Takes validated requests, answers them once they are durable."""

    def __init__(
        self,
        writer: Writer,
        settings: ReceiverSettings,
        metrics: Metrics | None = None,
        admission: Admission | None = None,
    ) -> None:
        """Starts where the store ends; `start` sets the threads going.

        `admission` counts also what has not come this far.
        """
        self._metrics = (metrics or Metrics()).store
        self._committer = Committer(writer, self._metrics)
        self.admission = admission or Admission(settings.queue_bytes_max, settings.retry_delay_s)
        self._writer = writer
        self._settings = settings
        first_id, limit = writer.next_request_id(), EndpointLimit(writer.stored_endpoints())
        redaction = open_redaction(settings.redaction, settings.store)
        self._builder = GroupBuilder(first_id, limit, redaction, Fingerprinter(settings.grouping))
        self._changed = threading.Condition()
        self._waiting: deque[ExportRequest] = deque()
        self._pending: dict[UUID, ExportRequest] = {}
        self._taken_s: dict[UUID, float] = {}
        self._waiting_rows = 0
        self._senders = 0.0
        self._closing = False
        self._built: queue.Queue[tuple[Group, Ledger] | None] = queue.Queue(maxsize=1)
        self._decoding = Stage("decode", self._build_groups, self._give_up)
        self._committing = Stage("commit", self._commit_groups, self._give_up)
        self.stages = (self._decoding, self._committing)

    def start(self) -> None:
        """Sets the two threads going."""
        for stage in self.stages:
            stage.start()

    def close(self) -> None:
        """Refuses new requests, commits everything that was taken, and ends the threads."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        for stage in self.stages:
            while stage.running and not any(one.died for one in self.stages):
                stage.join(_JOIN_S)

    def submit(self, request: ExportRequest) -> ExportRequest:
        """Queues a request and returns the one whose answer to wait for.

        That is another one with the same bytes if such a one is under way. Raises Unavailable when
        the queue is full or the receiver is stopping.
        """
        if request.record_count == 0:
            request.answer.set_result(Answer(accepted=0))
            return request
        with self._changed:
            self._check_open()
            under_way = self._pending.get(request.digest)
            if under_way is not None:
                return under_way
            self.admission.take(len(request.payload))
            self._pending[request.digest] = request
            self._taken_s[request.digest] = time.monotonic()
            self._senders = max(self._senders, len(self._pending))
            self._waiting.append(request)
            self._waiting_rows += request.record_count
            if len(self._waiting) == 1 or self._enough():  # to wake the thread for less costs more
                self._changed.notify_all()
        return request

    def load(self) -> Load:
        """How much waits now."""
        with self._changed:
            return Load(len(self._pending), self.admission.bytes_in_flight, self._closing)

    def _check_open(self) -> None:
        if self._closing:
            delay_s = self._settings.retry_delay_s
            raise Unavailable("the receiver is stopping", delay_s, "stopping")
        for stage in self.stages:
            if stage.died:
                raise self._broken(stage)

    def _build_groups(self) -> None:
        while requests := self._next_requests():
            with self._decoding.working():
                try:
                    self._build(requests)
                except Exception as error:  # the edge of this thread: every request gets an answer
                    _LOG.exception("a group of %d requests could not be decoded", len(requests))
                    self._fail(requests, error)
        self._built.put(None)

    def _build(self, requests: Sequence[ExportRequest]) -> None:
        ledger = self._writer.ledger
        fresh = self._without_stored(requests, ledger)
        began_s = time.monotonic()
        group, refused = self._builder.build(fresh)
        self._metrics.decoded(time.monotonic() - began_s)
        self._refuse(refused)
        if group.requests:
            self._built.put((group, ledger))

    def _without_stored(
        self, requests: Sequence[ExportRequest], ledger: Ledger
    ) -> Sequence[ExportRequest]:
        """Those that are not stored yet; the others are answered."""
        stored = ledger.stored(request.digest for request in requests)
        for request in requests:
            if request.digest in stored:
                self._answer(request, stored[request.digest])
        return [request for request in requests if request.digest not in stored]

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
            waiting = sum(len(request.payload) for request in self._waiting)
            # Groups of one size, for one is decoded while the other is committed.
            share = waiting / max(1, math.ceil(waiting / self._settings.group_bytes_max))
            while self._waiting and rows < self._settings.group_rows_target and size < share:
                if taken and size + len(self._waiting[0].payload) > self._settings.group_bytes_max:
                    break
                taken.append(self._waiting.popleft())
                rows += taken[-1].record_count
                size += len(taken[-1].payload)
            self._waiting_rows -= rows
            self._senders = max(len(self._pending), self._senders * _SENDERS_DECAY)
            return taken

    def _enough(self) -> bool:
        """Whether more would not come, or would not make the transaction cheaper.

        A sender waits for its answer before it sends again. So once as many requests are under way
        as there were lately, every sender is waiting for us.
        """
        full = self._waiting_rows >= self._settings.group_rows_target
        return full or len(self._pending) >= int(self._senders)

    def _commit_groups(self) -> None:
        while (built := self._next_group()) is not None:
            group, ledger = built
            with self._committing.working():
                if ledger is self._writer.ledger:
                    self._commit(group)
                else:
                    self._commit_again(group.requests)

    def _next_group(self) -> tuple[Group, Ledger] | None:
        """The next group; meanwhile a lost store is opened again, for nobody sends to a receiver
        that says it is not ready."""
        while True:
            try:
                return self._built.get(timeout=self._settings.retry_delay_s)
            except queue.Empty:
                self._committer.look_after()

    def _commit(self, group: Group) -> None:
        began_s = time.monotonic()
        try:
            self._committer.commit(group)
        except Exception as error:  # the edge of this thread: every request gets an answer
            self._not_stored(group, error)
        else:
            self._metrics.committed(group, time.monotonic() - began_s)
            for request, answer in zip(group.requests, group.answers, strict=True):
                self._answer(request, answer)

    def _commit_again(self, requests: Sequence[ExportRequest]) -> None:
        """Makes rows of them once more, but for those that are in the store after all."""
        try:
            fresh = self._without_stored(requests, self._writer.ledger)
            group, refused = self._builder.build(fresh)
        except Exception as error:  # the edge of this thread: every request gets an answer
            _LOG.exception("%d requests could not be decoded once more", len(requests))
            self._fail(requests, error)
            return
        self._refuse(refused)
        if group.requests:
            self._commit(group)

    def _not_stored(self, group: Group, error: Exception) -> None:
        """A store that failed is opened again and the senders told to come back.

        Any other error is the fault of one request: each is tried by itself, so that only that one
        fails.
        """
        if isinstance(error, _STORE_FAILURES):
            self._metrics.failed()
            kind = type(error).__name__  # not all say anything else
            _LOG.error("%d requests could not be stored: %s: %s", len(group.requests), kind, error)
            self._committer.recover()
            self._fail(group.requests, error)
        elif isinstance(error, Unavailable):
            self._fail(group.requests, error)
        elif len(group.requests) == 1:
            _LOG.exception("a request could not be stored")
            self._fail(group.requests, error)
        else:
            for request in group.requests:
                self._commit_again([request])

    def _give_up(self, stage: Stage) -> None:
        """Answers all that wait when a thread has died; they are stored after a restart."""
        with self._changed:
            waiting = list(self._pending.values())
            self._changed.notify_all()
        self._fail(waiting, self._broken(stage))

    def _broken(self, stage: Stage) -> Unavailable:
        text = f"the {stage.name} thread of the receiver died; it must be restarted"
        return Unavailable(text, self._settings.retry_delay_s, "broken")

    def _answer(self, request: ExportRequest, answer: Answer) -> None:
        self._forget(request)
        request.answer.set_result(answer)

    def _fail(self, requests: Sequence[ExportRequest], error: Exception) -> None:
        """Answers those that have no answer yet; why the store failed is for the log alone."""
        if isinstance(error, _STORE_FAILURES):
            text = "the request could not be stored now. Send it again later."
            error = Unavailable(text, self._settings.retry_delay_s, "store")
        for request in requests:
            if not request.answer.done():
                self._forget(request)
                with suppress(InvalidStateError):  # the other thread may be answering it just now
                    request.answer.set_exception(error)

    def _refuse(self, refused: Sequence[Refused]) -> None:
        for refusal in refused:
            if isinstance(refusal.error, _STORE_FAILURES):
                _LOG.error("a request could not be decoded", exc_info=refusal.error)
            self._fail([refusal.request], refusal.error)

    def _forget(self, request: ExportRequest) -> None:
        with self._changed:
            if self._pending.pop(request.digest, None) is not None:
                waited_s = time.monotonic() - self._taken_s.pop(request.digest)
                self.admission.give_back(len(request.payload), waited_s)
