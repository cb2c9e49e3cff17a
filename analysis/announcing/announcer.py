"""Announces what happens in the store of a running receiver: looks every minute, stores what is to
be said, and hands it to the couriers."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Protocol

import duckdb

from analysis.announcing.courier import Courier
from analysis.announcing.delays import Delays
from analysis.announcing.event import Event
from analysis.announcing.exchange import TIMEOUT_S, quiet_clients
from analysis.announcing.history import History
from analysis.announcing.looking import Looking
from analysis.announcing.settling import Settling
from analysis.announcing.targets import DEPLOYMENT, VERDICT, Target, Targets
from analysis.announcing.telling import attempt_at
from receiver.monitoring.announcement_metrics import AnnouncementMetrics
from receiver.storage.announcements import (
    GIVEN_UP,
    Announced,
    Announcement,
    DeliveryNote,
    OldAnnouncements,
    WaitingDelivery,
    announced,
    waiting_deliveries,
)
from receiver.storage.statements import Statement

_NS = 10**9
_STOP_S = 5.0
_LOG = logging.getLogger(__name__)


class StoreKeeper(Protocol):
    """What writes the store."""

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """The instance that has the store open."""

    def tell(self, statement: Statement) -> None:
        """Stores a statement durably, or raises."""


@dataclass(frozen=True, slots=True)
class Rhythm:
    """Seconds: between two rounds, for one request; and how long events are remembered, which is
    longer than any deployment is looked at."""

    period_s: float = 60.0
    timeout_s: float = TIMEOUT_S
    remembered_s: float = 30 * 86_400.0
    delays: Delays = field(default_factory=Delays)


class Announcer:
    """Looks and announces while a receiver runs."""

    def __init__(
        self,
        targets: Targets,
        store: StoreKeeper,
        looking: Looking,
        metrics: AnnouncementMetrics,
        rhythm: Rhythm | None = None,
        clock_s: Callable[[], float] = time.time,
    ) -> None:
        """Does nothing before `start`."""
        self._targets, self._store, self._looking, self._metrics = targets, store, looking, metrics
        self._rhythm, self._clock_s = rhythm or Rhythm(), clock_s
        self._settling = Settling()
        self._couriers = {one.name: self._courier(one) for one in targets.all}
        self._stopping = threading.Event()
        self._doubtful = True  # what waits was not read yet, or a write may have failed
        self._thread = threading.Thread(target=self._run, name="deploylens-announcing", daemon=True)

    def start(self) -> None:
        """Takes up what waited, and looks now and once a period."""
        quiet_clients()
        self._metrics.begin((DEPLOYMENT, VERDICT), self._couriers)
        for courier in self._couriers.values():
            courier.start()
        self._thread.start()

    def stop(self) -> None:
        """Ends within seconds; what was not sent is taken up by the next start."""
        self._stopping.set()
        self._looking.stop()
        deadline_s = time.monotonic() + _STOP_S
        for courier in self._couriers.values():
            courier.stop(0.0)
        for thread_end in (self._join, *(one.stop for one in self._couriers.values())):
            thread_end(max(0.0, deadline_s - time.monotonic()))

    def look(self) -> None:
        """One round: raises what looking or storing raises; what was stored until then counts."""
        now_s = self._clock_s()
        now = datetime.fromtimestamp(now_s, UTC)
        if self._doubtful:
            self._take_up(now_s)
        self._store.tell(OldAnnouncements(round((now_s - self._rhythm.remembered_s) * _NS)))
        history = History(announced(self._store.connection))
        for seen in self._looking.round(now):
            found = self._settling.found(seen, history, now)
            for event in found.events:
                history.add(self._announce(event, found.announced_as, now_s))
        self._settling.forget_old(now)
        self._metrics.looked(now_s)

    def _run(self) -> None:
        while not self._stopping.is_set():
            began_s = time.monotonic()
            try:
                self.look()
            except Exception as error:  # the edge of this thread: the next round tries again
                if not self._stopping.is_set():
                    _LOG.warning("deployments could not be looked at: %s", error)
            self._stopping.wait(max(0.0, self._rhythm.period_s - (time.monotonic() - began_s)))

    def _join(self, timeout_s: float) -> None:
        if self._thread.ident is not None:
            self._thread.join(timeout_s)

    def _announce(self, event: Event, announced_as: str | None, now_s: float) -> Announced:
        """Stores the event with its deliveries, and only then hands it on."""
        one = event.identity
        wanted = self._targets.that_want(event.type, one.service, one.environment)
        row = event.row(() if announced_as else wanted, round(now_s * _NS), announced_as)
        self._doubtful = True  # a commit that raises may be durable all the same
        self._store.tell(row)
        self._doubtful = False
        if announced_as is None:
            self._metrics.announced(event.type)
        for name in row.targets:
            self._couriers[name].take(_waiting(row, name))
        return _announced(row)

    def _take_up(self, now_s: float) -> None:
        """Hands on what the store says waits; what waits for a target that is gone is given up."""
        for delivery in waiting_deliveries(self._store.connection):
            courier = self._couriers.get(delivery.target_name)
            if courier is not None:
                courier.take(delivery)
            else:
                _LOG.warning(
                    "an announcement was given up: its target is not configured any more",
                    extra={"target": delivery.target_name, "event": delivery.event_id},
                )
                self._store.tell(_gone(delivery, now_s))
        self._doubtful = False

    def _courier(self, target: Target) -> Courier:
        rhythm = self._rhythm
        attempt = partial(attempt_at, target, timeout_s=rhythm.timeout_s)
        return Courier(
            target, attempt, self._store.tell, self._metrics, self._clock_s, rhythm.delays
        )


def _waiting(row: Announcement, target_name: str) -> WaitingDelivery:
    at = row.announced_at_unix_nano
    return WaitingDelivery(row.event_id, target_name, 0, at, row.event_data, at)


def _announced(row: Announcement) -> Announced:
    return Announced(*(getattr(row, name) for name in Announced.__slots__))


def _gone(delivery: WaitingDelivery, now_s: float) -> DeliveryNote:
    return DeliveryNote(
        event_id=delivery.event_id,
        target_name=delivery.target_name,
        state=GIVEN_UP,
        attempts=delivery.attempts,
        next_try_unix_nano=delivery.next_try_unix_nano,
        reference=None,
        noted_at_unix_nano=round(now_s * _NS),
    )
