"""Brings events to one target, in a thread of its own, so that no target waits for another.

Events of one deployment keep their order. What failed is tried again, ever later, also after a
restart. Each end is noted in the store as soon as the target has answered: a delivery whose note is
stored is never made again. Who is killed between the answer and the note makes it again, with the
same event id.
"""

import json
import logging
import random
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from analysis.announcing.delays import Delays
from analysis.announcing.outcome import Outcome
from analysis.announcing.targets import Target
from receiver.monitoring.announcement_metrics import AnnouncementMetrics
from receiver.storage.announcements import GIVEN_UP, REFUSED, WAITING, DeliveryNote, WaitingDelivery

WAITING_MAX = 1_000
_NOTE_AGAIN_S = 5.0
_NS = 10**9
_LOG = logging.getLogger(__name__)

# Values of any kind that JSON has.
Json = Any
Attempt = Callable[[Mapping[str, Json]], Outcome]
Note = Callable[[DeliveryNote], None]


@dataclass(frozen=True, slots=True)
class _Parcel:
    """An event on its way; times in unix seconds."""

    event_id: str
    document: Mapping[str, Json]
    attempts: int
    next_try_s: float
    announced_s: float

    @property
    def deployment(self) -> object:
        return self.document["deployment_key"]


class Courier:
    """One target, what waits for it, and the thread that brings it."""

    def __init__(
        self,
        target: Target,
        attempt: Attempt,
        note: Note,
        metrics: AnnouncementMetrics,
        clock_s: Callable[[], float],
        delays: Delays | None = None,
    ) -> None:
        """Does nothing before `start`. `note` writes into the store and may raise anything."""
        self.target = target
        self._attempt, self._note, self._metrics = attempt, note, metrics
        self._clock_s, self._delays, self._chance = clock_s, delays or Delays(), random.Random()
        self._changed = threading.Condition()
        self._parcels: dict[str, _Parcel] = {}
        self._known: set[str] = set()  # all ever taken: what is read late is not taken again
        self._unnoted: list[DeliveryNote] = []
        self._paused_until_s = 0.0
        self._stopping = False
        name = f"deploylens-{target.name}"
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begins to send."""
        self._thread.start()

    def stop(self, timeout_s: float) -> None:
        """Sends no more; waits so long for an answer that is under way, and notes it."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        if self._thread.ident is not None:
            self._thread.join(timeout_s)

    def take(self, delivery: WaitingDelivery) -> None:
        """Takes an event; the same one only once. One too many is given up at once."""
        parcel = _Parcel(
            delivery.event_id,
            json.loads(delivery.event_data),
            delivery.attempts,
            delivery.next_try_unix_nano / _NS,
            delivery.announced_at_unix_nano / _NS,
        )
        with self._changed:
            if parcel.event_id in self._known:
                return
            self._known.add(parcel.event_id)
            self._parcels[parcel.event_id] = parcel
            if len(self._parcels) > WAITING_MAX:
                self._end(parcel, Outcome(GIVEN_UP, f"{WAITING_MAX} others wait for it"))
            self._metrics.waiting(self.target.name, len(self._parcels))
            self._changed.notify_all()

    def _run(self) -> None:
        while (parcel := self._next()) is not None:
            try:
                outcome = self._attempt(parcel.document)
            except Exception as error:  # the edge of this thread: the next try may do better
                _LOG.exception("an announcement failed", extra={"target": self.target.name})
                outcome = Outcome(WAITING, f"an error of deploylens: {type(error).__name__}")
            with self._changed:
                self._learn(parcel, outcome)
        with self._changed:
            self._write_notes()

    def _next(self) -> _Parcel | None:
        """What is to be sent now, as soon as there is something; None at the end."""
        with self._changed:
            while not self._stopping:
                self._write_notes()
                now_s = self._clock_s()
                self._give_up_old(now_s)
                first = self._first_of_each_deployment()
                due = [one for one in first if one.next_try_s <= now_s]
                if due and self._paused_until_s <= now_s:
                    return due[0]
                times = [max(one.next_try_s, self._paused_until_s) for one in first]
                times += [now_s + _NOTE_AGAIN_S] if self._unnoted else []
                self._changed.wait(max(0.0, min(times) - now_s) if times else None)
        return None

    def _first_of_each_deployment(self) -> list[_Parcel]:
        first: dict[object, _Parcel] = {}
        for parcel in self._parcels.values():
            first.setdefault(parcel.deployment, parcel)
        return list(first.values())

    def _give_up_old(self, now_s: float) -> None:
        for parcel in list(self._parcels.values()):
            if now_s - parcel.announced_s >= self._delays.give_up_s:
                self._end(parcel, Outcome(GIVEN_UP, "its time is over"))

    def _learn(self, parcel: _Parcel, outcome: Outcome) -> None:
        """Notes what came of an attempt."""
        parcel = replace(parcel, attempts=parcel.attempts + 1)
        if outcome.state != WAITING:
            self._end(parcel, outcome)
            return
        self._metrics.failed(self.target.name)
        now_s = self._clock_s()
        delay_s = self._delays.after(parcel.attempts, outcome.after_s, self._chance)
        if now_s + delay_s - parcel.announced_s >= self._delays.give_up_s:
            self._end(parcel, replace(outcome, state=GIVEN_UP))
            return
        if outcome.after_s is not None:
            self._paused_until_s = now_s + outcome.after_s
        parcel = replace(parcel, next_try_s=now_s + delay_s)
        self._parcels[parcel.event_id] = parcel
        _LOG.warning(
            "an announcement could not be sent; it is tried again",
            extra={**self._facts(parcel, outcome), "again_in_s": round(delay_s)},
        )
        self._put_note(parcel, outcome)

    def _end(self, parcel: _Parcel, outcome: Outcome) -> None:
        del self._parcels[parcel.event_id]
        self._metrics.ended(self.target.name, outcome.state)
        self._metrics.waiting(self.target.name, len(self._parcels))
        self._put_note(parcel, outcome)
        facts = self._facts(parcel, outcome)
        if outcome.state == GIVEN_UP:
            _LOG.error("an announcement was given up", extra=facts)
        elif outcome.state == REFUSED:
            _LOG.error("an announcement was refused and is not sent again", extra=facts)
        else:
            _LOG.info("announced", extra=facts)

    def _facts(self, parcel: _Parcel, outcome: Outcome) -> dict[str, object]:
        return {
            "target": self.target.name,
            "event": parcel.event_id,
            "said": outcome.said,
            "attempts": parcel.attempts,
        }

    def _put_note(self, parcel: _Parcel, outcome: Outcome) -> None:
        self._unnoted.append(
            DeliveryNote(
                event_id=parcel.event_id,
                target_name=self.target.name,
                state=outcome.state,
                attempts=parcel.attempts,
                next_try_unix_nano=round(parcel.next_try_s * _NS),
                reference=outcome.reference,
                noted_at_unix_nano=round(self._clock_s() * _NS),
            )
        )
        self._write_notes()

    def _write_notes(self) -> None:
        """Those that the store would not take are kept and written later: nothing is sent again
        meanwhile."""
        while self._unnoted:
            try:
                self._note(self._unnoted[0])
            except Exception as error:  # the edge to the store: a full disk, one opened again
                _LOG.warning("a delivery could not be noted yet: %s", type(error).__name__)
                return
            self._unnoted.pop(0)
